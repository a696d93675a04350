//! Tests of the library from outside: the tables of `corpora/vectors/`, a second implementation,
//! images full of odd things, and the promises of ARCHITECTURE.md.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod architecture;
mod keyform_vectors;
mod limits;
mod logs;
mod odd_images;
mod own_log;
mod pages;
mod program;
mod program_reports;
mod tables;
mod whole_or_not;
mod xml_conformance;

use std::path::{Path, PathBuf};

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The text of a file.
fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder, in the order of their paths.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{} holds no Rust file", folder.display());
    files
}

/// A table of `corpora/vectors/`: the data lines, split at tabs. Lines that begin with `#` are comments.
fn vectors(name: &str) -> Vec<Vec<String>> {
    let path = repository("corpora/vectors").join(name);
    let rows: Vec<Vec<String>> = text(&path)
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect();
    assert!(!rows.is_empty(), "{} holds no row", path.display());
    rows
}
