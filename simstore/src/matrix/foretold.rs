//! What should be found after a change.

use crate::expectation::{Expectation, Expected, Subject};
use crate::judge::{Report, judge};
use crate::plan::StorePlan;
use checker::finding::Severity;

/// What should be found: one of several lists. There is more than one only where the documentation leaves open which of
/// two neighbouring findings of one stage it is; then each is one root on the same subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Foretold {
    lists: Vec<Vec<Expected>>,
    /// Or one error on this file whose id begins so, if every other one follows from it.
    any_on: Option<(String, &'static [&'static str])>,
}

impl Foretold {
    /// Nothing: the result is a valid store.
    pub(super) fn nothing() -> Foretold {
        Foretold::all(Vec::new())
    }

    /// All of these, and nothing else.
    pub(super) fn all(findings: Vec<Expected>) -> Foretold {
        Foretold { lists: vec![findings], any_on: None }
    }

    /// One finding.
    pub(super) fn one(id: &str, subject: Subject) -> Foretold {
        Foretold::all(vec![Expected::new(id, subject)])
    }

    /// One of these findings.
    pub(super) fn one_of(ids: &[&str], subject: &Subject) -> Foretold {
        let lists = ids.iter().map(|id| vec![Expected::new(id, subject.clone())]).collect();
        Foretold { lists, any_on: None }
    }

    /// One error on a file whose id begins with one of these: only where a decoder alone could tell which.
    pub(super) fn any_on(path: &str, ids: &'static [&'static str]) -> Foretold {
        Foretold { lists: Vec::new(), any_on: Some((path.to_owned(), ids)) }
    }

    /// This, or what another says.
    #[must_use]
    pub(super) fn or(mut self, other: Foretold) -> Foretold {
        self.lists.extend(other.lists);
        self
    }

    /// This together with what another says.
    #[must_use]
    pub(super) fn and(self, other: &Foretold) -> Foretold {
        let with = |list: Vec<Expected>| other.lists.iter().map(move |more| [&*list, more].concat());
        Foretold { lists: self.lists.into_iter().flat_map(with).collect(), any_on: None }
    }

    /// The number of findings if a report has what was foretold; else what differs, from the list that is nearest.
    pub(super) fn compare(&self, plan: &StorePlan, report: &Report) -> Result<usize, String> {
        if let Some((path, ids)) = &self.any_on {
            return one_on(path, ids, &judge(&Expectation::of_damaged(plan, Vec::new()), report).unexpected);
        }
        let mut nearest: Option<(usize, String)> = None;
        for findings in &self.lists {
            let verdict = judge(&Expectation::of_damaged(plan, findings.clone()), report);
            if verdict.is_right() {
                return Ok(findings.len());
            }
            let difference = verdict.missing.len() + verdict.unexpected.len();
            if nearest.as_ref().is_none_or(|(least, _)| difference < *least) {
                let said =
                    format!("missing {}; unexpected {}", list(&verdict.missing), list(&verdict.unexpected));
                nearest = Some((difference, said));
            }
        }
        Err(nearest.map(|(_, said)| said).unwrap_or_default())
    }
}

/// Whether findings are one such error on a file, perhaps notes and warnings on it, and what follows from that error.
fn one_on(path: &str, ids: &[&str], found: &[Expected]) -> Result<usize, String> {
    let is_there = |subject: &Subject| matches!(subject, Subject::Path { path: other, .. } if other == path);
    let follows = |found: &&Expected| found.caused_by.as_ref().is_some_and(|cause| is_there(&cause.subject));
    let roots = || found.iter().filter(|found| !follows(found));
    let errors: Vec<_> = roots().filter(|found| found.severity == Severity::Error.as_str()).collect();
    let is_such = |error: &&Expected| ids.iter().any(|start| error.id.starts_with(start));
    let is_right =
        errors.len() == 1 && errors.iter().all(is_such) && roots().all(|found| is_there(&found.subject));
    if is_right {
        Ok(found.len())
    } else {
        Err(format!("missing one error on {path}; there is {}", list(found)))
    }
}

/// Findings in a line.
fn list(findings: &[Expected]) -> String {
    let shown = findings.iter().map(|found| {
        let (Subject::Path { path: name, member } | Subject::Key { key: name, member }) = &found.subject;
        let member = member.as_ref().map(|member| format!(" [{member}]")).unwrap_or_default();
        let cause =
            found.caused_by.as_ref().map(|cause| format!(" because of {}", cause.id)).unwrap_or_default();
        format!("{} on {name}{member}{cause}", found.id)
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") }
}
