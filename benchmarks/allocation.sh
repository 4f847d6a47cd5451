#!/bin/bash
# How many bytes of heap does the target allocate for each read and write? Must be 0; status 1 when it is not.
#
#   JAVA_HOME=<a JDK 25> ./allocation.sh [DEVICE_PATH [SECONDS]]
#
# DEVICE_PATH is the medium [mem:256m]: a file or block device is OVERWRITTEN. SECONDS is the length of a run [5].
# Options for the Java virtual machine come from JNVMET_JAVA_OPTS, as for the launcher. Needs a C compiler.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
"$java" --version 2>/dev/null | head -1 | grep -Eq '^[a-z]+ (2[5-9]|[3-9][0-9])' || {
    echo "allocation.sh: set JAVA_HOME to a JDK 25 or newer" >&2
    exit 127
}
command -v cc >/dev/null || {
    echo "allocation.sh: needs a C compiler (Debian: gcc)" >&2
    exit 127
}
mkdir -p "$here/target/kit"
cc -O2 -o "$here/target/kit/nvmeload" "$here/src/main/c/nvmeload.c"
"$root/jnvmet" version >/dev/null # builds what is missing

export JNVMET_LOG=${JNVMET_LOG:-WARN}
# shellcheck disable=SC2086 # the options are words
exec "$java" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC ${JNVMET_JAVA_OPTS:-} \
    -cp "$root/app/target/jnvmet.jar" "$here/src/main/java/org/jnvmet/benchmarks/AllocationBenchmark.java" \
    "$here/target/kit/nvmeload" "${1:-mem:256m}" "${2:-5}"
