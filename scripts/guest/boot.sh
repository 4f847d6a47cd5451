#!/usr/bin/env bash
# Boots the guest and runs a job in it: boot.sh [OPTION...] [SCRIPT [ARG...]]
#   -i IMAGE     folder of build-image.sh (what install-test-tools.sh prints)
#   -t SECONDS   kill the guest after so long (600): status 124
#   -m MIB, -c CPUS   size of the guest (1024, 2); -C MODEL   its processor (max)
#   -o DIR       folder of this machine that is /lab in the guest; its file
#                `console` has the kernel's messages
#   -s FOLDER    the guest sees this folder, read-only, at the same place
#   -f PORT:GUEST_PORT   this machine's 127.0.0.1:PORT is the guest's TCP port
#   -p TREE      devices for peer-to-peer tests: `switch`, or `iommu` for the same
#                behind an IOMMU; p2p-devices.sh draws the tree
# Without SCRIPT: the executable DIR/job, or a shell. Ends with the job's status;
# 125: the guest died. In the guest, 10.0.2.2 is this machine's 127.0.0.1.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/p2p-devices.sh"
image='' limit=600 memory=1024 cpus=2 model=max share='' forward='' tree='' words=''
devices=()
while getopts i:t:m:c:C:o:s:f:p: option; do
  case $option in
    i) image=$OPTARG ;;
    t) limit=$OPTARG ;;
    m) memory=$OPTARG ;;
    c) cpus=$OPTARG ;;
    C) model=$OPTARG ;;
    o) share=$OPTARG ;;
    s)
      tag=share.${#devices[@]}
      devices+=(-virtfs "local,path=$OPTARG,mount_tag=$tag,security_model=none,readonly=on,multidevs=remap")
      words+=" $tag=$OPTARG"
      ;;
    p) tree=$OPTARG ;;
    f) forward+=",hostfwd=tcp:127.0.0.1:${OPTARG%:*}-:${OPTARG#*:}" ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[[ -n $image ]] || image=$("$here/../install-test-tools.sh" --check ${tree:+p2p})

qemu='' scratch=''
cleanup() {
  [[ -z $qemu ]] || kill "$qemu" 2>/dev/null || true
  [[ -z $scratch ]] || rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 143' TERM INT HUP

scratch=$(mktemp -d)
[[ -n $share ]] || share=$scratch
if [[ -n $tree ]]; then
  p2p_devices "$tree" "$scratch" # -> p2p
  devices=("${p2p[@]}" "${devices[@]}")
fi
if [[ $# -gt 0 ]]; then
  install -m 755 "$1" "$share/script"
  { echo '#!/bin/bash'; printf 'exec /lab/script'; printf ' %q' "${@:2}"; echo; } >"$share/job"
  chmod +x "$share/job"
elif [[ ! -e $share/job ]]; then
  printf '#!/bin/bash\nstty sane; exec bash -i\n' >"$share/job"
  chmod +x "$share/job"
fi
: >"$share/console"
rm -f "$share/status"

# timeout(1) holds even when this script is killed with -9
timeout --foreground -k 5 "$limit" qemu-system-x86_64 -accel tcg,thread=multi -cpu "$model" \
  -machine q35,hpet=off -m "$memory" -smp "$cpus" -nodefaults -display none -no-reboot \
  -kernel "$image/vmlinux" -initrd "$image/initrd" \
  -append "console=ttyS0 panic=-1 nokaslr mitigations=off net.ifnames=0 tsc=reliable no_timer_check quiet$words" \
  -drive "file=$image/root.img,if=none,id=root,format=raw,snapshot=on,cache=unsafe" \
  -device virtio-blk-pci,drive=root \
  -netdev "user,id=n0$forward" -device virtio-net-pci,netdev=n0,romfile= \
  -virtfs "local,path=$share,mount_tag=lab,security_model=none" \
  -device isa-debug-exit,iobase=0xf4,iosize=4 -device virtio-rng-pci \
  -serial "file:$share/console" -serial stdio "${devices[@]}" <&0 &
qemu=$!
code=0
wait "$qemu" || code=$?
qemu=''
# QEMU's own status tells nothing: isa-debug-exit is just the fastest way out
if [[ -s $share/status ]]; then exit "$(<"$share/status")"; fi
if [[ $code = 124 ]]; then
  echo "boot.sh: no end after $limit s" >&2
  exit 124
fi
tail -n 40 "$share/console" >&2
exit 125
