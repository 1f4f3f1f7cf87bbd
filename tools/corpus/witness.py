"""The ground truth: what a fresh read-only mount says of each file, and what plain queries over its paths must find."""

import ctypes
import hashlib
import json
import os
import stat
import struct

import edge
import ntfs3g

XATTR_BYTES_MAX = 65536
XATTR_BUFFER = ctypes.create_string_buffer(XATTR_BYTES_MAX)
LIBC = ctypes.CDLL(None)
LIBC.lgetxattr.restype = ctypes.c_ssize_t
LIBC.lgetxattr.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t]


def attribute(path, name):
    """An extended attribute, or None. Not os.getxattr: that tries a short buffer first, and what ntfs-3g answers to one
    for a long reparse point is taken for its absence."""
    size = LIBC.lgetxattr(os.fsencode(path), name.encode(), XATTR_BUFFER, XATTR_BYTES_MAX)
    return ctypes.string_at(XATTR_BUFFER, size) if size >= 0 else None


def stream_sizes(path, mode):
    """Sizes of the named streams. The kernel allows user.* only on files and folders; specials show none."""
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return {}
    try:
        listed = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return {}
    values = {name[5:]: attribute(path, name) for name in listed if name.startswith("user.")}
    return {name: None if value is None else len(value) for name, value in values.items()}


def facts(path, shown):
    status = os.lstat(path)
    row = {"ino": status.st_ino, "path": shown}
    if bits := attribute(path, "system.ntfs_attrib"):
        row["attrib"] = struct.unpack("<I", bits)[0]
    if times := attribute(path, "system.ntfs_times"):
        row["crtime"], row["mtime"], row["atime"], row["ctime"] = struct.unpack("<4Q", times[:32])
    if reparse := attribute(path, "system.ntfs_reparse_data"):
        tag, length, _ = struct.unpack_from("<IHH", reparse)
        row["reparse"] = {"tag": tag, "len": length, "hex": reparse.hex()}
    if short := attribute(path, "system.ntfs_dos_name"):
        row["dos"] = short.decode()
    if object_id := attribute(path, "system.ntfs_object_id"):
        row["oid"] = object_id[:16].hex()
    if streams := stream_sizes(path, status.st_mode):
        row["ads"] = streams
    return row


def in_the_mass(folder):
    """Whether a folder belongs to the random mass, of which every K-th entry is enough."""
    return folder in ("bulk", "m", "s") or folder.startswith(("bulk/", "m/", "s/"))


def xattr_manifest(root, every, out):
    """One JSON line a name; paths with surrogateescape, since names may be no UTF-8. Goes by folder descriptors:
    the deep trees are longer than PATH_MAX."""
    seen = 0
    with open(out, "w", encoding="ascii") as file:
        for folder, folders, files, descriptor in os.fwalk(root, follow_symlinks=False):
            relative = os.path.relpath(folder, root)
            for name in sorted(folders + files):
                seen += 1
                if seen % every and in_the_mass(relative):
                    continue
                shown = name if relative == "." else f"{relative}/{name}"
                file.write(json.dumps(facts(f"/proc/self/fd/{descriptor}/{name}", shown)) + "\n")


def wof_manifest(root, out):
    """JSON lines {ino, path, size, packed, packed_blocks} of the WOF files, from a mount that shows streams as
    `file:stream`: only there can what lies behind the reparse point be measured."""
    with open(out, "w", encoding="ascii") as file:
        for name, (size, _) in edge.WOF_FILES.items():
            path = f"{root}/wof/{name}"
            if not os.path.lexists(path):
                continue
            packed = os.stat(f"{path}:{ntfs3g.WOF_STREAM}")
            row = {"ino": os.lstat(path).st_ino, "path": f"wof/{name}", "size": size, "packed": packed.st_size,
                   "packed_blocks": packed.st_blocks}
            file.write(json.dumps(row) + "\n")


def base(path):
    return path.rsplit(b"/", 1)[-1]


def queries(manifest):
    """Rows `mode, pattern, count, sha256 of the NUL-joined sorted paths`. Case folds in ASCII only, and the patterns
    are such that no other letter folds onto theirs: nothing here depends on a table of cases."""
    with open(manifest, "rb") as file:
        rows = [record.split(b"\t", 6) for record in file.read().split(b"\0") if record]
    rows = sorted((row for row in rows if row[6]), key=lambda row: row[6])
    paths = [row[6] for row in rows]

    def answer(mode, pattern, found):
        digest = hashlib.sha256(b"\0".join(found)).hexdigest()
        print(f"{mode}\t{pattern}\t{len(found)}\t{digest}")

    for word in ("report", "INVOICE", "_1", ".tar.gz", "readme", "cache", "img(", "~a", "zzzznothing", "e", "sys", "photo12", "$"):
        answer("name-substr-icase", word, [p for p in paths if word.lower().encode() in base(p).lower()])
    for word in ("Report", "TXT", "sys"):
        answer("name-substr-case", word, [p for p in paths if word.encode() in base(p)])
    for word in ("bulk/", "links/sub", "deep/d000"):
        answer("path-substr-icase", word, [p for p in paths if word.encode() in p.lower()])
    for extension in ("dll", "pdf", "gz", "docx"):
        wanted = extension.encode()
        answer("ext", extension, [p for p in paths if b"." in base(p)[1:] and base(p).rsplit(b".", 1)[-1].lower() == wanted])
    # Sizes of the mass alone: the driver invents those of folders, links and specials.
    sized = [(row[6], int(row[2])) for row in rows if row[1] == b"f" and row[6].startswith(b"bulk/")]
    for low, high in ((0, 0), (1, 699), (10**6, 10**9), (2**32, 2**63)):
        answer("bulk-file-size", f"{low}..{high}", [p for p, size in sized if low <= size <= high])
    answer("type", "dir", [row[6] for row in rows if row[1] == b"d"])
