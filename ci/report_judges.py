"""Holds everything that checksur writes as JSON against schemas, with an independent validator.

SARIF is held against the schema of OASIS, which the crate serde-sarif ships; reports, their lines, plans and what
inspect says against those in docs. Beside the schema, indices, bases and fingerprints of SARIF have to fit together.
So that a validator that accepts everything is noticed, a spoilt report has to be refused.
"""

import argparse
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema
import referencing

AT = "2026-11-20T00:00:00Z"


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def validators(docs):
    """A validator for each schema in docs. They name each other by the names of their files."""
    schemas = {path.name: load(path) for path in docs.glob("*.schema.json")}
    registry = referencing.Registry().with_contents(schemas.items())
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return {
        name: jsonschema.Draft202012Validator({"$ref": name}, registry=registry, format_checker=formats)
        for name in schemas
    }


class Judge:
    def __init__(self, sarif, docs):
        jsonschema.Draft7Validator.check_schema(sarif)
        checker = jsonschema.Draft7Validator.FORMAT_CHECKER
        # Absent packages would make these formats pass unseen.
        missing = {"uri", "uri-reference", "date-time"} - set(checker.checkers)
        if missing:
            sys.exit(f"the validator does not check {missing}")
        self.sarif = jsonschema.Draft7Validator(sarif, format_checker=checker)
        self.ours = validators(docs)
        self.count, self.wrong = {}, []

    def hold(self, kind, value, of):
        validator = self.sarif if kind == "SARIF" else self.ours[f"{kind}.schema.json"]
        self.count[kind] = self.count.get(kind, 0) + 1
        for error in validator.iter_errors(value):
            self.wrong.append(f"{of}: {kind} {error.json_path}: {error.message[:300]}")

    def fits(self, log, report, of):
        """What the schema of SARIF cannot say."""
        (run,) = log["runs"]
        driver = run["tool"]["driver"]
        prints = set()
        if len(run["results"]) != len(report["findings"]):
            self.wrong.append(f"{of}: {len(run['results'])} results of {len(report['findings'])} findings")
        for result, finding in zip(run["results"], report["findings"]):
            rule = driver["rules"][result["ruleIndex"]]
            if not rule["id"] == result["ruleId"] == finding["id"] or result["level"] != finding["severity"]:
                self.wrong.append(f"{of}: {result['ruleId']} is not {finding['id']}")
            for location in result["locations"]:
                base = location["physicalLocation"]["artifactLocation"]["uriBaseId"]
                if base not in run["originalUriBaseIds"]:
                    self.wrong.append(f"{of}: the base {base} is unknown")
            prints.add(json.dumps(result["partialFingerprints"]))
        if len(prints) != len(run["results"]):
            self.wrong.append(f"{of}: fingerprints are not told apart")
        for notification in run["invocations"][0]["toolExecutionNotifications"]:
            descriptor = notification["descriptor"]
            if driver["notifications"][descriptor["index"]]["id"] != descriptor["id"]:
                self.wrong.append(f"{of}: {descriptor} is another one")

    def refuses(self, kind, value, spoil):
        spoilt = copy.deepcopy(value)
        spoil(spoilt)
        validator = self.sarif if kind == "SARIF" else self.ours[f"{kind}.schema.json"]
        if validator.is_valid(spoilt):
            self.wrong.append(f"the validator of {kind} accepts what is spoilt")


def written(program, arguments, allowed):
    run = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8")
    if run.returncode not in allowed:
        sys.exit(f"{arguments}: {run.returncode}\n{run.stderr}")
    return run.stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def hold_store(judge, checksur, store, work):
    """Everything that can be written of a store, with and without a donor."""
    of = store.name
    common = [store / "image", "--roots", store / "roots", "--at", AT]
    files = {form: work / f"report.{form}" for form in ("json", "jsonl", "sarif")}
    formats = [f"--format={form}={file}" for form, file in files.items()]
    for line in lines(written(checksur, ["inspect", *common], {0, 4, 8, 12})):
        judge.hold("inspect", line, of)
    for source in ([], ["--source", store / "donor"]):
        written(checksur, ["scan", *common, *formats, *source], {0, 4, 8, 12})
        report, log = load(files["json"]), load(files["sarif"])
        judge.hold("report", report, of)
        for line in lines(files["jsonl"].read_text(encoding="utf-8")):
            judge.hold("report-lines", line, of)
        judge.hold("SARIF", log, of)
        judge.fits(log, report, of)
        plan = work / "plan.json"
        plan.unlink(missing_ok=True)
        written(checksur, ["repair", *common, *source, "--dry-run", "--plan", plan], {0, 1, 4, 5, 8, 9, 12, 13})
        if plan.exists():
            judge.hold("plan", load(plan), of)
    return report, log


def spoil_sarif(log):
    log["runs"][0]["results"][0]["level"] = "fatal"


def spoil_report(report):
    report["findings"][0]["id"] = "no-such-finding"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checksur", type=pathlib.Path, required=True)
    parser.add_argument("--sarif-schema", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("stores", type=pathlib.Path, nargs="+", help="folders with image, roots and donor")
    arguments = parser.parse_args()
    docs = pathlib.Path(__file__).resolve().parent.parent / "docs"
    judge = Judge(load(arguments.sarif_schema), docs)
    arguments.work.mkdir(parents=True, exist_ok=True)
    for store in arguments.stores:
        report, log = hold_store(judge, arguments.checksur, store, arguments.work)
    judge.refuses("SARIF", log, spoil_sarif)
    judge.refuses("report", report, spoil_report)
    for kind, count in judge.count.items():
        print(f"{kind}: {count} documents")
    for wrong in judge.wrong:
        print(wrong)
    if judge.wrong or set(judge.count) != {"SARIF", "report", "report-lines", "inspect", "plan"}:
        sys.exit(f"{len(judge.wrong)} are wrong")


main()
