//! The report for people, in the form of compiler messages.

use super::repair_text::write_wanted;
use super::{Scanned, counted, detail, plain::plain_line};
use crate::finding::{Finding, Severity};
use crate::scan::{BaseUse, Report};
use crate::unverified::UnverifiedGroup;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How many findings of one kind are shown in full.
pub const MAX_SHOWN_OF_A_KIND: usize = 20;

/// Writes the report of a scan.
///
/// # Errors
///
/// What writing gives.
pub fn write(out: &mut dyn Write, scanned: &Scanned, report: &Report) -> io::Result<()> {
    let mut shown: BTreeMap<_, usize> = BTreeMap::new();
    let mut section = None;
    for (of_section, finding) in &report.findings {
        if section.replace(*of_section) != Some(*of_section) {
            plain_line!(out, "{}", of_section.heading())?;
            plain_line!(out)?;
        }
        let count = shown.entry(finding.id).or_default();
        *count += 1;
        if *count <= MAX_SHOWN_OF_A_KIND {
            write_finding(out, finding)?;
        }
    }
    for (id, count) in shown.into_iter().filter(|(_, count)| *count > MAX_SHOWN_OF_A_KIND) {
        plain_line!(out, "{} more of {id}; --format json has them all", count - MAX_SHOWN_OF_A_KIND)?;
    }
    for group in &report.not_verified {
        write_group(out, group)?;
    }
    write_summary(out, scanned, report)?;
    write_wanted(out, &report.wanted)
}

fn write_finding(out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
    let info = finding.id.info();
    let code = info.update_error.filter(|_| finding.severity > Severity::Note);
    let code = code.map(|code| format!(" {code}")).unwrap_or_default();
    plain_line!(out, "{}[{}]{code}: {}", finding.severity.as_str(), finding.id, detail(finding))?;
    let member = finding.subject.member_name().map(|member| format!(" ({member})")).unwrap_or_default();
    plain_line!(out, "  --> {}{member}", finding.subject.name())?;
    if let Some(cause) = &finding.caused_by {
        plain_line!(out, "  follows from {} of {}", cause.id, cause.subject.name())?;
    }
    if !finding.evidence.also.is_empty() {
        let also: Vec<&str> = finding.evidence.also.iter().map(|id| id.as_str()).collect();
        plain_line!(out, "  also: {}", also.join(", "))?;
    }
    if finding.severity > Severity::Note {
        plain_line!(out, "  mended from: {}", info.remedy)?;
    }
    plain_line!(out)
}

fn write_group(out: &mut dyn Write, group: &UnverifiedGroup) -> io::Result<()> {
    plain_line!(
        out,
        "not verified[{}]: {}, because {}",
        group.cause.as_str(),
        group.count,
        group.cause.description()
    )?;
    for example in &group.examples {
        plain_line!(out, "  --> {example}")?;
    }
    let more = group.count - group.examples.len();
    if more > 0 {
        plain_line!(out, "  and {more} more")?;
    }
    plain_line!(out)
}

fn write_summary(out: &mut dyn Write, scanned: &Scanned, report: &Report) -> io::Result<()> {
    let counts = &report.counts;
    plain_line!(
        out,
        "{} packages, {} manifests, {} files with {} bytes checked, for {}.",
        counts.packages,
        counts.manifests,
        counts.payload_files,
        counts.payload_bytes,
        scanned.at
    )?;
    if !scanned.skipped.is_empty() {
        plain_line!(out, "Skipped: {}.", scanned.skipped.join(", "))?;
    }
    if scanned.roots == 0 && !scanned.skipped.contains(&"catalogs") {
        plain_line!(
            out,
            "No root certificates are at hand; give them with --roots to anchor the catalogs' signatures."
        )?;
    }
    match &report.base {
        Some(BaseUse::None(reason)) => {
            plain_line!(out, "Compressed manifests could not be expanded: {reason}.")?;
        }
        Some(BaseUse::Used { library: Some(library), is_known: false }) => {
            plain_line!(
                out,
                "The base of compressed manifests in {library} is another than in every known Windows."
            )?;
        }
        Some(BaseUse::Used { .. }) | None => {}
    }
    let mut codes: BTreeMap<_, usize> = BTreeMap::new();
    for (_, finding) in report
        .findings
        .iter()
        .filter(|(_, finding)| finding.severity == Severity::Error && finding.caused_by.is_none())
    {
        if let Some(code) = finding.id.info().update_error {
            *codes.entry(code).or_default() += 1;
        }
    }
    for (code, count) in codes {
        plain_line!(out, "{code}: {count}")?;
    }
    let errors = report.count(Severity::Error);
    let gaps: usize = report.not_verified.iter().map(|group| group.count).sum();
    let verdict = match (errors, gaps) {
        (0, 0) => "No damage found.".to_owned(),
        (0, gaps) => {
            format!(
                "No damage found in what could be judged; {} could not be.",
                counted(gaps as u64, "object")
            )
        }
        (errors, 0) => format!("{} found.", counted(errors as u64, "error")),
        (errors, gaps) => {
            format!(
                "{} found; {} could not be judged.",
                counted(errors as u64, "error"),
                counted(gaps as u64, "object")
            )
        }
    };
    plain_line!(out, "{verdict}")
}
