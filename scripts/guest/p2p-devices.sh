# The devices of a guest for peer-to-peer tests, for boot.sh. NVMe disks are known
# by their serial numbers: cmb0 and cmb1 have a controller memory buffer, 64 MiB of
# memory that other devices can reach; d1 and d2 have none.
#
#   root port --- switch --+-- cmb0
#                          +-- d1
#                          +-- network interface (e1000e)
#                          +-- virtio disk (vdb), whose driver takes no peer memory
#   root port --- cmb1
#   root port --- d2
p2p_devices() { # TREE FOLDER -> p2p, QEMU's options; the disks are files in FOLDER
  local n
  p2p=()
  case $1 in
    switch) ;;
    iommu) p2p+=(-device intel-iommu) ;;
    *) echo "boot.sh: no tree of devices is called $1" >&2; return 2 ;;
  esac
  p2p+=(-device pcie-root-port,id=root1,chassis=10,slot=10
    -device x3130-upstream,bus=root1,id=up
    -device pcie-root-port,id=root2,chassis=11,slot=11
    -device pcie-root-port,id=root3,chassis=12,slot=12)
  for n in 1 2 3 4; do
    p2p+=(-device "xio3130-downstream,bus=up,id=down$n,chassis=$n,slot=$n")
  done
  p2p_nvme cmb0 down1 "$2" cmb_size_mb=64
  p2p_nvme d1 down2 "$2"
  p2p+=(-netdev user,id=down3,restrict=on -device e1000e,bus=down3,netdev=down3,romfile=)
  p2p_nvme cmb1 root2 "$2" cmb_size_mb=64
  p2p_nvme d2 root3 "$2"
  p2p_disk vdb "$2"
  p2p+=(-device virtio-blk-pci,bus=down4,drive=vdb)
}
p2p_disk() { # NAME FOLDER
  truncate -s 256M "$2/$1.img"
  p2p+=(-drive "file=$2/$1.img,if=none,id=$1,format=raw,cache=unsafe")
}
p2p_nvme() { # SERIAL BUS FOLDER [PROPERTY]
  p2p_disk "$1" "$3"
  p2p+=(-device "nvme,bus=$2,serial=$1,drive=$1${4:+,$4}")
}
