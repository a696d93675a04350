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
    """What one build tried: the names of the changes that were noticed, and of those that were not, by file."""
    noticed, survived = collections.defaultdict(set), collections.defaultdict(set)
    for path in sorted(work.glob("at-once-*.jsonl")):
        for line in lines(path):
            row = json.loads(line)
            (noticed if row["noticed"] else survived)[row["file"]].add(row["name"])
    return noticed, survived


def main():
    work = pathlib.Path(sys.argv[1])
    if not work.is_dir():
        sys.exit(f"{work} is not there: ci/mutants makes it")
    known, unexplained, unfinished = explanations(), [], 0
    noticed_at_once, survived_at_once = at_once(work)
    print("| file | noticed | not compiled | took too long | not noticed | of these explained | finished |")
    print("|---|---:|---:|---:|---:|---:|---|")
    total = [0] * 5
    for folder in sorted(path for path in work.iterdir() if (path / "mutants.out").is_dir()):
        out, file = folder / "mutants.out", (folder / "file").read_text().strip()
        tried = noticed_at_once[file] | survived_at_once[file]
        # What an earlier stage noticed is not tried again.
        alone = {line for name in ("previously_caught", "caught") for line in lines(out / f"{name}.txt")} - tried
        unviable = set(lines(folder / "unviable.txt")) | set(lines(out / "unviable.txt"))
        slow = set(lines(out / "timeout.txt"))
        missed = sorted(set(lines(out / "missed.txt")) | survived_at_once[file])
        named = collections.Counter(POSITION.sub("", line, count=1) for line in missed)
        explained = [line for line in missed if named[name := POSITION.sub("", line, count=1)] <= known[name]]
        unexplained += [line for line in missed if line not in explained]
        finished = (folder / "finished").read_text().strip() if (folder / "finished").exists() else "no"
        unfinished += finished == "no"
        noticed = len(noticed_at_once[file]) + len(alone - unviable)
        counts = [noticed, len(unviable), len(slow), len(missed), len(explained)]
        total = [one + other for one, other in zip(total, counts)]
        print(f"| {file} | {' | '.join(map(str, counts))} | {finished} |")
    print(f"| all | {' | '.join(map(str, total))} | |")
    print("\nNot noticed, and not explained:\n")
    print("\n".join(f"- `{line}`" for line in unexplained) or "none")
    if unexplained or unfinished or sum(total) == 0:
        sys.exit(1)


main()
