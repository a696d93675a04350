//! What the logs of Windows say, in the words of this tool: which findings their rows are, what was mended, and what would mend
//! the rest.

mod counts;
mod meaning;
mod subject;
#[cfg(test)]
mod tests;
mod wanted;

pub use counts::MissingRows;
pub use wanted::wanted;

use crate::code::Hresult;
use crate::finding::{Finding, FindingId, Severity};
use crate::format::servicing_log::{Row, Run, RunForm, ServicingLog};
use std::path::PathBuf;

/// A log, explained.
#[derive(Debug)]
pub struct Log {
    /// Where it is.
    pub path: PathBuf,
    /// What was read of it.
    pub log: ServicingLog,
    /// Its reports, the oldest first.
    pub reports: Vec<Report>,
    /// Where those begin that count now.
    pub current: usize,
}

/// A report of a log, explained. Of older ones only the counts may be there.
#[derive(Debug)]
pub struct Report {
    /// Its rows, in their order.
    pub rows: Vec<Explained>,
    /// Where the summary counts more than there are rows for.
    pub missing: Vec<MissingRows>,
    /// How many errors are left, as far as the report tells.
    pub errors_left: u64,
    /// Whether the tool stopped before its end, or the log does, or there are more rows than are kept.
    pub is_cut_short: bool,
}

/// A row, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Its line, counted from 1.
    pub line: u64,
    /// Its category, in the words of the log.
    pub category: String,
    /// Its code.
    pub code: Option<Hresult>,
    /// What it is; `None` if the category is not known.
    pub finding: Option<Finding>,
    /// What else it may be: one category of the log is several findings here.
    pub could_be: Vec<FindingId>,
    /// Its columns after the category and the code.
    pub fields: Vec<String>,
    /// Why nothing is wrong although the row says so.
    pub benign: Option<Benign>,
    /// Whether the log says that it was fixed.
    pub is_fixed: bool,
    /// Why it was not, in the words of the log.
    pub failure: Option<String>,
}

/// A row that says that something is wrong where nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Benign {
    /// The name of a package has an empty architecture and its identity a neutral one, or the reverse.
    EmptyArchitecture,
    /// A backup for going back to an older version is missing.
    ReverseDifferential,
    /// A component that no package of Windows owns.
    NotOfWindows,
}

impl Log {
    /// Explains what was read of a log.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, log: ServicingLog) -> Self {
        let reports = log.runs.iter().map(Report::of).collect();
        Self { path: path.into(), current: log.current(), reports, log }
    }

    /// The reports that count now.
    #[must_use]
    pub fn current(&self) -> &[Report] {
        &self.reports[self.current.min(self.reports.len())..]
    }

    /// How many errors are left.
    #[must_use]
    pub fn errors_left(&self) -> u64 {
        self.current().iter().map(|report| report.errors_left).sum()
    }

    /// Whether the log cannot tell that nothing is left: it has no report, or the last one stopped early.
    #[must_use]
    pub fn is_inconclusive(&self) -> bool {
        let has_report = self.log.runs.iter().any(|run| run.form != RunForm::Servicing);
        !has_report || self.current().iter().any(|report| report.is_cut_short)
    }
}

impl Report {
    fn of(run: &Run) -> Self {
        let rows: Vec<Explained> = run.rows.iter().map(|row| Explained::of(run, row)).collect();
        let open = rows.iter().filter(|row| row.is_error()).count() as u64;
        let is_of_report = run.form != RunForm::Servicing;
        let failed = run.result.or(run.status).is_some_and(|result| result != Hresult(0));
        Self {
            missing: counts::missing(run),
            errors_left: open + counts::left_unseen(run, &rows),
            is_cut_short: is_of_report
                && (run.summary.is_none() || run.is_partial || failed || run.rows_left_out > 0),
            rows,
        }
    }
}

impl Explained {
    /// Every finding that it may be, the most likely first; none if the category is not known.
    #[must_use]
    pub fn meant(&self) -> Vec<FindingId> {
        self.finding.iter().map(|finding| finding.id).chain(self.could_be.iter().copied()).collect()
    }

    fn of(run: &Run, row: &Row) -> Self {
        let meaning = meaning::of(row);
        let mut candidates = meaning.candidates.into_iter();
        let finding = candidates.next().map(|id| {
            let mut finding = Finding::new(id, meaning.subject, meaning.evidence);
            if meaning.benign.is_some() {
                finding.severity = Severity::Note;
            }
            finding
        });
        Self {
            line: row.line,
            category: row.category.clone(),
            code: row.code,
            finding,
            could_be: candidates.collect(),
            fields: row.fields.clone(),
            benign: meaning.benign,
            is_fixed: row.is_fixed || row.failure.is_none() && counts::all_fixed(run, &row.category),
            failure: row.failure.clone(),
        }
    }

    /// How bad it is; what is unknown counts as damage.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.finding.as_ref().map_or(Severity::Error, |finding| finding.severity)
    }

    /// Whether it is damage that is left.
    #[must_use]
    pub fn is_error(&self) -> bool {
        !self.is_fixed && self.severity() == Severity::Error
    }
}
