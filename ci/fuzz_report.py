"""Shows what the targets of a run of `ci/fuzz` did, and compares their speeds with those in fuzz/speeds.tsv.

    python3 ci/fuzz_report.py SANITIZER SECONDS [--ledger] RESULT...

A speed is a ratio to the target that does nothing, in the same run: machines differ, and are busy. A target that is not even
a quarter as fast as in the table has become slow. With --ledger a row for each target is added to fuzz/LEDGER.md.
"""

import datetime
import pathlib
import subprocess
import sys

TOO_SLOW = 4
# A target of which the table expects fewer executions in this time is not judged: a run so short is mostly its seeds.
MIN_EXPECTED = 100
LEDGER = pathlib.Path("fuzz/LEDGER.md")


def table(sanitizer):
    """The committed speed of each target, if there are any for this sanitizer."""
    rows = [line.split("\t") for line in pathlib.Path("fuzz/speeds.tsv").read_text().splitlines() if line[0] != "#"]
    if sanitizer not in rows[0]:
        print(f"fuzz/speeds.tsv has no speeds for the sanitizer {sanitizer}")
        return None
    column = rows[0].index(sanitizer)
    return {row[0]: float(row[column]) for row in rows[1:]}


def write_down(rows, sanitizer):
    """Adds what was run to the ledger."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True).stdout
    day = datetime.date.today().isoformat()
    with LEDGER.open("a") as out:
        for target, executed, coverage, inputs, cpu in rows:
            if target != "nothing":
                numbers = f"{int(cpu)} | {int(executed)} | {coverage} | {inputs}"
                out.write(f"| {target} | {day} | {commit.strip()} | {sanitizer} | {numbers} | nothing |\n")


def main():
    sanitizer, seconds, results = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    is_for_ledger = "--ledger" in results
    rows = [pathlib.Path(path).read_text().split() for path in sorted(results) if path != "--ledger"]
    rates = {row[0]: int(row[1]) / max(float(row[4]), 1) for row in rows}
    committed, slow = table(sanitizer), []
    for target, executed, coverage, inputs, cpu in rows:
        line = f"{target:16} {int(executed):10} executions, {rates[target]:9.0f} per second of a processor"
        line += f", coverage {coverage}, {int(inputs)} inputs"
        if "nothing" in rates and target != "nothing":
            ratio = rates[target] / rates["nothing"]
            line += f", speed {ratio:.6f}"
            if committed is not None and target not in committed:
                slow.append(f"{target} has no speed in fuzz/speeds.tsv")
            elif committed is not None and committed[target] * rates["nothing"] * seconds >= MIN_EXPECTED:
                if ratio * TOO_SLOW < committed[target]:
                    slow.append(f"{target} has a speed of {ratio:.6f}, and had {committed[target]:.6f}")
        print(line)
    if is_for_ledger:
        write_down(rows, sanitizer)
    if slow:
        sys.exit("\n".join(slow))


main()
