//! No form of a report says more than the scan knows: of one that was stopped, and of findings that were accepted.

use checker::check::Section;
use checker::finding::{Evidence, Finding, FindingId, Subject};
use checker::format::servicing_log::Reader;
use checker::logs::Log;
use checker::report::json::{ScanReport, write_lines};
use checker::report::{Paint, Scanned, cbs_log, checksur_log, html, sarif, text};
use checker::scan::{Accepted, Report};
use serde_json::Value;
use std::io;

fn scanned() -> Scanned {
    Scanned::new("image", "2026-11-20T00:00:00Z".parse().unwrap())
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn run(report: &Report) -> Value {
    let log = written(|out| sarif::write(out, &scanned(), report));
    serde_json::from_str::<Value>(&log).unwrap()["runs"][0].clone()
}

#[test]
fn a_stopped_scan_is_said_to_be_stopped_in_every_form() {
    let stopped = Report { is_stopped: true, ..Report::default() };
    let said = written(|out| text::write(out, &scanned(), &stopped, Paint::Plain));
    assert!(said.contains("Stopped before the end") && !said.contains("No damage"), "{said}");
    let log = written(|out| checksur_log::write(out, &scanned(), &stopped, None));
    assert!(log.contains("stopped before its end") && !log.contains("No errors detected"), "{log}");
    let log = written(|out| cbs_log::write(out, &scanned(), &stopped));
    assert!(log.contains("Operation result: 0x800704c7") && !log.contains("completes."), "{log}");
    let page = written(|out| html::write(out, &scanned(), &stopped, None));
    for wrong in ["Everything could be judged", "No damage found", "class=\"sound"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    assert!(page.contains("Stopped before the end"));
    assert_eq!(run(&stopped)["invocations"][0]["executionSuccessful"], false);
    assert_eq!(
        serde_json::to_value(ScanReport::new(&scanned(), &stopped)).unwrap()["summary"]["stopped"],
        true
    );
    let lines = written(|out| write_lines(out, &scanned(), &stopped, None));
    assert!(lines.trim_end().ends_with(r#""stopped":true,"exit_code":130}}"#), "{lines}");
}

#[test]
fn what_was_accepted_is_told_in_every_form() {
    let finding = Finding::new(FindingId::PayloadMissing, Subject::path("Windows/x"), Evidence::default());
    let accepted =
        Accepted { section: Section::ComponentStore, finding, reason: "a reason".to_owned(), until: None };
    let report = Report { accepted: vec![accepted], ..Report::default() };
    for said in [
        written(|out| text::write(out, &scanned(), &report, Paint::Plain)),
        written(|out| checksur_log::write(out, &scanned(), &report, None)),
        written(|out| cbs_log::write(out, &scanned(), &report)),
        written(|out| html::write(out, &scanned(), &report, None)),
        written(|out| write_lines(out, &scanned(), &report, None)),
    ] {
        assert!(said.contains("accepted"), "{said}");
    }
    let result = &run(&report)["results"][0];
    assert_eq!(result["ruleId"], "payload-missing");
    assert_eq!(result["suppressions"][0]["justification"], "a reason");
}

/// In messages of SARIF brackets make links, and braces hold places.
#[test]
fn names_act_in_no_message() {
    let evidence = Evidence::because("[click](http://x) {0} \\ \u{202e}");
    let finding = Finding::new(FindingId::PayloadMissing, Subject::path("Windows/x"), evidence);
    let report = Report { findings: vec![(Section::ComponentStore, finding)], ..Report::default() };
    let run = run(&report);
    let message = run["results"][0]["message"]["text"].as_str().unwrap();
    assert!(message.contains(r"\[click\](http://x) {{0}} \\ \\u{{202e}}"), "{message}");
}

/// A key in our own form of CBS.log is read as that key.
#[test]
fn keys_in_our_form_of_the_newer_log_are_read_back() {
    for key in [r"COMPONENTS\DerivedData\Components\x", r"SOFTWARE\Microsoft\x"] {
        let subject = Subject::Key { key: key.to_owned(), member: None };
        let finding = Finding::new(FindingId::ComponentIdentityMissing, subject.clone(), Evidence::default());
        let report = Report { findings: vec![(Section::ComponentStore, finding)], ..Report::default() };
        let mut reader = Reader::new(false);
        reader.feed(written(|out| cbs_log::write(out, &scanned(), &report)).as_bytes());
        let log = Log::new("CBS.log", reader.finish());
        let read = log.current()[0].rows[0].finding.as_ref().unwrap();
        assert_eq!((read.id, &read.subject), (FindingId::ComponentIdentityMissing, &subject));
    }
}
