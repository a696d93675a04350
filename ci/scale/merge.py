"""Merges what the shards of a campaign wrote into a folder, with merge.sql, and prints its tables.

The folder holds `faults.json` and the shards as `*.jsonl`. The exit code is 1 if a round was wrong, is missing, or is
there twice.
"""

import argparse
import pathlib
import sys

import duckdb

PROFILES = ["vista", "win7", "win81", "win10", "win11"]
# A gap or a wrong check may fill thousands of lines.
MAX_SHOWN = 20


def show(title, table, most=None):
    """Prints a table, or the beginning of a long one."""
    rows = table.fetchall()
    shown = rows[:most]
    cells = [table.columns] + [["" if value is None else str(value) for value in row] for row in shown]
    widths = [max(map(len, column)) for column in zip(*cells)]
    print(f"{title}: {len(rows)}")
    for row in cells if rows else []:
        print("  " + "  ".join(f"{value:{width}}" for value, width in zip(row, widths)).rstrip())
    if len(shown) < len(rows):
        print(f"  and {len(rows) - len(shown)} more")
    print()
    return len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", required=True, metavar="A..B", help="the seeds of the campaign")
    parser.add_argument("--profile", dest="profiles", action="append", choices=PROFILES, help="its profiles [default: all]")
    arguments = parser.parse_args()
    first_seed, end_seed = map(int, arguments.seeds.split(".."))

    database = duckdb.connect()
    for name, value in {
        "results": str(arguments.folder / "*.jsonl"),
        "faults": str(arguments.folder / "faults.json"),
        "first_seed": first_seed,
        "end_seed": end_seed,
        "profiles": arguments.profiles or PROFILES,
    }.items():
        database.execute(f"SET VARIABLE {name} = $1", [value])
    database.execute(pathlib.Path(__file__).with_name("merge.sql").read_text())
    show("campaigns", database.table("totals"))
    show("faults", database.table("matrix"))
    wrong = show("wrong rounds", database.table("wrong"), MAX_SHOWN)
    gaps = show("gaps", database.table("gaps"), MAX_SHOWN)
    sys.exit(bool(wrong or gaps))


if __name__ == "__main__":
    main()
