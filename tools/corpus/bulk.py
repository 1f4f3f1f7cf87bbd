"""The mass of a corpus: a random but believable tree, and the filling that leaves $MFT in thousands of runs."""

import os

from ntfs3g import put

SYLLABLES = (
    "ka lo mi ra ven tor sul per dan che xi pho qu ble str on ing er al re sys win app data user log temp cache node src "
    "lib test conf main index report invoice photo img doc"
).split()
COMMON_EXTENSIONS = {
    "txt": 14, "jpg": 9, "png": 8, "dll": 8, "js": 8, "json": 5, "xml": 5, "log": 5, "html": 4, "exe": 4, "cs": 3, "rs": 2,
}
RARE_EXTENSIONS = (
    "mp4 mkv zip 7z iso PDF Docx xlsx pptx db tmp bak sys manifest mui cat gz tar.gz"
).split()
EXTENSIONS = [e for e, weight in COMMON_EXTENSIONS.items() for _ in range(weight)] + RARE_EXTENSIONS * 2 + ["", ""]
FOREIGN = ["ü", "é", "Ж", "日本", "한글", "ß", "İ", "😀", "ñ"]

DEPTH_MAX = 14
FRAGMENT_EMPTY_FILES_MAX = 80_000
FRAGMENT_FILES_PER_FOLDER = 500


def random_name(rng):
    name = "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(1, 4)))
    style = rng.random()
    if style < 0.25:
        name = name.capitalize()
    elif style < 0.30:
        name = name.upper()
    if rng.random() < 0.35:
        name += rng.choice(["_", "-", " ", ".", "("]) + str(rng.randint(0, 99999))
    if rng.random() < 0.01:
        name += rng.choice(FOREIGN)
    return name


def write_content(path, rng):
    """A third empty, many resident, a few in clusters, the rest sparse: any logical size costs nothing."""
    kind = rng.random()
    fd = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        if kind < 0.35:
            pass
        elif kind < 0.75:
            os.write(fd, b"r" * rng.randint(1, 600))
        elif kind < 0.80:
            os.write(fd, b"n" * rng.randint(1100, 9000))
        else:
            os.ftruncate(fd, int(10 ** rng.uniform(3, 10)))
    finally:
        os.close(fd)
    if rng.random() < 0.6:
        ns = rng.randint(10 * 365 * 86400, 70 * 365 * 86400) * 1_000_000_000 + rng.randrange(10_000_000) * 100
        os.utime(path, ns=(ns, ns))


def random_tree(root, count, rng):
    """`count` files and folders below `root`: folders of 1 to 400 files, up to DEPTH_MAX deep."""
    os.mkdir(root)
    folders = [(root, 0)]
    places = []  # one entry for each file still owed to the folder last made
    made = 0
    while made < count:
        if not places or rng.random() < 0.07:
            parent, depth = rng.choice(folders[-400:]) if rng.random() < 0.7 else rng.choice(folders)
            if depth > DEPTH_MAX:
                parent, depth = root, 0
            folder = f"{parent}/{random_name(rng)}_{len(folders)}"
            os.mkdir(folder)
            folders.append((folder, depth + 1))
            places = [folder] * rng.choice([1, 3, 8, 20, 20, 60, 400])
        else:
            extension = rng.choice(EXTENSIONS)
            name = f"{random_name(rng)}~{made:x}" + ("." + extension if extension else "")
            write_content(f"{places.pop()}/{name}", rng)
        made += 1


def until_full(make_one, limit):
    """Calls make_one(0), make_one(1) … until the volume is full or the limit is reached; answers how many it made."""
    for number in range(limit):
        try:
            make_one(number)
        except OSError:
            return number
    return limit


def fragmented_mft(root):
    """One-cluster files until the volume is full; every other one deleted; then empty files. $MFT, which lives in a
    reserved zone until that is used up, must grow into single free clusters. Answers the paths that were deleted."""
    cluster = b"S" * os.statvfs(root).f_frsize

    def spread(group, number, per_folder):
        folder = f"{root}/{group}/{number // per_folder}"
        if number % per_folder == 0:
            os.makedirs(folder)
        return f"{folder}/{group}{number:06d}"

    filled = until_full(lambda n: put(spread("s", n, FRAGMENT_FILES_PER_FOLDER), cluster), 1 << 30)
    # The file that met the end of the volume may exist, empty.
    deleted = [f"s/{n // FRAGMENT_FILES_PER_FOLDER}/s{n:06d}" for n in range(0, filled, 2)]
    for path in deleted:
        os.unlink(f"{root}/{path}")
    empty = until_full(lambda n: put(spread("m", n, 1000)), FRAGMENT_EMPTY_FILES_MAX)
    last = [f"m/{n // 1000}/m{n:06d}" for n in range(max(0, empty - 300), empty)]  # a driver needs a little room
    for path in last:
        os.unlink(f"{root}/{path}")
    # The file that met the full volume was undone, and its record keeps the name.
    undone = [f"m/{empty // 1000}/m{empty:06d}"] if empty < FRAGMENT_EMPTY_FILES_MAX else []
    return deleted + last + undone
