"""What real volumes hold and generators forget: each function makes one family of oddities below `root`.

Nothing here says what a reader should make of it; the manifests are taken from the volume afterwards."""

import os

import ntfs3g
from ntfs3g import attempt, filetime, put, put_sparse, set_stream

NAMES = [
    # at the limit of 255 UTF-16 units
    "a" * 255, "é" * 255, "漢" * 255, "😀" * 127 + "x", "x." + "e" * 250,
    # extensions and dots
    ".hidden", "..dots", "...", "noext.", ".ext", "two.dots.tar.gz", "UPPER.TXT", "upper2.TXT", "trail.", "trail..",
    # what shells, spreadsheets and terminals stumble over
    "-rf", "--help", "$MFTlike", "a b", "  lead", "trail ", "tab\tx", "new\nline", "cr\rx", 'quote"q', "apos'", "comma,a",
    "semi;b", "=cmd()", "@at", "percent%41", "bell\x07", "del\x7f", "nel\x85", "bom\ufeff", "zwj\u200d", "rtl\u202etxt.exe",
    # legal to NTFS, illegal to Win32
    "col:on", "star*", "q?", "lt<gt>", "pipe|", "back\\slash", "CON", "nul.txt", "COM1",
    # letters that fold, expand or compose
    "NFC_\u00e9", "NFD_e\u0301", "Straße", "STRASSE", "İstanbul", "ıstanbul", "istanbul", "ISTANBUL", "K\u212aelvin",
    "kelvin", "Σίσυφος", "ΣΊΣΥΦΟΣ", "ﬁle", "\u0130", "Ǆ", "ǅ", "ǆ", "Readme", "README", "readme", "Ωmega", "ωMEGA", "ÿ", "Ÿ",
    # other scripts and planes
    "😀", "😀.TXT", "日本語.txt", "한국어", "עברית", "العربية", "\ue000priv", "\uffff", "\ufffd",
    # look like short names
    "~", "~1", "LONGFI~1.TXT", "longfilename.txt",
]
# ntfs-3g takes WTF-8, so unpaired surrogates can be made.
LONE_SURROGATES = [b"lone_hi\xed\xa0\x80", b"lone_lo\xed\xb0\x80", b"rev\xed\xb0\x80\xed\xa0\x80", b"\xed\xa0\xbd"]

FILETIMES = {
    "zero": 0, "one_tick": 1, "y1601": 864_000_000_000, "y1969": filetime(-1), "epoch": filetime(0),
    "y2038": filetime(2**31), "y2106": filetime(2**32), "y9999": filetime(253402300799), "y10000": filetime(253402300800),
    "y30828": 0x7FFF35F4F06C7FFF, "i64max": 2**63 - 1, "u64high": 2**63 + 5, "allones": 2**64 - 1,
    "odd100ns": filetime(1700000000) + 1234567,
}
ATTRIBUTES = {
    "readonly": 0x1, "hidden": 0x2, "system": 0x4, "archive": 0x20, "temporary": 0x100, "offline": 0x1000,
    "notindexed": 0x2000, "rhsa": 0x27, "none": 0x80, "pinned": 0x80000, "recall": 0x400000,
}
# Tags that are no links: the file is what it was, with something of a filter's beside it.
FILTER_TAGS = {
    "wof": 0x80000017, "dedup": 0x80000013, "cloud": 0x9000001A, "cloud3": 0x9000301A, "appexeclink": 0x8000001B,
    "wci": 0x80000018, "dfm": 0x80000016, "dfs": 0x8000000A, "projfs": 0x9000001C, "unknown_ms": 0x80000099,
}

# Name: (logical size, bytes of the compressed stream). No mount tells the first, so the manifest takes it from here.
WOF_FILES = {"resident.dll": (100_000, 200), "packed.dll": (3_000_000, 50_000), "barely.dll": (65_536, 60_000)}


def names(root):
    folder = f"{root}/names".encode()
    os.mkdir(folder)
    for name in [name.encode() for name in NAMES] + LONE_SURROGATES:
        attempt(f"name {name!r}", put, folder + b"/" + name, b"n")


def hard_links(root, big):
    os.makedirs(f"{root}/links/sub")
    put(f"{root}/links/two", b"2")
    os.link(f"{root}/links/two", f"{root}/links/sub/two_again")
    put(f"{root}/links/same_dir", b"3")
    os.link(f"{root}/links/same_dir", f"{root}/links/same_dir_b")
    put(f"{root}/links/many", b"m" * 2000)
    for number in range(300 if big else 40):
        os.link(f"{root}/links/many", f"{root}/links/sub/many_{number:04d}_{'z' * (number % 180)}")


def streams(root, big):
    os.makedirs(f"{root}/ads/dir_with_ads")
    set_stream(f"{root}/ads/dir_with_ads", "dirstream", b"on a directory")
    put(f"{root}/ads/dl.exe", b"MZ")
    set_stream(f"{root}/ads/dl.exe", "Zone.Identifier", b"[ZoneTransfer]\r\nZoneId=3\r\n")
    put(f"{root}/ads/hundred", b"x")
    for number in range(120 if big else 20):
        set_stream(f"{root}/ads/hundred", f"stream_{number:03d}", b"d" * (number * 7))
    put(f"{root}/ads/uni")
    for name, data in (("потік", b"u"), ("empty", b""), ("n" * 200, b"long"), ("nonres", b"N" * 60000)):
        set_stream(f"{root}/ads/uni", name, data)
    put(f"{root}/ads/empty_main_big_ads")
    set_stream(f"{root}/ads/empty_main_big_ads", "big", b"B" * 65000)


def depth(root):
    """Deeper than PATH_MAX and than some readers' recursion limit, so made by relative steps."""
    home = os.getcwd()
    for top, steps in (("deep", [f"d{n:03d}_{'p' * 25}" for n in range(100)]), ("deep2", ["v"] * 256)):
        os.mkdir(f"{root}/{top}")
        os.chdir(f"{root}/{top}")
        for step in steps:
            os.mkdir(step)
            os.chdir(step)
        put("bottom.txt", b"b")
        os.chdir(home)


def big_folder(root, big):
    os.mkdir(f"{root}/bigdir")
    for number in range(20000 if big else 1500):
        put(f"{root}/bigdir/entry_{number:06d}.dat")


def sparse(root):
    os.mkdir(f"{root}/sparse")
    put_sparse(f"{root}/sparse/hole_end", 10**9, [(0, b"s" * 5000)])
    put_sparse(f"{root}/sparse/hole_start", None, [(10**9, b"e")])
    put_sparse(f"{root}/sparse/many_holes", None, [(n * 1_000_000, b"h" * 4096) for n in range(200)])
    put_sparse(f"{root}/sparse/all_hole", 7 * 10**9)
    put_sparse(f"{root}/sparse/tiny", 1)


def compressed(root, rng):
    """LZNT1: the folder's attribute is inherited. Volumes with clusters above 4 KiB cannot compress: they refuse."""
    folder = f"{root}/compressed"
    os.mkdir(folder)
    attempt("compressed folder", ntfs3g.set_attributes, folder, 0x810)
    put(f"{folder}/text", b"the same line again and again\n" * 40000)
    put(f"{folder}/random", rng.randbytes(300000))
    put(f"{folder}/resident", b"c" * 50)
    put(f"{folder}/empty")
    put(f"{folder}/onecluster", b"q" * 4096)


def fragmented(root, big):
    os.mkdir(f"{root}/frag")
    files = [os.open(f"{root}/frag/f{n}", os.O_CREAT | os.O_WRONLY) for n in range(4)]
    for turn in range(3000 if big else 200):
        for fd in files:
            os.write(fd, b"F" * 4096)
            if turn % 50 == 0:
                os.fsync(fd)
    for fd in files:
        os.close(fd)


def reparse_points(root):
    folder = f"{root}/reparse"
    os.mkdir(folder)
    os.symlink("../names/Readme", f"{folder}/unix_symlink")
    os.symlink("/nonexistent/" + "x" * 300, f"{folder}/unix_symlink_long")
    volume = "Volume{01234567-89ab-cdef-0123-456789abcdef}\\"
    for name, target in (("junction", "C:\\Windows\\System32"), ("volmount", volume)):
        os.mkdir(f"{folder}/{name}")
        ntfs3g.set_reparse(f"{folder}/{name}", ntfs3g.TAG_MOUNT_POINT, ntfs3g.mount_point_data(target))
    put(f"{folder}/winlink_abs")
    put(f"{folder}/winlink_rel")
    os.mkdir(f"{folder}/winlink_dir")
    for name, target, relative in (
        ("winlink_abs", "C:\\a\\b.txt", False), ("winlink_rel", "..\\names\\Readme", True), ("winlink_dir", "..\\names", True),
    ):
        ntfs3g.set_reparse(f"{folder}/{name}", ntfs3g.TAG_SYMLINK, ntfs3g.symlink_data(target, relative))
    for name, tag in FILTER_TAGS.items():
        put(f"{folder}/{name}", b"payload" * 3)
        attempt(f"reparse tag {tag:#x}", ntfs3g.set_reparse, f"{folder}/{name}", tag, bytes(range(16)) * 4)
    put(f"{folder}/third_party", b"tp")
    attempt("third-party tag", ntfs3g.set_reparse, f"{folder}/third_party", 0x1234, b"g" * 8, bytes(16))


def wof(root, rng):
    """The size a user sees is the sparse stream's, the space is the other stream's."""
    os.mkdir(f"{root}/wof")
    for name, (size, packed) in WOF_FILES.items():
        attempt(f"WOF file {name}", ntfs3g.put_wof, f"{root}/wof/{name}", size, rng.randbytes(packed))


def times(root):
    os.mkdir(f"{root}/times")
    for name, value in FILETIMES.items():
        put(f"{root}/times/{name}", b"t")
        attempt(f"time {name}", ntfs3g.set_times, f"{root}/times/{name}", value, value, value)


def attributes(root):
    os.mkdir(f"{root}/attrs")
    for name, bits in ATTRIBUTES.items():
        put(f"{root}/attrs/{name}", b"a")
        attempt(f"attribute {name}", ntfs3g.set_attributes, f"{root}/attrs/{name}", bits)
    for number in range(50):
        path = f"{root}/attrs/Long File Name Number {number}.html"
        put(path, b"8")
        short = f"LONGFI~{number}.HTM" if number < 10 else f"LONGF~{number}.HTM"
        attempt(f"short name {short}", ntfs3g.set_short_name, path, short)
    put(f"{root}/attrs/objid", b"o")
    attempt("object id", ntfs3g.set_object_id, f"{root}/attrs/objid", bytes(range(16)))


def deleted(root):
    """A tree removed, some of its records used again, and renames. Answers the paths that are gone."""
    os.makedirs(f"{root}/gone/tree/a/b")
    files = [f"gone/tree/a/b/deleted_{n:04d}.bin" for n in range(400)]
    for number, path in enumerate(files):
        put(f"{root}/{path}", b"d" * (number % 900))
    for path in files:
        os.unlink(f"{root}/{path}")
    folders = ["gone/tree/a/b", "gone/tree/a", "gone/tree"]
    for path in folders:
        os.rmdir(f"{root}/{path}")
    for number in range(60):
        put(f"{root}/gone/reuses_a_record_{number:02d}", b"r")
    for number in range(20):
        put(f"{root}/gone/before_rename_{number}")
        os.rename(f"{root}/gone/before_rename_{number}", f"{root}/gone/after_rename_{number}")
    return files + folders


def deleted_last(root):
    """The same with nothing made afterwards, so that the names survive in their records. To be called last of all."""
    os.makedirs(f"{root}/lost/tree/branch")
    files = [f"lost/tree/branch/last_{n:03d}.bin" for n in range(120)] + [f"lost/beside_{n:03d}.txt" for n in range(80)]
    for number, path in enumerate(files):
        put(f"{root}/{path}", b"l" * (number * 3))
    for path in files:
        os.unlink(f"{root}/{path}")
    folders = ["lost/tree/branch", "lost/tree"]
    for path in folders:
        os.rmdir(f"{root}/{path}")
    return files + folders


def populate(root, rng, big):
    """Everything above but the last; `big` where the volume has room for it. Answers the paths that were deleted."""
    names(root)
    hard_links(root, big)
    streams(root, big)
    depth(root)
    big_folder(root, big)
    sparse(root)
    compressed(root, rng)
    fragmented(root, big)
    reparse_points(root)
    wof(root, rng)
    times(root)
    attributes(root)
    return deleted(root)
