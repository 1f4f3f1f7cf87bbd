"""A second, slow and simple reading of $MFT, so that counts and deleted names have a witness besides the driver.

It shares nothing with the project's parser. It trusts its input: it reads volumes that ntfs-3g has just written."""

import collections
import json
import re
import struct
import subprocess
import sys

SECTOR_STRIDE = 512  # the update sequence protects every 512 bytes, whatever the sector and record sizes are
END = 0xFFFFFFFF
STANDARD_INFORMATION, ATTRIBUTE_LIST, FILE_NAME, DATA, REPARSE_POINT = 0x10, 0x20, 0x30, 0x80, 0xC0
IN_USE, IS_FOLDER = 1, 2
NAMESPACE_DOS = 2

Attribute = collections.namedtuple("Attribute", "type offset length resident name_length lowest_vcn")


def record_size(mft):
    return struct.unpack_from("<I", mft, 0x1C)[0]


def apply_fixups(record):
    """Puts the saved sector tails back, in place; answers whether every tail carried the sequence number."""
    offset, count = struct.unpack_from("<HH", record, 4)
    number = record[offset : offset + 2]
    sound = True
    for sector in range(1, count):
        tail = sector * SECTOR_STRIDE - 2
        sound &= record[tail : tail + 2] == number
        record[tail : tail + 2] = record[offset + 2 * sector : offset + 2 * sector + 2]
    return sound


def attributes(record):
    offset = struct.unpack_from("<H", record, 20)[0]
    while offset + 8 <= len(record):
        kind, length = struct.unpack_from("<II", record, offset)
        if kind == END or length < 16 or offset + length > len(record):
            return
        resident = record[offset + 8] == 0
        lowest_vcn = 0 if resident else struct.unpack_from("<Q", record, offset + 16)[0]
        yield Attribute(kind, offset, length, resident, record[offset + 9], lowest_vcn)
        offset += length


def value_offset(record, attribute):
    return attribute.offset + struct.unpack_from("<H", record, attribute.offset + 20)[0]


def geometry(image):
    """(cluster size, sector size) from the boot sector; above 128 the byte is a negative power of two."""
    with open(image, "rb") as file:
        boot = file.read(512)
    sector, per_cluster = struct.unpack_from("<HB", boot, 11)
    return sector * (per_cluster if per_cluster <= 128 else 1 << (256 - per_cluster)), sector


def mft_runs(image):
    """(vcn, lcn, clusters) of $MFT's $DATA as ntfscluster of ntfsprogs tells them, attribute list and all."""
    listing = subprocess.run(["ntfscluster", "-f", "-I", "0", image], capture_output=True, text=True, check=False).stdout
    runs, in_data = [], False
    for line in listing.splitlines():
        if header := re.match(r"\s+(0x[0-9a-f]+) - ", line):
            in_data = int(header[1], 16) == DATA
        elif in_data and (run := re.match(r"\s+(\d+)\s+(\d+)\s+(\d+)\s*$", line)):
            runs.append(tuple(map(int, run.groups())))
    if not runs:
        raise SystemExit(f"ntfscluster named no runs of $MFT in {image}")
    return sorted(runs)


def extract(image, size, out):
    """Copies $MFT as it lies on disk, fixups in place. Prints how many runs it has."""
    cluster, _ = geometry(image)
    runs = mft_runs(image)
    step = max(1, (4 << 20) // cluster)
    with open(image, "rb") as source, open(out, "wb") as target:
        for vcn, lcn, left in runs:
            source.seek(lcn * cluster)
            target.seek(vcn * cluster)
            while left:
                take = min(left, step)
                target.write(source.read(take * cluster))
                left -= take
        target.truncate(size)
    print(f"mft_data_runs={len(runs)}")


def write_fixed(source):
    """The same dump with every fixup applied, to standard output."""
    with open(source, "rb") as file:
        mft = bytearray(file.read())
    size = record_size(mft)
    for start in range(0, len(mft) - size + 1, size):
        if mft[start : start + 4] == b"FILE":
            record = mft[start : start + size]
            apply_fixups(record)
            mft[start : start + size] = record
    sys.stdout.buffer.write(mft)


def records(path):
    """(number, record with fixups applied or None without a FILE signature, signature, whether the fixups were sound)"""
    with open(path, "rb") as file:
        mft = file.read()
    size = record_size(mft)
    for number in range(len(mft) // size):
        record = bytearray(mft[number * size : (number + 1) * size])
        signature = bytes(record[:4])
        if signature == b"FILE":
            yield number, record, signature, apply_fixups(record)
        else:
            yield number, None, signature, True


def count_record(record, count):
    flags = struct.unpack_from("<H", record, 22)[0]
    if not flags & IN_USE:
        count["free"] += 1
        return
    count["in_use"] += 1
    if struct.unpack_from("<Q", record, 32)[0]:
        count["extension"] += 1
    else:
        count["base"] += 1
        count["dirs"] += bool(flags & IS_FOLDER)
    for attribute in attributes(record):
        if attribute.type == ATTRIBUTE_LIST:
            count["attr_list_res" if attribute.resident else "attr_list_nonres"] += 1
        elif attribute.type == FILE_NAME:
            count["file_names"] += 1
            count["file_names_dos_only"] += record[value_offset(record, attribute) + 65] == NAMESPACE_DOS
        elif attribute.type == DATA and attribute.name_length and attribute.lowest_vcn == 0:
            count["named_data"] += 1
        elif attribute.type == REPARSE_POINT:
            count["reparse"] += 1


def totals(path):
    count = collections.Counter()
    with open(path, "rb") as file:
        count["record_size"] = record_size(file.read(0x20))
    for _, record, signature, sound in records(path):
        count["records"] += 1
        kind = "zero" if signature == b"\0\0\0\0" else signature.decode("latin1")
        count["sig_" + kind] += 1
        count["fixup_bad"] += not sound
        if record is not None:
            count_record(record, count)
    for key in sorted(count):
        print(f"{key}={count[key]}")


def freed_names(path, out):
    """JSON lines {ino, seq, name, parent, parent_seq, dir} of every name left in a base record that is not in use."""
    with open(out, "w", encoding="ascii") as file:
        for number, record, _, _ in records(path):
            if record is None or struct.unpack_from("<Q", record, 32)[0]:
                continue
            sequence, flags = struct.unpack_from("<H", record, 16)[0], struct.unpack_from("<H", record, 22)[0]
            if flags & IN_USE:
                continue
            for attribute in attributes(record):
                if attribute.type != FILE_NAME or not attribute.resident:
                    continue
                at = value_offset(record, attribute)
                if record[at + 65] == NAMESPACE_DOS:
                    continue
                parent = struct.unpack_from("<Q", record, at)[0]
                name = record[at + 66 : at + 66 + 2 * record[at + 64]].decode("utf-16-le", "surrogatepass")
                row = {
                    "ino": number, "seq": sequence, "name": name, "parent": parent & (1 << 48) - 1,
                    "parent_seq": parent >> 48, "dir": bool(flags & IS_FOLDER),
                }
                file.write(json.dumps(row) + "\n")
