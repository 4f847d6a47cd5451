#!/bin/bash
# Everything that CI runs: ./jnvmet test [--no-vm] [Maven options]. The launcher calls it with JAVA_HOME set.
#
#   --no-vm   leave out the tests that boot a virtual machine
#
# Status 0: all tests passed; where CI=true, none was skipped either. Every skipped test is listed with its reason.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

fail() {
    echo "jnvmet test: $*" >&2
    exit 1
}

options=()
machines=yes
for argument in "$@"; do
    case $argument in
        --no-vm) machines=no ;;
        -h | --help)
            sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
            exit 0
            ;;
        -*) options+=("$argument") ;;
        *) echo "jnvmet test: unknown argument '$argument'" >&2 && exit 2 ;;
    esac
done

# Reports of the runs that this run replaces must not count.
find . -path ./.git -prune -o -path ./.jnvmet -prune -o \
    -type d \( -path '*/target/surefire-reports' -o -path '*/target/failsafe-reports' \) -prune -exec rm -rf {} +

if [ "$machines" = yes ]; then
    # It says itself what it cannot do; the tests that need it skip with that reason, and below that counts in CI.
    scripts/install-test-tools.sh </dev/null >/dev/null || echo "jnvmet test: going on without a virtual machine" >&2
else
    options+=("-DexcludedGroups=vm")
fi

# Tests that start ./jnvmet must find what this build made and never build a second time beside it.
export JNVMET_BUILD=never
export MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
mvn -B -ntp "${options[@]}" verify </dev/null
status=$?

reports=()
while IFS= read -r file; do
    reports+=("$file")
done < <(find . -path ./.git -prune -o \
    \( -path '*/target/surefire-reports/TEST-*.xml' -o -path '*/target/failsafe-reports/TEST-*.xml' \) -print | sort)
[ "${#reports[@]}" -gt 0 ] || fail "no test has run"

skipped=$(awk '
    /<testcase / {
        name = $0; sub(/.*[ ]name="/, "", name); sub(/".*/, "", name)
        class = $0; sub(/.*classname="/, "", class); sub(/".*/, "", class)
    }
    /<skipped/ {
        reason = "no reason given"
        if (/message="/) { reason = $0; sub(/.*message="/, "", reason); sub(/".*/, "", reason) }
        gsub(/&#10;/, " ", reason); gsub(/&quot;/, "\"", reason); gsub(/&apos;/, "\047", reason)
        gsub(/&lt;/, "<", reason); gsub(/&gt;/, ">", reason); gsub(/&amp;/, "\\&", reason)
        print "SKIPPED " class "." name ": " reason
    }' "${reports[@]}")

# Each module's own summary scrolled by long ago.
ran=$(cat "${reports[@]}" | grep -c '<testcase ')
failed=$(cat "${reports[@]}" | grep -cE '^ *<(failure|error)[ >]')
left=$(printf '%s' "$skipped" | grep -c '^SKIPPED')
echo # Maven leaves escape codes on the line
echo "$((ran - failed - left)) passed, $failed failed, $left skipped"
if [ -n "$skipped" ]; then
    printf '%s\n' "$skipped"
    if [ "${CI:-}" = true ]; then
        fail "in CI a skipped test is a failure: $(printf '%s\n' "$skipped" | wc -l) skipped"
    fi
fi
exit "$status"
