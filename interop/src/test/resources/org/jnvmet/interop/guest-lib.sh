# For scripts in the host's guest: $NQN is the subsystem at hand, $PORT and $PORT2
# are the target's services, $TARGET its address (this machine, unless it is set),
# $TRANSPORT the way to it (tcp, unless it is set).
# Controllers and disks are looked up by NQN: the
# kernel numbers them as it likes.
controllers=/sys/class/nvme

wait_until() { # SECONDS COMMAND...
  local tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || { echo "not in time: $*"; return 1; }
    sleep 0.1
  done
}
controllers_of() { # NQN -> nvme0 ...
  local c
  for c in "$controllers"/nvme*; do
    [[ ! -e $c/subsysnqn || $(<"$c/subsysnqn") != "$1" ]] || echo "${c##*/}"
  done
}
controller() { # -> /dev/nvme0, the first of the subsystem
  local name
  name=$(controllers_of "$NQN" | head -n1)
  [[ -n $name ]] && echo "/dev/$name"
}
no_controller() { ! controller; }
controller_state() {
  local name
  name=$(controller)
  cat "$controllers/${name#/dev/}/state"
}
live() { [[ $(controller_state) = live ]]; }
not_live() { ! live; }
disk() { # [NSID] -> /dev/nvme0n1
  local s d
  for s in /sys/class/nvme-subsystem/*; do
    [[ -e $s/subsysnqn && $(<"$s/subsysnqn") = "$NQN" ]] || continue
    for d in "$s"/nvme*n*; do
      [[ -e $d/nsid && $(<"$d/nsid") = "${1:-1}" && -b /dev/${d##*/} ]] || continue
      echo "/dev/${d##*/}"
      return
    done
  done
  return 1
}
no_disk() { ! disk "$@"; }
disk_has() { [[ $(blockdev --getsize64 "$(disk)") = "$1" ]]; } # BYTES
path_states() { # -> the ANA state of each path to namespaces, in one line
  local c
  for c in $(controllers_of "$NQN"); do
    cat "$controllers/$c"/nvme*c*n*/ana_state
  done | sort | xargs
}
paths_are() { [[ $(path_states) = "$*" ]]; } # STATE...
connect() { # [OPTION...]
  nvme connect -t "${TRANSPORT:-tcp}" -a "${TARGET:-10.0.2.2}" -s "$PORT" -n "$NQN" "$@"
}
connect_disk() { # [OPTION...]
  connect "$@"
  wait_until 10 disk
}
discover() { # [OPTION...]
  nvme discover -t "${TRANSPORT:-tcp}" -a "${TARGET:-10.0.2.2}" -s "$PORT" "$@"
}
start_job() { # NAME; script on stdin
  cat >"/tmp/$1.sh"
  rm -f "/tmp/$1.status"
  (
    set +e
    (
      set -euo pipefail
      . "/tmp/$1.sh"
    ) >"/tmp/$1.log" 2>&1
    echo $? >"/tmp/$1.part"
    mv "/tmp/$1.part" "/tmp/$1.status"
  ) </dev/null >/dev/null 2>&1 &
}
finish_job() { # NAME
  until [[ -e /tmp/$1.status ]]; do sleep 0.1; done
  cat "/tmp/$1.log"
  return "$(<"/tmp/$1.status")"
}
verify() { # FILE OPTION...: writes at random, reads back, and checks each block
  # Linux sends on a connection that the target has closed in the name of the
  # process whose I/O it is, without MSG_NOSIGNAL: that kills fio, not the I/O.
  trap '' PIPE
  fio --name=verify --filename="$1" --rw=randwrite --verify=crc32c --verify_fatal=1 \
    --verify_dump=0 --verify_state_save=0 --verify_backlog=512 --disk_util=0 --ioengine=libaio --direct=1 --iodepth=16 \
    --randseed=20250101 --output-format=terse --terse-version=3 "${@:2}" |
    awk -F';' '$1 == 3 {print "fio: error " $5 ", read " $6 " KiB, written " $47 " KiB"; n++; s = s || $5}
      END {exit s || !n}'
}
leave() { # all connections and mounts, whatever a scenario left; disks of the guest itself stay
  local c
  if mountpoint -q /mnt; then umount /mnt; fi
  for c in "$controllers"/nvme*; do
    [[ ! -e $c/delete_controller ]] || echo 1 >"$c/delete_controller" || true
  done
  ! compgen -G "$controllers/*/delete_controller" >/dev/null
}
