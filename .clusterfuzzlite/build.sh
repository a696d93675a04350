#!/usr/bin/env bash
# Builds every fuzz target for ClusterFuzzLite and OSS-Fuzz: programs, seeds and dictionaries into $OUT.
#
# Outside of their containers it needs cargo-fuzz and zip, and leave for the option of a sanitizer:
#
#   OUT=target/clusterfuzz SANITIZER=address RUSTC_BOOTSTRAP=1 .clusterfuzzlite/build.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if [ ! -e Cargo.toml ]; then
    # Copied to $SRC in the containers, in its place in the repository elsewhere.
    cd "$(test -d checksur && echo checksur || echo ..)"
fi

mkdir -p "${OUT:?"the folder for what is built"}"
sanitizer=${SANITIZER:-address}
if [ "$sanitizer" = coverage ]; then
    # The containers set the flags of the compiler for it.
    sanitizer=none
fi
RUSTC_WRAPPER=$PWD/ci/fuzz_compiler cargo fuzz build --fuzz-dir fuzz --release --debug-assertions --sanitizer "$sanitizer"

built=${CARGO_TARGET_DIR:-target}/$(rustc -vV | sed -n 's/^host: //p')/release
for program in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$program" .rs)
    cp "$built/$target" "$OUT/"
    if [ -d "corpora/seeds/$target" ]; then
        (cd "corpora/seeds/$target" && zip --quiet - ./*) >"$OUT/${target}_seed_corpus.zip"
    fi
    options=$(ci/fuzz_options "$target")
    dictionary=$(sed -n 's/^-dict=//p' <<<"$options")
    if [ -n "$dictionary" ]; then
        cp "$dictionary" "$OUT/$target.dict"
    fi
    length=$(sed -n 's/^-max_len=//p' <<<"$options")
    printf '[libfuzzer]\nmax_len = %s\ntimeout = 30\nrss_limit_mb = 2560\n' "$length" >"$OUT/$target.options"
done
