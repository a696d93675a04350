//! Every seed and every regression, run against its property on stable Rust without libFuzzer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use fuzz::{TARGETS, Target};
use std::path::{Path, PathBuf};

fn corpora(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora").join(part)
}

/// The files of a folder, in the order of their names; none if there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn every_target_holds_on_its_seeds() {
    for Target { name, run, .. } in TARGETS {
        let seeds = files(&corpora("seeds").join(name));
        assert!(!seeds.is_empty(), "corpora/seeds/{name} is empty");
        for seed in seeds {
            eprintln!("{}", seed.display());
            run(&std::fs::read(seed).unwrap());
        }
    }
}

/// A regression is a folder `corpora/regressions/<slug>/` with a file named after its target.
#[test]
fn every_target_holds_on_its_regressions() {
    let Ok(slugs) = std::fs::read_dir(corpora("regressions")) else { return };
    for slug in slugs {
        let slug = slug.unwrap().path();
        let inputs = files(&slug);
        assert!(!inputs.is_empty(), "{} is empty", slug.display());
        for input in inputs {
            let target =
                TARGETS.iter().find(|target| input.file_stem().is_some_and(|stem| stem == target.name));
            let target = target.unwrap_or_else(|| panic!("{} names no target", input.display()));
            (target.run)(&std::fs::read(&input).unwrap());
        }
    }
}

#[test]
fn every_folder_of_seeds_and_every_program_belongs_to_a_target() {
    let known = |name: &str| TARGETS.iter().any(|target| target.name == name);
    for folder in std::fs::read_dir(corpora("seeds")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(known(&name), "corpora/seeds/{name} belongs to no target");
    }
    for program in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets")) {
        let name = program.file_stem().unwrap().to_str().unwrap().to_owned();
        // Only speeds are compared with it.
        assert!(known(&name) || name == "nothing", "fuzz_targets/{name}.rs belongs to no target");
    }
}
