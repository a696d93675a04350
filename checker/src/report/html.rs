//! The report as one page to look at, in one file that needs nothing else.
//!
//! The verdict, the numbers, the update errors, the map of the store and what could not be judged stand in the page as
//! they are, and are seen without scripts, too. The findings are data in it, the very report of `--format json`, and the
//! page's own script shows them, for there may be ten thousand.
//!
//! Names in images may be anything, and whoever damaged an image may have chosen them. None of them acts in the page:
//! its text is escaped, its data cannot end the element that holds them, the script makes text of them and never
//! markup, and the page's policy runs no other script and loads nothing.

mod data;
mod store_map;
mod summary;

use super::{Plain, Scanned, text};
use crate::repair::Plan;
use crate::scan::Report;
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use std::fmt::Display;
use std::io::{self, Write};

const SKELETON: &str = include_str!("html/report.html");
const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// Writes the report of a scan, and what a repair would do, as a page.
///
/// # Errors
///
/// What writing gives.
pub fn write(out: &mut dyn Write, scanned: &Scanned, report: &Report, plan: Option<&Plan>) -> io::Result<()> {
    let page = Page { scanned, report, plan };
    SKELETON.split("{{").try_for_each(|piece| match piece.split_once("}}") {
        Some((name, rest)) => {
            page.fill(out, name)?;
            out.write_all(rest.as_bytes())
        }
        None => out.write_all(piece.as_bytes()),
    })
}

/// What the places of the skeleton are filled with.
struct Page<'p> {
    scanned: &'p Scanned,
    report: &'p Report,
    plan: Option<&'p Plan>,
}

impl Page<'_> {
    fn fill(&self, out: &mut dyn Write, name: &str) -> io::Result<()> {
        match name {
            "style-hash" => write!(out, "{}", hash(STYLE)),
            "script-hash" => write!(out, "{}", hash(SCRIPT)),
            "style" => out.write_all(STYLE.as_bytes()),
            "script" => out.write_all(SCRIPT.as_bytes()),
            "image" => write!(out, "{}", escape(self.scanned.image.display())),
            "verdict-kind" => write!(out, "{}", summary::verdict_kind(self.report)),
            "verdict" => write!(out, "{}", escape(text::verdict(self.scanned, self.report, number))),
            "facts" => summary::facts(out, self.scanned, self.report, self.plan),
            "numbers" => summary::numbers(out, self.report),
            "codes" => summary::codes(out, self.report),
            "map" => store_map::write(out, self.scanned, self.report),
            "not-verified" => summary::not_verified(out, self.report),
            "report" => data::report(out, self.scanned, self.report, self.plan),
            "tables" => data::tables(out, self.report, self.plan),
            _ => Err(io::Error::other(format!("nothing fills the place {name:?} of the page"))),
        }
    }
}

/// What a content security policy calls a script or a style that stands in the page.
fn hash(content: &str) -> String {
    format!("sha256-{}", Base64::encode_string(&Sha256::digest(content)))
}

/// Text as HTML.
fn escape(text: impl Display) -> String {
    let plain = Plain(text).to_string();
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A number, its digits in threes: 10,000.
fn number<N: TryInto<u64>>(number: N) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut said = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// A number of things, in the right number.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::time::Instant;

    fn page() -> String {
        let mut page = Vec::new();
        let scanned = Scanned::new("</title><script>", Instant::from_unix_seconds(0));
        write(&mut page, &scanned, &Report::default(), None).unwrap();
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn every_place_of_the_skeleton_is_filled() {
        let page = page();
        assert!(page.contains("No damage found."));
        assert!(!page.contains("{{"), "{page}");
    }

    #[test]
    fn names_are_text() {
        assert!(page().contains("&lt;/title&gt;&lt;script&gt;"));
        assert_eq!(escape("a\u{202e}<b>&\"\n"), r"a\u{202e}&lt;b&gt;&amp;&quot;\u{a}");
    }

    #[test]
    fn the_policy_names_the_script_and_the_style_as_they_stand_there() {
        let page = page();
        let between = |from: &str, to: &str| {
            let start = page.find(from).unwrap() + from.len();
            &page[start..start + page[start..].find(to).unwrap()]
        };
        assert!(page.contains(&format!("style-src '{}'", hash(between("<style>", "</style>")))));
        assert!(page.contains(&format!("script-src '{}'", hash(between("<script>", "</script>")))));
    }

    /// The script makes text of data, never markup, and asks nobody for anything.
    #[test]
    fn the_script_has_no_way_to_make_markup_or_to_call_home() {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("] {
            assert!(!SCRIPT.contains(way), "{way}");
        }
        for page in [SKELETON, STYLE, SCRIPT] {
            for way in ["http:", "https:", "url(", "@import", "fetch(", "XMLHttpRequest", "src=", "onclick="]
            {
                assert!(!page.contains(way), "{way}");
            }
        }
    }

    #[test]
    fn digits_stand_in_threes() {
        for (count, said) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(count as u64), said);
        }
    }
}
