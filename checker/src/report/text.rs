//! The report for people, in the form of compiler messages: what is alike is told once.

use super::plain::{Paint, Plain, plain_line};
use super::repair_text::write_wanted;
use super::{Scanned, counted, detail, support};
use crate::check::Section;
use crate::code::{self, Hresult};
use crate::finding::{Cause, Excerpt, Finding, FindingId, Severity};
use crate::scan::{BaseUse, Report};
use crate::unverified::UnverifiedGroup;
use anstyle::{AnsiColor, Style};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};

/// How many findings of a group are shown one by one.
pub const MAX_SHOWN_OF_A_GROUP: usize = 10;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default().bold();
const PLACE: Style = AnsiColor::Blue.on_default().bold();
const HEADING: Style = Style::new().bold();

/// Writes the report of a scan.
///
/// # Errors
///
/// What writing gives.
pub fn write(out: &mut dyn Write, scanned: &Scanned, report: &Report, paint: Paint) -> io::Result<()> {
    let mut section = None;
    for group in groups(report) {
        if section.replace(group.section) != Some(group.section) {
            writeln!(out, "{}", paint.with(HEADING, group.section.heading()))?;
            plain_line!(out)?;
        }
        write_group(out, &group, paint)?;
    }
    for group in &report.not_verified {
        write_unverified(out, group)?;
    }
    write_accepted(out, report)?;
    write_summary(out, scanned, report, paint)?;
    write_wanted(out, &report.wanted)
}

/// Writes what people do after a scan that found errors.
///
/// # Errors
///
/// What writing gives.
pub fn write_next(out: &mut dyn Write, scanned: &Scanned, report: &Report) -> io::Result<()> {
    if report.count(Severity::Error) == 0 || report.is_stopped {
        return Ok(());
    }
    let image = scanned.image.display().to_string();
    let image = if image.contains(' ') { format!("\"{image}\"") } else { image };
    let roots = if scanned.roots == 0 { "" } else { " --roots ROOTS" };
    plain_line!(
        out,
        "Next: `checksur repair {image}{roots} --source DONOR` mends what a healthy image or packages hold, and asks first;"
    )?;
    plain_line!(
        out,
        "`checksur gather DONOR --wanted REPORT.json -o DIR` collects it where the healthy image is on another machine."
    )
}

/// Findings of one kind in one section, that follow from the same kind of cause, if from any.
struct Group<'r> {
    section: Section,
    id: FindingId,
    severity: Severity,
    cause: Option<FindingId>,
    findings: Vec<&'r Finding>,
}

/// The groups, each where its first finding is.
fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known = HashMap::new();
    for (section, finding) in &report.findings {
        let cause = finding.caused_by.as_ref().map(|cause| cause.id);
        let index = *known.entry((*section, finding.id, finding.severity, cause)).or_insert_with(|| {
            let (id, severity) = (finding.id, finding.severity);
            groups.push(Group { section: *section, id, severity, cause, findings: Vec::new() });
            groups.len() - 1
        });
        groups[index].findings.push(finding);
    }
    // In each section causes come before what follows from them.
    groups.sort_by_key(|group| (group.section, group.cause.is_some()));
    groups
}

fn write_group(out: &mut dyn Write, group: &Group<'_>, paint: Paint) -> io::Result<()> {
    let info = group.id.info();
    let is_damage = group.severity > Severity::Note;
    let (style, word) = (style(group.severity), group.severity.as_str());
    let code = info.update_error.filter(|_| is_damage).map(|code| format!(" {code}")).unwrap_or_default();
    let said = match group.findings.as_slice() {
        [only] => detail(only),
        many => format!("{}: {} times.", info.title, many.len()),
    };
    let head = paint.with(style, format!("{word}[{}]{code}", group.id));
    writeln!(out, "{head}: {}", Plain(said))?;
    write_places(out, &group.findings, paint)?;
    write_causes(out, &group.findings)?;
    if is_damage {
        plain_line!(out, "  = note: {}", info.condition)?;
        plain_line!(out, "  = help: mended from: {}", info.remedy)?;
    }
    plain_line!(out)
}

fn write_places(out: &mut dyn Write, findings: &[&Finding], paint: Paint) -> io::Result<()> {
    let is_only = findings.len() == 1;
    for finding in findings.iter().take(MAX_SHOWN_OF_A_GROUP) {
        let member = finding.subject.member_name().map(|member| format!(" ({member})")).unwrap_or_default();
        let support = support(finding).filter(|_| !is_only).map(|support| format!(": {support}"));
        let subject = format!("{}{member}{}", finding.subject.name(), support.unwrap_or_default());
        writeln!(out, "  {} {}", paint.with(PLACE, "-->"), Plain(subject))?;
        if let Some(excerpt) = finding.evidence.excerpt.as_ref().filter(|_| is_only) {
            write_excerpt(out, excerpt, paint)?;
        }
        if !finding.evidence.also.is_empty() {
            let also: Vec<&str> = finding.evidence.also.iter().map(|id| id.as_str()).collect();
            plain_line!(out, "      also: {}", also.join(", "))?;
        }
    }
    let Some(rest) = findings.get(MAX_SHOWN_OF_A_GROUP..).filter(|rest| !rest.is_empty()) else {
        return Ok(());
    };
    let folders: BTreeSet<&str> = rest.iter().map(|finding| folder(finding.subject.name())).collect();
    let places = counted(folders.len() as u64, "place");
    plain_line!(out, "  and {} more in {places}; --format json has them all", rest.len())
}

/// The line, with the place under it.
fn write_excerpt(out: &mut dyn Write, excerpt: &Excerpt, paint: Paint) -> io::Result<()> {
    let number = excerpt.line.to_string();
    let gap = " ".repeat(number.len());
    let bar = paint.with(PLACE, "|");
    writeln!(out, "  {gap} {bar}")?;
    writeln!(out, "  {} {bar} {}", paint.with(PLACE, &number), Plain(&excerpt.text))?;
    // What acts on a terminal is shown longer than it is.
    let before: String = excerpt.text.chars().take(excerpt.mark).collect();
    let indent = " ".repeat(Plain(before).to_string().chars().count());
    let mark = paint.with(ERROR, format!("^ column {}", excerpt.column));
    writeln!(out, "  {gap} {bar} {indent}{mark}")
}

/// What the findings of a group follow from, which is of one kind.
fn write_causes(out: &mut dyn Write, findings: &[&Finding]) -> io::Result<()> {
    let causes: Vec<&Cause> = findings.iter().filter_map(|finding| finding.caused_by.as_ref()).collect();
    let Some((first, others)) = causes.split_first() else { return Ok(()) };
    if others.iter().all(|cause| cause == first) {
        return plain_line!(out, "  = follows from {} of {}", first.id, first.subject.name());
    }
    plain_line!(out, "  = each follows from a {} of its own", first.id)
}

fn write_unverified(out: &mut dyn Write, group: &UnverifiedGroup) -> io::Result<()> {
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

fn write_accepted(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut reasons: BTreeMap<(FindingId, &str), usize> = BTreeMap::new();
    for accepted in &report.accepted {
        *reasons.entry((accepted.finding.id, &accepted.reason)).or_default() += 1;
    }
    for ((id, reason), count) in &reasons {
        plain_line!(out, "accepted[{id}]: {count}, because {reason}")?;
    }
    if reasons.is_empty() { Ok(()) } else { plain_line!(out) }
}

fn write_summary(out: &mut dyn Write, scanned: &Scanned, report: &Report, paint: Paint) -> io::Result<()> {
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
    for remark in remarks(scanned, report) {
        plain_line!(out, "{remark}")?;
    }
    for (code, count) in update_errors(report) {
        let name = code::lookup(code).map(|known| format!(" {}", known.name)).unwrap_or_default();
        plain_line!(out, "{code}{name}: {count}")?;
    }
    let is_clean = report.exit_code() == 0;
    let verdict = verdict(scanned, report, |count| count.to_string());
    writeln!(out, "{}", paint.with(if is_clean { HEADING } else { ERROR }, verdict))
}

/// What else has to be known of a scan, in sentences.
pub(super) fn remarks(scanned: &Scanned, report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    if !scanned.skipped.is_empty() {
        remarks.push(format!("Skipped: {}.", scanned.skipped.join(", ")));
    }
    if scanned.roots == 0 && !scanned.skipped.contains(&"catalogs") {
        remarks.push(
            "No root certificates are at hand; give them with --roots to anchor the catalogs' signatures."
                .to_owned(),
        );
    }
    match &report.base {
        Some(BaseUse::None(reason)) => {
            remarks.push(format!("Compressed manifests could not be expanded: {reason}."));
        }
        Some(BaseUse::Used { library: Some(library), is_known: false }) => remarks.push(format!(
            "The base of compressed manifests in {library} is another than in every known Windows."
        )),
        Some(BaseUse::Used { .. }) | None => {}
    }
    remarks
}

/// How many root errors lead to each update error.
pub(super) fn update_errors(report: &Report) -> BTreeMap<Hresult, usize> {
    let roots = report.findings.iter().map(|(_, finding)| finding);
    let errors = roots.filter(|finding| finding.severity == Severity::Error && finding.caused_by.is_none());
    let mut codes = BTreeMap::new();
    for code in errors.filter_map(|finding| finding.id.info().update_error) {
        *codes.entry(code).or_default() += 1;
    }
    codes
}

/// What a scan comes to, in a sentence, with numbers said in this way.
pub(super) fn verdict(scanned: &Scanned, report: &Report, said: impl Fn(usize) -> String) -> String {
    let counted = |count, thing| format!("{} {thing}{}", said(count), if count == 1 { "" } else { "s" });
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    let gaps: usize = report.not_verified.iter().map(|group| group.count).sum();
    if report.is_stopped {
        return format!("Stopped before the end; until then {} found.", counted(errors, "error"));
    }
    let judged = match (errors, gaps) {
        (0, 0) if !scanned.skipped.is_empty() => "No damage found in what was not skipped".to_owned(),
        (0, 0) if warnings > 0 => format!("No damage found; {}", counted(warnings, "warning")),
        (0, 0) => "No damage found".to_owned(),
        (0, gaps) => {
            format!("No damage found in what could be judged; {} could not be", counted(gaps, "object"))
        }
        (errors, 0) => format!("{} found", counted(errors, "error")),
        (errors, gaps) => {
            format!("{} found; {} could not be judged", counted(errors, "error"), counted(gaps, "object"))
        }
    };
    match report.accepted.len() {
        0 => format!("{judged}."),
        accepted => format!("{judged}; {} accepted.", counted(accepted, "finding")),
    }
}

const fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Note => NOTE,
    }
}

/// Where a file or key is.
fn folder(name: &str) -> &str {
    name.rfind(['/', '\\']).map_or("", |at| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Evidence, Subject};
    use crate::format::time::Instant;
    use crate::scan::Accepted;

    fn found(id: FindingId, path: &str) -> Finding {
        Finding::new(id, Subject::path(path), Evidence::default())
    }

    #[test]
    fn causes_come_before_what_follows() {
        let cause = found(FindingId::MumMissing, "b");
        let follows = found(FindingId::CatalogMissing, "a").caused_by(&cause);
        let elsewhere = found(FindingId::ManifestMissing, "c");
        let findings = vec![
            (Section::PackageManifestsAndCatalogs, follows),
            (Section::PackageManifestsAndCatalogs, cause),
            (Section::ComponentStore, elsewhere),
        ];
        let report = Report { findings, ..Report::default() };
        let order: Vec<FindingId> = groups(&report).iter().map(|group| group.id).collect();
        assert_eq!(order, [FindingId::MumMissing, FindingId::CatalogMissing, FindingId::ManifestMissing]);
    }

    /// What was not looked at, and what was accepted, is not passed over.
    #[test]
    fn a_verdict_is_about_what_was_looked_at() {
        let said = |scanned: &Scanned, report: &Report| verdict(scanned, report, |count| count.to_string());
        let (mut scanned, mut report) =
            (Scanned::new("image", Instant::from_unix_seconds(0)), Report::default());
        assert_eq!(said(&scanned, &report), "No damage found.");
        scanned.skipped = vec!["payload"];
        assert_eq!(said(&scanned, &report), "No damage found in what was not skipped.");
        let finding = found(FindingId::PayloadMissing, "a");
        report.accepted = vec![Accepted {
            section: Section::ComponentStore,
            finding,
            reason: "known".to_owned(),
            until: None,
        }];
        assert_eq!(said(&scanned, &report), "No damage found in what was not skipped; 1 finding accepted.");
        report.is_stopped = true;
        assert_eq!(said(&scanned, &report), "Stopped before the end; until then 0 errors found.");
    }
}
