#!/usr/bin/env python3
"""What `ci/mutants` knows by now: a table by file, and every change that no test noticed.

A survivor that changes nothing which anybody could see is explained in ci/mutants-explained.txt, if it is there: its name as
cargo-mutants writes it, without the position, a tab, and the reason.
"""

import collections
import json
import pathlib
import re
import sys

EXPLAINED = pathlib.Path(__file__).with_name("mutants-explained.txt")
POSITION = re.compile(r":\d+:\d+")


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def explanations():
    """How many changes of each name are explained: one for each row."""
    return collections.Counter(line.split("\t", 1)[0] for line in lines(EXPLAINED))


def at_once(work):
    """What one build tried, by file: the names of the changes that were noticed, those that were not, and those that no
    build has."""
    noticed, survived, unviable = (collections.defaultdict(set) for _ in range(3))
    for path in sorted(work.glob("at-once-*.jsonl")):
        for row in map(json.loads, lines(path)):
            kind = unviable if not row["viable"] else noticed if row["noticed"] else survived
            kind[row["file"]].add(row["name"])
    return noticed, survived, unviable


def alone(folder, tried):
    """What cargo-mutants tried of a file by itself: the names of what was noticed, not compiled, slow, and not noticed."""
    out = folder / "mutants.out"
    unviable = set(lines(folder / "unviable.txt")) | set(lines(out / "unviable.txt"))
    # What an earlier stage noticed is not tried again.
    caught = {line for name in ("previously_caught", "caught") for line in lines(out / f"{name}.txt")}
    return caught - tried - unviable, unviable, set(lines(out / "timeout.txt")), set(lines(out / "missed.txt"))


def main():
    work = pathlib.Path(sys.argv[1])
    if not work.is_dir():
        sys.exit(f"{work} is not there: ci/mutants makes it")
    known, unexplained, unfinished = explanations(), [], 0
    noticed_at_once, survived_at_once, unviable_at_once = at_once(work)
    print("| file | noticed | not compiled | took too long | not noticed | of these explained | tried |")
    print("|---|---:|---:|---:|---:|---:|---|")
    total = [0] * 5
    folders = {lines(path)[0].strip(): path.parent for path in work.glob("*/file")}
    for file in sorted({*folders, *noticed_at_once, *survived_at_once, *unviable_at_once}):
        noticed, unviable, survived = (names[file] for names in (noticed_at_once, unviable_at_once, survived_at_once))
        tried, slow = "with one build", set()
        if file in folders:
            others = alone(folders[file], noticed | survived)
            noticed, unviable = noticed | others[0], unviable | others[1]
            slow, survived = others[2], survived | others[3]
            tried = "all" if (folders[file] / "finished").exists() else "not to the end"
            unfinished += tried != "all"
        missed = sorted(survived)
        named = collections.Counter(POSITION.sub("", line, count=1) for line in missed)
        explained = [line for line in missed if named[name := POSITION.sub("", line, count=1)] <= known[name]]
        unexplained += [line for line in missed if line not in explained]
        counts = [len(noticed), len(unviable), len(slow), len(missed), len(explained)]
        total = [one + other for one, other in zip(total, counts)]
        print(f"| {file} | {' | '.join(map(str, counts))} | {tried} |")
    print(f"| all | {' | '.join(map(str, total))} | |")
    print("\nNot noticed, and not explained:\n")
    print("\n".join(f"- `{line}`" for line in unexplained) or "none")
    if unexplained or unfinished or sum(total) == 0:
        sys.exit(1)


main()
