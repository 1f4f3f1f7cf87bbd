"""The parts of make-ntfs-corpus.sh that are not shell: fill a mounted volume, take the manifests, damage dumps."""

import argparse
import os
import random

import bulk
import damage
import edge
import links
import mft
import witness


def populate(arguments):
    rng = random.Random(arguments.seed)
    if arguments.profile == "fragmft":
        gone = bulk.fragmented_mft(arguments.root)
    elif arguments.profile == "links":
        gone = links.populate(arguments.root, arguments.files)
    else:
        gone = edge.populate(arguments.root, rng, big=arguments.profile == "main")
        if arguments.files:
            bulk.random_tree(f"{arguments.root}/bulk", arguments.files, rng)
        gone += edge.deleted_last(arguments.root)
    with open(arguments.deleted, "wb") as file:
        file.writelines(os.fsencode(path) + b"\0" for path in gone)


def parser():
    top = argparse.ArgumentParser(prog="corpus", description=__doc__)
    verbs = top.add_subparsers(required=True)

    def verb(name, action, *arguments):
        sub = verbs.add_parser(name)
        for argument, kind in arguments:
            sub.add_argument(argument, type=kind)
        sub.set_defaults(action=action)

    verb("populate", populate, ("root", str), ("profile", str), ("files", int), ("seed", int), ("deleted", str))
    verb("xattr", lambda a: witness.xattr_manifest(a.root, a.every, a.out), ("root", str), ("every", int), ("out", str))
    verb("wof", lambda a: witness.wof_manifest(a.root, a.out), ("root", str), ("out", str))
    verb("queries", lambda a: witness.queries(a.manifest), ("manifest", str))
    verb("extract", lambda a: mft.extract(a.image, a.size, a.out), ("image", str), ("size", int), ("out", str))
    verb("fixed", lambda a: mft.write_fixed(a.dump), ("dump", str))
    verb("totals", lambda a: mft.totals(a.dump), ("dump", str))
    verb("freed", lambda a: mft.freed_names(a.dump, a.out), ("dump", str), ("out", str))
    verb("damage", lambda a: damage.damage(a.source, a.folder, a.fuzzed, a.seed),
         ("source", str), ("folder", str), ("fuzzed", int), ("seed", int))
    return top


if __name__ == "__main__":
    chosen = parser().parse_args()
    chosen.action(chosen)
