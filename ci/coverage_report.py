"""The table of ci/coverage, from what llvm-cov exports as lcov: lines and covered lines of each file, without its tests."""

import pathlib
import sys


def first_test_line(path):
    """Where the tests of a file begin, which stand at its end."""
    lines = path.read_text().splitlines()
    return next((number for number, line in enumerate(lines, 1) if line == "mod tests {"), len(lines) + 1)


def main():
    root = pathlib.Path.cwd()
    counts, path, end = {}, None, 0
    for line in sys.stdin:
        kind, _, rest = line.strip().partition(":")
        if kind == "SF":
            path = pathlib.Path(rest).relative_to(root)
            end = 0 if "tests" in path.with_suffix("").parts else first_test_line(path)
        elif kind == "DA":
            number, times = map(int, rest.split(",")[:2])
            if number < end:
                known = counts.setdefault(path, {})
                known[number] = known.get(number, 0) + times
    print("| file | lines | covered | |\n|---|---:|---:|---:|")
    total = [0, 0]
    for path, lines in sorted(counts.items()):
        covered = sum(times > 0 for times in lines.values())
        total = [total[0] + len(lines), total[1] + covered]
        print(f"| {path} | {len(lines)} | {covered} | {100 * covered / len(lines):.1f} % |")
    print(f"| all | {total[0]} | {total[1]} | {100 * total[1] / total[0]:.1f} % |")


main()
