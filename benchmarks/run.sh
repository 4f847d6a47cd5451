#!/bin/bash
# How near does jnvmet come to what kernel sockets allow on this machine?
#
# Starts ./jnvmet serve with a memory namespace on core 0 and drives it from core 1, in turns with the ceiling
# server of the kit, which does nothing but move bytes (README.md). Prints medians and the ratio jnvmet/ceiling.
#
#   ./run.sh [options]
#     --workloads LIST   reads (default: 4 KiB random reads, queue depth 32 and 128, one connection), latency,
#                        writes, mixed, large, connections, digests, or all; separated by commas
#     --rounds N         rounds over all workloads [5]
#     --seconds N        seconds of one run [4]
#     --prewarm N        seconds of each workload before the first round, for the JIT compiler [10]
#     --port N           port of the target on 127.0.0.1 [4498]
#     --no-sqflow        the host disables SQ flow control, so that reads end without a response capsule
#     --json FILE        write all runs to FILE
#
# Needs a C compiler, Python 3, taskset, and two cores.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
nqn=nqn.2026-01.org.jnvmet:benchmark

fail() {
    echo "run.sh: $1" >&2
    exit "${2:-1}"
}

workloads=reads rounds=5 seconds=4 prewarm=10 port=4498 load=--spin json=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) sed -n '2,19s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 0 ;;
        --no-sqflow) load="--spin --no-sqflow" && shift && continue ;;
        --workloads | --rounds | --seconds | --prewarm | --port | --json) [ $# -gt 1 ] || fail "$1 needs a value" 2 ;;
        *) fail "unknown option '$1'; see --help" 2 ;;
    esac
    case $1 in
        --json) json=(--json "$2") ;;
        *) declare "${1#--}=$2" ;;
    esac
    shift 2
done
for number in rounds seconds prewarm port; do
    [[ ${!number} =~ ^[0-9]+$ ]] || fail "--$number ${!number} is not a number" 2
done

only=
for group in ${workloads//,/ }; do
    case $group in
        reads) names='^4k-randread-q(32|128)$' ;;
        latency) names='-q1$' ;;
        writes) names='^4k-randwrite-' ;;
        mixed) names='^4k-70/30-' ;;
        large) names='^128k-' ;;
        connections) names='x4$' ;;
        digests) names='-dgst$' ;;
        all) names=. ;;
        *) fail "unknown workload '$group'; see --help" 2 ;;
    esac
    only=${only:+$only|}$names
done

for tool in cc python3 taskset; do
    command -v $tool >/dev/null || fail "needs $tool (Debian: gcc, python3, util-linux)"
done
[ "$(nproc)" -ge 2 ] || fail "needs two cores, one for each side"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/config.json" <<CONFIG
{
  "hosts": [],
  "ports": [{
    "portid": 1,
    "addr": {"trtype": "tcp", "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "$port"},
    "param": {"max_queue_size": "256"},
    "subsystems": ["$nqn"]
  }],
  "subsystems": [{
    "nqn": "$nqn",
    "attr": {"allow_any_host": "1"},
    "allowed_hosts": [],
    "namespaces": [{"nsid": 1, "device": {"path": "mem:256m"}, "enable": 1}]
  }]
}
CONFIG

"$root/jnvmet" version >/dev/null # builds what is missing, before the clock runs
python3 "$here/compare.py" --target "127.0.0.1:$port" --nqn "$nqn" --target-name jnvmet \
    --target-cmd "$root/jnvmet serve --threads 1 --config $folder/config.json" \
    --only "$only" --rounds "$rounds" --runtime "$seconds" --prewarm "$prewarm" --load-args="$load" "${json[@]}"
