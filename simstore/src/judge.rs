//! Compares what a checker said with what it should say.

use crate::expectation::{Expectation, Expected};
use checker::volume::MemoryVolume;
use serde::{Deserialize, Serialize};

/// Whatever checks a store and says what it found, or why it could not.
pub type Checker<'c> = dyn Fn(&MemoryVolume) -> Result<Report, String> + Sync + 'c;

/// As much of a report in the form `checksur/1` as is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What the checker found.
    pub findings: Vec<Expected>,
    /// What it could not judge, by cause. This is not compared.
    #[serde(default)]
    pub not_verified: Vec<NotVerified>,
}

/// What could not be judged for one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotVerified {
    /// Why not.
    pub cause: String,
    /// How many things.
    pub count: u64,
}

/// How a report and an expectation differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What the checker should have found.
    pub missing: Vec<Expected>,
    /// What it should not have found.
    pub unexpected: Vec<Expected>,
}

impl Verdict {
    /// Whether they do not differ.
    pub fn is_right(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty()
    }
}

/// Compares a report with an expectation: the findings have to be the same, roots and consequences, whatever their order
/// and the letter case of names; the notes of a healthy store may be there or not.
pub fn judge(expectation: &Expectation, report: &Report) -> Verdict {
    let mut missing = expectation.findings.clone();
    let mut unexpected = Vec::new();
    for found in &report.findings {
        let folded = found.folded();
        match missing.iter().position(|expected| expected.folded() == folded) {
            Some(at) => drop(missing.remove(at)),
            None if expectation.notes.iter().any(|note| note.folded() == folded) => {}
            None => unexpected.push(found.clone()),
        }
    }
    Verdict { missing, unexpected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectation::Subject;

    fn finding(id: &str, path: &str) -> Expected {
        Expected::new(id, Subject::path(path))
    }

    #[test]
    fn a_finding_counts_once_and_notes_are_free() {
        let expectation = Expectation {
            findings: vec![finding("payload-missing", "Windows/a"), finding("payload-missing", "Windows/a")],
            notes: vec![finding("payload-extra", "Windows/b")],
        };
        let mut report =
            Report { findings: vec![finding("payload-missing", "windows/A")], ..Report::default() };
        let verdict = judge(&expectation, &report);
        assert_eq!((verdict.missing.len(), verdict.unexpected.len()), (1, 0));
        report.findings.push(finding("payload-missing", "Windows/a"));
        report.findings.push(finding("payload-extra", "Windows/b"));
        assert!(judge(&expectation, &report).is_right());
        report.findings.push(finding("payload-extra", "Windows/c"));
        let verdict = judge(&expectation, &report);
        assert_eq!((verdict.missing.len(), verdict.unexpected.len()), (0, 1));
    }

    #[test]
    fn severity_and_cause_have_to_be_right() {
        let root = finding("closure-component-missing", "Windows/a");
        let consequence = finding("winner-missing", "Windows/b").caused_by(&root);
        let expectation = Expectation { findings: vec![root, consequence.clone()], notes: Vec::new() };
        let alone = Expected { caused_by: None, ..consequence.clone() };
        for wrong in [alone, consequence.clone().as_warning()] {
            let findings = vec![expectation.findings[0].clone(), wrong];
            let report = Report { findings, ..Report::default() };
            assert_eq!(judge(&expectation, &report).missing, std::slice::from_ref(&consequence));
        }
    }

    #[test]
    fn a_report_of_checksur_can_be_read() {
        let report = r#"{"schema":"checksur/1","findings":[{"id":"c-mark-missing","severity":"error","detail":"...",
            "subject":{"key":"COMPONENTS\\x","member":null},"caused_by":null}],"summary":{}}"#;
        let report: Report = serde_json::from_str(report).expect("a report");
        assert_eq!(report.findings, [Expected::new("c-mark-missing", Subject::key("COMPONENTS\\x"))]);
    }
}
