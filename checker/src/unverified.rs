//! What could not be judged, and why: counted and said, never passed in silence.

use crate::volume::Kind;
use std::collections::BTreeMap;

/// How many subjects of one cause a report names.
pub const MAX_EXAMPLES: usize = 10;

/// Why something could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// What a registry hive says that could not be loaded.
    Registry,
    /// What a damaged hive no longer says.
    DamagedHive,
    /// What a hive does not say that registers nothing at all.
    BareHive,
    /// A manifest in compressed form, without the base document to expand it.
    CompressedManifest,
    /// A differential of an executable.
    ExecutableDelta,
    /// A differential of another kind that is not expanded.
    UnsupportedDelta,
    /// A differential whose source is not at hand.
    DeltaWithoutSource,
    /// A file that stands for that of another version.
    VersionReference,
    /// A file in a compressed form of which only the name is known.
    UnknownCompression,
    /// A reparse point whose content the host does not show.
    ReparsePoint,
    /// A link; links are not followed.
    Link,
    /// A folder, device, pipe or socket where a file should be, or a file where a folder should be.
    WrongKind,
    /// The host refuses to read it.
    Unreadable,
    /// Longer than what is read.
    TooLong,
    /// Beyond a limit of a reader.
    BeyondLimits,
    /// A digest of an unknown method.
    UnsupportedDigest,
    /// A signature of a method that is not computed.
    UnsupportedSignature,
    /// Only a digest that may be out of date.
    OldDigest,
    /// What a damaged manifest lists.
    UnusableManifest,
    /// What a damaged or missing catalog should vouch for.
    UnusableCatalog,
    /// A manifest that no sound package reaches and no catalog lists.
    NoVouchingPackage,
    /// Something that was never measured in this version of Windows, so that its absence proves nothing.
    NotMeasured,
    /// A name that is no Unicode.
    UndecodableName,
    /// The other of two names that differ in letter case only.
    HiddenByCase,
}

impl Cause {
    /// Why something that is not a plain file is not read.
    #[must_use]
    pub const fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Link => Self::Link,
            Kind::Reparse => Self::ReparsePoint,
            Kind::File | Kind::Folder | Kind::Special => Self::WrongKind,
        }
    }

    /// The stable word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::DamagedHive => "damaged-hive",
            Self::BareHive => "bare-hive",
            Self::CompressedManifest => "compressed-manifest",
            Self::ExecutableDelta => "executable-delta",
            Self::UnsupportedDelta => "unsupported-delta",
            Self::DeltaWithoutSource => "delta-without-source",
            Self::VersionReference => "version-reference",
            Self::UnknownCompression => "unknown-compression",
            Self::ReparsePoint => "reparse-point",
            Self::Link => "link",
            Self::WrongKind => "wrong-kind",
            Self::Unreadable => "unreadable",
            Self::TooLong => "too-long",
            Self::BeyondLimits => "beyond-limits",
            Self::UnsupportedDigest => "unsupported-digest",
            Self::UnsupportedSignature => "unsupported-signature",
            Self::OldDigest => "old-digest",
            Self::UnusableManifest => "unusable-manifest",
            Self::UnusableCatalog => "unusable-catalog",
            Self::NoVouchingPackage => "no-vouching-package",
            Self::NotMeasured => "not-measured",
            Self::UndecodableName => "undecodable-name",
            Self::HiddenByCase => "hidden-by-case",
        }
    }

    /// A sentence for people, without its full stop.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Registry => "the registry hive is not there or cannot be loaded",
            Self::DamagedHive => "the registry hive is damaged there",
            Self::BareHive => {
                "the registry hive knows nothing of the store, so that what it lacks proves nothing"
            }
            Self::CompressedManifest => {
                "there is no base document, or none that fits, to expand compressed manifests (DCM) against; give one with --base"
            }
            Self::ExecutableDelta => {
                "differentials of executables are not expanded; its checksum, where it has one, is right"
            }
            Self::UnsupportedDelta => "differentials of this kind are not expanded",
            Self::DeltaWithoutSource => "the file that the differential is to be applied to is not at hand",
            Self::VersionReference => {
                "a DCH file stands for that of another version, and what exactly it vouches for is not known"
            }
            Self::UnknownCompression => "of the compressed form DCX only the name is known",
            Self::ReparsePoint => {
                "the host shows a reparse point instead of the file, as for CompactOS; mount the image where its files \
                 can be read"
            }
            Self::Link => "links are not followed",
            Self::WrongKind => "it is a file where a folder should be, or the other way round, or a device",
            Self::Unreadable => "the host refuses to read it",
            Self::TooLong => "the file is longer than what is read",
            Self::BeyondLimits => "the document is beyond the limits of this tool",
            Self::UnsupportedDigest => "the digest method is unknown",
            Self::UnsupportedSignature => "the signature method is not supported",
            Self::OldDigest => {
                "there is only a digest of the old form, which may be out of date, and it differs"
            }
            Self::UnusableManifest => "the manifest that lists it is damaged",
            Self::UnusableCatalog => {
                "the catalog that should vouch for it is damaged, missing or not trusted"
            }
            Self::NoVouchingPackage => "no package reaches it and no catalog lists it",
            Self::NotMeasured => {
                "a digest is not in the registry, and whether this version of Windows writes it is not known"
            }
            Self::UndecodableName => "the name is no Unicode",
            Self::HiddenByCase => "another name in the folder differs from it in letter case only",
        }
    }
}

/// One thing that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unverified {
    /// Why.
    pub cause: Cause,
    /// The path or key.
    pub subject: String,
}

impl Unverified {
    /// Something that could not be judged.
    #[must_use]
    pub fn new(cause: Cause, subject: impl Into<String>) -> Self {
        Self { cause, subject: subject.into() }
    }
}

/// Everything that could not be judged for one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedGroup {
    /// Why.
    pub cause: Cause,
    /// How many subjects.
    pub count: usize,
    /// The first of them, at most [`MAX_EXAMPLES`].
    pub examples: Vec<String>,
}

/// Groups by cause; within a group subjects are sorted and counted once.
#[must_use]
pub fn group(mut unverified: Vec<Unverified>) -> Vec<UnverifiedGroup> {
    unverified.sort_unstable();
    unverified.dedup();
    let mut groups: BTreeMap<Cause, UnverifiedGroup> = BTreeMap::new();
    for Unverified { cause, subject } in unverified {
        let group = groups.entry(cause).or_insert(UnverifiedGroup { cause, count: 0, examples: Vec::new() });
        group.count += 1;
        if group.examples.len() < MAX_EXAMPLES {
            group.examples.push(subject);
        }
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_count_everything_and_show_the_first() {
        let many =
            (0..=MAX_EXAMPLES).rev().map(|number| Unverified::new(Cause::Link, format!("{number:02}")));
        let all =
            many.chain([Unverified::new(Cause::Link, "00"), Unverified::new(Cause::Registry, "SOFTWARE")]);
        let groups = group(all.collect());
        assert_eq!(groups.len(), 2);
        assert_eq!((groups[0].cause, groups[0].count), (Cause::Registry, 1));
        assert_eq!((groups[1].count, groups[1].examples.len()), (MAX_EXAMPLES + 1, MAX_EXAMPLES));
        assert_eq!(groups[1].examples[0], "00");
    }
}
