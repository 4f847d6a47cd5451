# For scripts in the guest with peer memory (scripts/guest/p2p-devices.sh), in which
# jnvmet itself runs. $CHECKOUT and $JAVA_HOME are those of the machine outside. Its
# disks go by their serial numbers: cmb0 and d1 below the switch, cmb1 and d2 not.
# Builds on guest-lib.sh and tree-lib.sh; $ADDRESS is the interface below the switch.
tree=/run/tree log=/run/jnvmet.log control=/run/jnvmet.sock
export JNVMET_BUILD=never
# A processor that is emulated pays dearly for code that is made as it runs: what
# lives long compiles little and late, what lives short nothing.
serve_options="-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10 -Xmx128m"
command_options="-Xint -Xmx128m"

pcie_controller() { # SERIAL -> its folder in sysfs
  local c
  for c in "$controllers"/nvme*; do
    [[ $(<"$c/transport") != pcie || $(xargs <"$c/serial") != "$1" ]] || echo "$c"
  done
}
address() { basename "$(readlink -f "$(pcie_controller "$1")/device")"; } # SERIAL -> 0000:03:00.0
drive() { # SERIAL -> /dev/nvme1n1
  local d
  d=$(pcie_controller "$1")
  echo /dev/${d##*/}n1
}
peer_memory() { echo "/sys/bus/pci/devices/$(address "$1")/p2pmem"; } # SERIAL
available() { cat "$(peer_memory "$1")/available"; } # SERIAL -> bytes, as the kernel counts
kernel_misses() { echo $((IDLE - $(available "$1"))); } # SERIAL -> bytes that are mapped; $IDLE when none are

# The interface below the switch gets the address that the target listens on.
peer_interface() {
  local i
  for i in /sys/class/net/*; do
    if [[ $(readlink -f "$i/device/driver") = */e1000e ]]; then
      ip addr show dev "${i##*/}" | grep -qF "$ADDRESS/" || ip addr add "$ADDRESS/24" dev "${i##*/}"
      ip link set "${i##*/}" up
      return
    fi
  done
  echo "no interface below the switch"
  return 1
}
jnvmet() { JNVMET_JAVA_OPTS=$command_options "$CHECKOUT/jnvmet" "$@"; }
start_jnvmet() { # [OPTION...]: with an empty tree, mounted; waits for it
  echo '{"hosts": [], "ports": [], "subsystems": []}' >/run/empty.json
  umount -l "$tree" 2>/dev/null || true
  mkdir -p "$tree"
  JNVMET_JAVA_OPTS=$serve_options setsid "$CHECKOUT/jnvmet" serve --config /run/empty.json --mount "$tree" --control "$control" --threads 2 "$@" \
    </dev/null >>"$log" 2>&1 &
  echo $! >/run/jnvmet.pid
  wait_until 150 jnvmet_serves || { cat "$log"; return 1; }
}
jnvmet_serves() { [[ -d $tree/subsystems ]]; } # no program for it: to start one takes long here
jnvmet_ended() { [[ ! -e /proc/$(</run/jnvmet.pid)/exe ]]; }
stop_jnvmet() { # [SIGNAL]
  kill "-${1:-TERM}" "$(</run/jnvmet.pid)"
  wait_until 30 jnvmet_ended
  umount -l "$tree" 2>/dev/null || true # whoever is killed leaves a dead mount
}
all_is_back() { [[ $(kernel_misses cmb0) = 0 && $(kernel_misses cmb1) = 0 ]]; }

# What jnvmet says, to be compared with what the kernel says
status() { sed -n "s/^$2 //p" "$1/p2pmem_status"; } # DIRECTORY KEY
mapped() { cat "p2pmem/$(address "$1")/mapped"; } # SERIAL -> bytes
staged_in() { # DIRECTORY SERIAL: its data is staged there, and the kernel misses what we have mapped
  cat "$1/p2pmem_status"
  echo "mapped $(mapped "$2"), missed by the kernel $(kernel_misses "$2")"
  [[ $(status "$1" provider) = $(address "$2") ]]
  [[ $(mapped "$2") -gt 0 && $(kernel_misses "$2") = $(mapped "$2") ]]
}
not_staged() { # DIRECTORY
  cat "$1/p2pmem_status"
  [[ $(status "$1" provider) = none && $(status "$1" commands_staged) = 0 ]]
  all_is_back
}
explain() { jnvmet p2p explain --port 1 --subsystem "$NQN" --control "$control"; }
refused() { # ERRNO_TEXT FILE VALUE: the write fails so, and last_error says why
  local said
  if said=$( (echo "$3" >"$2") 2>&1); then
    echo "$3 was taken by $2"
    return 1
  fi
  echo "$said"
  cat "$(dirname "$2")/last_error"
  [[ $said = *"$1"* ]]
}
same_as_drive() { # DISK DRIVE: the first 16 MiB, past all caches
  [[ $(first_of "$1") = "$(first_of "$2")" ]]
}
first_of() { dd if="$1" bs=1M count=16 iflag=direct status=none | md5sum; }
