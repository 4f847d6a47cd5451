#!/bin/bash
# How near does the host library come to a load generator in C?
#
# Starts the ceiling server of the kit on core 0 and drives it from core 1, in turns with nvmeload and with
# ./jnvmet bench over each transport and offload device. Prints medians, the ratio bench/nvmeload, and how
# many bytes of heap an I/O costs.
#
#   ./host.sh [options]
#     --hosts LIST       tcp, poll and io_uring, separated by commas [all]
#     --depths LIST      queue depths [32,128]
#     --rw PATTERN       what is done, as for both programs [randread]
#     --bs SIZE          bytes of an I/O [4k]
#     --rounds N         rounds over all hosts and depths [5]
#     --seconds N        seconds of one run [4]
#     --ramp N           seconds before that of each run of ./jnvmet bench, for the JIT compiler [8]
#     --port N           port of the ceiling server on 127.0.0.1 [4497]
#     --json FILE        write all runs to FILE
#
# Needs a C compiler, Python 3, taskset, and two cores.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

fail() {
    echo "host.sh: $1" >&2
    exit "${2:-1}"
}

hosts=tcp,poll,io_uring depths=32,128 rw=randread bs=4k rounds=5 seconds=4 ramp=8 port=4497 json=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) sed -n '2,20s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 0 ;;
        --hosts | --depths | --rw | --bs | --rounds | --seconds | --ramp | --port | --json)
            [ $# -gt 1 ] || fail "$1 needs a value" 2 ;;
        *) fail "unknown option '$1'; see --help" 2 ;;
    esac
    case $1 in
        --json) json=(--json "$2") ;;
        *) declare "${1#--}=$2" ;;
    esac
    shift 2
done
for number in rounds seconds ramp port; do
    [[ ${!number} =~ ^[0-9]+$ ]] || fail "--$number ${!number} is not a number" 2
done
[[ $depths =~ ^[0-9]+(,[0-9]+)*$ ]] || fail "--depths $depths is no list of numbers" 2
for name in ${hosts//,/ }; do
    case $name in
        tcp | poll | io_uring) ;;
        *) fail "unknown host '$name'; see --help" 2 ;;
    esac
done
for tool in cc python3 taskset; do
    command -v $tool >/dev/null || fail "needs $tool (Debian: gcc, python3, util-linux)"
done
[ "$(nproc)" -ge 2 ] || fail "needs two cores, one for each side"

mkdir -p "$here/target/kit"
for program in nvmeload ceiling; do
    cc -O2 -o "$here/target/kit/$program" "$here/src/main/c/$program.c"
done
"$root/jnvmet" version >/dev/null # builds what is missing, before the clock runs
JNVMET_BUILD=never exec python3 "$here/host.py" --kit "$here/target/kit" --jnvmet "$root/jnvmet" --hosts "$hosts" --depths "$depths" \
    --rw "$rw" --bs "$bs" --rounds "$rounds" --seconds "$seconds" --ramp "$ramp" --port "$port" "${json[@]}"
