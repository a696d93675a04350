//! What a flipped bit counts as.

use super::file::File;
use super::proof::Proof;
use crate::expectation::Expected;

/// What a flipped bit counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every root finding is about the struck file, which is what has to be mended.
    Right,
    /// Something else is found, or something besides: whoever reads the report learns that the store is damaged, and
    /// not surely by what.
    Otherwise,
    /// Nothing is found, but the report says that something could not be judged which can be in a healthy store; the exit
    /// code says so, too.
    NotVerified,
    /// Nothing is found, and nothing is wrong.
    Harmless(Proof),
    /// Nothing is found, and nobody knows why not.
    Missed,
}

/// The verdict that follows from what is newly found; none if nothing is. Notes are no findings here: a healthy store has
/// them, too.
pub(super) fn of_findings(file: &File, found: &[Expected]) -> Option<Verdict> {
    let serious = || found.iter().filter(|finding| finding.severity != "note");
    let mut roots = serious().filter(|finding| finding.caused_by.is_none()).peekable();
    serious().next()?;
    let is_right = roots.peek().is_some() && roots.all(|root| file.is_subject(&root.subject));
    Some(if is_right { Verdict::Right } else { Verdict::Otherwise })
}
