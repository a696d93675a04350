//! The matrix as one page of HTML that needs nothing else.

use super::report::{Counts, ObjectReport, Report};
use super::{State, Verb};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// The states, as the page names them and as its style does.
const STATES: [(State, &str, &str); 5] = [
    (State::Exact, "exact", "exact"),
    (State::ExactWithConsequences, "exact with consequences", "follows"),
    (State::Neutral, "neutral", "neutral"),
    (State::NotApplicable, "not applicable", "none"),
    (State::Red, "red", "red"),
];

/// The page of a report.
pub fn page(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut page, report);
    page
}

fn write(page: &mut String, report: &Report) -> std::fmt::Result {
    let profiles: Vec<&str> = report.profiles.iter().map(|profile| profile.profile.as_str()).collect();
    let title = format!("The fault matrix: {}, seed {}", profiles.join(", "), report.seed);
    writeln!(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">")?;
    writeln!(page, "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>")?;
    writeln!(page, "<style>\n{STYLE}</style>\n<h1>{title}</h1>")?;
    legend(page, &report.total)?;
    writeln!(
        page,
        "<h2>Object by verb</h2>\n<p>How often exactly what was foretold was found; where that ever failed, how often.</p>"
    )?;
    objects(page, &report.objects)?;
    if report.profiles.len() > 1 {
        each_profile(page, report)?;
    }
    red(page, report)?;
    codes(page, report)?;
    details(page, report)
}

/// The states with their numbers.
fn legend(page: &mut String, total: &Counts) -> std::fmt::Result {
    writeln!(page, "<p class=\"legend\">")?;
    for (state, name, class) in STATES {
        let count = total.get(&state).copied().unwrap_or_default();
        writeln!(page, "<span class=\"{class}\">{count} {name}</span>")?;
    }
    writeln!(page, "</p>")
}

/// Object by verb, with all verbs together in each mode before them.
fn objects(page: &mut String, objects: &[ObjectReport]) -> std::fmt::Result {
    writeln!(page, "<div class=\"wide\"><table>\n<tr><th>object<th>fields<th>stale<th>resealed")?;
    for verb in Verb::ALL {
        write!(page, "<th class=\"verb\"><span>{verb}</span>")?;
    }
    for object in objects {
        write!(page, "\n<tr><th>{}<td>{}", object.object, object.fields)?;
        for counts in [&object.stale, &object.resealed].into_iter().chain(object.verbs.values()) {
            cell(page, counts)?;
        }
    }
    writeln!(page, "\n</table></div>")
}

/// A cell in the colour of the worst that came about, with how often it was exact, or red.
fn cell(page: &mut String, counts: &Counts) -> std::fmt::Result {
    let count = |state| counts.get(&state).copied().unwrap_or_default();
    let said: Vec<String> =
        STATES.iter().map(|(state, name, _)| format!("{} {name}", count(*state))).collect();
    let exact = count(State::Exact) + count(State::ExactWithConsequences);
    let class = match exact {
        _ if count(State::Red) > 0 => "red",
        0 if count(State::Neutral) > 0 => "neutral",
        0 => "none",
        _ => "exact",
    };
    let shown = if count(State::Red) > 0 { count(State::Red) } else { exact };
    write!(page, "<td class=\"{class}\" title=\"{}\">{shown}", said.join(", "))
}

/// Object by profile, and below it what came of each profile by itself.
fn each_profile(page: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(page, "<h2>Object by profile</h2>\n<div class=\"wide\"><table>\n<tr><th>object")?;
    for profile in &report.profiles {
        write!(page, "<th>{}", profile.profile)?;
    }
    for ObjectReport { object, .. } in &report.objects {
        write!(page, "\n<tr><th>{object}")?;
        for profile in &report.profiles {
            match profile.objects.iter().find(|of_profile| of_profile.object == *object) {
                Some(of_profile) => cell(page, &of_profile.total())?,
                None => write!(page, "<td class=\"none\" title=\"it has no such object\">&ndash;")?,
            }
        }
    }
    writeln!(page, "\n</table></div>")?;
    for profile in &report.profiles {
        writeln!(page, "<details>\n<summary>{}: object by verb</summary>", profile.profile)?;
        legend(page, &profile.total)?;
        objects(page, &profile.objects)?;
        writeln!(page, "</details>")?;
    }
    Ok(())
}

fn red(page: &mut String, report: &Report) -> std::fmt::Result {
    if report.red.is_empty() {
        return Ok(());
    }
    writeln!(page, "<h2>Red</h2>\n<ul>")?;
    for red in &report.red {
        let reason = red.cell.reason.as_deref().unwrap_or_default();
        writeln!(page, "<li><code>{}</code><br>{}", escape(&red.command), escape(reason))?;
    }
    writeln!(page, "</ul>")
}

/// Code by finding, with the named faults.
fn codes(page: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        page,
        "<h2>Code by fault</h2>\n<div class=\"wide\"><table class=\"codes\">\n<tr><th>code<th>finding<th>faults"
    )?;
    for (code, findings) in &report.codes {
        for (number, (finding, faults)) in findings.iter().enumerate() {
            write!(page, "<tr>")?;
            if number == 0 {
                write!(page, "<th rowspan=\"{}\">{code}", findings.len())?;
            }
            let class = if faults.len() > 1 { "exact" } else { "neutral" };
            writeln!(page, "<td>{finding}<td class=\"{class}\">{}", faults.join(", "))?;
        }
    }
    writeln!(page, "</table></div>")
}

/// What was left out, and why.
fn details(page: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(page, "<h2>Not applicable</h2>\n<ul>")?;
    for (reason, count) in &report.not_applicable {
        writeln!(page, "<li>{count}: {}", escape(reason))?;
    }
    writeln!(
        page,
        "</ul>\n<h2>Left out: beyond the cap of {} fields of a pattern</h2>\n<ul>",
        super::field::MAX_OF_PATTERN
    )?;
    for object in &report.objects {
        for (pattern, count) in &object.cut {
            writeln!(page, "<li>{}: {count} of <code>{}</code>", object.object, escape(pattern))?;
        }
    }
    writeln!(page, "</ul>\n</html>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
