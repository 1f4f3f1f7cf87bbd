"""Files whose records overflow: names, streams and extents that only extension records hold, and hard links laid so
that folder totals must count a file once per subtree."""

import os

from ntfs3g import put, set_short_name, set_stream


def many_names(root, count):
    """One file with so many long names that its attribute list itself leaves the record."""
    os.makedirs(f"{root}/many/first")
    os.makedirs(f"{root}/many/second")
    target = f"{root}/many/target"
    put(target, b"m" * 5000)
    for number in range(count):
        folder = "first" if number % 2 else "second"
        os.link(target, f"{root}/many/{folder}/name_{number:04d}_{'z' * (number % 180)}")


def names_pushed_out(root):
    """Streams fill the base record after the name is there, so that the only $FILE_NAME may move to an extension."""
    os.mkdir(f"{root}/pushed")
    for number in range(20):
        path = f"{root}/pushed/{'long_name_' * 18}{number:02d}.bin"
        put(path, b"p" * (number * 37))
        for stream in range(3 + number):
            set_stream(path, f"stream_{stream:02d}_{'s' * 40}", b"d" * (stream * 11))


def data_pushed_out(root):
    """The unnamed $DATA of a file written between its neighbours' clusters: many runs, beside many names."""
    os.mkdir(f"{root}/extents")
    paths = [f"{root}/extents/file_{number}" for number in range(2)]
    for path in paths:
        put(path)
        for link in range(12):
            os.link(path, f"{path}.link_{link:02d}_{'y' * 60}")
    files = [os.open(path, os.O_WRONLY) for path in paths]
    cluster = b"E" * os.statvfs(root).f_frsize
    for _ in range(1500):
        for fd in files:
            os.write(fd, cluster)
    for fd in files:
        os.close(fd)


def totals(root):
    """A tree small enough to add up by hand: one file named twice in a folder, in a subfolder, and in a sibling."""
    os.makedirs(f"{root}/totals/a/b")
    os.makedirs(f"{root}/totals/c")
    put(f"{root}/totals/a/shared", b"1" * 1000)
    for other in ("a/shared_again", "a/b/shared_below", "c/shared_beside"):
        os.link(f"{root}/totals/a/shared", f"{root}/totals/{other}")
    put(f"{root}/totals/a/b/own", b"2" * 10)
    put(f"{root}/totals/c/own", b"3" * 100)


def linked_streams(root):
    """A file with two names and two streams: two rows of names, not four."""
    os.makedirs(f"{root}/streams/other")
    path = f"{root}/streams/with_streams"
    put(path, b"main")
    set_stream(path, "one", b"1")
    set_stream(path, "two", b"22")
    os.link(path, f"{root}/streams/other/with_streams_too")


def short_names(root):
    """A short name is an attribute of its own beside the long one, and must not become a row."""
    os.mkdir(f"{root}/short")
    for number in range(30):
        path = f"{root}/short/A long name, number {number}, with spaces.text"
        put(path, b"8")
        set_short_name(path, f"ALONGN~{number}.TEX"[-12:] if number < 10 else f"ALONG~{number}.TEX")


def half_removed(root):
    """Links removed again: the file lives on under what is left. Answers the names that are gone."""
    os.mkdir(f"{root}/half")
    gone = []
    for number in range(10):
        first, second = f"half/first_{number}", f"half/second_{number}"
        put(f"{root}/{first}", b"h")
        os.link(f"{root}/{first}", f"{root}/{second}")
        os.unlink(f"{root}/{first}")
        gone.append(first)
    return gone


def populate(root, count):
    many_names(root, count)
    names_pushed_out(root)
    data_pushed_out(root)
    totals(root)
    linked_streams(root)
    short_names(root)
    return half_removed(root)
