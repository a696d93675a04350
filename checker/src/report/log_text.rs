//! Logs of Windows, explained for people.

use super::plain::plain_line;
use super::repair_text::write_wanted;
use super::text::MAX_SHOWN_OF_A_GROUP;
use super::{counted, detail, support};
use crate::code::{self, Hresult};
use crate::finding::{FindingId, Severity};
use crate::format::servicing_log::{Run, RunForm};
use crate::logs::{Benign, Explained, Log, Report, wanted};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Writes what logs say: of each the last report in full and the older ones as a line each, or all of them in full; then what
/// would mend what is left.
///
/// # Errors
///
/// What writing gives.
pub fn write(out: &mut dyn Write, logs: &[Log], shows_all: bool) -> io::Result<()> {
    for log in logs {
        write_log(out, log, shows_all)?;
    }
    write_wanted(out, &wanted(logs))?;
    write_verdict(out, logs)
}

fn write_log(out: &mut dyn Write, log: &Log, shows_all: bool) -> io::Result<()> {
    plain_line!(out, "{}", log.path.display())?;
    let of_reports = log.log.runs.iter().filter(|run| run.form != RunForm::Servicing).count();
    let count = log.log.runs_left_out + of_reports as u64;
    plain_line!(out, "{}, {}", counted(log.log.lines, "line"), counted(count, "report"))?;
    if log.log.lines_cut > 0 {
        plain_line!(out, "{} too long to be read whole", are(log.log.lines_cut, "line"))?;
    }
    if log.log.runs_left_out > 0 {
        plain_line!(out, "{} older than the first one shown here", are(log.log.runs_left_out, "report"))?;
    }
    plain_line!(out)?;
    let earlier = if shows_all { 0 } else { log.current };
    for run in &log.log.runs[..earlier] {
        plain_line!(out, "  {}", headline(run))?;
    }
    if earlier > 0 {
        plain_line!(out)?;
    }
    let in_full = log.log.runs.iter().zip(&log.reports).skip(earlier);
    in_full.into_iter().try_for_each(|(run, report)| write_report(out, run, report))
}

/// A report in one line.
fn headline(run: &Run) -> String {
    let what = match run.form {
        RunForm::CheckSur => "CheckSUR",
        RunForm::Dism => "DISM",
        RunForm::Servicing => "servicing, while it did something else",
    };
    let mut parts = vec![format!("line {}", run.first_line)];
    parts.extend(run.moment.clone());
    parts.push(what.to_owned());
    parts.extend(run.binary_version.as_ref().map(|version| format!("version {version}")));
    parts.extend(run.package_version.as_ref().map(|version| format!("content {version}")));
    parts.extend(run.operation.clone());
    parts.extend(run.seconds.map(|seconds| counted(seconds, "second")));
    parts.push(format!("{} found, {} fixed", run.found(), run.fixed()));
    parts.join(", ")
}

fn write_report(out: &mut dyn Write, run: &Run, report: &Report) -> io::Result<()> {
    plain_line!(out, "{}", headline(run))?;
    write_results(out, run)?;
    plain_line!(out)?;
    let (benign, real): (Vec<&Explained>, Vec<&Explained>) =
        report.rows.iter().partition(|row| row.benign.is_some());
    write_rows(out, &real)?;
    write_benign(out, &benign)?;
    write_gaps(out, run, report)
}

/// What the tool itself says came of it.
fn write_results(out: &mut dyn Write, run: &Run) -> io::Result<()> {
    let results = [
        ("The result", run.result),
        ("The command's result", run.status),
        ("Windows Update's answer", run.download),
    ];
    for (what, code) in results {
        if let Some(code) = code.filter(|code| *code != Hresult(0)) {
            plain_line!(out, "{what} is {}", named(code))?;
        }
    }
    if let Some(step) =
        run.last_step.as_ref().filter(|_| run.result.is_some_and(|result| result != Hresult(0)))
    {
        plain_line!(out, "The last step that succeeded: {step}")?;
    }
    Ok(())
}

/// A code with its name and meaning, if these are known.
fn named(code: Hresult) -> String {
    code::lookup(code).map_or_else(|| code.to_string(), |row| format!("{code} {}: {}", row.name, row.meaning))
}

fn write_rows(out: &mut dyn Write, rows: &[&Explained]) -> io::Result<()> {
    let mut groups: Vec<(Vec<FindingId>, Vec<&Explained>)> = Vec::new();
    for row in rows {
        let meant = row.meant();
        match groups.iter_mut().find(|(known, _)| *known == meant) {
            Some((_, alike)) => alike.push(row),
            None => groups.push((meant, vec![row])),
        }
    }
    groups.iter().try_for_each(|(meant, alike)| write_group(out, meant, alike))
}

/// Rows that mean the same, or may mean the same.
fn write_group(out: &mut dyn Write, meant: &[FindingId], rows: &[&Explained]) -> io::Result<()> {
    for row in rows.iter().take(MAX_SHOWN_OF_A_GROUP) {
        write_row(out, row, meant)?;
    }
    if let Some(more @ 1..) = rows.len().checked_sub(MAX_SHOWN_OF_A_GROUP) {
        plain_line!(out, "  and {more} more; --format json has them all")?;
    }
    for id in meant {
        let code = id.info().update_error.map(|code| format!(" {code}")).unwrap_or_default();
        let named = if meant.len() > 1 { format!(" {id}{code}") } else { String::new() };
        plain_line!(out, "  = means{named}: {}", id.info().condition)?;
    }
    let is_damage =
        |row: &&&Explained| row.finding.as_ref().is_some_and(|found| found.severity > Severity::Note);
    if rows.iter().any(|row| is_damage(&row)) {
        let remedies: BTreeSet<&str> = meant.iter().map(|id| id.info().remedy).collect();
        let remedies: Vec<&str> = remedies.into_iter().collect();
        plain_line!(out, "  = mended from: {}", remedies.join("; or: "))?;
    }
    plain_line!(out)
}

fn write_row(out: &mut dyn Write, row: &Explained, meant: &[FindingId]) -> io::Result<()> {
    let logged = row.code.map(|code| format!(" {code}")).unwrap_or_default();
    let Some(finding) = &row.finding else {
        plain_line!(out, "unknown: {}{logged}", row.category)?;
        plain_line!(out, "  --> {}", row.fields.join(", "))?;
        return plain_line!(out, "  line {}{}", row.line, ending(row));
    };
    let severity = finding.severity.as_str();
    match meant {
        [_, _, ..] => {
            let ids: Vec<&str> = meant.iter().map(|id| id.as_str()).collect();
            let support = support(finding).map(|support| format!(": {support}")).unwrap_or_default();
            plain_line!(out, "{severity}: one of {}{support}", ids.join(", "))?;
        }
        _ => {
            let code = finding.id.info().update_error.filter(|_| finding.severity > Severity::Note);
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            plain_line!(out, "{severity}[{}]{code}: {}", finding.id, detail(finding))?;
        }
    }
    let member = finding.subject.member_name().map(|member| format!(" ({member})")).unwrap_or_default();
    plain_line!(out, "  --> {}{member}", finding.subject.name())?;
    plain_line!(out, "  line {}: {}{logged}{}", row.line, row.category, ending(row))
}

/// What became of it.
fn ending(row: &Explained) -> String {
    match (&row.failure, row.is_fixed) {
        (_, true) => "; fixed".to_owned(),
        (Some(failure), false) => format!("; not fixed: {}", failure.trim_end_matches('.')),
        (None, false) => String::new(),
    }
}

fn write_benign(out: &mut dyn Write, rows: &[&Explained]) -> io::Result<()> {
    let mut kinds: BTreeMap<Benign, Vec<&Explained>> = BTreeMap::new();
    for row in rows {
        kinds.entry(row.benign.unwrap_or(Benign::NotOfWindows)).or_default().push(row);
    }
    for (benign, rows) in kinds {
        plain_line!(out, "nothing wrong: {}: {}", are(rows.len() as u64, "row"), because(benign))?;
        if let Some(finding) = rows.first().and_then(|row| row.finding.as_ref()) {
            plain_line!(out, "  --> {}", finding.subject.name())?;
        }
        plain_line!(out)?;
    }
    Ok(())
}

/// Why nothing is wrong.
pub(super) const fn because(benign: Benign) -> &'static str {
    match benign {
        Benign::EmptyArchitecture => {
            "the name of the package has an empty architecture and its identity a neutral one, which is the same; Internet Explorer 11 brings such packages for hyphenation and spelling"
        }
        Benign::ReverseDifferential => {
            "only backups for going back to an older version of a file are missing; nothing that runs is damaged, no source has them, and Windows 11 24H2 reports thousands on healthy machines"
        }
        Benign::NotOfWindows => {
            "the component was not installed by a package of Windows, and nothing is to be repaired in it"
        }
    }
}

/// What the log leaves open.
fn write_gaps(out: &mut dyn Write, run: &Run, report: &Report) -> io::Result<()> {
    let mut gaps = Vec::new();
    if run.is_headless {
        gaps.push("The beginning of the report is missing.".to_owned());
    }
    if run.summary.is_none() && run.form != RunForm::Servicing {
        gaps.push("The report has no summary: the tool was interrupted, or the log is cut.".to_owned());
    }
    if run.is_partial {
        gaps.push("The report is not of everything: the scan was stopped, or left something out.".to_owned());
    }
    gaps.extend(report.missing.iter().map(|missing| {
        format!(
            "The summary counts {} ({}), and the log has {} of these rows.",
            missing.counted, missing.counter, missing.rows
        )
    }));
    if let Some(counted) = run.counted.filter(|_| run.form == RunForm::Servicing) {
        gaps.push(format!("A scan had found {} when the log ends.", super::counted(counted, "corruption")));
    }
    if run.rows_left_out > 0 {
        gaps.push(format!("{} not kept, and only counted.", are(run.rows_left_out, "row")));
    }
    for gap in &gaps {
        plain_line!(out, "{gap}")?;
    }
    if run.strange.count > 0 {
        plain_line!(out, "{} not understood:", are(run.strange.count, "line"))?;
        for (number, text) in &run.strange.first {
            plain_line!(out, "  {number}: {}", text.replace('\t', " "))?;
        }
    }
    if gaps.is_empty() && run.strange.count == 0 { Ok(()) } else { plain_line!(out) }
}

/// A number of things, with the verb that fits.
fn are(count: u64, thing: &str) -> String {
    format!("{} {}", counted(count, thing), if count == 1 { "is" } else { "are" })
}

fn write_verdict(out: &mut dyn Write, logs: &[Log]) -> io::Result<()> {
    let left: u64 = logs.iter().map(Log::errors_left).sum();
    let fixed: u64 = logs.iter().flat_map(|log| &log.log.runs[log.current..]).map(Run::fixed).sum();
    if left > 0 {
        return plain_line!(out, "{} left, {fixed} fixed.", are(left, "error"));
    }
    match logs.iter().find(|log| log.is_inconclusive()) {
        Some(log) if log.log.runs.is_empty() => plain_line!(
            out,
            "{} holds no report of CheckSUR, DISM or servicing: is it the right file?",
            log.path.display()
        ),
        Some(log) => plain_line!(
            out,
            "No error is left as far as {} tells, but it does not tell all.",
            log.path.display()
        ),
        None => plain_line!(out, "No error is left, {fixed} fixed."),
    }
}
