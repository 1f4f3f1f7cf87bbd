"""What ntfs-3g lets a program set on a mounted volume beyond POSIX: attributes, times, reparse points, short names,
streams. Everything goes through the extended attributes that ntfs-3g documents in its manual page, so that a volume is
written by the driver and never by code of ours."""

import os
import struct
import sys

FILETIME_OF_UNIX_EPOCH = 116444736000000000  # 100 ns ticks between 1601-01-01 and 1970-01-01

TAG_MOUNT_POINT = 0xA0000003
TAG_SYMLINK = 0xA000000C
TAG_WOF = 0x80000017
WOF_STREAM = "WofCompressedData"


def filetime(unix_seconds):
    return int(unix_seconds * 10_000_000) + FILETIME_OF_UNIX_EPOCH


def put(path, data=b""):
    """Creates a file; open(2) directly, because a corpus makes hundreds of thousands of them."""
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    try:
        if data:
            os.write(fd, data)
    finally:
        os.close(fd)


def put_sparse(path, size, pieces=()):
    """A file of `size` bytes (or as long as its pieces reach) that holds only the `(offset, bytes)` pieces."""
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    try:
        if size:
            os.ftruncate(fd, size)
        for offset, data in pieces:
            os.pwrite(fd, data, offset)
    finally:
        os.close(fd)


def set_stream(path, name, data):
    """A named $DATA stream (the mount maps user.* to streams)."""
    os.setxattr(path, "user." + name, data, follow_symlinks=False)


def set_times(path, created, modified, accessed):
    """FILETIMEs, unsigned, any value. The driver itself sets the fourth (record changed) to the present."""
    packed = struct.pack("<QQQ", created, modified, accessed)
    os.setxattr(path, "system.ntfs_times", packed, follow_symlinks=False)


def set_attributes(path, bits):
    os.setxattr(path, "system.ntfs_attrib", struct.pack("<I", bits), follow_symlinks=False)


def set_short_name(path, name):
    os.setxattr(path, "system.ntfs_dos_name", name.encode(), follow_symlinks=False)


def set_object_id(path, guid):
    os.setxattr(path, "system.ntfs_object_id", guid, follow_symlinks=False)


def set_reparse(path, tag, data, vendor_guid=b""):
    """A reparse point. Tags whose bit 31 is clear belong to third parties and carry a GUID before their data."""
    buffer = struct.pack("<IHH", tag, len(data), 0) + vendor_guid + data
    os.setxattr(path, "system.ntfs_reparse_data", buffer, follow_symlinks=False)


def mount_point_data(target):
    """REPARSE_DATA_BUFFER of a junction: substitute name, print name, both NUL-terminated."""
    substitute, shown = ("\\??\\" + target).encode("utf-16-le"), target.encode("utf-16-le")
    header = struct.pack("<HHHH", 0, len(substitute), len(substitute) + 2, len(shown))
    return header + substitute + b"\0\0" + shown + b"\0\0"


def symlink_data(target, relative):
    substitute = (target if relative else "\\??\\" + target).encode("utf-16-le")
    shown = target.encode("utf-16-le")
    header = struct.pack("<HHHHI", 0, len(substitute), len(substitute), len(shown), 1 if relative else 0)
    return header + substitute + shown


def put_wof(path, size, compressed, times=None):
    """What `compact /exe` leaves: a sparse, empty unnamed stream of the logical size, the bytes in a stream of their
    own, and the tag that tells the filter. The tag goes last: behind it the driver shows a symbolic link."""
    put_sparse(path, size)
    set_stream(path, WOF_STREAM, compressed)
    if times:
        set_times(path, *times)
    set_reparse(path, TAG_WOF, struct.pack("<IIII", 1, 2, 1, 0))


def attempt(what, action, *arguments):
    """Some drivers refuse some of the odder things. A refusal is logged, never hidden: the manifests are read from
    the volume, so the corpus stays true, only poorer."""
    try:
        action(*arguments)
    except OSError as error:
        print(f"refused: {what}: {error}", file=sys.stderr)
