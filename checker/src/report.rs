//! Everything that is said to people and programs is made here, from data.

pub mod cbs_log;
pub mod checksur_log;
pub mod html;
pub mod json;
pub mod log_json;
pub mod log_text;
pub mod page;
mod plain;
pub mod repair_text;
pub mod sarif;
pub mod text;

pub use plain::{Paint, Plain};

use crate::finding::{Finding, FindingInfo};
use std::path::PathBuf;

/// What was scanned and how, for the head of a report.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// The folder that was given.
    pub image: PathBuf,
    /// The moment for which signatures were judged.
    pub at: crate::format::time::Instant,
    /// What was left out, in the words of `--skip`.
    pub skipped: Vec<&'static str>,
    /// How many root certificates were at hand.
    pub roots: usize,
    /// How long it took, in whole seconds.
    pub took_seconds: u64,
}

impl Scanned {
    /// A scan of everything in an image, for this moment, without root certificates.
    #[must_use]
    pub fn new(image: impl Into<PathBuf>, at: crate::format::time::Instant) -> Self {
        Self { image: image.into(), at, skipped: Vec::new(), roots: 0, took_seconds: 0 }
    }
}

/// One sentence about a finding: what it is and what supports it.
#[must_use]
pub fn detail(finding: &Finding) -> String {
    let FindingInfo { title, .. } = finding.id.info();
    match support(finding) {
        Some(support) => format!("{title}: {support}."),
        None => format!("{title}."),
    }
}

/// A description as a sentence of its own: the tables leave out capitals and full stops.
fn sentence(description: &str) -> String {
    let mut letters = description.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What supports a finding, without a full stop.
pub(crate) fn support(finding: &Finding) -> Option<String> {
    let evidence = &finding.evidence;
    let differs = match (&evidence.expected, &evidence.actual) {
        (Some(expected), Some(actual)) => Some(format!("expected {expected}, found {actual}")),
        (Some(expected), None) => Some(format!("expected {expected}")),
        (None, Some(actual)) => Some(format!("found {actual}")),
        (None, None) => None,
    };
    // Some readers say that themselves.
    let differs = differs.filter(|said| evidence.reason.as_ref().is_none_or(|reason| !reason.contains(said)));
    let parts: Vec<String> = evidence.reason.clone().into_iter().chain(differs).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// A number of things, in the right number.
fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Evidence, FindingId, Subject};

    #[test]
    fn a_detail_says_everything_once() {
        let finding =
            |evidence| Finding::new(FindingId::PayloadCorrupt, Subject::path("Windows/x"), evidence);
        assert_eq!(detail(&finding(Evidence::default())), "A file of a component is damaged.");
        assert_eq!(
            detail(&finding(Evidence { reason: Some("7 bytes".into()), ..Evidence::differs("one", "two") })),
            "A file of a component is damaged: 7 bytes; expected one, found two."
        );
    }
}
