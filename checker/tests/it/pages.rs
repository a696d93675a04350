//! `docs/findings/` and the table in the README are made from the tables of the program. With
//! `BLESS=1` they are written instead of compared.

use crate::{repository, text};
use checker::code;
use checker::finding::{FINDINGS, Severity};
use checker::report::page;
use std::collections::BTreeSet;
use std::path::Path;

fn compare_or_bless(path: &Path, expected: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, expected).unwrap();
    }
    let actual = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        actual == expected,
        "{} is not what the tables say; BLESS=1 cargo test writes it",
        path.display()
    );
}

#[test]
fn every_finding_has_its_page_and_every_page_its_finding() {
    let folder = repository("docs/findings");
    for info in FINDINGS {
        compare_or_bless(&folder.join(format!("{}.md", info.id)), &page::finding(info));
    }
    let mut index =
        String::from("# Findings\n\nEverything that `checksur` can say, in the order of its table.\n\n");
    for info in FINDINGS {
        index.push_str(&format!("- [{0}]({0}.md) ({1}): {2}\n", info.id, info.severity.as_str(), info.title));
    }
    compare_or_bless(&folder.join("README.md"), &index);
    let pages: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(pages.len(), FINDINGS.len() + 1, "a page belongs to no finding");
}

#[test]
fn the_readme_shows_the_fifteen_codes() {
    let readme = text(&repository("README.md"));
    for code in code::fifteen() {
        let count = FINDINGS
            .iter()
            .filter(|info| info.update_error == Some(code.hresult) && info.severity > Severity::Note)
            .count();
        let row = format!("| {} | {} | {count} |", code.hresult, code.name);
        assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    }
}
