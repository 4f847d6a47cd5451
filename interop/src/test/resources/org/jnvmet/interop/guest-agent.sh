#!/bin/bash
# The guest's job: reads a script's number a line, runs /lab/NUMBER.sh, and ends
# its output with a line of RS (036 octal) and the status. "end" ends the guest.
mark() { printf '\n\036%d\n' "$1"; }
modprobe -a nvme-tcp || { mark 1; exit 1; }
mark 0
while read -r number; do
  [[ $number != end ]] || exit 0
  (
    set -euo pipefail
    . /lab/guest-lib.sh
    . "/lab/$number.sh"
  ) </dev/null 2>&1
  mark $?
done
