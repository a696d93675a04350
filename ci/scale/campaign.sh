#!/usr/bin/env bash
# Runs the shards of a campaign side by side, one thread each; called again, it goes on where it was interrupted.
#
#   ci/scale/campaign.sh SHARDS FOLDER ARGUMENT...
#   ci/scale/campaign.sh 64 target/scale/campaign --seeds 0..1000000
#
# The arguments are those of `simstore campaign`. Wrong rounds are a result and no failure here: merge.py tells them.
set -euo pipefail
shards=${1:?"usage: ci/scale/campaign.sh SHARDS FOLDER ARGUMENT..."}
folder=${2:?"usage: ci/scale/campaign.sh SHARDS FOLDER ARGUMENT..."}
shift 2
simstore=$(dirname "$0")/../../target/release/simstore
export PARALLEL_SHELL=/bin/sh
mkdir -p "$folder"
"$simstore" faults --format json >"$folder/faults.json"

seq "$shards" | parallel --halt soon,fail=1 \
    "$simstore campaign ${*@Q} --shard {}/$shards --threads 1 --resume --output ${folder@Q}/{}.jsonl || [ \$? = 1 ]"
