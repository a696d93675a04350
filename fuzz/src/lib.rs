//! What must hold for any input whatever: one module per fuzz target, each with a function `run` that panics
//! with an explanation where its property does not hold.
//!
//! The properties are ordinary code. `cargo test` runs them on every seed in `corpora/seeds/` and on
//! every regression in `corpora/regressions/`; proptest shares them; a fuzzing build hands them to
//! libFuzzer.

pub mod catalog;
pub mod delta;
pub mod hive;
pub mod hive_log;
pub mod identity;
pub mod keyform;
pub mod lzms;
pub mod manifest;
pub mod package;
pub mod pe;
pub mod signature;
mod tree;
pub mod whole_store;
pub mod xml;

/// A fuzz target: its name, and the property that must hold for any input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target: the name is that of its program and of its folder of seeds.
pub const TARGETS: &[Target] = &[
    ("catalog", catalog::run),
    ("delta", delta::run),
    ("hive", hive::run),
    ("hive_log", hive_log::run),
    ("identity", identity::run),
    ("keyform", keyform::run),
    ("lzms", lzms::run),
    ("manifest", manifest::run),
    ("package", package::run),
    ("pe", pe::run),
    ("signature", signature::run),
    ("whole_store", whole_store::run),
    ("xml", xml::run),
];

/// Makes a program of a property: a libFuzzer target in a fuzzing build, otherwise a program that runs the
/// property on the files it is given.
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
}
