//! What is kept of a log: its reports, and in each what it says.

use super::row::RowKind;
use crate::code::Hresult;
use std::collections::BTreeMap;

/// Which tool a report is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunForm {
    /// CheckSUR of Windows Vista and 7, in a log of its own.
    #[default]
    CheckSur,
    /// DISM of Windows 8 and later, inside CBS.log.
    Dism,
    /// No report: what servicing says of the store while it does something else.
    Servicing,
}

/// One report of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Which tool it is of.
    pub form: RunForm,
    /// The line that it begins in, counted from 1.
    pub first_line: u64,
    /// Whether its first lines are not there.
    pub is_headless: bool,
    /// Whether it says that it is not of everything: one of our own that was stopped, or from which something was left out.
    pub is_partial: bool,
    /// When it was made, in the words of the log: the local time of the machine.
    pub moment: Option<String>,
    /// The version of the tool.
    pub binary_version: Option<String>,
    /// The version of the content that the tool repairs from.
    pub package_version: Option<String>,
    /// What was done, such as `Detect and Repair`.
    pub operation: Option<String>,
    /// What came of it.
    pub result: Option<Hresult>,
    /// The last step that succeeded.
    pub last_step: Option<String>,
    /// What the whole command gave.
    pub status: Option<Hresult>,
    /// What Windows Update gave when it was asked for content.
    pub download: Option<Hresult>,
    /// How long it took, in seconds.
    pub seconds: Option<u64>,
    /// How many corruptions were counted before the report.
    pub counted: Option<u64>,
    /// Rows, each subject once, in the order in which they are first seen.
    pub rows: Vec<Row>,
    /// How many more rows there were than are kept here.
    pub rows_left_out: u64,
    /// How many rows each category had, kept or not.
    pub seen: BTreeMap<String, Seen>,
    /// What the summary says, if there is one.
    pub summary: Option<Totals>,
    /// Files that the tool would have needed, below `Windows`, as the log writes them.
    pub unavailable: Vec<String>,
    /// Lines of the report that were not understood.
    pub strange: Strange,
}

/// A row and what was said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its line, counted from 1.
    pub line: u64,
    /// Of which kind it is.
    pub kind: RowKind,
    /// Its category, in the words of the log.
    pub category: String,
    /// Its code.
    pub code: Option<Hresult>,
    /// Its other columns, without those that are empty.
    pub fields: Vec<String>,
    /// Whether the log says that it was fixed.
    pub is_fixed: bool,
    /// Why it was not, in the words of the log.
    pub failure: Option<String>,
}

/// Rows of one category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many there were.
    pub found: u64,
    /// How many of them were fixed.
    pub fixed: u64,
}

/// What a summary says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Errors in all.
    pub found: Option<u64>,
    /// How many of them were fixed.
    pub fixed: Option<u64>,
    /// The same by category, as CheckSUR counts.
    pub categories: BTreeMap<String, Seen>,
    /// Other counters, as DISM counts, by their names.
    pub counters: BTreeMap<String, u64>,
}

/// What was not understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strange {
    /// How many lines.
    pub count: u64,
    /// The first of them, with their numbers.
    pub first: Vec<(u64, String)>,
}

/// All that is kept of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicingLog {
    /// Its reports, the oldest first.
    pub runs: Vec<Run>,
    /// How many older ones there were than are kept here.
    pub runs_left_out: u64,
    /// How many lines the log has.
    pub lines: u64,
    /// How many of them are longer than [`MAX_LINE_BYTES`](super::MAX_LINE_BYTES), and were cut.
    pub lines_cut: u64,
}

impl ServicingLog {
    /// Where what counts now begins: with the last report, or with what servicing said, if there is no report.
    #[must_use]
    pub fn current(&self) -> usize {
        self.runs.iter().rposition(|run| run.form != RunForm::Servicing).unwrap_or_default()
    }
}

impl Run {
    /// How many errors were found, as the summary says or, without one, as there are rows.
    #[must_use]
    pub fn found(&self) -> u64 {
        let rows = self.seen.values().map(|seen| seen.found).sum();
        self.summary.as_ref().and_then(|summary| summary.found).unwrap_or(rows)
    }

    /// How many of them were fixed, likewise.
    #[must_use]
    pub fn fixed(&self) -> u64 {
        let rows = self.seen.values().map(|seen| seen.fixed).sum();
        match &self.summary {
            // A summary without this line says that nothing was.
            Some(summary) if summary.found.is_some() => summary.fixed.unwrap_or_default(),
            _ => rows,
        }
    }
}
