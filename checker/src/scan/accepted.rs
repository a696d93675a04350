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
use crate::finding::{Finding, FindingId, Subject};
use crate::format::time::Instant;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::HashMap;

/// The most bytes of a list.
pub const MAX_ACCEPT_LIST_BYTES: usize = 1 << 20;

/// The findings that are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptList {
    entries: HashMap<FindingId, Vec<Entry>>,
}

/// One entry, as it is compared: names are in lower case, and `*` stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// The subject as it was written.
    written: String,
    subject: String,
    member: Option<String>,
    reason: String,
    until: Option<Date>,
}

/// A list as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenList {
    #[serde(default)]
    accept: Vec<WrittenEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
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
    #[error("entry {number}: there is no finding {finding:?}; docs/findings lists them all")]
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
        let written: WrittenList =
            toml::from_str(text).map_err(|error| AcceptListError::Toml(sentence(text, &error)))?;
        let mut list = Self::default();
        for (number, entry) in (1..).zip(written.accept) {
            let (id, entry) = entry.read(number)?;
            list.entries.entry(id).or_default().push(entry);
        }
        Ok(list)
    }

    /// The entries that have expired by this moment, as sentences, sorted.
    #[must_use]
    pub fn expired(&self, at: Instant) -> Vec<String> {
        let entries =
            self.entries.iter().flat_map(|(id, entries)| entries.iter().map(move |entry| (id, entry)));
        let mut expired: Vec<String> = entries
            .filter(|(_, entry)| entry.is_expired(at))
            .map(|(id, Entry { written, until, .. })| {
                let until = until.map(|day| day.to_string()).unwrap_or_default();
                format!("{id} of {written} was accepted until {until}, and is reported again")
            })
            .collect();
        expired.sort_unstable();
        expired
    }

    /// The entries that accept nothing of what a report holds, as sentences, sorted; those that have expired are not among them.
    #[must_use]
    pub fn unused(&self, report: &Report, at: Instant) -> Vec<String> {
        let accepted: Vec<(FindingId, About)> =
            report.accepted.iter().map(|row| (row.finding.id, About::of(&row.finding))).collect();
        let is_used = |id: &FindingId, entry: &Entry| {
            accepted.iter().any(|(accepted, about)| accepted == id && entry.accepts(about))
        };
        let entries =
            self.entries.iter().flat_map(|(id, entries)| entries.iter().map(move |entry| (id, entry)));
        let mut unused: Vec<String> = entries
            .filter(|(id, entry)| !entry.is_expired(at) && !is_used(id, entry))
            .map(|(id, entry)| {
                let member = entry.member.as_ref().map(|member| format!(" ({member})")).unwrap_or_default();
                format!("{id} of {}{member} is accepted, and was not found", entry.written)
            })
            .collect();
        unused.sort_unstable();
        unused
    }

    fn of(&self, finding: &Finding, at: Instant) -> Option<&Entry> {
        let (entries, about) = (self.entries.get(&finding.id)?, About::of(finding));
        entries.iter().find(|entry| !entry.is_expired(at) && entry.accepts(&about))
    }
}

impl WrittenEntry {
    fn read(self, number: usize) -> Result<(FindingId, Entry), AcceptListError> {
        let Self { finding, subject, member, reason, until } = self;
        let Ok(id) = finding.parse() else {
            return Err(AcceptListError::UnknownFinding { number, finding });
        };
        let until = match until {
            None => None,
            // Only one way to write a day: it is compared with others by whoever reads the list.
            Some(text) => match text.parse::<Date>() {
                Ok(day) if day.to_string() == text => Some(day),
                _ => return Err(AcceptListError::NoDay { number, until: text }),
            },
        };
        if reason.trim().is_empty() {
            return Err(AcceptListError::NoReason { number });
        }
        let member = member.map(|member| member.to_lowercase());
        Ok((id, Entry { subject: with_one_slash(&subject), written: subject, member, reason, until }))
    }
}

/// What a finding is about, as entries are compared with it.
struct About {
    subject: String,
    member: String,
}

impl About {
    fn of(finding: &Finding) -> Self {
        let member = finding.subject.member_name().unwrap_or_default().to_lowercase();
        Self { subject: with_one_slash(finding.subject.name()), member }
    }
}

impl Entry {
    fn is_expired(&self, at: Instant) -> bool {
        let today = at.to_string().get(..10).and_then(|day| day.parse::<Date>().ok());
        self.until.is_some_and(|until| today.is_some_and(|today| today > until))
    }

    /// Whether it names what a finding of its kind is about.
    fn accepts(&self, about: &About) -> bool {
        fits(&self.subject, &about.subject)
            && self.member.as_ref().is_none_or(|wanted| fits(wanted, &about.member))
    }
}

impl Report {
    /// Moves what is accepted, and what follows from it, out of the findings.
    pub(super) fn accept(&mut self, list: &AcceptList, at: Instant) {
        if list.entries.is_empty() {
            return;
        }
        let found = std::mem::take(&mut self.findings);
        let mut accepting: Vec<Option<&Entry>> =
            found.iter().map(|(_, finding)| list.of(finding, at)).collect();
        let roots: HashMap<(FindingId, &Subject), &Entry> = found
            .iter()
            .zip(&accepting)
            .filter_map(|((_, finding), entry)| Some(((finding.id, &finding.subject), (*entry)?)))
            .collect();
        for ((_, finding), entry) in found.iter().zip(&mut accepting) {
            let root = finding.caused_by.as_ref().and_then(|cause| roots.get(&(cause.id, &cause.subject)));
            *entry = entry.or(root.copied());
        }
        drop(roots);
        for ((section, finding), entry) in found.into_iter().zip(accepting) {
            match entry {
                Some(Entry { reason, until, .. }) => {
                    let until = until.map(|day| day.to_string());
                    self.accepted.push(Accepted { section, finding, reason: reason.clone(), until });
                }
                None => self.findings.push((section, finding)),
            }
        }
    }
}

/// What is wrong with a document, and where, on one line.
fn sentence(text: &str, error: &toml::de::Error) -> String {
    let said = error.message().replace('\n', "; ");
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return said };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    format!("line {line}, column {column}: {said}")
}

/// A subject in small letters, with whichever slash it is written.
fn with_one_slash(subject: &str) -> String {
    subject.to_lowercase().replace('\\', "/")
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
    use crate::finding::Evidence;

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
            assert!(list(until).unused(&report, at).is_empty());
        }
    }

    #[test]
    fn what_accepts_nothing_is_said() {
        let at = "2027-06-30T00:00:00Z".parse().unwrap();
        let said = ["payload-missing of windows/winsxs/x_*/a.dll is accepted, and was not found"];
        assert_eq!(list("").unused(&Report::default(), at), said);
        assert!(list("until = \"2027-06-29\"").unused(&Report::default(), at).is_empty());
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
            (entry("payload-missing", "r", "20270630"), "entry 1: \"20270630\" is no day"),
            (entry("payload-missing", "r", "2027-06-30T10:00"), "is no day"),
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
