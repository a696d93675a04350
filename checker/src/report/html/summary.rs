//! What the page says without scripts: the verdict, the numbers, the update errors, and what could not be judged.

use super::{counted, escape, number};
use crate::code;
use crate::finding::Severity;
use crate::repair::Plan;
use crate::report::{Scanned, sentence, text};
use crate::scan::Report;
use std::io::{self, Write};

/// How the verdict looks: damage, no damage, or none in what could be judged.
pub(super) fn verdict_kind(report: &Report) -> &'static str {
    match (report.count(Severity::Error), report.not_verified.is_empty() && !report.is_stopped) {
        (1.., _) => "error",
        (0, false) => "gap",
        (0, true) => "sound",
    }
}

/// Writes what was scanned and how, and what a repair would do.
pub(super) fn facts(
    out: &mut dyn Write,
    scanned: &Scanned,
    report: &Report,
    plan: Option<&Plan>,
) -> io::Result<()> {
    let counts = &report.counts;
    writeln!(
        out,
        "<p>{}, {}, {} with {} bytes checked, for {}.</p>",
        counted(counts.packages, "package", "packages"),
        counted(counts.manifests, "manifest", "manifests"),
        counted(usize::try_from(counts.payload_files).unwrap_or(usize::MAX), "file", "files"),
        number(counts.payload_bytes),
        escape(scanned.at)
    )?;
    if let Some(plan) = plan {
        let mends = counted(plan.mends.len(), "finding", "findings");
        let leaves = number(plan.not_mended.len());
        writeln!(
            out,
            "<p><a href=\"#repair\">With these sources a repair mends {mends} and leaves {leaves}.</a></p>"
        )?;
    }
    text::remarks(scanned, report).iter().try_for_each(|remark| writeln!(out, "<p>{}</p>", escape(remark)))
}

/// Writes the four numbers.
pub(super) fn numbers(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for (severity, glyph, one, many) in [
        (Severity::Error, "✖", "error", "errors"),
        (Severity::Warning, "▲", "warning", "warnings"),
        (Severity::Note, "●", "note", "notes"),
    ] {
        let (count, kind) = (report.count(severity), severity.as_str());
        writeln!(
            out,
            "<li class=\"number {kind}\"><button type=\"button\" disabled data-severity=\"{kind}\">{}</button></li>",
            figure(count, glyph, if count == 1 { one } else { many })
        )?;
    }
    let gaps = report.not_verified.iter().map(|group| group.count).sum();
    writeln!(
        out,
        "<li class=\"number gap\"><a href=\"#not-verified\">{}</a></li>",
        figure(gaps, "?", "not verified")
    )
}

fn figure(count: usize, glyph: &str, name: &str) -> String {
    let none = if count == 0 { " class=\"none\"" } else { "" };
    format!(
        "<b{none}>{}</b><span><span class=\"glyph\" aria-hidden=\"true\">{glyph}</span> {name}</span>",
        number(count)
    )
}

/// Writes the update errors: how many findings lead to each, and what it means.
pub(super) fn codes(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let codes = text::update_errors(report);
    if codes.is_empty() {
        let until_then = if report.is_stopped { " until it was stopped" } else { "" };
        return writeln!(out, "<p>No update fails because of what was found{until_then}.</p>");
    }
    writeln!(out, "<ul class=\"codes\">")?;
    for (code, count) in codes {
        let (name, meaning) = code::lookup(code).map_or(("", ""), |code| (code.name, code.meaning));
        writeln!(
            out,
            "<li><button type=\"button\" class=\"pick\" disabled data-code=\"{code}\">{code}</button>\
             <b>{}</b><p><span class=\"name\">{name}</span> {}</p></li>",
            number(count),
            escape(meaning)
        )?;
    }
    writeln!(out, "</ul>")?;
    let follow = report.findings.iter().filter(|(_, finding)| finding.caused_by.is_some()).count();
    if follow > 0 {
        let follow = counted(follow, "finding that merely follows", "findings that merely follow");
        writeln!(out, "<p class=\"aside\">Not counted: {follow} from others.</p>")?;
    }
    Ok(())
}

/// Writes what could not be judged.
pub(super) fn not_verified(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.is_stopped {
        writeln!(
            out,
            "<p>The scan was stopped before its end: there may be more, and more that cannot be judged.</p>"
        )?;
    } else if report.not_verified.is_empty() {
        return writeln!(out, "<p>Everything could be judged.</p>");
    }
    for group in &report.not_verified {
        writeln!(
            out,
            "<details class=\"group gap\"><summary><span class=\"glyph\" aria-hidden=\"true\">?</span>\
             <span class=\"title\">{}</span><span class=\"tags\">{}</span><b>{}</b></summary>\n<ul class=\"paths\">",
            escape(sentence(group.cause.description())),
            group.cause.as_str(),
            number(group.count)
        )?;
        for example in &group.examples {
            writeln!(out, "<li>{}</li>", escape(example))?;
        }
        writeln!(out, "</ul>")?;
        if let Some(more @ 1..) = group.count.checked_sub(group.examples.len()) {
            writeln!(out, "<p class=\"aside\">And {} more.</p>", number(more))?;
        }
        writeln!(out, "</details>")?;
    }
    Ok(())
}
