//! Tests on real Windows files.
//!
//! The files are Microsoft's and cannot be distributed with the project. The environment variable
//! `CHECKSUR_REAL_DATA` names the folder that holds them; where it is not set, every group of tests
//! is listed as ignored.

mod cabinet;
mod catalogs;
mod damaged;
mod deltas;
mod hives;
mod packages;
mod repairs;
mod trees;

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};

/// A group of tests on one part of the data.
struct Group {
    name: &'static str,
    trials: fn(&Path) -> Vec<Trial>,
}

const GROUPS: &[Group] = &[
    Group { name: "catalogs", trials: catalogs::trials },
    Group { name: "damaged", trials: damaged::trials },
    Group { name: "deltas", trials: deltas::trials },
    Group { name: "hives", trials: hives::trials },
    Group { name: "packages", trials: packages::trials },
    Group { name: "repairs", trials: repairs::trials },
    Group { name: "trees", trials: trees::trials },
];

fn main() {
    let arguments = Arguments::from_args();
    let folder = std::env::var_os("CHECKSUR_REAL_DATA").map(PathBuf::from);
    let trials = match &folder {
        Some(folder) => GROUPS.iter().flat_map(|group| (group.trials)(folder)).collect(),
        None => GROUPS.iter().map(skipped).collect(),
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn skipped(group: &Group) -> Trial {
    Trial::test(format!("{}: skipped, CHECKSUR_REAL_DATA is not set", group.name), || Ok(()))
        .with_ignored_flag(true)
}

/// The document that every real compressed manifest is a differential against.
fn base(folder: &Path) -> Vec<u8> {
    let path = folder.join("wcp/base.manifest");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A table with a header line: each row as a map from the name of a column to its cell.
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

struct Row<'t> {
    header: &'t [String],
    cells: &'t [String],
}

impl Table {
    fn read(path: &Path) -> Self {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
        let header = lines.next().unwrap_or_default();
        let rows: Vec<_> = lines.collect();
        assert!(!rows.is_empty(), "{} has no rows", path.display());
        Self { header, rows }
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { header: &self.header, cells })
    }
}

impl Row<'_> {
    fn cell(&self, column: &str) -> String {
        let index = self
            .header
            .iter()
            .position(|name| name == column)
            .unwrap_or_else(|| panic!("no column {column}"));
        self.cells.get(index).cloned().unwrap_or_default()
    }
}

/// Fails a trial with both values if they differ.
fn same<T: PartialEq + std::fmt::Debug + ?Sized>(what: &str, expected: &T, actual: &T) -> Result<(), Failed> {
    if expected == actual {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, found {actual:?}").into())
}

fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
