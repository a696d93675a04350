//! Findings that somebody knows and accepts: a list in a file, each with a reason and, if it is to end, a last day.
//!
//! ```toml
//! [[accept]]
//! finding = "payload-missing"
//! subject = "Windows/WinSxS/amd64_contoso-*/sample.dll"
//! reason = "Removed on purpose, CHG-1234"
//! until = "2027-06-30"
//! ```

use super::Report;
use crate::check::Section;
use crate::finding::{Finding, FindingId};
use crate::format::time::Instant;
use serde::Deserialize;

/// The most bytes of a list.
pub const MAX_ACCEPT_LIST_BYTES: usize = 1 << 20;

/// The findings that are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptList {
    #[serde(default)]
    accept: Vec<Entry>,
}

/// One line of the list. Names are compared without letter case; `*` stands for any text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    finding: String,
    subject: String,
    #[serde(default)]
    member: Option<String>,
    reason: String,
    #[serde(default)]
    until: Option<String>,
}

/// Why a list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptListError {
    /// It has more than [`MAX_ACCEPT_LIST_BYTES`] bytes.
    #[error("it has {length_bytes} bytes, and {MAX_ACCEPT_LIST_BYTES} are read")]
    TooLong {
        /// How many bytes it has.
        length_bytes: usize,
    },
    /// It is no TOML, or not of this shape; the sentence names line and column.
    #[error("{0}")]
    Toml(String),
    /// An entry names no finding.
    #[error("entry {number}: there is no finding {finding:?}; `checksur explain` knows them all")]
    UnknownFinding {
        /// Which entry, from 1.
        number: usize,
        /// What it names.
        finding: String,
    },
    /// An entry has a last day that is none.
    #[error("entry {number}: {until:?} is no day; expected one as in 2027-06-30")]
    NoDay {
        /// Which entry, from 1.
        number: usize,
        /// What it says.
        until: String,
    },
    /// An entry gives no reason.
    #[error("entry {number} has an empty reason; say why the finding is accepted")]
    NoReason {
        /// Which entry, from 1.
        number: usize,
    },
}

/// A finding that is accepted, and does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Where it would be reported.
    pub section: Section,
    /// The finding.
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is.
    pub until: Option<String>,
}

impl AcceptList {
    /// Reads a list.
    ///
    /// # Errors
    ///
    /// [`AcceptListError`], for the first entry that is wrong.
    pub fn parse(text: &str) -> Result<Self, AcceptListError> {
        if text.len() > MAX_ACCEPT_LIST_BYTES {
            return Err(AcceptListError::TooLong { length_bytes: text.len() });
        }
        let list: Self = toml::from_str(text)
            .map_err(|error| AcceptListError::Toml(error.to_string().trim_end().to_owned()))?;
        for (number, entry) in (1..).zip(&list.accept) {
            entry.check(number)?;
        }
        Ok(list)
    }

    /// The entries that have expired by this moment, as sentences.
    #[must_use]
    pub fn expired(&self, at: Instant) -> Vec<String> {
        let expired = self.accept.iter().filter(|entry| entry.is_expired(at));
        expired
            .map(|Entry { finding, subject, until, .. }| {
                let until = until.as_deref().unwrap_or_default();
                format!("{finding} of {subject} was accepted until {until}, and is reported again")
            })
            .collect()
    }

    fn of(&self, finding: &Finding, at: Instant) -> Option<&Entry> {
        self.accept.iter().find(|entry| !entry.is_expired(at) && entry.names(finding))
    }
}

impl Entry {
    fn check(&self, number: usize) -> Result<(), AcceptListError> {
        if self.finding.parse::<FindingId>().is_err() {
            return Err(AcceptListError::UnknownFinding { number, finding: self.finding.clone() });
        }
        if let Some(until) = &self.until
            && until.parse::<jiff::civil::Date>().is_err()
        {
            return Err(AcceptListError::NoDay { number, until: until.clone() });
        }
        if self.reason.trim().is_empty() {
            return Err(AcceptListError::NoReason { number });
        }
        Ok(())
    }

    fn is_expired(&self, at: Instant) -> bool {
        // Days of this form are in the order of their letters.
        self.until.as_deref().is_some_and(|until| at.to_string().get(..10) > Some(until))
    }

    fn names(&self, finding: &Finding) -> bool {
        let member = finding.subject.member_name().unwrap_or_default();
        self.finding == finding.id.as_str()
            && fits(&self.subject.to_lowercase(), &finding.subject.name().to_lowercase())
            && self.member.as_ref().is_none_or(|wanted| fits(&wanted.to_lowercase(), &member.to_lowercase()))
    }
}

impl Report {
    /// Moves what is accepted, and what follows from it, out of the findings.
    pub(super) fn accept(&mut self, list: &AcceptList, at: Instant) {
        let (accepted, mut rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.findings)
            .into_iter()
            .map(|(section, finding)| (list.of(&finding, at).cloned(), section, finding))
            .partition(|(entry, ..)| entry.is_some());
        for (entry, _, finding) in &mut rest {
            let root = finding.caused_by.as_ref().and_then(|cause| {
                accepted.iter().find(|(_, _, root)| root.id == cause.id && root.subject == cause.subject)
            });
            *entry = root.and_then(|(entry, ..)| entry.clone());
        }
        for (entry, section, finding) in accepted.into_iter().chain(rest) {
            match entry {
                Some(Entry { reason, until, .. }) => {
                    self.accepted.push(Accepted { section, finding, reason, until });
                }
                None => self.findings.push((section, finding)),
            }
        }
    }
}

/// Whether a pattern with `*` fits a text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Evidence, Subject};

    #[test]
    fn patterns() {
        for (pattern, text, is_fit) in [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("a*a", "a", false),
            ("*b*b*", "abab", true),
            ("*b*b*", "ab", false),
            ("a*b*c", "a-b-b-c", true),
        ] {
            assert_eq!(fits(pattern, text), is_fit, "{pattern:?} {text:?}");
        }
    }

    fn list(until: &str) -> AcceptList {
        let text = format!(
            "[[accept]]\nfinding = \"payload-missing\"\nsubject = \"windows/winsxs/x_*/a.dll\"\nreason = \"known\"\n{until}"
        );
        AcceptList::parse(&text).unwrap()
    }

    fn report() -> Report {
        let found =
            |path: &str| Finding::new(FindingId::PayloadMissing, Subject::path(path), Evidence::default());
        let known = found("Windows/WinSxS/X_1/a.dll");
        let follows =
            Finding::new(FindingId::ClosureComponentMissing, Subject::path("y"), Evidence::default())
                .caused_by(&known);
        let other = found("Windows/WinSxS/x_1/b.dll");
        let findings = [known, follows, other].map(|finding| (Section::ComponentStore, finding));
        Report { findings: findings.to_vec(), ..Report::default() }
    }

    #[test]
    fn what_is_accepted_does_not_count_and_neither_does_what_follows() {
        let at = "2027-06-30T23:59:59Z".parse().unwrap();
        for until in ["", "until = \"2027-06-30\""] {
            let mut report = report();
            report.accept(&list(until), at);
            assert_eq!(report.findings.len(), 1);
            assert_eq!(report.findings[0].1.subject.name(), "Windows/WinSxS/x_1/b.dll");
            let accepted: Vec<FindingId> =
                report.accepted.iter().map(|accepted| accepted.finding.id).collect();
            assert_eq!(accepted, [FindingId::PayloadMissing, FindingId::ClosureComponentMissing]);
            assert!(report.accepted.iter().all(|accepted| accepted.reason == "known"));
            assert!(list(until).expired(at).is_empty());
        }
    }

    #[test]
    fn what_has_expired_is_reported_again_and_that_is_said() {
        let at = "2027-07-01T00:00:00Z".parse().unwrap();
        let list = list("until = \"2027-06-30\"");
        let mut report = report();
        report.accept(&list, at);
        assert_eq!((report.findings.len(), report.accepted.len()), (3, 0));
        assert_eq!(
            list.expired(at),
            [
                "payload-missing of windows/winsxs/x_*/a.dll was accepted until 2027-06-30, and is reported again"
            ]
        );
    }

    #[test]
    fn a_member_narrows_it_down() {
        let finding =
            Finding::new(FindingId::PayloadMissing, Subject::member("p", "One"), Evidence::default());
        for (member, is_named) in [("", true), ("member = \"one\"", true), ("member = \"two\"", false)] {
            let text = format!(
                "[[accept]]\nfinding = \"payload-missing\"\nsubject = \"P\"\nreason = \"r\"\n{member}"
            );
            let list = AcceptList::parse(&text).unwrap();
            assert_eq!(list.of(&finding, Instant::from_unix_seconds(0)).is_some(), is_named, "{member}");
        }
    }

    #[test]
    fn errors_say_where() {
        let entry = |finding: &str, reason: &str, until: &str| {
            format!(
                "[[accept]]\nfinding = {finding:?}\nsubject = \"s\"\nreason = {reason:?}\nuntil = {until:?}"
            )
        };
        for (text, error) in [
            (
                entry("payload-misssing", "r", "2027-01-01"),
                "entry 1: there is no finding \"payload-misssing\"",
            ),
            (entry("payload-missing", "r", "soon"), "entry 1: \"soon\" is no day"),
            (entry("payload-missing", " ", "2027-01-01"), "entry 1 has an empty reason"),
            ("[[accept]]\nfinding = 1".to_owned(), "line 2, column 11"),
            ("[[accepted]]".to_owned(), "accepted"),
            (" ".repeat(MAX_ACCEPT_LIST_BYTES + 1), "1048577 bytes"),
        ] {
            let said = AcceptList::parse(&text).unwrap_err().to_string();
            assert!(said.contains(error), "{said}\ndoes not contain\n{error}");
        }
        assert_eq!(AcceptList::parse(&" ".repeat(MAX_ACCEPT_LIST_BYTES)), Ok(AcceptList::default()));
    }
}
