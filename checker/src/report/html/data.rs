//! The data in the page: the report as `--format json` writes it, and those rows of the two tables that it mentions.

use super::store_map::Part;
use crate::code::{CODES, Hresult};
use crate::finding::FindingId;
use crate::repair::Plan;
use crate::report::Scanned;
use crate::report::json::ScanReport;
use crate::scan::Report;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Writes the report.
pub(super) fn report(
    out: &mut dyn Write,
    scanned: &Scanned,
    report: &Report,
    plan: Option<&Plan>,
) -> io::Result<()> {
    write(out, &ScanReport::new(scanned, report).with_plan(plan))
}

/// What the page says about findings and codes besides.
#[derive(Serialize)]
struct Tables {
    findings: BTreeMap<&'static str, FindingFacts>,
    codes: BTreeMap<String, CodeFacts>,
}

#[derive(Serialize)]
struct FindingFacts {
    title: &'static str,
    condition: &'static str,
    part: &'static str,
    category: Option<&'static str>,
}

#[derive(Serialize)]
struct CodeFacts {
    name: &'static str,
    meaning: &'static str,
}

/// Writes the rows of the tables that a report and a plan mention.
pub(super) fn tables(out: &mut dyn Write, report: &Report, plan: Option<&Plan>) -> io::Result<()> {
    let mut ids: BTreeSet<FindingId> = BTreeSet::new();
    let mut codes: BTreeSet<Hresult> = BTreeSet::new();
    let found = report.findings.iter().map(|(_, finding)| finding);
    for finding in found.chain(report.accepted.iter().map(|accepted| &accepted.finding)) {
        ids.insert(finding.id);
        ids.extend(&finding.evidence.also);
        ids.extend(finding.caused_by.iter().map(|cause| cause.id));
        codes.extend(finding.finer);
    }
    if let Some(plan) = plan {
        let mended = plan.mends.iter().map(|row| &row.finding);
        let named = mended.chain(plan.not_mended.iter().map(|row| &row.finding));
        ids.extend(named.filter_map(|name| name.parse::<FindingId>().ok()));
        codes.extend(plan.not_mended.iter().filter_map(|row| row.code.as_ref()?.parse::<Hresult>().ok()));
    }
    codes.extend(ids.iter().filter_map(|id| id.info().update_error));
    let findings = ids.into_iter().map(|id| (id.as_str(), facts(id))).collect();
    let known = CODES.iter().filter(|code| codes.contains(&code.hresult));
    let codes =
        known.map(|code| (code.hresult.to_string(), CodeFacts { name: code.name, meaning: code.meaning }));
    write(out, &Tables { findings, codes: codes.collect() })
}

fn facts(id: FindingId) -> FindingFacts {
    let info = id.info();
    FindingFacts {
        title: info.title,
        condition: info.condition,
        part: Part::of(info.object).name(),
        category: info.category,
    }
}

fn write(out: &mut dyn Write, data: &impl Serialize) -> io::Result<()> {
    Ok(data.serialize(&mut Serializer::with_formatter(out, InScriptElement))?)
}

/// JSON in which nothing can end a script element or begin a comment: what could is escaped. It only occurs in strings.
struct InScriptElement;

impl Formatter for InScriptElement {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for part in fragment.split_inclusive(is_markup) {
            let markup = part.chars().next_back().filter(|last| is_markup(*last));
            out.write_all(&part.as_bytes()[..part.len() - markup.map_or(0, char::len_utf8)])?;
            if let Some(markup) = markup {
                write!(out, "\\u{:04x}", u32::from(markup))?;
            }
        }
        Ok(())
    }
}

/// Whether a character means something in HTML, or ends a line in JavaScript.
fn is_markup(character: char) -> bool {
    matches!(character, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_read_back() {
        let hostile = "</script><!--&amp;\u{2028}\u{2029}\"\\ä";
        let mut json = Vec::new();
        write(&mut json, &hostile).unwrap();
        assert_eq!(
            String::from_utf8(json.clone()).unwrap(),
            r#""\u003c/script\u003e\u003c!--\u0026amp;\u2028\u2029\"\\ä""#
        );
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), hostile);
    }
}
