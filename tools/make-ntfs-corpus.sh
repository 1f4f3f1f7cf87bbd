#!/bin/bash
# Builds NTFS volumes with mkntfs and ntfs-3g, each with a ground truth that owes nothing to the indexer under test.
#
#   make-ntfs-corpus.sh OUT [--files N] [--seed S] [--only LIST] [--xattr-every K] [--fuzz N]
#
#   --files N        files and folders in the random tree of profile main (200000)
#   --seed S         of the random tree and the fuzzed dumps (1)
#   --only LIST      profiles, by commas: main,s4k,c64k,c512,c2m,fragmft,links,corrupt,disk (all)
#   --xattr-every K  every K-th entry of the random mass gets a row in manifest.xattr; the rest always do (20)
#   --fuzz N         randomly damaged dumps (40)
#
# Profiles: main (4 KiB clusters, everything, big), s4k (4 KiB sectors and records), c64k, c512, c2m (clusters of 64 KiB,
# 512 bytes, 2 MiB), fragmft ($MFT in thousands of runs), links (hard links, names and extents in extension records),
# corrupt (damaged copies of one dump), disk (c512 as a partition of an MBR and of a GPT disk).
#
# Needs root, FUSE, and on Debian: ntfs-3g sleuthkit python3 findutils fdisk. 200,000 files take 1 to 3 minutes.
#
# Each volume's folder OUT/NAME/ holds
#   image.ntfs        sparse image, no partition table
#   MFT.raw           $MFT as on disk, cut out along ntfscluster's runs (checked against Sleuth Kit's icat where it opens the volume)
#   MFT.ntfscat       the same with its fixups applied already, as ntfscat writes it (checked against our own fixing of MFT.raw)
#   MFT.bitmap        $MFT:$BITMAP
#   manifest.find     records that end in NUL: inode, type, size, 512-byte blocks, links, mtime, path; tabs between (GNU find)
#   manifest.xattr    JSON lines: ino, path, attrib, crtime, mtime, atime, ctime (FILETIME), reparse, dos, oid, ads {name: size}
#   manifest.wof      JSON lines of WOF files: ino, path, size (of the unnamed stream), packed (bytes of WofCompressedData), packed_blocks
#   manifest.deleted  paths that were made and removed (or undone by the driver, the volume being full), each ending in NUL
#   manifest.freed    JSON lines of the names that unused records still hold: ino, seq, name, parent, parent_seq, dir
#   manifest.totals   key=value: records of each kind, counted in MFT.raw
#   queries.tsv       mode, pattern, count, sha256 of the NUL-joined sorted paths
# and OUT/corrupt/ the damaged dumps, original.mft, and expect.json: whole_records, damaged_records, affected_bases.
#
# How to compare:
#   inode      is the record number.
#   size       holds for type f without a reparse tag; of folders, reparse points and specials ntfs-3g invents st_size.
#   type       a file with the attribute SYSTEM shows as s, p, c, b or l (Interix), a reparse point as l: take attrib and
#              reparse from manifest.xattr.
#   links      counts 8.3 names too: the number of paths of one inode is the number of rows.
#   blocks     of sparse and compressed files are the space they take; of resident ones, the value's length rounded up.
#   times      are the FILETIMEs of manifest.xattr; find's are wrong before 1970 and above 2^63.
#   paths      are bytes, WTF-8 for unpaired surrogates (surrogateescape in JSON), and may hold newlines, colons, backslashes.
#   metafiles  are not in the manifests.
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC

usage() { sed -n '2,/^$/{/^set /q;s/^# \{0,1\}//;p}' "$0"; }
die() { echo "make-ntfs-corpus: $*" >&2; exit 1; }

(($# > 0)) || { usage >&2; exit 2; }
[[ $1 != -h && $1 != --help ]] || { usage; exit 0; }
OUT=$1; shift
FILES=200000 SEED=1 ONLY=main,s4k,c64k,c512,c2m,fragmft,links,corrupt,disk XATTR_EVERY=20 FUZZED=40
while (($# > 0)); do
  (($# > 1)) || die "$1 needs a value"
  case $1 in
    --files) FILES=$2 ;;
    --seed) SEED=$2 ;;
    --only) ONLY=$2 ;;
    --xattr-every) XATTR_EVERY=$2 ;;
    --fuzz) FUZZED=$2 ;;
    *) die "unknown option $1" ;;
  esac
  shift 2
done

TOOLS=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib-ntfs.sh
. "$TOOLS/lib-ntfs.sh"
require_tools mkntfs:ntfs-3g ntfs-3g:ntfs-3g ntfscat:ntfs-3g ntfscluster:ntfs-3g icat:sleuthkit python3:python3 find:findutils sfdisk:fdisk
require_fuse
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
make_mount_point

corpus() { PYTHONDONTWRITEBYTECODE=1 python3 "$TOOLS/corpus" "$@"; }
wanted() { [[ ,$ONLY, == *,$1,* ]]; }

# The volume is closed and mounted again, read-only, so that the manifests tell what is on disk and not what is in a cache.
take_manifests() {
  local name=$1 dir=$2
  mount_image "$dir/image.ntfs" ro
  find "$MOUNT_POINT" -printf '%i\t%y\t%s\t%b\t%n\t%T@\t%P\0' > "$dir/manifest.find"
  corpus xattr "$MOUNT_POINT" "$XATTR_EVERY" "$dir/manifest.xattr"
  unmount
  STREAMS=windows mount_image "$dir/image.ntfs" ro
  corpus wof "$MOUNT_POINT" "$dir/manifest.wof"
  unmount
  corpus queries "$dir/manifest.find" > "$dir/queries.tsv"
}

dump_mft() {
  local name=$1 dir=$2 image=$2/image.ntfs
  ntfscat -i 0 "$image" > "$dir/MFT.ntfscat"
  ntfscat -i 0 -a BITMAP "$image" > "$dir/MFT.bitmap"
  corpus extract "$image" "$(stat -c %s "$dir/MFT.ntfscat")" "$dir/MFT.raw" > "$dir/manifest.totals"
  # Sleuth Kit cannot open clusters above 64 KiB; where it can, two tools must agree on every byte.
  if fsstat "$image" > /dev/null 2>&1; then
    icat "$image" 0 | cmp - "$dir/MFT.raw" || die "$name: icat and ntfscluster disagree about \$MFT"
  fi
  corpus fixed "$dir/MFT.raw" | cmp - "$dir/MFT.ntfscat" || die "$name: ntfscat applied fixups as we do not"
  corpus freed "$dir/MFT.raw" "$dir/manifest.freed"
  corpus totals "$dir/MFT.raw" >> "$dir/manifest.totals"
}

volume() {
  local name=$1 size=$2 cluster=$3 sector=$4 files=$5 dir=$OUT/$1 started=$SECONDS
  wanted "$name" || return 0
  mkdir -p "$dir"
  make_image "$dir/image.ntfs" "$size" "$cluster" "$sector" "corpus-$name"
  mount_image "$dir/image.ntfs"
  corpus populate "$MOUNT_POINT" "$name" "$files" "$SEED" "$dir/manifest.deleted" 2> "$dir/populate.log" ||
    die "$name: could not be filled: $(tail -5 "$dir/populate.log")"
  unmount
  echo "$name: filled after $((SECONDS - started)) s" >&2
  take_manifests "$name" "$dir"
  dump_mft "$name" "$dir"
  local paths rows
  paths=$(tr -cd '\0' < "$dir/manifest.find" | wc -c)
  rows=$(wc -l < "$dir/manifest.xattr")
  echo "$name: done after $((SECONDS - started)) s: $paths paths, $rows xattr rows, $(du -h "$dir/image.ntfs" | cut -f1) on disk" >&2
}

damaged_dumps() {
  local source=$OUT/c2m/MFT.raw # the smallest that still has a few thousand files
  [[ -e $source ]] || die "corrupt needs c2m: name it in --only too"
  rm -rf "$OUT/corrupt"
  corpus damage "$source" "$OUT/corrupt" "$FUZZED" "$SEED"
  echo "corrupt: $(find "$OUT/corrupt" -name '*.mft' ! -name original.mft | wc -l) damaged dumps" >&2
}

# NTFS at 1 MiB, as every partitioner lays it today, with room behind it for the second GPT header.
partitioned_disks() {
  local source=$OUT/c512/image.ntfs size label type disk
  [[ -e $source ]] || die "disk needs c512: name it in --only too"
  mkdir -p "$OUT/disk"
  size=$(stat -c %s "$source")
  for label in dos gpt; do
    [[ $label == dos ]] && type=7 || type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7
    disk=$OUT/disk/$label.img
    rm -f "$disk"
    truncate -s $((size + 4 * 1048576)) "$disk"
    printf 'label: %s\nstart=2048, size=%s, type=%s\n' "$label" $((size / 512)) "$type" | sfdisk -q "$disk"
    dd if="$source" of="$disk" bs=64K seek=16 conv=sparse,notrunc status=none
  done
  echo "disk: c512 behind an MBR and a GPT" >&2
}

#      name    size cluster sector files
volume main    40G  4096    512    "$FILES"
volume s4k     4G   4096    4096   5000
volume c64k    8G   65536   512    5000
volume c512    1G   512     512    3000
volume c2m     8G   2097152 512    300
volume fragmft 128M 4096    512    0
volume links   512M 4096    512    1500
if wanted corrupt; then damaged_dumps; fi
if wanted disk; then partitioned_disks; fi
