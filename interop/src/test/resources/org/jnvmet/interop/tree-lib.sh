# For scripts whose current folder is a config tree, nvmet's or jnvmet's. $NQN is
# the subsystem at hand, $ADDRESS, $PORT and $PORT2 are where the target listens,
# $FILES is a folder for backing files, and memory_disk MIB prints a device_path.
# $TRANSPORT is tcp unless it is set.
subsystem() { # open to every host
  mkdir "subsystems/$NQN"
  echo 1 >"subsystems/$NQN/attr_allow_any_host"
}
namespace() { # NSID DEVICE_PATH
  local n=subsystems/$NQN/namespaces/$1
  mkdir "$n"
  echo "$2" >"$n/device_path"
  echo 1 >"$n/enable"
}
port() { # ID SERVICE [ADDRESS]
  local address=${3:-$ADDRESS} family=ipv4
  [[ $address != *:* ]] || family=ipv6
  mkdir "ports/$1"
  echo "${TRANSPORT:-tcp}" >"ports/$1/addr_trtype"
  echo $family >"ports/$1/addr_adrfam"
  echo "$address" >"ports/$1/addr_traddr"
  echo "$2" >"ports/$1/addr_trsvcid"
}
link() { # PORT_ID
  ln -s "subsystems/$NQN" "ports/$1/subsystems/$NQN"
}
unlink() { # PORT_ID
  rm "ports/$1/subsystems/$NQN"
}
serve() { # DEVICE_PATH: as namespace 1 on port 1
  subsystem
  namespace 1 "$1"
  port 1 "$PORT"
  link 1
}
kernel_memory_disk() { # -> one of four disks of 320 MiB, in turn, for a target that has none itself
  local n
  modprobe brd rd_nr=4 rd_size=$((320 << 10))
  n=$(($(cat /tmp/disk 2>/dev/null || echo 0) % 4))
  echo $((n + 1)) >/tmp/disk
  dd if=/dev/zero of=/dev/ram$n bs=1M count=1 status=none
  echo /dev/ram$n
}
clear_tree() {
  local d
  shopt -s nullglob
  for d in ports/*/subsystems/* subsystems/*/allowed_hosts/*; do rm "$d"; done
  for d in ports/*/referrals/* ports/*/ana_groups/*; do [[ $d = */ana_groups/1 ]] || rmdir "$d"; done
  for d in ports/* subsystems/*/namespaces/* subsystems/* hosts/*; do rmdir "$d"; done
}
