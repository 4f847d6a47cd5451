# For scripts whose current folder is a config tree, nvmet's or jnvmet's. $NQN is
# the subsystem at hand, $ADDRESS, $PORT and $PORT2 are where the target listens,
# $FILES is a folder for backing files, and memory_disk MIB prints a device_path.
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
port() { # ID SERVICE
  mkdir "ports/$1"
  echo tcp >"ports/$1/addr_trtype"
  echo ipv4 >"ports/$1/addr_adrfam"
  echo "$ADDRESS" >"ports/$1/addr_traddr"
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
clear_tree() {
  local d
  shopt -s nullglob
  for d in ports/*/subsystems/* subsystems/*/allowed_hosts/*; do rm "$d"; done
  for d in ports/*/referrals/* ports/*/ana_groups/*; do [[ $d = */ana_groups/1 ]] || rmdir "$d"; done
  for d in ports/* subsystems/*/namespaces/* subsystems/* hosts/*; do rmdir "$d"; done
}
