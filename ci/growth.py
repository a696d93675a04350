"""Measures growth; see ci/growth.

    python3 ci/growth.py FOLDER PROGRAMS COMPONENTS...
"""

import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

WORK, PROGRAMS, COUNTS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), [int(count) for count in sys.argv[3:]]
PAGE = pathlib.Path("target/growth.html")
PAYLOAD_BYTES_OF_A_COMPONENT = 100_000
ROUNDS = 5
# The largest exponent of growth that counts as in proportion.
STEEPEST = 1.1
# Smaller stores have more and smaller packages for their size, and say less about growth.
SAME_SHAPE = 4_000


def run(command):
    """The seconds and the mebibytes of memory that a command takes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024


def scans(components):
    """Median seconds and mebibytes of a whole scan, and of one that leaves out payload and signatures."""
    store = WORK / "store"
    payload = components * PAYLOAD_BYTES_OF_A_COMPONENT
    build = ["build", store, "--profile", "win10", "--components", components, "--payload-bytes", payload]
    subprocess.run([str(word) for word in [PROGRAMS / "simstore", *build]], check=True, stdout=subprocess.DEVNULL)
    scan = [PROGRAMS / "checksur", "scan", store / "image", "--roots", store / "roots", "--quiet"]
    closure = [*scan, "--skip", "payload", "--skip", "catalogs"]
    rounds = [(run(scan), run(closure)) for _ in range(ROUNDS)]
    hives = sum(hive.stat().st_size for hive in (store / "image/Windows/System32/config").iterdir()) / 2**20
    shutil.rmtree(store)
    return [statistics.median(of_one[which][what] for of_one in rounds) for which in (0, 1) for what in (0, 1)] + [hives]


def slope(sizes, values):
    """By how much a value grows with a size, among stores of the same shape: 1 is in proportion."""
    first = next((at for at, size in enumerate(sizes[:-1]) if size >= SAME_SHAPE), 0)
    return math.log(values[-1] / values[first]) / math.log(sizes[-1] / sizes[first])


def draw(curves):
    """One picture for each curve, both axes logarithmic, with the line of proportion through the last point."""
    width, height, edge = 420, 260, 44
    pictures = []
    for title, unit, sizes, values in curves:
        logs = [(math.log10(size), math.log10(value)) for size, value in zip(sizes, values)]
        (left, _), (right, last) = logs[0], logs[-1]
        low, high = min(min(y for _, y in logs), last - (right - left)), max(y for _, y in logs)
        x = lambda at: edge + (at - left) / (right - left) * (width - 2 * edge)
        y = lambda at: height - edge - (at - low) / (high - low) * (height - 2 * edge)
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in logs)
        marks = "".join(
            f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/><text x="{x(a):.1f}" y="{y(b) - 8:.1f}">{value:.3g}</text>'
            f'<text x="{x(a):.1f}" y="{height - 24}">{size:,}</text>'
            for (a, b), size, value in zip(logs, sizes, values))
        proportion = f'<line x1="{x(left)}" y1="{y(last - (right - left)):.1f}" x2="{x(right)}" y2="{y(last):.1f}"/>'
        pictures.append(
            f'<figure><figcaption>{title}, {unit}; exponent {slope(sizes, values):.2f}</figcaption>'
            f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{proportion}<polyline points="{points}"/>{marks}</svg></figure>')
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Growth</title><style>'
        ":root{color-scheme:light dark}body{font:15px/1.4 system-ui,sans-serif;margin:2rem;display:flex;flex-wrap:wrap;gap:1rem}"
        "figure{margin:0;width:420px}svg{font-size:11px;text-anchor:middle;fill:currentColor;stroke:none}"
        "polyline{fill:none;stroke:currentColor;stroke-width:2}line{stroke:#888;stroke-dasharray:4}</style>"
        "<p style='width:100%'>Both axes are logarithmic. The broken line is growth in proportion to the size.</p>" + "".join(pictures))


def main():
    if len(COUNTS) < 2 or COUNTS != sorted(set(COUNTS)):
        sys.exit("growth has two sizes at least, the smallest first")
    measured = [scans(components) for components in COUNTS]
    for components, (seconds, mebibytes, closure, closure_mebibytes, hives) in zip(COUNTS, measured):
        print(f"{components:>7} components: scan {seconds:.2f} s, {mebibytes:.0f} MiB ({hives:.0f} MiB hives); "
              f"without payload and signatures {closure:.2f} s, {closure_mebibytes:.0f} MiB")
    told = subprocess.run([str(PROGRAMS / "ratios"), "growing-hives", *map(str, COUNTS)], check=True, capture_output=True, text=True).stdout
    hives = [tuple(map(float, line.split("\t"))) for line in told.splitlines()]
    for keys, size, walk, check in hives:
        print(f"{int(keys):>7} keys, {size / 1e6:.1f} MB: walk {walk:.2f} ms, check {check:.2f} ms")
    curves = [
        ("Whole scan", "seconds", COUNTS, [of_one[0] for of_one in measured]),
        ("Whole scan", "MiB of memory", COUNTS, [of_one[1] for of_one in measured]),
        ("Scan without payload and signatures", "seconds", COUNTS, [of_one[2] for of_one in measured]),
        ("Scan without payload and signatures", "MiB of memory", COUNTS, [of_one[3] for of_one in measured]),
        ("Walk of a hive", "milliseconds", COUNTS, [of_one[2] for of_one in hives]),
        ("Check of a hive", "milliseconds", COUNTS, [of_one[3] for of_one in hives]),
    ]
    draw(curves)
    print(f"drawn in {PAGE}")
    steep = [f"{title}, {unit}: {slope(sizes, values):.2f}" for title, unit, sizes, values in curves if slope(sizes, values) > STEEPEST]
    if steep:
        sys.exit("grows faster than in proportion: " + "; ".join(steep))


if __name__ == "__main__":
    main()
