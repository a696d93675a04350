//! `checksur explain`: what a code or a finding means.

use super::Failure;
use checker::code::{self, CODES, Hresult};
use checker::finding::{FINDINGS, FindingId};
use checker::report::page;
use std::io::{self, Write};

/// How alike something has to be to what was asked for to be suggested, from 0 to 1.
const LIKENESS: f64 = 0.75;
const MAX_SUGGESTED: usize = 5;

pub(crate) fn run(topic: Option<&str>) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    match topic {
        Some(topic) => write!(out, "{}", explained(topic)?)?,
        None => write_list(&mut out)?,
    }
    out.flush()?;
    Ok(0)
}

/// The page of a finding or a code.
fn explained(topic: &str) -> Result<String, Failure> {
    // As pasted out of a sentence.
    let topic = topic.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '-');
    if let Ok(finding) = topic.to_lowercase().parse::<FindingId>() {
        return Ok(page::finding(finding.info()));
    }
    let named = CODES.iter().find(|code| code.name.eq_ignore_ascii_case(topic));
    let numbered = || topic.parse::<Hresult>().ok().and_then(code::lookup);
    match named.or_else(numbered) {
        Some(code) => Ok(page::code(code)),
        None => Err(Failure::Topic { topic: topic.to_owned(), hint: hint(topic) }),
    }
}

/// What may be meant.
fn hint(topic: &str) -> String {
    let topic = topic.to_lowercase();
    let known = FINDINGS.iter().map(|info| info.id).chain(CODES.iter().map(|code| code.name));
    let mut alike: Vec<(f64, &str)> = known
        .map(|name| {
            let lower = name.to_lowercase();
            let contains = topic.len() > 2 && lower.contains(&topic);
            (if contains { 1.0 } else { strsim::jaro_winkler(&lower, &topic) }, name)
        })
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0));
    let names: Vec<&str> = alike.into_iter().take(MAX_SUGGESTED).map(|(_, name)| name).collect();
    match names.is_empty() {
        true => "`checksur explain` lists all of them".to_owned(),
        false => format!("did you mean {}?", names.join(" or ")),
    }
}

fn write_list(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Update errors:\n")?;
    for code in CODES {
        writeln!(out, "  {}  {}", code.hresult, code.name)?;
    }
    writeln!(out, "\nFindings:\n")?;
    let width = FINDINGS.iter().map(|info| info.id.len()).max().unwrap_or_default();
    FINDINGS.iter().try_for_each(|info| writeln!(out, "  {:width$}  {}", info.id, info.title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_understood_as_people_write_them() {
        let page = explained("0x800736CC").unwrap();
        for topic in [
            "800736cc",
            "-2147010868",
            "2147956428",
            "error_sxs_file_hash_mismatch",
            " 0x800736CC ",
            "(0x800736CC):",
        ] {
            assert_eq!(explained(topic).unwrap(), page, "{topic}");
        }
        assert_eq!(explained("Payload-Corrupt").unwrap(), explained("payload-corrupt").unwrap());
    }

    #[test]
    fn what_may_be_meant_is_suggested() {
        for (topic, meant) in [
            ("payload-corupt", "payload-corrupt"),
            ("source_missing", "CBS_E_SOURCE_MISSING"),
            ("mum-mising", "mum-missing"),
            ("hash_mismatch", "ERROR_SXS_FILE_HASH_MISMATCH"),
        ] {
            let said = explained(topic).unwrap_err().to_string();
            assert!(said.contains(meant), "{said}");
        }
        for topic in ["", "0x12345678", "?"] {
            let said = explained(topic).unwrap_err().to_string();
            assert!(said.contains("lists all of them"), "{said}");
        }
    }

    #[test]
    fn few_are_suggested() {
        let said = explained("missing").unwrap_err().to_string();
        assert_eq!(said.matches("-missing").count(), MAX_SUGGESTED, "{said}");
    }

    #[test]
    fn everything_is_listed() {
        let mut out = Vec::new();
        write_list(&mut out).unwrap();
        let list = String::from_utf8(out).unwrap();
        assert!(FINDINGS.iter().all(|info| list.contains(info.id)));
        assert!(CODES.iter().all(|code| list.contains(&code.hresult.to_string())));
    }
}
