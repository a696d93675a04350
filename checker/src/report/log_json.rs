//! Logs of Windows, explained for programs. The shape is a contract: fields may be added, never changed. `wanted` is what
//! `gather --wanted` takes.

use super::json::{FindingRow, row};
use super::log_text::because;
use crate::code::Hresult;
use crate::format::servicing_log::{Run, RunForm};
use crate::logs::{Explained, Log, Report, wanted};
use crate::scan::Wanted;
use serde::Serialize;

/// The name and version of the shape.
pub const SCHEMA: &str = "checksur-logs/1";

/// What logs say.
#[derive(Debug, Serialize)]
pub struct LogsReport {
    schema: &'static str,
    logs: Vec<LogRow>,
    errors_left: u64,
    is_conclusive: bool,
    wanted: Vec<Wanted>,
}

#[derive(Debug, Serialize)]
struct LogRow {
    path: String,
    lines: u64,
    lines_cut: u64,
    reports_left_out: u64,
    reports: Vec<ReportRow>,
}

#[derive(Debug, Serialize)]
struct ReportRow {
    tool: &'static str,
    /// Whether it counts now: it is the last one, or what servicing said since.
    is_current: bool,
    line: u64,
    moment: Option<String>,
    binary_version: Option<String>,
    package_version: Option<String>,
    operation: Option<String>,
    result: Option<String>,
    status: Option<String>,
    download: Option<String>,
    last_step: Option<String>,
    seconds: Option<u64>,
    found: u64,
    fixed: u64,
    errors_left: u64,
    is_headless: bool,
    has_summary: bool,
    rows: Vec<RowRow>,
    rows_left_out: u64,
    missing: Vec<MissingRow>,
    unavailable: Vec<String>,
    not_understood: StrangeRows,
}

#[derive(Debug, Serialize)]
struct RowRow {
    line: u64,
    category: String,
    code: Option<String>,
    fields: Vec<String>,
    finding: Option<FindingRow>,
    could_be: Vec<&'static str>,
    is_fixed: bool,
    failure: Option<String>,
    benign: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct MissingRow {
    counter: String,
    counted: u64,
    rows: u64,
}

#[derive(Debug, Serialize)]
struct StrangeRows {
    count: u64,
    first: Vec<StrangeRow>,
}

#[derive(Debug, Serialize)]
struct StrangeRow {
    line: u64,
    text: String,
}

impl LogsReport {
    /// What some logs say.
    #[must_use]
    pub fn new(logs: &[Log]) -> Self {
        Self {
            schema: SCHEMA,
            logs: logs.iter().map(log_row).collect(),
            errors_left: logs.iter().map(Log::errors_left).sum(),
            is_conclusive: !logs.iter().any(Log::is_inconclusive),
            wanted: wanted(logs),
        }
    }
}

fn log_row(log: &Log) -> LogRow {
    let reports = log.log.runs.iter().zip(&log.reports).enumerate();
    LogRow {
        path: log.path.display().to_string(),
        lines: log.log.lines,
        lines_cut: log.log.lines_cut,
        reports_left_out: log.log.runs_left_out,
        reports: reports.map(|(at, (run, report))| report_row(run, report, at >= log.current)).collect(),
    }
}

fn report_row(run: &Run, report: &Report, is_current: bool) -> ReportRow {
    let missing = report.missing.iter().cloned();
    let strange = run.strange.first.iter().cloned();
    ReportRow {
        tool: match run.form {
            RunForm::CheckSur => "checksur",
            RunForm::Dism => "dism",
            RunForm::Servicing => "servicing",
        },
        is_current,
        line: run.first_line,
        moment: run.moment.clone(),
        binary_version: run.binary_version.clone(),
        package_version: run.package_version.clone(),
        operation: run.operation.clone(),
        result: run.result.map(text),
        status: run.status.map(text),
        download: run.download.map(text),
        last_step: run.last_step.clone(),
        seconds: run.seconds,
        found: run.found(),
        fixed: run.fixed(),
        errors_left: report.errors_left,
        is_headless: run.is_headless,
        has_summary: run.summary.is_some(),
        rows: report.rows.iter().map(row_row).collect(),
        rows_left_out: run.rows_left_out,
        missing: missing
            .map(|missing| MissingRow {
                counter: missing.counter,
                counted: missing.counted,
                rows: missing.rows,
            })
            .collect(),
        unavailable: run.unavailable.clone(),
        not_understood: StrangeRows {
            count: run.strange.count,
            first: strange.map(|(line, text)| StrangeRow { line, text }).collect(),
        },
    }
}

fn row_row(explained: &Explained) -> RowRow {
    RowRow {
        line: explained.line,
        category: explained.category.clone(),
        code: explained.code.map(text),
        fields: explained.fields.clone(),
        finding: explained.finding.as_ref().map(|finding| row(finding, None)),
        could_be: explained.could_be.iter().map(|id| id.as_str()).collect(),
        is_fixed: explained.is_fixed,
        failure: explained.failure.clone(),
        benign: explained.benign.map(because),
    }
}

fn text(code: Hresult) -> String {
    code.to_string()
}
