# shellcheck shell=bash
# What the scripts that make NTFS volumes share: finding their tools, and one mount that is always taken down again.

# require_tools COMMAND:PACKAGE… names every missing package at once, not the first.
require_tools() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" > /dev/null || missing+=("${pair##*:}")
  done
  ((${#missing[@]} == 0)) && return
  die "missing: $(printf '%s\n' "${missing[@]}" | sort -u | xargs). On Debian: apt-get install $(printf '%s\n' "${missing[@]}" | sort -u | xargs)"
}

# A container may have the driver but no node for it.
require_fuse() {
  ((EUID == 0)) || die "mounting needs root"
  [[ -e /dev/fuse ]] || mknod /dev/fuse c 10 229 2> /dev/null || true
  { : <> /dev/fuse; } 2> /dev/null || die "cannot open /dev/fuse: load the module (modprobe fuse), or give the container --device /dev/fuse --cap-add SYS_ADMIN"
}

make_mount_point() {
  MOUNT_POINT=$(mktemp -d -t quarry-ntfs.XXXXXX)
  trap remove_mount_point EXIT
}

# Only ever the mount point made here. A lazy unmount is the last resort: a leftover process may still stand in it.
remove_mount_point() {
  cd /
  if mountpoint -q "$MOUNT_POINT"; then
    umount "$MOUNT_POINT" || umount --lazy "$MOUNT_POINT" || true
  fi
  rmdir "$MOUNT_POINT" 2> /dev/null || true
}

# make_image FILE SIZE CLUSTER SECTOR LABEL
make_image() {
  rm -f "$1"
  truncate -s "$2" "$1"
  local said
  said=$(mkntfs -F -Q -q -c "$3" -s "$4" -p 0 -H 0 -S 0 -L "$5" "$1" 2>&1) || die "mkntfs $1: $said"
}

# mount_image FILE [OPTION…]; STREAMS chooses how streams show: xattr (user.*) or windows (file:stream).
mount_image() {
  local image=$1 options=streams_interface=${STREAMS:-xattr},compression,big_writes
  shift
  local option
  for option in "$@"; do options+=,$option; done
  ntfs-3g "$image" "$MOUNT_POINT" -o "$options"
}

unmount() { umount "$MOUNT_POINT"; }
