"""Shows what the targets of a run of `ci/fuzz` did, and compares their speeds with those in fuzz/speeds.tsv.

A speed is a ratio to the target that does nothing, in the same run: machines differ, and are busy. A target
that is not even a quarter as fast as in the table has become slow.
"""

import pathlib
import sys

TOO_SLOW = 4
# What runs only for a moment has no speed.
MIN_EXECUTIONS = 100

sanitizer, results = sys.argv[1], sys.argv[2:]
rows = [pathlib.Path(path).read_text().split("\t") for path in sorted(results)]
rates = {row[0]: int(row[2]) for row in rows if int(row[1]) >= MIN_EXECUTIONS}
table = [line.split("\t") for line in pathlib.Path("fuzz/speeds.tsv").read_text().splitlines() if line[0] != "#"]
if sanitizer in table[0]:
    column = table[0].index(sanitizer)
    committed = {row[0]: float(row[column]) for row in table[1:]}
else:
    print(f"fuzz/speeds.tsv has no speeds for the sanitizer {sanitizer}")
    committed = dict.fromkeys(rates, 0.0)
slow = []
for target, executed, rate, coverage, inputs in rows:
    line = f"{target:12} {int(executed):10} executions, {int(rate):7} per second, coverage {coverage}, {inputs.strip()} inputs"
    if target in rates and "nothing" in rates and target != "nothing":
        ratio = rates[target] / rates["nothing"]
        line += f", speed {ratio:.6f}"
        if target not in committed:
            slow.append(f"{target} has no speed in fuzz/speeds.tsv")
        elif ratio * TOO_SLOW < committed[target]:
            slow.append(f"{target} has a speed of {ratio:.6f}, and had {committed[target]:.6f}")
    print(line)
sys.exit("\n".join(slow))
