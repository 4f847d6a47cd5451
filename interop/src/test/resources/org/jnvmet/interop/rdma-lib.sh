# For scripts in a guest with an RDMA device that is software: rxe0, on a network interface of
# its own (rdma0). Target and host are both there and talk through it. $ADDRESS and $ADDRESS6
# are its addresses. Builds on jnvmet-lib.sh. Where $SERVER is `kernel`, what jnvmet-lib.sh calls
# jnvmet is the kernel's own target, to try out the scripts themselves.
ADDRESS6=fd09::1 TRANSPORT=rdma FILES=/var/tmp

rdma_machine() {
  rdma_interface
  # ib_uverbs first: a device that is deleted leaves the modules in the opposite order, and that of
  # software waits in ib_uverbs for programs, which hear of it from rdma_cm
  modprobe ib_uverbs
  modprobe -a rdma_ucm rdma_rxe nvme-rdma nvmet-rdma
  rdma_device
}
rdma_interface() {
  modprobe dummy
  ip link add rdma0 type dummy
  ip link set rdma0 mtu 4300 up # one of RDMA's 4 KiB packets, with its headers
  ip addr add "$ADDRESS/24" dev rdma0
  ip addr add "$ADDRESS6/64" dev rdma0 nodad
}
rdma_device() { rdma link add rxe0 type rxe netdev rdma0; }
no_rdma_device() { rdma link delete rxe0; }

# What is in use of the device: "qp 0 cq 0 mr 0 pd 0 cm_id 0". The queue pair and the protection
# domain that every device has do not count, nor completion queues of the kernel, which it keeps.
in_use() {
  rdma resource show qp | awk '!/ type GSI / {n++} END {printf "qp %d", n}'
  rdma resource show cq | awk '/ pid / {n++} END {printf " cq %d", n}'
  rdma resource show mr | awk 'END {printf " mr %d", NR}'
  rdma resource show pd | awk '!/ comm \[ib_core\]/ {n++} END {printf " pd %d", n}'
  rdma resource show cm_id | awk 'END {printf " cm_id %d\n", NR}'
}
in_use_is() { [[ $(in_use) = "$*" ]]; }
no_connections() { [[ $(in_use) = 'qp 0 '*' cm_id '[01] ]]; }
# jnvmet registers its memory for a device once, when the first host comes by it, and keeps
# what belongs to that, with an identifier by which it hears of the device's removal: learn_idle notes how much. It is the same for each process that is
# started with the same options, and must never be more.
learn_idle() {
  [[ ! -e /run/idle ]] || return 0
  (
    NQN=nqn.2025-01.org.jnvmet.test:idle
    cd "$tree"
    serve "$(memory_disk 16)"
    for n in 1 2; do
      connect_disk -i 2
      nvme disconnect -n "$NQN"
    done
    clear_tree
  )
  wait_until 20 no_connections
  in_use | tee /run/idle
}
nothing_in_use() {
  local now idle=(qp 0 cq 0 mr 0 pd 0 cm_id 0) i
  [[ $SERVER = kernel || ! -e /run/idle ]] || read -ra idle </run/idle
  read -ra now <<<"$(in_use)"
  for i in 1 3 5 7 9; do
    ((now[i] <= idle[i])) || return 1
  done
}

memory_disk() { # MIB -> device_path
  if [[ $SERVER = kernel ]]; then kernel_memory_disk; else echo "mem:$1M"; fi
}
link_refused() { # PORT_ID WORDS: with ENODEV, and last_error says why
  local said
  if said=$(link "$1" 2>&1); then
    echo "port $1 is linked"
    return 1
  fi
  echo "$said"
  cat "ports/$1/subsystems/last_error"
  [[ $said = *'No such device'* ]] && grep -qF "$2" "ports/$1/subsystems/last_error"
}
file_disk() { # MIB -> device_path
  rm -f $FILES/disk.img
  truncate -s "$1M" $FILES/disk.img
  echo $FILES/disk.img
}
queue_count() { # of the controller, with the admin queue
  local c
  c=$(controller)
  cat "$controllers/${c#/dev/}/queue_count"
}
written() { # MIB: to the disk, at least
  local d
  d=$(disk)
  read -r _ _ _ _ _ _ n _ <"/sys/block/${d##*/}/stat"
  ((n >= $1 << 11))
}
load() { # [CONNECT_OPTION...]: of a disk of 32 MiB, in the background; finish_job load ends it
  connect_disk --reconnect-delay=1 --ctrl-loss-tmo=120 "$@"
  start_job load <<'SCRIPT'
verify "$(disk)" --bsrange=4k-64k --size=32m --rate=6m
SCRIPT
  wait_until 30 written 4
}

if [[ $SERVER = kernel ]]; then
  tree=/sys/kernel/config/nvmet
  start_jnvmet() { modprobe -a nvmet nvmet-rdma; : >>"$log"; }
fi
