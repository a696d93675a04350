//! The report as a page: its data, and that no name in an image acts in it.

use crate::{AT, scan};
use checker::check::Section;
use checker::finding::{Evidence, Finding, FindingId, Subject};
use checker::report::json::ScanReport;
use checker::report::{Scanned, html};
use checker::scan::Report;
use checker::volume::{MemoryVolume, RealFolder};
use serde_json::Value;
use simstore::TempStore;
use simstore::fault::{Wound, fault_named};
use simstore::plan::{Profile, Size, StorePlan};
use simstore::store::Store;
use std::fs;
use std::path::Path;

/// Names that would be markup, would end the element of the data, would turn a line round, or name a place of the skeleton.
const HOSTILE: [&str; 7] = [
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]></SCRIPT >&lt;b&gt;",
    "\u{2028}alert(1)\u{2029}",
    "\u{202e}gpj.exe",
    "\"'`${x}\\u003c",
    "{{report}}",
];

fn scanned(image: &str) -> Scanned {
    Scanned { roots: 2, ..Scanned::new(image, AT) }
}

fn page(scanned: &Scanned, report: &Report) -> String {
    let mut page = Vec::new();
    html::write(&mut page, scanned, report, None).unwrap();
    String::from_utf8(page).unwrap()
}

/// What an element of data holds, as a browser finds it: up to the first end of a script element.
fn data(page: &str, id: &str) -> Value {
    let start = format!("<script type=\"application/json\" id=\"{id}\">");
    let (_, rest) = page.split_once(&start).expect("the element is there");
    let end = rest.to_ascii_lowercase().find("</script").expect("the element ends");
    serde_json::from_str(&rest[..end]).expect("the element holds JSON")
}

/// The page without its data, style and script: all that a browser takes for markup.
fn markup(page: &str) -> String {
    let mut markup = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("<script") {
        markup += before;
        rest = after.split_once("</script>").expect("a script ends").1;
    }
    markup + rest
}

/// A store with wounds in several of its parts.
fn damaged() -> MemoryVolume {
    let store = Store::new(StorePlan::from_seed(5, Profile::Win10, Size::SMALL)).unwrap();
    let wounds: Vec<_> = ["mum-truncated", "component-removed", "payload-bit-flipped", "catalog-emptied"]
        .map(|id| {
            let fault = fault_named(id).unwrap();
            (fault, Wound { target: fault.target(&store.plan, "", 1).unwrap(), reseal: false })
        })
        .into();
    store.struck_by_all(&wounds).unwrap().0
}

#[test]
fn the_data_are_the_report() {
    let report = scan(&damaged());
    let page = page(&scanned("image"), &report);
    let expected = serde_json::to_value(ScanReport::new(&scanned("image"), &report)).unwrap();
    assert_eq!(data(&page, "report"), expected);
    // The other rows say what the report's ids and codes mean.
    let tables = data(&page, "tables");
    for finding in expected["findings"].as_array().unwrap() {
        let row = &tables["findings"][finding["id"].as_str().unwrap()];
        assert!(row["title"].is_string() && row["condition"].is_string(), "{finding}");
        if let Some(code) = finding["update_error"].as_str() {
            assert!(tables["codes"][code]["meaning"].is_string(), "{code}");
        }
    }
}

/// Without scripts there are the verdict, the numbers, the codes with their names, and what could not be judged.
#[test]
fn what_matters_is_seen_without_scripts() {
    let report = scan(&damaged());
    let markup = markup(&page(&scanned("image"), &report));
    let summary = &serde_json::to_value(ScanReport::new(&scanned("image"), &report)).unwrap()["summary"];
    assert!(markup.contains(&format!("<h1>{} errors found", summary["errors"])), "{markup}");
    for code in summary["update_errors"].as_object().unwrap().keys() {
        let known = checker::code::lookup(code.parse().unwrap()).unwrap();
        assert!(markup.contains(code) && markup.contains(known.name), "{code}");
    }
    for group in &report.not_verified {
        assert!(markup.contains(group.cause.as_str()) && markup.contains(&group.examples[0]));
    }
    assert!(markup.contains("<noscript>"));
}

#[test]
fn hostile_names_stay_data() {
    let mut report = scan(&damaged());
    let plain = markup(&page(&scanned("image"), &report)).matches('<').count();
    for name in HOSTILE {
        let subjects =
            [Subject::member(name, name), Subject::Key { key: name.into(), member: Some(name.into()) }];
        for subject in subjects {
            let evidence = Evidence { reason: Some(name.into()), ..Evidence::differs(name, name) };
            report
                .findings
                .push((Section::ComponentStore, Finding::new(FindingId::PayloadExtra, subject, evidence)));
        }
        for group in &mut report.not_verified {
            group.examples[0] = name.to_owned();
        }
        let scanned = scanned(name);
        let page = page(&scanned, &report);
        assert_eq!(data(&page, "report"), serde_json::to_value(ScanReport::new(&scanned, &report)).unwrap());
        // No element was added, and no other script.
        assert_eq!(markup(&page).matches('<').count(), plain, "{name}");
        assert_eq!(page.matches("<script").count(), 3, "{name}");
        assert!(!markup(&page).contains('\u{202e}'), "{name}");
    }
}

/// The same for files that really have such names, as far as the host lets files have them.
#[cfg(unix)]
#[test]
fn hostile_names_in_a_folder_stay_data() {
    let store = TempStore::new(3);
    let winsxs = store.image().join("Windows/WinSxS");
    let is_component = |path: &Path| {
        let holds = |name: &str| path.file_name().is_some_and(|file| file.to_string_lossy().contains(name));
        path.is_dir()
            && holds("shared_")
            && fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
    };
    let mut folders = fs::read_dir(&winsxs).unwrap().map(|entry| entry.unwrap().path());
    let folder = folders.find(|path| is_component(path)).expect("a component with files");
    for name in ["<img src=x onerror=alert(1)>", "<!--<script>", "a\u{2028}b"] {
        fs::write(folder.join(name), b"").unwrap();
    }
    let report = scan(&RealFolder::open(store.image()).unwrap());
    let page = page(&scanned("image"), &report);
    let told = data(&page, "report").to_string();
    for name in ["<img src=x onerror=alert(1)>", "<!--<script>", "a\u{2028}b"] {
        assert!(told.contains(name), "{name}");
        assert!(!page.contains(name), "{name}");
    }
}

#[test]
fn a_page_of_some_hundred_findings_is_below_a_mebibyte() {
    let mut report = scan(&damaged());
    let some = report.findings.clone();
    while report.findings.len() < 400 {
        report.findings.extend(some.iter().cloned());
    }
    let page = page(&scanned("image"), &report);
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let pages = [1, 2].map(|_| page(&scanned("image"), &scan(&damaged())));
    assert_eq!(pages[0], pages[1]);
}
