//! How many instructions the bodies take, counted by valgrind: the same in every run, so that a slowdown of a few per cent shows.
//!
//! valgrind has neither SHA-NI nor AVX-512, so hashing is watched as a ratio instead (`src/ratios.rs`). Bodies give back what they
//! worked on, so that dropping it is not counted.

#![allow(missing_docs, reason = "what the macros make has none")]

use benches::{
    AT, IDENTITY_TEXT, Inputs, expand_manifests, hive_of, judge_catalogs, make_keyform, parse_identity,
    parse_manifests, parse_packages, walk_hive, whole_scan,
};
use checker::format::catalog::Verifier;
use checker::format::hive;
use checker::format::identity::Identity;
use gungraun::{library_benchmark, library_benchmark_group, main};
use std::hint::black_box;

const COMPONENTS_OF_THE_HIVE: u32 = 500;

#[library_benchmark]
fn identity() {
    parse_identity(IDENTITY_TEXT);
}

fn parsed() -> Identity<'static> {
    Identity::from_text(IDENTITY_TEXT.as_bytes()).expect("a sound identity")
}

#[library_benchmark]
#[bench::of_an_identity(parsed())]
fn keyform(identity: Identity<'static>) -> Identity<'static> {
    make_keyform(&identity);
    identity
}

#[library_benchmark]
#[bench::of_a_store(Inputs::small())]
fn manifests(inputs: Inputs) -> Inputs {
    parse_manifests(&inputs.manifests);
    inputs
}

#[library_benchmark]
#[bench::of_a_store(Inputs::small())]
fn packages(inputs: Inputs) -> Inputs {
    parse_packages(&inputs.packages);
    inputs
}

#[library_benchmark]
#[bench::of_a_store(Inputs::small())]
fn compressed_manifests(inputs: Inputs) -> Inputs {
    expand_manifests(&inputs.compressed);
    inputs
}

#[library_benchmark]
#[bench::of_a_store(Inputs::small())]
fn catalogs(inputs: Inputs) -> Inputs {
    judge_catalogs(&inputs.catalogs, &Verifier::new(&inputs.roots, AT));
    inputs
}

#[library_benchmark]
#[bench::of_components(hive_of(COMPONENTS_OF_THE_HIVE))]
fn hive_walk(bytes: Vec<u8>) -> Vec<u8> {
    if let Ok(opened) = hive::open(&bytes, &[]) {
        black_box(walk_hive(&opened.hive));
    }
    bytes
}

#[library_benchmark]
#[bench::of_components(hive_of(COMPONENTS_OF_THE_HIVE))]
fn hive_check(bytes: Vec<u8>) -> Vec<u8> {
    if let Ok(opened) = hive::open(&bytes, &[]) {
        black_box(opened.hive.check().is_empty());
    }
    bytes
}

#[library_benchmark]
#[bench::of_a_store(Inputs::small())]
fn scan(inputs: Inputs) -> Inputs {
    black_box(whole_scan(&inputs, 1));
    inputs
}

library_benchmark_group!(
    name = bodies;
    benchmarks = identity, keyform, manifests, packages, compressed_manifests, catalogs, hive_walk, hive_check, scan
);
main!(library_benchmark_groups = bodies);
