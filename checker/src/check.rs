//! The checks, as a table.
//!
//! A check is a function, the section of the CheckSUR report that it belongs to, and the findings
//! that it may give. The checks of one kind of object are its stages: they run in the order of the
//! table, the first that objects gives the finding, and what later ones would have said is kept as
//! evidence. [`crate::scan::Scan::without`] leaves a check out; a fault that then goes unseen proves that the
//! check is needed.

mod closure;
mod component_keys;
mod compression;
mod deployment_keys;
mod documents;
mod hives;
mod identities;
mod manifests;
mod package_files;
mod package_keys;
mod packages;
mod payload;
mod store_catalogs;
mod store_subject;
mod table;

use crate::finding::{Evidence, Finding, FindingId, Severity, Subject};
use crate::image::{Folder, Image, Place, display_name};
use crate::unverified::{Cause, Unverified};
use crate::volume::Entry;
use std::collections::BTreeMap;

pub use table::CHECKS;

pub(crate) use closure::lost_versions;
pub(crate) use compression::{NotExpanded, delta_damage, expand_manifest};
pub(crate) use hives::{HiveFile, HiveSubject};
pub(crate) use manifests::{CompressionSubject, ManifestSubject, reported};
pub(crate) use package_files::{CatalogFile, CatalogSubject, MumSubject};
pub(crate) use payload::{DifferentialFolders, Family, Hashed, ListedFile, PayloadSubject, unwrapped};
pub use payload::{MAX_CONTENT_BYTES, MAX_ORIGINALS, MAX_STORED_BYTES};
pub(crate) use store_catalogs::{StoreCatalogFile, StoreCatalogSubject};
pub(crate) use store_subject::StoreSubject;

/// The sections of the CheckSUR report that hold rows, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// The hives as files; CheckSUR, which ran on a live system, had no such section.
    RegistryHives,
    /// Files in `servicing\Packages`.
    PackageManifestsAndCatalogs,
    /// Packages that wait for others.
    PackageWatchlist,
    /// Packages that wait for components.
    ComponentWatchlist,
    /// The packages' keys.
    Packages,
    /// Manifests, payload, the keys of COMPONENTS, and what belongs together.
    ComponentStore,
}

impl Section {
    /// Every section.
    pub const ALL: [Self; 6] = [
        Self::RegistryHives,
        Self::PackageManifestsAndCatalogs,
        Self::PackageWatchlist,
        Self::ComponentWatchlist,
        Self::Packages,
        Self::ComponentStore,
    ];

    /// The heading in the report.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::RegistryHives => "Checking Registry Hives",
            Self::PackageManifestsAndCatalogs => "Checking Package Manifests and Catalogs",
            Self::PackageWatchlist => "Checking Package Watchlist",
            Self::ComponentWatchlist => "Checking Component Watchlist",
            Self::Packages => "Checking Packages",
            Self::ComponentStore => "Checking Component Store",
        }
    }
}

/// One row of [`CHECKS`].
pub struct Check {
    /// The name for [`crate::scan::Scan::without`].
    pub id: &'static str,
    /// Where its findings stand in the report.
    pub section: Section,
    /// What it may find.
    pub findings: &'static [FindingId],
    pub(crate) run: Run,
}

/// What a check looks at.
pub(crate) enum Run {
    /// A registry hive.
    Hive(fn(&HiveSubject<'_>) -> Option<Finding>),
    /// A package catalog.
    Catalog(fn(&CatalogSubject<'_>) -> Option<Finding>),
    /// A package manifest.
    Mum(fn(&MumSubject<'_>) -> Option<Finding>),
    /// The compressed form of a component manifest.
    ManifestCompression(fn(&CompressionSubject<'_>) -> Option<Finding>),
    /// A component manifest by itself, expanded if it was compressed.
    Manifest(fn(&ManifestSubject<'_>) -> Vec<Finding>),
    /// A catalog of the store's own.
    StoreCatalog(fn(&StoreCatalogSubject<'_>) -> Option<Finding>),
    /// The folder of a component and what is in it.
    Payload(fn(&PayloadSubject<'_>, &mut Outcome)),
    /// Whether a component manifest, given by its index, is what the registry and the catalogs say.
    Vouching(fn(&StoreSubject<'_>, usize) -> Vouching),
    /// The store as a whole.
    Store(StoreCheck),
}

/// A check that looks at the store as a whole.
pub(crate) type StoreCheck = fn(&StoreSubject<'_>, &mut Outcome);

/// What vouches for a manifest.
pub(crate) enum Vouching {
    Given,
    Refused(Box<Finding>),
    Unknown(Cause),
}

/// What checks said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) unverified: Vec<Unverified>,
}

impl Outcome {
    /// Says that one of two entries of a folder is left out because their names differ in letter
    /// case only.
    fn alike(&mut self, image: &Image<'_>, folder: &Folder, kept: &Entry, left_out: &Entry) {
        let path = image.display(&folder.child(left_out));
        let evidence = Evidence::differs("one entry", format!("also {}", display_name(&kept.name)));
        self.unverified.push(Unverified::new(Cause::HiddenByCase, &path));
        self.findings.push(Finding::new(FindingId::NamesFoldAlike, Subject::path(path), evidence));
    }

    /// Says what in a folder cannot be looked at because of its name.
    pub(crate) fn odd_names(&mut self, image: &Image<'_>, folder: &Folder) {
        for entry in &folder.undecodable {
            self.unverified
                .push(Unverified::new(Cause::UndecodableName, image.display(&folder.child(entry))));
        }
        for (kept, left_out) in &folder.alike {
            self.alike(image, folder, kept, left_out);
        }
    }

    /// Says that the host refused to read something.
    pub(crate) fn unreadable(&mut self, path: String, error: &std::io::Error) {
        self.unverified.push(Unverified::new(Cause::Unreadable, &path));
        let evidence = Evidence::because(error.to_string());
        self.findings.push(Finding::new(FindingId::FileUnreadable, Subject::path(path), evidence));
    }

    /// A folder that may be there, or `None`. Why it cannot be looked into is said; that it is not
    /// there is for the caller to judge.
    pub(crate) fn folder(&mut self, image: &Image<'_>, parent: &Folder, name: &str) -> Option<Folder> {
        let path = image.display_missing(parent, name);
        match image.enter(parent, name) {
            Place::Folder(folder) => {
                self.odd_names(image, &folder);
                return Some(folder);
            }
            Place::Missing => {}
            Place::Other(kind) => self.unverified.push(Unverified::new(Cause::of_kind(kind), path)),
            Place::Unreadable(error) => self.unreadable(path, &error),
        }
        None
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.unverified.extend(other.unverified);
    }
}

/// What checks said, by section.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    sections: BTreeMap<Section, Outcome>,
}

impl Outcomes {
    /// What was said in a section.
    pub(crate) fn of(&mut self, section: Section) -> &mut Outcome {
        self.sections.entry(section).or_default()
    }

    /// The sections in their order.
    pub(crate) fn into_sections(self) -> impl Iterator<Item = (Section, Outcome)> {
        self.sections.into_iter()
    }
}

/// How many of a list of names a finding spells out.
const MAX_SHOWN: usize = 3;

/// The first of some names, and how many more there are.
fn join_some(names: &[String]) -> String {
    let shown = names.iter().take(MAX_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Which checks run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Enabled {
    pub(crate) without: Vec<&'static str>,
}

impl Enabled {
    /// What findings depend on besides what is checked.
    pub(crate) fn context(&self) -> Vec<&[u8]> {
        self.without.iter().map(|id| id.as_bytes()).collect()
    }

    pub(crate) fn checks(&self) -> impl Iterator<Item = &'static Check> {
        CHECKS.iter().filter(|check| !self.without.contains(&check.id))
    }

    /// The checks that look at the store as a whole.
    pub(crate) fn of_store(&self) -> impl Iterator<Item = (Section, StoreCheck)> {
        self.checks().filter_map(|check| match check.run {
            Run::Store(run) => Some((check.section, run)),
            _ => None,
        })
    }

    /// What the stages of a hive find.
    pub(crate) fn hive(&self, subject: &HiveSubject<'_>) -> Vec<Finding> {
        self.stages(|run| if let Run::Hive(run) = run { run(subject) } else { None })
    }

    /// What the stages of a package manifest find, in their order.
    pub(crate) fn mum(&self, subject: &MumSubject<'_>) -> Vec<Finding> {
        self.stages(|run| if let Run::Mum(run) = run { run(subject) } else { None })
    }

    /// What the stages of a package catalog find, in their order.
    pub(crate) fn catalog(&self, subject: &CatalogSubject<'_>) -> Vec<Finding> {
        self.stages(|run| if let Run::Catalog(run) = run { run(subject) } else { None })
    }

    /// What the stages of a catalog of the store find, in their order.
    pub(crate) fn store_catalog(&self, subject: &StoreCatalogSubject<'_>) -> Vec<Finding> {
        self.stages(|run| if let Run::StoreCatalog(run) = run { run(subject) } else { None })
    }

    /// What the stages of a manifest's compressed form find.
    pub(crate) fn manifest_compression(&self, subject: &CompressionSubject<'_>) -> Vec<Finding> {
        self.stages(|run| if let Run::ManifestCompression(run) = run { run(subject) } else { None })
    }

    /// What the stages of a component manifest find, in their order.
    pub(crate) fn manifest(&self, subject: &ManifestSubject<'_>) -> Vec<Finding> {
        self.stages(|run| if let Run::Manifest(run) = run { run(subject) } else { Vec::new() })
    }

    /// What each stage says that compares a component manifest with the registry and the catalogs.
    pub(crate) fn vouching(&self, subject: &StoreSubject<'_>, manifest: usize) -> Vec<Vouching> {
        self.stages(|run| if let Run::Vouching(run) = run { Some(run(subject, manifest)) } else { None })
    }

    fn stages<T, S: IntoIterator<Item = T>>(&self, run: impl Fn(&Run) -> S) -> Vec<T> {
        self.checks().flat_map(|check| run(&check.run)).collect()
    }

    pub(crate) fn payload(&self, subject: &PayloadSubject<'_>, outcome: &mut Outcome) {
        for check in self.checks() {
            if let Run::Payload(run) = check.run {
                run(subject, outcome);
            }
        }
    }
}

/// What is said about one object after all its stages: see [`add_stage`].
///
/// `signed_by_microsoft`: then what this tool objects to in the grammar is a lack of the tool, not
/// of the content, and becomes a note.
pub(crate) fn settle(findings: Vec<Finding>, signed_by_microsoft: bool) -> Vec<Finding> {
    let mut settled = Vec::new();
    for mut finding in findings {
        if signed_by_microsoft && is_about_grammar(finding.id) {
            finding.severity = Severity::Note;
        }
        add_stage(&mut settled, finding);
    }
    settled
}

/// Adds what a later stage found to what is said about an object. The first error is the finding;
/// the ids of later ones become its evidence, unless they are of the same id and so about another
/// member of the object. Warnings and notes stand by themselves.
pub(crate) fn add_stage(settled: &mut Vec<Finding>, finding: Finding) {
    let root = settled.iter_mut().find(|earlier| earlier.severity == Severity::Error);
    match root.filter(|root| finding.severity == Severity::Error && root.id != finding.id) {
        None => settled.push(finding),
        Some(root) => {
            for id in std::iter::once(finding.id).chain(finding.evidence.also) {
                if !root.evidence.also.contains(&id) {
                    root.evidence.also.push(id);
                }
            }
        }
    }
}

/// Adds what a stage found that ran late, because it needs the whole store. What stages after it have found already is said
/// of content that nothing vouches for, and becomes its evidence.
pub(crate) fn insert_stage(settled: &mut Vec<Finding>, finding: Finding) {
    let stage = finding.id.info().stage;
    let is_later = |other: &mut Finding| other.severity == Severity::Error && other.id.info().stage > stage;
    let later: Vec<Finding> = settled.extract_if(.., is_later).collect();
    add_stage(settled, finding);
    for finding in later {
        add_stage(settled, finding);
    }
}

/// Whether findings on a file make what it says unreliable.
pub(crate) fn spoil(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// Findings about attributes, values and structure that a newer Windows may have made legal.
fn is_about_grammar(id: FindingId) -> bool {
    matches!(
        id,
        FindingId::MumBadStructure
            | FindingId::MumIdentityMalformed
            | FindingId::MumIdentityDuplicate
            | FindingId::MumIdentityAttributeName
            | FindingId::MumIdentityAttributeValue
            | FindingId::ManifestBadStructure
            | FindingId::ManifestIdentityMalformed
            | FindingId::ManifestIdentityDuplicate
            | FindingId::ManifestIdentityAttributeName
            | FindingId::ManifestIdentityAttributeValue
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FINDINGS;

    fn finding(id: FindingId) -> Finding {
        Finding::new(id, Subject::path("a"), Evidence::default())
    }

    fn said(findings: &[Finding]) -> Vec<(FindingId, Severity, &[FindingId])> {
        findings.iter().map(|finding| (finding.id, finding.severity, &finding.evidence.also[..])).collect()
    }

    /// The first error is the finding; of the later ones only what they are is kept, once.
    #[test]
    fn the_first_error_has_the_word() {
        use FindingId::{FileUnreadable, MumAllZeros, MumBadStructure, MumNotInCatalog};
        let warning = FileUnreadable;
        let errors = [MumAllZeros, MumBadStructure, MumBadStructure, MumNotInCatalog];
        let later = [MumBadStructure, MumNotInCatalog];
        assert_eq!(
            said(&settle(errors.map(finding).into(), false)),
            [(MumAllZeros, Severity::Error, &later[..])]
        );
        // What is no error stands by itself, before an error and after it.
        let mixed = [warning, MumBadStructure, warning, MumBadStructure].map(finding);
        assert_eq!(
            said(&settle(mixed.into(), false)),
            [
                (warning, Severity::Warning, &[][..]),
                (MumBadStructure, Severity::Error, &[]),
                (warning, Severity::Warning, &[]),
                // Another member of the same object.
                (MumBadStructure, Severity::Error, &[]),
            ]
        );
    }

    /// A stage that runs late has its place all the same.
    #[test]
    fn a_late_stage_comes_before_what_follows_it() {
        use FindingId::{
            FileDigestUndecodable, FileNameUnsafe, ManifestBadStructure, ManifestDigestDiffers,
            ManifestNotInCatalog,
        };
        let late = |found: &[FindingId]| {
            let mut settled = settle(found.iter().copied().map(finding).collect(), false);
            insert_stage(&mut settled, finding(ManifestDigestDiffers));
            insert_stage(&mut settled, finding(ManifestNotInCatalog));
            settled
        };
        assert_eq!(
            said(&late(&[FileDigestUndecodable, FileNameUnsafe])),
            [(
                ManifestDigestDiffers,
                Severity::Error,
                &[FileDigestUndecodable, FileNameUnsafe, ManifestNotInCatalog][..]
            )]
        );
        assert_eq!(
            said(&late(&[ManifestBadStructure])),
            [(ManifestBadStructure, Severity::Error, &[ManifestDigestDiffers, ManifestNotInCatalog][..])]
        );
    }

    /// What Microsoft signed is right, whatever this tool thinks of its grammar.
    #[test]
    fn the_grammar_of_microsoft_is_only_noted() {
        for id in FINDINGS.iter().map(|info| info.finding) {
            let settled = settle(vec![finding(id)], true);
            let is_noted = settled[0].severity == Severity::Note && finding(id).severity != Severity::Note;
            let name = id.as_str();
            let is_document = name.starts_with("mum-") || name.starts_with("manifest-");
            let is_grammar = name.ends_with("-structure") || name.contains("-identity-");
            assert_eq!(is_noted, is_document && is_grammar, "{name}");
        }
        assert_eq!(settle(vec![finding(FindingId::MumBadStructure)], false)[0].severity, Severity::Error);
    }

    #[test]
    fn only_errors_spoil() {
        assert!(spoil(&[finding(FindingId::MumBadStructure)]));
        assert!(!spoil(&settle(vec![finding(FindingId::MumBadStructure)], true)));
        assert!(!spoil(&[]));
    }

    /// What runs late comes before what later stages have found, and after what was found in its own.
    #[test]
    fn a_late_stage_takes_its_place() {
        let errors = |stage| {
            let of_stage = FINDINGS.iter().filter(move |info| info.stage == stage);
            of_stage.filter(|info| info.severity == Severity::Error).map(|info| info.finding)
        };
        let own: Vec<FindingId> = errors(3).take(2).collect();
        let later = errors(4).next().unwrap();
        let mut settled = vec![finding(own[0])];
        insert_stage(&mut settled, finding(own[1]));
        let roots: Vec<FindingId> = settled.iter().map(|finding| finding.id).collect();
        assert_eq!((roots, &settled[0].evidence.also), (vec![own[0]], &vec![own[1]]));
        let mut settled = vec![finding(later)];
        insert_stage(&mut settled, finding(own[0]));
        let roots: Vec<FindingId> = settled.iter().map(|finding| finding.id).collect();
        assert_eq!((roots, &settled[0].evidence.also), (vec![own[0]], &vec![later]));
    }
}
