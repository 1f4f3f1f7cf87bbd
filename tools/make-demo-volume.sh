#!/bin/bash
# Makes the volume that `quarry demo` searches: a real one, written by mkntfs and ntfs-3g, compressed with zstd.
#
#   make-demo-volume.sh [OUT]        (crates/cli/demo/demo.ntfs.zst)
#
# The content is the same each time; the bytes are not, since mkntfs draws a serial number and the driver writes the
# present time where no program may set it. Needs root, FUSE, and on Debian: ntfs-3g python3 zstd.
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC

die() { echo "make-demo-volume: $*" >&2; exit 1; }

TOOLS=$(cd "$(dirname "$0")" && pwd)
OUT=${1:-$TOOLS/../crates/cli/demo/demo.ntfs.zst}
BYTES_MAX=$((2 << 20)) # what the repository is willing to carry
# shellcheck source=lib-ntfs.sh
. "$TOOLS/lib-ntfs.sh"
require_tools mkntfs:ntfs-3g ntfs-3g:ntfs-3g python3:python3 zstd:zstd
require_fuse
make_mount_point

IMAGE=$(mktemp -t quarry-demo.XXXXXX)
trap 'remove_mount_point; rm -f "$IMAGE"' EXIT
make_image "$IMAGE" 64M 4096 512 "Household"
mount_image "$IMAGE"
python3 "$TOOLS/demo_content.py" "$MOUNT_POINT"
NAMES=$(find "$MOUNT_POINT" -mindepth 1 | wc -l)
unmount

mkdir -p "$(dirname "$OUT")"
zstd -q -f -19 "$IMAGE" -o "$OUT"
SIZE=$(stat -c %s "$OUT")
((SIZE <= BYTES_MAX)) || die "$OUT takes $SIZE bytes, more than $BYTES_MAX"
echo "$OUT: $NAMES names in $SIZE bytes" >&2
