#!/usr/bin/env python3
"""Compares the instructions that gungraun counted with the recorded ones, and draws their history.

    ci/perf_instructions.py COUNTED [--record REASON]

benches/instructions.tsv has a row for each time that the instructions of a body were recorded, with the commit and the reason. The
last row of a body counts: a body that takes more than three per cent over it has become slower without anybody saying why, and
the exit code is 1. So it is if a body has no row. The history as a page is target/perf/history.html.
"""

import html
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HISTORY = ROOT / "benches/instructions.tsv"
PAGE = ROOT / "target/perf/history.html"
MAX_MORE = 0.03
# What moves less is not worth a row.
WORTH_A_ROW = 0.002


def counted(text):
    """The instructions of each body, as gungraun prints them."""
    body, counts = None, {}
    for line in text.splitlines():
        if found := re.match(r"instructions::bodies::(\w+)", line):
            body = found[1]
        elif body and (found := re.match(r"\s+Instructions:\s+(\d+)\b", line)):
            counts[body] = int(found[1])
    if not counts:
        sys.exit("gungraun printed no instructions")
    return counts


def recorded():
    """The rows of each body, the oldest first: instructions, commit, reason."""
    rows = {}
    for line in HISTORY.read_text().splitlines() if HISTORY.exists() else []:
        if line and not line.startswith("#"):
            body, instructions, commit, reason = line.split("\t")
            rows.setdefault(body, []).append((int(instructions), commit, reason))
    return rows


def record(counts, known, reason):
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    with HISTORY.open("a") as out:
        for body, count in counts.items():
            last = known[body][-1][0] if body in known else 0
            if abs(count - last) > WORTH_A_ROW * last:
                out.write(f"{body}\t{count}\t{commit.strip()}\t{reason}\n")


def compare(counts, known):
    """Prints how each body compares, and gives those that became slower."""
    slower = []
    for body, count in counts.items():
        if body not in known:
            print(f"{body:<24} {count:>12}  not recorded")
            slower.append(body)
            continue
        change = count / known[body][-1][0] - 1
        print(f"{body:<24} {count:>12}  {change:+8.2%}")
        if change > MAX_MORE:
            slower.append(body)
    return slower


def drawn(body, rows):
    """The history of a body as a picture with a bar for each row."""
    width, height, most = 16, 120, max(count for count, _, _ in rows)
    bars = []
    for at, (count, commit, reason) in enumerate(rows):
        tall = round(height * count / most)
        told = html.escape(f"{count:,} at {commit}: {reason}")
        place = f'x="{at * width}" y="{height - tall}" width="{width - 2}" height="{tall}"'
        bars.append(f"<rect {place}><title>{told}</title></rect>")
    listed = "".join(f"<li>{count:,} at {html.escape(commit)}: {html.escape(reason)}" for count, commit, reason in rows)
    picture = f'<svg width="{max(len(rows) * width, width)}" height="{height}" role="img">{"".join(bars)}</svg>'
    return f"<section><h2>{html.escape(body)}</h2>{picture}<ol>{listed}</ol></section>"


def draw(counts, known):
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    style = "body{font:16px system-ui;color-scheme:light dark;max-width:60rem;margin:2rem auto;padding:0 1rem}rect{fill:#3b6fd4}"
    parts = [drawn(body, known.get(body, []) + [(count, "this run", "")]) for body, count in counts.items()]
    head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Instructions</title>'
    PAGE.write_text(f"{head}<style>{style}</style><h1>Instructions of each body</h1>{''.join(parts)}\n")


def main():
    counts, known = counted(pathlib.Path(sys.argv[1]).read_text()), recorded()
    if sys.argv[2:3] == ["--record"]:
        record(counts, known, sys.argv[3])
        known = recorded()
    slower = compare(counts, known)
    draw(counts, known)
    if missing := sorted(set(known) - set(counts)):
        sys.exit(f"no longer measured, but recorded: {', '.join(missing)}")
    if slower:
        sys.exit(f"slower, and nobody said why: {', '.join(slower)}; where it has to be so, ci/perf --record REASON")


main()
