"""Tries most changes of cargo-mutants with a single build, and tells which of them some test notices.

    python ci/mutants_at_once TREE RESULTS FILE...

The sources in TREE, a copy that is spoilt by this, get all changes at once (see instrument.py). Each test is run once to
see which changes it comes by; then every change is tried with these tests alone, the quick ones first. RESULTS gets a line
of JSON for each change that was tried: what `noticed` it is a test, or nothing. A change that has a line is not tried again.
"""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

from instrument import ANSWERS, File, Mutant

SELECTION = ["--package", "checker", "--package", "simstore", "--lib", "--test", "it"]
MAX_ROUNDS = 40
# Tests of one batch take so long together, in seconds; the next batch may take longer.
FIRST_BATCH_SECONDS, GROWTH = 1.0, 4
# Tests that take longer are tried only with what all quicker ones leave, and not at all beyond the last limit.
TIERS_SECONDS = (3.0, 30.0)
# A change may make a test so much slower; after that it counts as noticed.
PATIENCE_SECONDS, PATIENCE_FACTOR = 20.0, 5
MAX_MEMORY_BYTES = 6 << 30
WORKERS = os.cpu_count() or 1


def mutants_of(tree, files):
    chosen = [argument for file in files for argument in ("--file", file)]
    command = ["cargo", "mutants", "--dir", str(tree), "--list", "--json", *chosen]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [
        Mutant(number, row["name"], row["file"], row["genre"], row["replacement"], *span(row["span"]))
        for number, row in enumerate(listed, 1)
    ]


def span(of):
    return [(place["line"], place["column"]) for place in (of["start"], of["end"])]


def instrument(tree, mutants):
    """Writes as many changes as compile, and gives their numbers, and those of the changes that never compile."""
    originals = {file: (tree / file).read_bytes() for file in {mutant.file for mutant in mutants}}
    library = tree / "checker/src/lib.rs"
    if "pub mod mutant;" not in library.read_text():
        allowed = "#![allow(warnings, arithmetic_overflow, unconditional_panic)]\n"
        library.write_text(allowed + library.read_text() + "pub mod mutant;\n")
    (tree / "checker/src/mutant.rs").write_text(ANSWERS % (len(mutants) + 1, len(mutants) + 1))
    unviable, constant = {mutant.number for mutant in mutants if is_hopeless(mutant)}, set()
    rest = {mutant.number: mutant for mutant in mutants if mutant.number not in unviable}
    for _ in range(MAX_ROUNDS):
        ranges = {}
        for file, source in originals.items():
            chosen = [mutant for mutant in rest.values() if mutant.file == file]
            text, ranges[file], left = File(source, constant).instrument(chosen)
            (tree / file).write_bytes(text)
            for mutant in left:
                del rest[mutant.number]
        found = list(errors(tree))
        needed = {error.constant for error in found if error.constant} - constant
        wrong = set()
        for error in found if not needed else ():
            numbers, is_inside = blamed(ranges.get(error.file, []), error.at, error.file)
            wrong.update(numbers)
            if is_inside:
                unviable.update(number for number in numbers if is_final(rest[number], error.code))
        print(f"{len(rest)} of {len(mutants)} changes, {len(wrong)} of them do not compile", flush=True)
        if not wrong and not needed:
            return set(rest), unviable
        constant |= needed
        for number in wrong:
            rest.pop(number, None)
    sys.exit("the changes do not compile")


@dataclasses.dataclass
class CompileError:
    """What the compiler complains about, and where."""

    code: str
    file: str
    at: int
    # The function that a constant needs.
    constant: str | None


def errors(tree):
    command = ["cargo", "check", "--quiet", "--package", "checker", "--lib", "--message-format", "json"]
    for line in subprocess.run(command, cwd=tree, capture_output=True, text=True).stdout.splitlines():
        message = json.loads(line).get("message")
        if message and message["level"] == "error":
            code = (message["code"] or {}).get("code", "")
            # With the type that it belongs to, but without modules.
            function = re.search(r"non-const .*`(?:[a-z_]\w*::)*([\w:]+?)(?:<.*>)?` in", message["message"])
            for span in message["spans"]:
                if span["is_primary"]:
                    constant = function[1] if function and code == "E0015" else None
                    yield CompileError(code, span["file_name"], span["byte_start"], constant)


def is_hopeless(mutant):
    """An iterator of what was leaked gives exclusive references, which no function here does."""
    return "::iter::once(" in mutant.replacement and "leak(" in mutant.replacement


def is_final(mutant, code):
    """Whether a change that does not compile here would not compile by itself: what a function would give stands here as it
    would there, and so do operators that a type does not have."""
    codes = {"FnValue": ("E0277", "E0308", "E0425", "E0433", "E0599"), "BinaryOperator": ("E0277", "E0369")}
    return code in codes.get(mutant.genre, ()) and "::iter::" not in mutant.replacement


def blamed(ranges, at, file):
    """The innermost change around an error, or else the last one before it, and whether it is around it."""
    inside = [(end - start, numbers) for start, end, numbers in ranges if start <= at <= end]
    before = [(at - end, numbers) for _, end, numbers in ranges if end < at]
    if not inside and not before:
        sys.exit(f"{file} does not compile at byte {at}, and nothing was changed before it")
    return min(inside or before)[1], bool(inside)


def tests_of(tree):
    """Builds the tests, and gives the program, folder and name of each."""
    command = ["cargo", "nextest", "list", "--cargo-quiet", *SELECTION, "--message-format", "json"]
    listed = json.loads(subprocess.run(command, cwd=tree, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return [
        (suite["binary-path"], suite["cwd"], name)
        for suite in listed["rust-suites"].values()
        for name, case in suite["testcases"].items()
        if case["filter-match"]["status"] == "matches" and not case["ignored"]
    ]


def run(program, folder, names, timeout, **environment):
    """Whether the tests pass; one that takes too long does not."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    command = [program, "--exact", "--test-threads=1", "--quiet", *names]
    settings = {**os.environ, "RUST_BACKTRACE": "0", "CARGO_MANIFEST_DIR": folder, **environment}
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(
        command, cwd=folder, env=settings, preexec_fn=limit, start_new_session=True, **streams
    )
    try:
        return process.wait(timeout) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return False


def reached(test):
    """Which changes a test comes by, and how long it takes; none, if it takes too long, or looks at the sources themselves."""
    program, folder, name = test
    with tempfile.TemporaryDirectory() as empty:
        path, start = pathlib.Path(empty, "reached"), time.monotonic()
        if not run(program, folder, [name], TIERS_SECONDS[-1], MUTANTS_REACHED=str(path)):
            print(f"{name} takes too long or fails although nothing is changed, and is left out", flush=True)
            return test, 0.0, set()
        numbers = {int(line) for line in path.read_text().split()} if path.exists() else set()
        return test, time.monotonic() - start, numbers


def batches(tests):
    """Tests with their durations, the quick ones first, in groups that take longer and longer."""
    group, seconds, limit = [], 0.0, FIRST_BATCH_SECONDS
    for duration, test in sorted(tests):
        if group and seconds + duration > limit:
            yield group, seconds
            group, seconds, limit = [], 0.0, limit * GROWTH
        group.append(test)
        seconds += duration
    if group:
        yield group, seconds


def noticed_by(mutant, tests):
    """One of the groups of tests that fails, if there is one."""
    for group, seconds in batches(tests):
        for program in sorted({program for program, _, _ in group}):
            chosen = [test for test in group if test[0] == program]
            names = [name for _, _, name in chosen]
            timeout = PATIENCE_SECONDS + PATIENCE_FACTOR * seconds
            if not run(program, chosen[0][1], names, timeout, MUTANT=str(mutant.number)):
                return names[0] if len(names) == 1 else f"{names[0]}, or {len(names) - 1} others"
    return None


def write_down(results, mutants, noticed, viable=True):
    with results.open("a") as out:
        for mutant in mutants:
            row = {"name": mutant.name, "file": mutant.file, "viable": viable, "noticed": noticed}
            out.write(json.dumps(row) + "\n")


def attempt(pool, mutants, tests, results):
    """Tries some changes with these tests, writes down which are noticed, and gives the others."""
    rest = []
    verdicts = pool.map(lambda mutant: noticed_by(mutant, tests[mutant.number]), mutants)
    for done, (mutant, noticed) in enumerate(zip(mutants, verdicts), 1):
        if noticed is None:
            rest.append(mutant)
        else:
            write_down(results, [mutant], noticed)
        if done % 100 == 0 or done == len(mutants):
            print(f"{done} of {len(mutants)}: {len(rest)} survive", flush=True)
    return rest


def main():
    tree, results, files = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    mutants = mutants_of(tree, files)
    written, unviable = instrument(tree, mutants)
    tiers = [{number: [] for number in written} for _ in TIERS_SECONDS]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for test, seconds, numbers in pool.map(reached, tests_of(tree)):
            tier = tiers[sum(seconds > limit for limit in TIERS_SECONDS[:-1])]
            for number in numbers:
                tier[number].append((seconds, test))
        known = {json.loads(line)["name"] for line in results.open()} if results.exists() else set()
        new = [mutant for mutant in mutants if mutant.name not in known]
        write_down(results, [mutant for mutant in new if mutant.number in unviable], None, viable=False)
        todo = [mutant for mutant in new if mutant.number in written]
        for tests in tiers:
            todo = attempt(pool, todo, tests, results)
    write_down(results, todo, None)


main()
