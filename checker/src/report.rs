//! Everything that is said to people and programs is made here, from data.

pub mod checksur_log;
pub mod json;
pub mod log_json;
pub mod log_text;
pub mod page;
mod plain;
pub mod repair_text;
pub mod text;

pub use plain::Plain;

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
    let evidence = &finding.evidence;
    let mut parts: Vec<String> = Vec::new();
    if let Some(reason) = &evidence.reason {
        parts.push(reason.clone());
    }
    match (&evidence.expected, &evidence.actual) {
        (Some(expected), Some(actual)) => parts.push(format!("expected {expected}, found {actual}")),
        (Some(expected), None) => parts.push(format!("expected {expected}")),
        (None, Some(actual)) => parts.push(format!("found {actual}")),
        (None, None) => {}
    }
    if parts.is_empty() { format!("{title}.") } else { format!("{title}: {}.", parts.join("; ")) }
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
