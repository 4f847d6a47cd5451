#!/usr/bin/env bash
# Builds a bootable guest out of Debian packages alone: build-image.sh SUITE DIR
#   SUITE  where linux-image-amd64 comes from: bookworm (6.1), bookworm-backports
#          (6.12), or trixie-backports (7.2, which lets programs map peer memory)
# Result: DIR/{vmlinux,initrd,root.img,version}; DIR appears only when complete.
# Installs nothing here: apt runs on a state folder of its own, with the mirror
# and the proxy that this machine's apt uses. JNVMET_DEBIAN_MIRROR overrides it.
set -euo pipefail

suite=$1 result=$2
programs=trixie # nvme-cli 2.13, fio 3.39
packages="bash coreutils util-linux mount grep sed findutils kmod nvme-cli fio e2fsprogs socat"
packages+=" iproute2 ibverbs-providers rdmacm-utils" # NVMe/RDMA
# Kernel modules, with all they depend on: a tenth of the whole
folders="drivers/nvme drivers/virtio drivers/net/ethernet/intel/e1000e net/9p fs/9p fs/configfs fs/ext4 fs/fuse"
modules="virtio_net virtio_blk virtio_pci virtio_rng brd crc32c_generic crc32c_intel"
modules+=" rdma_rxe rdma_ucm ib_uverbs crc32_generic dummy" # rxe does not name crc32 as what it needs
early="virtio_pci virtio_blk ext4" # what it takes to mount the root

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$result")"
work=$(mktemp -d -p "$(dirname "$result")" building.XXXXXX)
trap 'rm -rf "$work"' EXIT
umask 022
PATH=$PATH:/usr/sbin:/sbin
kernel=$work/kernel root=$work/root early_root=$work/early out=$work/out
mkdir -p "$kernel" "$early_root" "$out"

# --- apt with a state of its own: nothing counts as installed, so that a name
# resolves to all that it needs
mirror=${JNVMET_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' | grep -m1 '/debian$' || true)}
[[ -n $mirror ]] || { echo "apt on this machine has no Debian mirror"; exit 1; }
apt=$work/apt
mkdir -p "$apt"/{lists/partial,cache/archives/partial,etc/apt.conf.d,etc/preferences.d} "$work/debs"
: >"$apt/status"
for s in "$programs" "${suite%-backports}" "$suite"; do
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $s main"
done | sort -u >"$apt/etc/sources.list"
{
  apt-config dump | grep -iE '^(Acquire::(http|https)::Proxy|Acquire::Retries)' || true
  cat <<END
Dir "$apt"; Dir::State "$apt"; Dir::State::status "$apt/status";
Dir::Cache "$apt/cache"; Dir::Etc "$apt/etc"; APT::Architecture "amd64";
APT::Install-Recommends "false"; APT::Sandbox::User "root";
Acquire::Languages "none"; Acquire::Retries "3";
END
} >"$apt/apt.conf"
export APT_CONFIG=$apt/apt.conf
apt-get -qq -o APT::Update::Error-Mode=any update

closure() { # SUITE NAME... -> lines "name=version"
  apt-get -s -t "$1" install "${@:2}" | awk '$1 == "Inst" {print $2 "=" substr($3, 2)}'
}
unpack() { # DIR; lines "name=version" on stdin
  local wanted deb
  mapfile -t wanted
  [[ ${#wanted[@]} -gt 0 ]] || { echo "apt finds no package for $1"; return 1; }
  rm -f "$work"/debs/*.deb
  (cd "$work/debs" && apt-get -qq download "${wanted[@]}")
  for deb in "$work"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$1" --keep-directory-symlink
  done
}

# --- the kernel: only the packages that hold its files, not its helpers
closure "$suite" linux-image-amd64 | grep -E '^linux-(image|base|binary|modules)-[0-9]' | unpack "$kernel"
[[ -d $kernel/lib ]] || ln -s usr/lib "$kernel/lib"
version=$(basename "$kernel"/lib/modules/*)
vmlinuz=$(find "$kernel" -name 'vmlinuz*' -type f)
# QEMU starts a bare ELF at its PVH entry: take it out of the bzImage here,
# where unpacking is not emulated (offsets: Linux x86 boot protocol, "The
# Real-Mode Kernel Header": setup_sects, payload_offset, payload_length).
sectors=$(od -An -tu1 -j497 -N1 "$vmlinuz")
read -r offset length < <(od -An -tu4 -j584 -N8 "$vmlinuz")
dd if="$vmlinuz" of="$work/payload" bs=1M iflag=skip_bytes,count_bytes status=none \
  skip=$(((sectors + 1) * 512 + offset)) count=$((length - 4))
zstd -qdc "$work/payload" >"$out/vmlinux" 2>/dev/null ||
  xz -dc --single-stream "$work/payload" >"$out/vmlinux"

# --- programs
mkdir -p "$root"/{dev,proc,sys,run,tmp,root,lab,mnt,var/tmp,etc/nvme} "$root"/usr/{bin,sbin,lib,lib64}
for d in bin sbin lib lib64; do ln -s "usr/$d" "$root/$d"; done
# shellcheck disable=SC2086
closure "$programs" $packages | unpack "$root"
rm -rf "$root"/usr/share/{doc,man,locale,info,lintian,bug,zoneinfo,perl,fio} "$root"/usr/lib/python3*
if [[ $(id -u) = 0 ]]; then ldconfig -r "$root"; else unshare -Ur ldconfig -r "$root"; fi
[[ -e $root/usr/bin/sh ]] || ln -s bash "$root/usr/bin/sh"
echo 'root:x:0:0:root:/root:/bin/bash' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
id=1ab00000-0000-4000-8000-000000000001
echo $id >"$root/etc/nvme/hostid"
echo nqn.2014-08.org.nvmexpress:uuid:$id >"$root/etc/nvme/hostnqn"
cat >"$root/etc/fstab" <<'END'
pts /dev/pts devpts
shm /dev/shm tmpfs
tmp /tmp tmpfs
run /run tmpfs
cfg /sys/kernel/config configfs
lab /lab 9p trans=virtio,version=9p2000.L,msize=262144
END
install -m 755 "$here/init" "$root/usr/sbin/guest-init"
install -m 755 "$(command -v busybox)" "$root/usr/bin/busybox"
for applet in $(busybox --list); do # what the packages above do not bring
  [[ -e $root/usr/bin/$applet || -e $root/usr/sbin/$applet ]] || ln -s busybox "$root/usr/bin/$applet"
done

# --- modules, unpacked here and not in the guest
depmod -b "$kernel" "$version"
tree=$kernel/lib/modules/$version
# shellcheck disable=SC2086
in_folders() { (cd "$tree/kernel" && find $folders -name '*.ko*' 2>/dev/null | sed 's,.*/,,; s,\.ko.*,,'); }
files_of() { # names -> files, dependencies first; what is built in gives none
  modprobe -d "$kernel" -S "$version" -a -i --show-depends "$@" 2>/dev/null |
    awk '$1 == "insmod" && !seen[$2]++ {print $2}' || true
}
copy() { # FILE DIR [PREFIX]
  local name=${3:-}${1##*/}
  case $1 in
    *.xz) xz -dc "$1" >"$2/${name%.xz}" ;;
    *.zst) zstd -qdc "$1" >"$2/${name%.zst}" ;;
    *) cp "$1" "$2/$name" ;;
  esac
}
mkdir -p "$root/usr/lib/modules/$version/kernel"
cp "$tree"/modules.{builtin,builtin.modinfo,order} "$root/usr/lib/modules/$version"
# shellcheck disable=SC2046,SC2086
files_of $modules $(in_folders) | while read -r f; do copy "$f" "$root/usr/lib/modules/$version/kernel"; done
depmod -b "$root" "$version"
truncate -s 768M "$out/root.img"
mkfs.ext4 -q -O ^has_journal -E root_owner=0:0 -d "$root" "$out/root.img"

# --- initrd: busybox, and just what mounts the root
mkdir -p "$early_root"/{bin,dev,proc,sys,mods,root}
cp "$(command -v busybox)" "$early_root/bin/busybox"
# shellcheck disable=SC2086
n=100; for f in $(files_of $early); do copy "$f" "$early_root/mods" $((n++))-; done
cat >"$early_root/init" <<'END'
#!/bin/busybox sh
b=/bin/busybox
for m in /mods/*; do $b insmod $m; done
$b mount -t devtmpfs dev /dev
until [ -b /dev/vda ]; do $b usleep 5000; done
$b mount -t ext4 -o noatime /dev/vda /root
$b mount -t proc proc /root/proc
$b mount -t sysfs sys /root/sys
$b mount --move /dev /root/dev
exec $b switch_root /root /usr/sbin/guest-init
END
chmod +x "$early_root/init"
(cd "$early_root" && find . | cpio -o -H newc --quiet) >"$out/initrd"

echo "$version" >"$out/version"
rm -rf "$result"
mv "$out" "$result"
echo "$result: $version, root $(du -m "$result/root.img" | cut -f1) MiB, initrd $(du -k "$result/initrd" | cut -f1) KiB"
