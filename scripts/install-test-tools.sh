#!/usr/bin/env bash
# Provides what the tests need from the system: QEMU, a guest image with a stock
# Debian kernel, Python, zsh and fio. Idempotent; installs only what is missing.
#
#   install-test-tools.sh           install and build what is missing
#   install-test-tools.sh --check   install nothing; print the image's folder
#
# Status 0: all is there (stdout: the folder of the guest image).
# Status 3: this machine cannot; one line on stderr says why, and the tests that
# need a virtual machine skip with it (in CI, where CI=true, they fail instead).
#
# JNVMET_CACHE          where images are kept (else $XDG_CACHE_HOME/jnvmet, else
#                       .jnvmet in this checkout)
# JNVMET_KERNEL_SUITE   Debian suite of the guest's kernel
#                       (bookworm-backports, or bookworm if that is not served)
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
suites=${JNVMET_KERNEL_SUITE:-bookworm-backports bookworm}

# program : the Debian package that has it
tools=(
  qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio
  depmod:kmod zstd:zstd xz:xz-utils mkfs.ext4:e2fsprogs dpkg-deb:dpkg
  gpgv:gpgv python3:python3 unshare:util-linux findmnt:util-linux
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

image_key() { # changes with everything that goes into an image
  (cd "$here/guest" && cat build-image.sh init; echo "$suites") | sha256sum | cut -c1-16
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
image=$cache/guest/$(image_key)

if [[ ${1:-} = --check ]]; then
  mapfile -t missing < <(missing_packages | sort -u)
  [[ ${#missing[@]} = 0 ]] || cannot "${missing[*]} missing; run scripts/install-test-tools.sh"
  [[ -e $image/version ]] || cannot "the guest image is not built; run scripts/install-test-tools.sh"
  echo "$image"
  exit 0
fi

mapfile -t missing < <(missing_packages | sort -u)
[[ ${#missing[@]} = 0 ]] || install_packages "${missing[@]}"
if [[ ! -e $image/version ]]; then
  mkdir -p "$cache/guest"
  exec 9>"$cache/guest/lock" # two builds at a time would only disturb each other
  flock 9
fi
if [[ ! -e $image/version ]]; then
  log=$cache/guest/build.log
  built=
  : >"$log"
  for suite in $suites; do
    echo "building a guest image with the kernel of $suite (a minute, once)" >&2
    if timeout 900 "$here/guest/build-image.sh" "$suite" "$image" >>"$log" 2>&1; then
      built=1
      if [[ $cache = "$checkout/.jnvmet" ]]; then # nobody else's: images of old scripts are of no use
        find "$cache/guest" -mindepth 1 -maxdepth 1 -type d ! -path "$image" -exec rm -rf {} +
      fi
      break
    fi
  done
  [[ -n $built ]] || cannot "the guest image cannot be built: $(grep . "$log" | tail -n1)  (all of it: $log)"
fi
echo "$image"
