//! Findings: everything that the checker can say, as one table, and one thing that it said.
//!
//! [`FINDINGS`] is the project's second table (the first is [`crate::code::CODES`]). Each row fixes
//! once and for all what a finding means, which row CheckSUR would have logged, which update error
//! a user sees, and what could mend it. A [`Finding`] is data: text is made from it in
//! [`crate::report`] only.

use crate::code::Hresult;
use std::fmt;
use std::str::FromStr;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Unusual or incomplete; the image does not count as damaged.
    Warning,
    /// Damage.
    Error,
}

impl Severity {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The kind of object that a finding is about. Within one object the stages run in order, and the
/// first that fails is the finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// The image as a whole.
    Image,
    /// A registry hive as a file.
    Hive,
    /// A `.mum` in `servicing\Packages`.
    PackageManifest,
    /// A `.cat` in `servicing\Packages`.
    PackageCatalog,
    /// Component Based Servicing in the SOFTWARE hive.
    CbsRegistry,
    /// A `.manifest` in `WinSxS\Manifests`.
    ComponentManifest,
    /// The COMPONENTS hive.
    ComponentsHive,
    /// A `.cat` in `WinSxS\Catalogs`.
    CsiCatalog,
    /// A component's folder and the files in it.
    Payload,
    /// What belongs together across objects, pending work, and repair.
    Closure,
}

/// How well a cell of the table is supported. A cell marked [`Proof::Inferred`] or
/// [`Proof::Recalled`] is a decision of this project, and its doc page says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Seen in a real log.
    Seen,
    /// Documented by Microsoft.
    Documented,
    /// Measured on genuine files, or reported for a whole real image.
    Measured,
    /// Inferred, or chosen by this project.
    Inferred,
    /// Recalled, not confirmed by any source.
    Recalled,
}

/// What a repair can take the right content from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mends {
    /// A donor image or the package that carried the content.
    FromDonor,
    /// What the image itself still holds and vouches for.
    FromEvidence,
    /// Nothing; the row says what to do instead.
    Not,
}

impl Mends {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FromDonor => "from-donor",
            Self::FromEvidence => "from-evidence",
            Self::Not => "not",
        }
    }
}

/// One row of [`FINDINGS`].
#[derive(Debug)]
pub struct FindingInfo {
    /// The finding that the row describes.
    pub finding: FindingId,
    /// The stable id, for example `payload-corrupt`.
    pub id: &'static str,
    /// What is wrong, as a short sentence without its full stop.
    pub title: &'static str,
    /// When it is reported.
    pub condition: &'static str,
    /// How bad it is, unless rule 2.4 of the docs (content that Microsoft signed) lowers it.
    pub severity: Severity,
    /// What kind of object it is about.
    pub object: Object,
    /// The stage within the object: of several findings on one object the lowest stage is reported.
    pub stage: u8,
    /// Findings on the same object, or on what it contains, that this one makes pointless.
    pub supersedes: &'static [FindingId],
    /// The category that CheckSUR's log uses, or `None` if the row is the project's own.
    pub category: Option<&'static str>,
    /// The code column of CheckSUR's row, or `None` if no such row is known.
    pub logged: Option<Hresult>,
    /// The code that a user's failed update shows.
    pub update_error: Option<Hresult>,
    /// More precise codes that a finding of this kind may carry.
    pub finer: &'static [Hresult],
    /// Support for the log columns.
    pub logged_proof: Proof,
    /// Support for the update error.
    pub update_error_proof: Proof,
    /// Whether and from what a repair can mend it.
    pub mends: Mends,
    /// What mends it, in words.
    pub remedy: &'static str,
}

macro_rules! code {
    (None) => {
        None
    };
    ($number:literal) => {
        Some(Hresult($number))
    };
}

macro_rules! category {
    (Ours) => {
        None
    };
    (Log $name:literal) => {
        Some($name)
    };
}

macro_rules! findings {
    ($(
        $variant:ident = $id:literal {
            $severity:ident $object:ident : $stage:literal $category:ident $(($name:literal))?
            logged $logged:tt update $update:tt finer [$($finer:literal),*] proof $logged_proof:ident / $update_proof:ident
            $(supersedes [$($superseded:ident),* $(,)?])?
            title $title:literal
            when $condition:literal
            mends $mends:ident $remedy:literal
        }
    )*) => {
        /// The name of a finding: one variant per row of [`FINDINGS`], in the same order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingId {
            $(#[doc = $title] $variant,)*
        }

        /// Every finding there is.
        pub static FINDINGS: &[FindingInfo] = &[$(
            FindingInfo {
                finding: FindingId::$variant,
                id: $id,
                title: $title,
                condition: $condition,
                severity: Severity::$severity,
                object: Object::$object,
                stage: $stage,
                supersedes: &[$($(FindingId::$superseded),*)?],
                category: category!($category $($name)?),
                logged: code!($logged),
                update_error: code!($update),
                finer: &[$(Hresult($finer)),*],
                logged_proof: Proof::$logged_proof,
                update_error_proof: Proof::$update_proof,
                mends: Mends::$mends,
                remedy: $remedy,
            },
        )*];
    };
}

mod excerpt;
mod table;
pub use excerpt::{Excerpt, MAX_EXCERPT_CHARS};
pub use table::{FINDINGS, FindingId};

impl FindingId {
    /// The row of this finding.
    #[must_use]
    pub fn info(self) -> &'static FindingInfo {
        &FINDINGS[self as usize]
    }

    /// The stable id, for example `payload-corrupt`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.info().id
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text names no finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no finding {text:?}")]
pub struct UnknownFinding {
    /// What was given.
    pub text: String,
}

impl FromStr for FindingId {
    type Err = UnknownFinding;

    fn from_str(text: &str) -> Result<Self, UnknownFinding> {
        FINDINGS
            .iter()
            .find(|info| info.id == text)
            .map(|info| info.finding)
            .ok_or_else(|| UnknownFinding { text: text.to_owned() })
    }
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A file or folder: its path from the folder that holds `Windows`, with forward slashes, in the
    /// spelling found in the image.
    Path {
        /// The path.
        path: String,
        /// A part of it, for example the name of the listed file that a manifest is wrong about.
        member: Option<String>,
    },
    /// A registry key: the hive's name and the path in it, with backslashes.
    Key {
        /// The key.
        key: String,
        /// The value, if the finding is about one value.
        member: Option<String>,
    },
}

impl Subject {
    /// A file or folder as a whole.
    #[must_use]
    pub fn path(path: impl Into<String>) -> Self {
        Self::Path { path: path.into(), member: None }
    }

    /// A part of a file.
    #[must_use]
    pub fn member(path: impl Into<String>, member: impl Into<String>) -> Self {
        Self::Path { path: path.into(), member: Some(member.into()) }
    }

    /// The path or key as text.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Path { path, .. } => path,
            Self::Key { key, .. } => key,
        }
    }

    /// The member, if there is one.
    #[must_use]
    pub fn member_name(&self) -> Option<&str> {
        match self {
            Self::Path { member, .. } | Self::Key { member, .. } => member.as_deref(),
        }
    }
}

/// What supports a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What should have been there.
    pub expected: Option<String>,
    /// What was there.
    pub actual: Option<String>,
    /// Where in the file, in bytes from its start; in the expanded document if the file is compressed.
    pub offset: Option<u64>,
    /// The line there, if the file is a document and the line is text.
    pub excerpt: Option<Box<Excerpt>>,
    /// What the format's own reader said, in full.
    pub reason: Option<String>,
    /// What later stages found on the same object; not findings of their own.
    pub also: Vec<FindingId>,
}

impl Evidence {
    /// Evidence of two values that should be the same.
    #[must_use]
    pub fn differs(expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), actual: Some(actual.into()), ..Self::default() }
    }

    /// Evidence that is an error of a reader at a place.
    #[must_use]
    pub fn at(offset: u64, reason: impl Into<String>) -> Self {
        Self { offset: Some(offset), reason: Some(reason.into()), ..Self::default() }
    }

    /// The same evidence, with the line of the document that it is about.
    pub(crate) fn show(&mut self, document: &[u8]) {
        self.excerpt = self.offset.and_then(|offset| Excerpt::of(document, offset)).map(Box::new);
    }

    /// Evidence that is a sentence.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::default() }
    }
}

/// One thing that a scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which row of the table it is.
    pub id: FindingId,
    /// How bad it is: the row's severity, or lower by rule 2.4.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// What supports it.
    pub evidence: Evidence,
    /// The more precise code that applies to this instance.
    pub finer: Option<Hresult>,
    /// The root finding that this one merely follows from. Consequences are not counted.
    pub caused_by: Option<Cause>,
}

/// The root of a consequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What the root finding is.
    pub id: FindingId,
    /// What the root finding is about.
    pub subject: Subject,
}

impl Finding {
    /// A root finding with the severity of its row. The finer code is the row's, if the row has
    /// exactly one; otherwise it is set with [`Finding::finer`].
    #[must_use]
    pub fn new(id: FindingId, subject: Subject, evidence: Evidence) -> Self {
        let info = id.info();
        let finer = if let [only] = info.finer { Some(*only) } else { None };
        Self { id, severity: info.severity, subject, evidence, finer, caused_by: None }
    }

    /// The same finding with a more precise code.
    #[must_use]
    pub fn finer(mut self, code: Option<Hresult>) -> Self {
        debug_assert!(code.is_none_or(|code| self.id.info().finer.contains(&code)), "{} {code:?}", self.id);
        self.finer = code;
        self
    }

    /// The same finding as a consequence of another.
    #[must_use]
    pub fn caused_by(mut self, root: &Finding) -> Self {
        self.caused_by = Some(Cause { id: root.id, subject: root.subject.clone() });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code;
    use std::collections::BTreeSet;

    #[test]
    fn rows_stand_at_the_place_of_their_variant_and_ids_are_unique() {
        let ids: BTreeSet<_> = FINDINGS.iter().map(|info| info.id).collect();
        assert_eq!(ids.len(), FINDINGS.len());
        for info in FINDINGS {
            assert_eq!(info.finding.info().id, info.id);
            assert_eq!(info.id.parse(), Ok(info.finding));
            let spelled = info.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            assert!(spelled, "{}", info.id);
        }
    }

    #[test]
    fn every_code_in_the_table_is_a_known_code() {
        for info in FINDINGS {
            let known = |hresult: Hresult| code::lookup(hresult).is_some();
            assert!(info.update_error.is_none_or(known), "update error of {}", info.id);
            assert!(info.finer.iter().copied().all(known), "finer code of {}", info.id);
            // CheckSUR logs two raw values that are no HRESULT: 0 and the Win32 number 2.
            assert!(
                info.logged.is_none_or(|code| code.0 == 0 || code.0 == 2 || known(code)),
                "log of {}",
                info.id
            );
        }
    }

    #[test]
    fn each_of_the_fifteen_codes_has_at_least_three_findings() {
        for code in code::fifteen() {
            let findings = FINDINGS
                .iter()
                .filter(|info| info.update_error == Some(code.hresult) && info.severity > Severity::Note);
            assert!(findings.count() >= 3, "{}", code.hresult);
        }
    }

    #[test]
    fn every_error_has_an_update_error_and_no_note_has_one() {
        for info in FINDINGS {
            match info.severity {
                Severity::Error => assert!(info.update_error.is_some(), "{}", info.id),
                Severity::Note => assert!(info.update_error.is_none(), "{}", info.id),
                Severity::Warning => {}
            }
        }
    }

    #[test]
    fn titles_and_conditions_are_sentences() {
        for info in FINDINGS {
            assert!(
                info.title.starts_with(|c: char| c.is_uppercase()) && !info.title.ends_with('.'),
                "{}",
                info.id
            );
            assert!(info.condition.ends_with('.'), "{}", info.id);
            assert!(!info.remedy.is_empty() && !info.remedy.ends_with('.'), "{}", info.id);
        }
    }
}
