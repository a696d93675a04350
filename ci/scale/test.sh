#!/usr/bin/env bash
# Tests that the shards of a campaign, merged, are the whole: under GNU parallel, and by the command of the cluster's job.
# Installs GNU parallel from the system's packages where it is missing, and DuckDB into target/scale.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=target/scale
mkdir -p "$work"

if ! command -v parallel >/dev/null; then
    apt-get install --yes --quiet parallel >/dev/null
fi
packages=(duckdb==2.0.0 pyyaml==6.0.3)
if [ "$(cat "$work/python/installed" 2>/dev/null)" != "${packages[*]}" ]; then
    rm -rf "$work/python"
    python3 -m venv "$work/python"
    "$work/python/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
    echo "${packages[*]}" >"$work/python/installed"
fi
cargo build --quiet --release -p simstore --bins

# Seeds of four stores, of which the first and the last have few.
shards=4 seeds=248..776
profiles=(--profile win11)
simstore=target/release/simstore
campaign() { "$simstore" campaign --seeds "$seeds" "${profiles[@]}" "$@"; }
merge() { "$work/python/bin/python" ci/scale/merge.py --seeds "$seeds" "${profiles[@]}" "$@"; }
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

rm -rf "$work"/{parts,whole,lost,twice,foreign,blind}
mkdir "$work"/{whole,lost,twice,foreign}
ci/scale/campaign.sh "$shards" "$work/parts" --seeds "$seeds" "${profiles[@]}"
campaign --output "$work/whole/1.jsonl"
cp "$work/parts/faults.json" "$work/whole"
[ "$(ls "$work/parts")" = "$(printf '%s\n' {1..4}.jsonl faults.json)" ] || fail "the parts are not four"
cmp <(sort "$work"/parts/*.jsonl) <(sort "$work"/whole/*.jsonl)
merge "$work/parts" >"$work/merged.txt"
merge "$work/whole" | cmp - "$work/merged.txt"
grep -A2 '^campaigns' "$work/merged.txt"

# What is missing, there twice, or of another campaign is told.
cp "$work"/parts/{1,2,4}.jsonl "$work/parts/faults.json" "$work/lost"
cp "$work"/parts/* "$work/twice"
head -n 1 "$work/parts/3.jsonl" >"$work/twice/5.jsonl"
cp "$work"/parts/* "$work/foreign"
head -n 1 "$work/parts/3.jsonl" | sed 's/"seed":512/"seed":9999/' >"$work/foreign/5.jsonl"
tells() {
    if merge "$work/$1" >"$work/merged.txt" || ! grep -qx "gaps: $2" "$work/merged.txt" || ! grep -q " $3\$" "$work/merged.txt"; then
        fail "merge.py did not tell of $2 rounds: $3"
    fi
}
tells lost 256 missing
tells twice 1 twice
tells foreign 1 "of another campaign"

# What a checker overlooks is told with the command that does it again.
ci/scale/campaign.sh 2 "$work/blind" --seeds 250..262 --profile win7 --without payload 2>/dev/null
if merge "$work/blind" >"$work/merged.txt" || ! grep -q 'simstore campaign --seeds 2.. *[.][.]' "$work/merged.txt"; then
    fail "merge.py did not tell wrong rounds"
fi

# The command of the job, in each of its pods, does a whole campaign, too; and where a pod is interrupted, the next one
# goes on. Here two of the four shards have nothing to do.
seeds=766..770 profiles=()
rm -rf "$work"/{job,job-whole}
mkdir "$work"/{job,job-whole}
pod() {
    "$work/python/bin/python" - ci/scale/campaign-job.yaml <<'PYTHON'
import os, subprocess, sys, yaml

_, job = yaml.safe_load_all(open(sys.argv[1]))
container = job["spec"]["template"]["spec"]["containers"][0]
environment = {variable["name"]: variable["value"] for variable in container["env"]}
if environment["SHARDS"] != str(job["spec"]["completions"]):
    sys.exit("the job has another number of pods than of shards")
sys.exit(subprocess.run(container["command"], env=environment | os.environ).returncode)
PYTHON
}
for index in 0 1 2 3 2; do
    PATH=$PWD/target/release:$PATH SEEDS=$seeds SHARDS=$shards RESULTS=$work/job JOB_COMPLETION_INDEX=$index pod
    if [ "$index" = 3 ]; then
        truncate --size=-100 "$work/job/3.jsonl"
    fi
done
campaign --output "$work/job-whole/1.jsonl"
cp "$work/whole/faults.json" "$work/job"
cp "$work/whole/faults.json" "$work/job-whole"
cmp <(sort "$work"/job/*.jsonl) <(sort "$work"/job-whole/*.jsonl)
merge "$work/job" >"$work/merged.txt"
merge "$work/job-whole" | cmp - "$work/merged.txt"
echo "four shards, under GNU parallel and as pods, are the whole"
