//! The lines of a census as a table.

use super::file::Kind;
use super::line::{Counts, Line};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What came of all bits of each kind of file, by profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// By profile and kind of file.
    pub profiles: BTreeMap<String, BTreeMap<Kind, Row>>,
}

/// What came of the bits of one kind of file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// All together.
    pub total: Counts,
    /// By what they are part of.
    pub structures: BTreeMap<String, Counts>,
}

impl Table {
    /// The table of some lines: of several shards, and of several profiles.
    pub fn of<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Table {
        let mut table = Table::default();
        for line in lines {
            let row = table.profiles.entry(line.profile.clone()).or_default().entry(line.kind).or_default();
            row.add(line.structures.iter());
        }
        table
    }

    /// Whether a bit was missed.
    pub fn has_missed(&self) -> bool {
        self.profiles.values().flat_map(BTreeMap::values).any(|row| row.total.missed > 0)
    }

    /// The table for people: the kinds of each profile, the proofs, and what the hives of all profiles consist of.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (profile, rows) in &self.profiles {
            section(&mut text, &format!("## {profile}"), "file");
            let mut sum = Counts::default();
            for (kind, row) in rows {
                text.push_str(&counted(kind.title(), &row.total));
                sum.add(&row.total);
            }
            text.push_str(&counted("all", &sum));
        }
        let kinds = self.by_kind();
        let mut proofs: BTreeMap<_, BTreeMap<Kind, usize>> = BTreeMap::new();
        for (kind, row) in &kinds {
            for (proof, bits) in &row.total.harmless {
                proofs.entry(*proof).or_default().insert(*kind, *bits);
            }
        }
        text.push_str("\n## Why bits are harmless\n\n| proof | bits | in |\n|---|---:|---|\n");
        for (proof, kinds) in proofs {
            let titles: Vec<&str> = kinds.keys().map(|kind| kind.title()).collect();
            let bits: usize = kinds.values().sum();
            let _ = writeln!(text, "| {} | {bits} | {} |", proof.title(), titles.join(", "));
        }
        text.push('\n');
        for (kind, row) in kinds.iter().filter(|(_, row)| row.structures.len() > 1) {
            section(&mut text, &format!("## Inside of {}", kind.title()), "structure");
            row.structures.iter().for_each(|(name, counts)| text.push_str(&counted(name, counts)));
        }
        text.trim_end().to_owned() + "\n"
    }

    /// All profiles together.
    fn by_kind(&self) -> BTreeMap<Kind, Row> {
        let mut kinds: BTreeMap<Kind, Row> = BTreeMap::new();
        for (kind, row) in self.profiles.values().flatten() {
            kinds.entry(*kind).or_default().add(row.structures.iter());
        }
        kinds
    }
}

impl Row {
    fn add<'c>(&mut self, structures: impl Iterator<Item = (&'c String, &'c Counts)>) {
        for (structure, counts) in structures {
            self.total.add(counts);
            self.structures.entry(structure.clone()).or_default().add(counts);
        }
    }
}

/// The head of a table.
fn section(text: &mut String, title: &str, first: &str) {
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "{title}\n\n| {first} | bits | right | otherwise | not verified | harmless | missed |\n\
         |---|---:|---:|---:|---:|---:|---:|"
    );
}

/// A row of a table.
fn counted(name: &str, counts: &Counts) -> String {
    let Counts { right, otherwise, not_verified, missed, .. } = counts;
    let (bits, harmless) = (counts.bits(), counts.all_harmless());
    format!("| {name} | {bits} | {right} | {otherwise} | {not_verified} | {harmless} | {missed} |\n")
}
