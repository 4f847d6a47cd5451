#!/usr/bin/env bash
# Provides what the tests need from the system: QEMU, guest images with stock
# Debian kernels, Python, zsh and fio. Idempotent; installs only what is missing.
#
#   install-test-tools.sh                  install and build what is missing
#   install-test-tools.sh --check [KIND]   install nothing; print an image's folder
#
# KIND is `host`, the guest that most tests boot, or `p2p`, whose kernel lets
# programs map PCI peer memory. Status 0: all is there (stdout: the folders of the
# guest images, or the one that was asked for).
# Status 3: this machine cannot; one line on stderr says why, and the tests that
# need a virtual machine skip with it (in CI, where CI=true, they fail instead).
#
# JNVMET_CACHE          where images are kept (else $XDG_CACHE_HOME/jnvmet, else
#                       .jnvmet in this checkout)
# JNVMET_KERNEL_SUITE   Debian suite of the kernel of `host`
#                       (bookworm-backports, or bookworm if that is not served)
# JNVMET_P2P_KERNEL_SUITE   the same of `p2p` (trixie-backports)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(dirname "$here")
if [[ -n ${JNVMET_CACHE:-} ]]; then
  cache=$JNVMET_CACHE
elif [[ -n ${XDG_CACHE_HOME:-} ]]; then
  cache=$XDG_CACHE_HOME/jnvmet
else
  cache=$checkout/.jnvmet
fi
declare -A suites=(
  [host]=${JNVMET_KERNEL_SUITE:-bookworm-backports bookworm}
  [p2p]=${JNVMET_P2P_KERNEL_SUITE:-trixie-backports}
)
kinds=(host p2p)

# program : the Debian package that has it
tools=(
  qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio
  depmod:kmod zstd:zstd xz:xz-utils mkfs.ext4:e2fsprogs dpkg-deb:dpkg
  gpgv:gpgv mkfs.xfs:xfsprogs python3:python3 unshare:util-linux findmnt:util-linux
  zsh:zsh fio_jsonplus_clat2csv:fio
)
[[ $(id -u) = 0 ]] || tools+=(fusermount3:fuse3)
PATH=$PATH:/usr/sbin:/sbin

cannot() {
  echo "no virtual machine for tests: $*" >&2
  exit 3
}

missing_packages() {
  local tool
  for tool in "${tools[@]}"; do
    command -v "${tool%%:*}" >/dev/null || echo "${tool#*:}"
  done
  [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || echo debian-archive-keyring
}

image_folder() { # KIND; changes with everything that goes into the image
  local key
  key=$( (cd "$here/guest" && cat build-image.sh init; echo "${suites[$1]}") | sha256sum | cut -c1-16)
  echo "$cache/guest/$key"
}

as_root() {
  if [[ $(id -u) = 0 ]]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
  command -v apt-get >/dev/null || cannot "$* missing, and apt-get is not here to install them"
  as_root true 2>/dev/null || cannot "$* missing; install them, or run this script as root"
  local log
  log=$(mktemp)
  echo "installing $*" >&2
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@")
  if ! as_root "${install[@]}" >"$log" 2>&1; then # lists may be absent or old
    as_root apt-get -qq update >>"$log" 2>&1 || true
    as_root "${install[@]}" >>"$log" 2>&1 ||
      cannot "apt-get cannot install $*: $(grep -m1 '^E:' "$log" || tail -n1 "$log")"
  fi
  rm -f "$log"
}

[[ $(uname -m) = x86_64 ]] || cannot "the guest is x86_64, this machine is $(uname -m)"

if [[ ${1:-} = --check ]]; then
  kind=${2:-host}
  [[ -n ${suites[$kind]:-} ]] || { echo "no kind of image is called $kind" >&2; exit 2; }
  image=$(image_folder "$kind")
  mapfile -t missing < <(missing_packages | sort -u)
  [[ ${#missing[@]} = 0 ]] || cannot "${missing[*]} missing; run scripts/install-test-tools.sh"
  [[ -e $image/version ]] || cannot "the image of guest '$kind' is not built; run scripts/install-test-tools.sh"
  echo "$image"
  exit 0
fi

build_image() { # KIND
  local image suite log=$cache/guest/build.log
  image=$(image_folder "$1")
  : >"$log"
  for suite in ${suites[$1]}; do
    echo "building a guest image with the kernel of $suite (a minute, once)" >&2
    if timeout 900 "$here/guest/build-image.sh" "$suite" "$image" >>"$log" 2>&1; then return; fi
  done
  cannot "the image of guest '$1' cannot be built: $(grep . "$log" | tail -n1)  (all of it: $log)"
}

mapfile -t missing < <(missing_packages | sort -u)
[[ ${#missing[@]} = 0 ]] || install_packages "${missing[@]}"
mkdir -p "$cache/guest"
exec 9>"$cache/guest/lock" # two builds at a time would only disturb each other
current=() built=
for kind in "${kinds[@]}"; do
  image=$(image_folder "$kind")
  if [[ ! -e $image/version ]]; then
    flock 9
    [[ -e $image/version ]] || { build_image "$kind"; built=1; }
  fi
  current+=(! -path "$image")
  echo "$image"
done
if [[ -n $built && $cache = "$checkout/.jnvmet" ]]; then # nobody else's: images of old scripts are of no use
  find "$cache/guest" -mindepth 1 -maxdepth 1 -type d "${current[@]}" -exec rm -rf {} +
fi
