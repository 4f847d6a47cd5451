#!/bin/bash
# What does it cost to stage data in peer memory?
#
# Starts ./jnvmet serve on core 0 with a disk that is a file in memory and with an emulated machine whose SSD has
# peer memory. The disk is exported by two ports of the same process: one stages in that memory, one uses system
# memory. The load generator of the kit drives them in turns from core 1. Prints medians and the ratio staged/plain.
#
#   ./staging.sh [options]
#     --bs LIST          bytes of an I/O, separated by commas [4k,64k]
#     --rw LIST          what is done, as for nvmeload [randread,randwrite]
#     --qd N             queue depth [32]
#     --rounds N         rounds over all of it [5]
#     --seconds N        seconds of one run [4]
#     --prewarm N        seconds of each workload on each port before the first round, for the JIT compiler [10]
#     --memory N         MiB of peer memory [64]
#     --port N           first of two ports on 127.0.0.1 [4494]
#     --json FILE        write all runs to FILE
#
# Status 1 when nothing was staged. Needs a C compiler, Python 3, taskset, two cores,
# and 256 MiB of /dev/shm with direct I/O on it (Linux 6.6).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
nqn=nqn.2026-01.org.jnvmet:staging

fail() {
    echo "staging.sh: $1" >&2
    exit "${2:-1}"
}

bs=4k,64k rw=randread,randwrite qd=32 rounds=5 seconds=4 prewarm=10 memory=64 port=4494 json=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) sed -n '2,22s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 0 ;;
        --bs | --rw | --qd | --rounds | --seconds | --prewarm | --memory | --port | --json)
            [ $# -gt 1 ] || fail "$1 needs a value" 2 ;;
        *) fail "unknown option '$1'; see --help" 2 ;;
    esac
    case $1 in
        --json) json=(--json "$2") ;;
        *) declare "${1#--}=$2" ;;
    esac
    shift 2
done
for number in qd rounds seconds prewarm memory port; do
    [[ ${!number} =~ ^[0-9]+$ ]] || fail "--$number ${!number} is not a number" 2
done
for tool in cc python3 taskset; do
    command -v $tool >/dev/null || fail "needs $tool (Debian: gcc, python3, util-linux)"
done
[ "$(nproc)" -ge 2 ] || fail "needs two cores, one for each side"

"$root/jnvmet" version >/dev/null # builds what is missing, before the clock runs
mkdir -p "$here/target/kit"
cc -O2 -o "$here/target/kit/nvmeload" "$here/src/main/c/nvmeload.c"

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
folder=$(mktemp -d /dev/shm/jnvmet-staging.XXXXXX)
trap 'rm -rf "$folder"' EXIT
# Every block written once: a hole would be read from nowhere.
head -c $((256 << 20)) /dev/urandom >"$folder/disk"
"$java" --enable-native-access=ALL-UNNAMED -cp "$root/app/target/jnvmet.jar" \
    "$here/src/main/java/org/jnvmet/benchmarks/StagingTree.java" "$folder/sys" "$folder/disk" $((memory << 20))

entry() {
    cat <<PORT
{
    "portid": $1, "allow_p2pmem": "$2",
    "addr": {"trtype": "tcp", "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "$((port + $1 - 1))"},
    "param": {"max_queue_size": "256"},
    "subsystems": ["$nqn"]
  }
PORT
}
cat >"$folder/config.json" <<CONFIG
{
  "hosts": [],
  "ports": [$(entry 1 0), $(entry 2 1)],
  "subsystems": [{
    "nqn": "$nqn",
    "attr": {"allow_any_host": "1"},
    "allowed_hosts": [],
    "namespaces": [{"nsid": 1, "device": {"path": "$folder/disk"}, "enable": 1}]
  }]
}
CONFIG

JNVMET_BUILD=never python3 "$here/staging.py" --kit "$here/target/kit" --jnvmet "$root/jnvmet" --folder "$folder" \
    --nqn "$nqn" --port "$port" --bs "$bs" --rw "$rw" --qd "$qd" --rounds "$rounds" --seconds "$seconds" \
    --prewarm "$prewarm" "${json[@]}"
