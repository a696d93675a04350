#!/usr/bin/env python3
"""What `ci/mutants` knows by now: a table by file, and every change that no test noticed.

A survivor that changes nothing which anybody could see is explained in ci/mutants-explained.txt, if it is there: its name as cargo-mutants
writes it, without the position, a tab, and the reason.
"""

import pathlib
import re
import sys

EXPLAINED = pathlib.Path(__file__).with_name("mutants-explained.txt")
POSITION = re.compile(r":\d+:\d+")


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def explanations():
    rows = [line.split("\t", 1) for line in lines(EXPLAINED) if line and not line.startswith("#")]
    return dict(rows)


def main():
    work = pathlib.Path(sys.argv[1])
    if not work.is_dir():
        sys.exit(f"{work} is not there: ci/mutants makes it")
    known, unexplained, unfinished = explanations(), [], 0
    print("| file | noticed, or not compiled | not noticed | of these explained | took too long | finished |")
    print("|---|---|---|---|---|---|")
    total = [0, 0, 0, 0]
    for folder in sorted(path for path in work.iterdir() if (path / "mutants.out").is_dir()):
        out = folder / "mutants.out"
        # What an earlier stage noticed is not tried again.
        noticed = sum(len(lines(out / f"{name}.txt")) for name in ("previously_caught", "caught", "unviable"))
        missed, slow = lines(out / "missed.txt"), lines(out / "timeout.txt")
        explained = [line for line in missed if POSITION.sub("", line) in known]
        unexplained += [line for line in missed if line not in explained]
        finished = (folder / "finished").read_text().strip() if (folder / "finished").exists() else "no"
        unfinished += finished == "no"
        counts = [noticed, len(missed), len(explained), len(slow)]
        total = [one + other for one, other in zip(total, counts)]
        print(f"| {folder.name} | {' | '.join(map(str, counts))} | {finished} |")
    print(f"| all | {' | '.join(map(str, total))} | |")
    print("\nNot noticed, and not explained:\n")
    print("\n".join(f"- `{line}`" for line in unexplained) or "none")
    if unexplained or unfinished or sum(total) == 0:
        sys.exit(1)


main()
