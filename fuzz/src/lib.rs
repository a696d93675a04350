//! What must hold for any input whatever: one module per fuzz target, each with a function `run` that panics
//! with an explanation where its property does not hold.
//!
//! The properties are ordinary code. `cargo test` runs them on every seed in `corpora/seeds/` and on
//! every regression in `corpora/regressions/`; proptest shares them; a fuzzing build hands them to
//! libFuzzer. Inputs with checksums, lengths and signatures have a function `mutate`, too, that makes these fit again.

pub mod cabinet;
pub mod catalog;
mod content;
pub mod delta;
pub mod delta_round_trip;
pub mod digest;
pub mod hive;
pub mod hive_edit;
pub mod hive_log;
pub mod identity;
pub mod journal;
pub mod keyform;
pub mod lzms;
pub mod lzms_round_trip;
pub mod manifest;
pub mod mutation;
pub mod package;
pub mod pe;
pub mod plan;
pub mod repair;
pub mod servicing_log;
pub mod signature;
mod small_stores;
mod tree;
pub mod whole_store;
pub mod xml;

use mutation::Mutator;

/// A fuzz target.
pub struct Target {
    /// The name of its program and of its folder of seeds.
    pub name: &'static str,
    /// The property that must hold for any input.
    pub run: fn(&[u8]),
    /// How inputs are changed, if not as plain bytes.
    pub mutate: Option<Mutator>,
}

const fn plain(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run, mutate: None }
}

const fn structured(name: &'static str, run: fn(&[u8]), mutate: Mutator) -> Target {
    Target { name, run, mutate: Some(mutate) }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    structured("cabinet", cabinet::run, cabinet::mutate),
    structured("catalog", catalog::run, catalog::mutate),
    structured("delta", delta::run, delta::mutate),
    plain("delta_round_trip", delta_round_trip::run),
    plain("digest", digest::run),
    structured("hive", hive::run, hive::mutate),
    structured("hive_edit", hive_edit::run, hive::mutate),
    structured("hive_log", hive_log::run, hive_log::mutate),
    plain("identity", identity::run),
    plain("journal", journal::run),
    plain("keyform", keyform::run),
    plain("lzms", lzms::run),
    plain("lzms_round_trip", lzms_round_trip::run),
    plain("manifest", manifest::run),
    plain("package", package::run),
    plain("pe", pe::run),
    plain("plan", plan::run),
    plain("repair", repair::run),
    plain("servicing_log", servicing_log::run),
    plain("signature", signature::run),
    plain("whole_store", whole_store::run),
    plain("xml", xml::run),
];

/// Makes a program of a property: a libFuzzer target in a fuzzing build, otherwise a program that runs the
/// property on the files it is given. A second function changes inputs with a structure.
#[macro_export]
macro_rules! define_target {
    ($run:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|input: &[u8]| $run(input));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                $run(&std::fs::read(path)?);
            }
            Ok(())
        }
    };
    ($run:path, $mutate:path) => {
        $crate::define_target!($run);

        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            let mut plain = |bytes: &mut Vec<u8>, max_bytes: usize| {
                let length = bytes.len();
                bytes.resize(max_bytes, 0);
                let length = libfuzzer_sys::fuzzer_mutate(bytes, length, max_bytes);
                bytes.truncate(length);
            };
            $crate::mutation::in_place(data, size, max_size, seed, $mutate, &mut plain)
        });
    };
}
