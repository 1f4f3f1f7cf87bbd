"""Damaged copies of one $MFT dump: every field that a parser must check, broken in two hundred records at once, and
random bytes. `expect.json` lists for each copy which records differ, so that the rest can be held to the original."""

import json
import os
import random
import struct

import mft as reading

FUZZED_BYTES = 3000
RUN_LISTS = {
    "runs_neg_lcn": b"\x21\x10\x00\x80\x00",
    "runs_len_neg": b"\x11\xff\x01\x00",
    "runs_15_15": b"\xff" * 8,
    "runs_9byte": b"\x99" * 8,
    "runs_zero_len": b"\x10\x00\x11\x00\x05\x00",
    "runs_i64_overflow": b"\x81\x01" + b"\xff" * 7 + b"\x7f",
    "runs_no_terminator": b"\x11\x01\x01" * 2,
}


class Dump:
    """The original, and how to find and overwrite fields in a copy of it."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.size = reading.record_size(self.bytes)
        self.count = len(self.bytes) // self.size
        bases = [n for n in range(64, self.count) if self.is_base_in_use(n)]
        self.victims = bases[:4000:20]

    def is_base_in_use(self, number):
        at = number * self.size
        return self.bytes[at : at + 4] == b"FILE" and self.bytes[at + 22] & 1 and not any(self.bytes[at + 32 : at + 38])

    def reference(self, number):
        sequence = struct.unpack_from("<H", self.bytes, number * self.size + 16)[0]
        return number | sequence << 48

    def attribute(self, number, kind):
        """Offset in the dump of a record's first attribute of a kind, or None."""
        at = number * self.size
        record = self.bytes[at : at + self.size]
        if record[:4] != b"FILE":
            return None
        return next((at + a.offset for a in reading.attributes(record) if a.type == kind), None)


def in_record(dump, offset, form, value):
    """Overwrites one field of the header of each victim; negative offsets count from the record's end."""
    def apply(copy):
        for number in dump.victims:
            start = number * dump.size + (offset if offset >= 0 else dump.size + offset)
            struct.pack_into(form, copy, start, value(copy, start, number) if callable(value) else value)
    return apply


def in_attribute(dump, offset, form, value):
    """Overwrites one field of the header of each victim's first $FILE_NAME."""
    def apply(copy):
        for number in dump.victims:
            if (start := dump.attribute(number, reading.FILE_NAME)) is not None:
                struct.pack_into(form, copy, start + offset, value)
    return apply


def in_name(dump, offset, form, value):
    """Overwrites one field of the value of each victim's first $FILE_NAME."""
    def apply(copy):
        for number in dump.victims:
            if (start := dump.attribute(number, reading.FILE_NAME)) is not None:
                struct.pack_into(form, copy, start + 24 + offset, value(number) if callable(value) else value)
    return apply


def cycle(dump):
    """Makes every victim a folder and the child of the next."""
    def apply(copy):
        for number, parent in zip(dump.victims, dump.victims[1:] + dump.victims[:1]):
            if (start := dump.attribute(number, reading.FILE_NAME)) is not None:
                struct.pack_into("<Q", copy, start + 24, dump.reference(parent))
                struct.pack_into("<H", copy, number * dump.size + 22, reading.IN_USE | reading.IS_FOLDER)
    return apply


def in_runs(dump, raw):
    """Overwrites the run list of every non-resident $DATA outside the metafiles."""
    def apply(copy):
        for number in range(24, dump.count):
            start = dump.attribute(number, reading.DATA)
            if start is not None and copy[start + 8]:
                at = start + struct.unpack_from("<H", copy, start + 32)[0]
                copy[at : at + len(raw)] = raw
    return apply


def noise(dump, rng):
    def apply(copy):
        for _ in range(FUZZED_BYTES):
            copy[rng.randrange(64 * dump.size, len(copy))] = rng.randrange(256)
    return apply


def flip(copy, start, _):
    return struct.unpack_from("<H", copy, start)[0] ^ 0x5555


def field_damage(dump):
    parent_is_a_file = dump.reference(dump.victims[0])
    return {
        "torn_last_sector": in_record(dump, -2, "<H", flip),
        "torn_first_sector": in_record(dump, 510, "<H", flip),
        "baad": in_record(dump, 0, "4s", b"BAAD"),
        "usa_offset_past_end": in_record(dump, 4, "<H", dump.size - 1),
        "usa_count_zero": in_record(dump, 6, "<H", 0),
        "usa_count_one": in_record(dump, 6, "<H", 1),
        "usa_count_huge": in_record(dump, 6, "<H", 0xFFFF),
        "attr_offset_odd": in_record(dump, 20, "<H", 0x3B),
        "attr_offset_past_end": in_record(dump, 20, "<H", 0xFFF0),
        "used_size_huge": in_record(dump, 24, "<I", 0xFFFFFFFF),
        "used_size_zero": in_record(dump, 24, "<I", 0),
        "alloc_size_512": in_record(dump, 28, "<I", 512),
        "base_ref_self": in_record(dump, 32, "<Q", lambda _c, _s, number: number),
        "base_ref_huge": in_record(dump, 32, "<Q", 0xFFFFFFFFFFF),
        "record_number_wrong": in_record(dump, 44, "<I", 0),
        "attr_len_zero_fn": in_attribute(dump, 4, "<I", 0),
        "attr_len_7_fn": in_attribute(dump, 4, "<I", 7),
        "attr_len_huge_fn": in_attribute(dump, 4, "<I", 0xFFFFFFF8),
        "attr_nonres_flag_fn": in_attribute(dump, 8, "<B", 1),
        "attr_name_len_fn": in_attribute(dump, 9, "<B", 255),
        "attr_value_len_fn": in_attribute(dump, 16, "<I", 0xFFFFFFFF),
        "attr_value_off_fn": in_attribute(dump, 20, "<H", 0xFFF0),
        "fn_len_255": in_name(dump, 64, "<B", 255),
        "fn_len_0": in_name(dump, 64, "<B", 0),
        "fn_namespace_9": in_name(dump, 65, "<B", 9),
        "parent_self": in_name(dump, 0, "<Q", dump.reference),
        "parent_huge": in_name(dump, 0, "<Q", 0xFFFFFFFFFFFF),
        "parent_bad_seq": in_name(dump, 6, "<H", 0x7777),
        "parent_is_a_file": in_name(dump, 0, "<Q", parent_is_a_file),
        "parent_cycle": cycle(dump),
        **{name: in_runs(dump, raw) for name, raw in RUN_LISTS.items()},
    }


def degenerate(dump):
    """Whole files that are hardly a dump at all."""
    return {
        "truncated_mid_record": dump.bytes[: len(dump.bytes) - dump.size // 2],
        "truncated_1000": dump.bytes[:1000],
        "empty": b"",
        "one_byte": dump.bytes[:1],
        "zeros_1m": bytes(1 << 20),
        "ones_1m": b"\xff" * (1 << 20),
        "file_sig_only": (b"FILE" + b"\xff" * (dump.size - 4)) * 64,
    }


def damaged_records(dump, copy):
    """Numbers of the whole records that differ from the original's."""
    whole = min(len(copy), len(dump.bytes)) // dump.size
    spans = ((n, slice(n * dump.size, (n + 1) * dump.size)) for n in range(whole))
    return [n for n, span in spans if copy[span] != dump.bytes[span]]


def also_affected(dump, copy, damaged):
    """Bases that a damaged record belonged to, or claims to belong to now."""
    found = set()
    for number in damaged:
        for mft in (dump.bytes, copy):
            at = number * dump.size + 32
            found.add(int.from_bytes(mft[at : at + 6], "little"))
    return sorted(n for n in found if 0 < n < dump.count)


def damage(source, folder, fuzzed, seed):
    dump = Dump(source)
    os.makedirs(folder, exist_ok=True)
    expected = []

    def emit(name, copy):
        damaged = damaged_records(dump, copy)
        with open(f"{folder}/{name}.mft", "wb") as file:
            file.write(copy)
        expected.append({
            "file": name + ".mft", "whole_records": len(copy) // dump.size, "damaged_records": damaged,
            "affected_bases": also_affected(dump, copy, damaged),
        })

    for name, content in degenerate(dump).items():
        emit(name, content)
    plans = field_damage(dump)
    plans.update({f"fuzz_{n:02d}": noise(dump, random.Random(seed * 1000 + n)) for n in range(fuzzed)})
    for name, apply in plans.items():
        copy = bytearray(dump.bytes)
        apply(copy)
        emit(name, copy)
    with open(f"{folder}/original.mft", "wb") as file:
        file.write(dump.bytes)
    with open(f"{folder}/expect.json", "w", encoding="ascii") as file:
        json.dump(expected, file)
