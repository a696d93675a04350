//! The report of one damaged store, in every form.

use super::{BLESS, difference, is_blessing};
use crate::AT;
use crate::schemas::example;
use checker::report::{Paint, Scanned, cbs_log, checksur_log, html, json, sarif, text};
use checker::scan::Report;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::Path;

/// What a form writes, as text.
fn written(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Lines of a log of Windows, each of which ends as there.
fn of_windows(log: &str) -> String {
    let lines = log.replace("\r\n", "\n");
    assert_eq!(log.matches("\r\n").count(), lines.matches('\n').count());
    lines
}

/// All but the rules, which are the tables.
fn without_rules(log: &str) -> String {
    let mut run: Value = serde_json::from_str(log).unwrap();
    for list in ["rules", "notifications"] {
        run["runs"][0]["tool"]["driver"][list] = json!([]);
    }
    serde_json::to_string_pretty(&run).unwrap() + "\n"
}

/// A page without its style and its script, which are files of their own.
fn without_style_and_script(page: &str) -> String {
    let mut rest = page.to_owned();
    for (begin, end) in
        [("<style>", "</style>"), ("<script>", "</script>"), ("script-src '", ";"), ("style-src '", ";")]
    {
        let start = rest.find(begin).unwrap_or_else(|| panic!("there is no {begin}")) + begin.len();
        let length = rest[start..].find(end).unwrap();
        rest.replace_range(start..start + length, "...");
    }
    rest
}

fn forms(report: &Report) -> Vec<(&'static str, String)> {
    let scanned = Scanned { roots: 2, took_seconds: 7, ..Scanned::new("image", AT) };
    vec![
        ("one-store.ansi", written(|out| text::write(out, &scanned, report, Paint::Coloured))),
        ("one-store.checksur", of_windows(&written(|out| checksur_log::write(out, &scanned, report, None)))),
        ("one-store.cbs", of_windows(&written(|out| cbs_log::write(out, &scanned, report)))),
        ("one-store.jsonl", written(|out| json::write_lines(out, &scanned, report, None))),
        ("one-store.sarif", without_rules(&written(|out| sarif::write(out, &scanned, report)))),
        (
            "one-store.html",
            without_style_and_script(&written(|out| html::write(out, &scanned, report, None))),
        ),
    ]
}

#[test]
fn every_form_is_what_it_was() {
    let (_, [(report, _), _]) = example();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/wording");
    for (name, said) in forms(&report) {
        let path = folder.join(name);
        if is_blessing() {
            fs::write(&path, &said).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let differs = difference::of(&expected, &said);
        assert!(
            expected == said,
            "corpora/wording/{name} differs:\n{differs}\nif the new one is right:\n  {BLESS}"
        );
    }
}
