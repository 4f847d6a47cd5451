# For scripts in the guest with peer memory (scripts/guest/p2p-devices.sh). Its
# disks go by their serial numbers: cmb0 and d1 below the switch, cmb1 and d2 not.
# Builds on jnvmet-lib.sh; $ADDRESS is the interface below the switch.

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
same_as_drive() { # DISK DRIVE: the first 16 MiB, past all caches
  [[ $(first_of "$1") = "$(first_of "$2")" ]]
}
first_of() { dd if="$1" bs=1M count=16 iflag=direct status=none | md5sum; }
