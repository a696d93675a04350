//! What could not be judged, and why: counted and said, never passed in silence.

use crate::volume::Kind;
use std::collections::BTreeMap;

/// How many subjects of one cause a report names.
pub const MAX_EXAMPLES: usize = 10;

// The table below has a row for each cause: what it is, its word, and its sentence.
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $word:literal: $description:literal,)*) => {
        /// Why something could not be judged.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $($(#[$doc])* $name,)*
        }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable word in reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// A sentence for people, without its full stop.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$name => $description,)*
                }
            }
        }
    };
}

causes! {
    /// What a registry hive says that could not be loaded.
    Registry = "registry": "the registry hive is not there or cannot be loaded",
    /// What a damaged hive no longer says.
    DamagedHive = "damaged-hive": "the registry hive is damaged there",
    /// What a hive does not say that registers nothing at all.
    BareHive = "bare-hive": "the registry hive knows nothing of the store, so that what it lacks proves \
        nothing",
    /// A manifest in compressed form, without the base document to expand it.
    CompressedManifest = "compressed-manifest": "there is no base document, or none that fits, to expand \
        compressed manifests (DCM) against; give one with --base",
    /// A differential of an executable.
    ExecutableDelta = "executable-delta": "differentials of executables are not expanded; its checksum, \
        where it has one, is right",
    /// A differential of another kind that is not expanded.
    UnsupportedDelta = "unsupported-delta": "differentials of this kind are not expanded",
    /// A differential whose source is not at hand.
    DeltaWithoutSource = "delta-without-source": "the file that the differential is to be applied to is \
        not at hand",
    /// A file that stands for that of another version.
    VersionReference = "version-reference": "a DCH file stands for that of another version, and what \
        exactly it vouches for is not known",
    /// A file in a compressed form of which only the name is known.
    UnknownCompression = "unknown-compression": "of the compressed form DCX only the name is known",
    /// A reparse point whose content the host does not show.
    ReparsePoint = "reparse-point": "the host shows a reparse point instead of the file, as for CompactOS; \
        mount the image where its files can be read",
    /// A link; links are not followed.
    Link = "link": "links are not followed",
    /// A folder, device, pipe or socket where a file should be, or a file where a folder should be.
    WrongKind = "wrong-kind": "it is a file where a folder should be, or the other way round, or a device",
    /// The host refuses to read it.
    Unreadable = "unreadable": "the host refuses to read it",
    /// Longer than what is read.
    TooLong = "too-long": "the file is longer than what is read",
    /// Beyond a limit of a reader.
    BeyondLimits = "beyond-limits": "the document is beyond the limits of this tool",
    /// A digest of an unknown method.
    UnsupportedDigest = "unsupported-digest": "the digest method is unknown",
    /// A signature of a method that is not computed.
    UnsupportedSignature = "unsupported-signature": "the signature method is not supported",
    /// Only a digest that may be out of date.
    OldDigest = "old-digest": "there is only a digest of the old form, which may be out of date, and it \
        differs",
    /// What a damaged manifest lists.
    UnusableManifest = "unusable-manifest": "the manifest that lists it is damaged",
    /// What a damaged or missing catalog should vouch for.
    UnusableCatalog = "unusable-catalog": "the catalog that should vouch for it is damaged, missing or not \
        trusted",
    /// A manifest that no sound package reaches and no catalog lists.
    NoVouchingPackage = "no-vouching-package": "no package reaches it and no catalog lists it",
    /// Something that was never measured in this version of Windows, so that its absence proves nothing.
    NotMeasured = "not-measured": "a digest is not in the registry, and whether this version of Windows \
        writes it is not known",
    /// A name that is no Unicode.
    UndecodableName = "undecodable-name": "the name is no Unicode",
    /// The other of two names that differ in letter case only.
    HiddenByCase = "hidden-by-case": "another name in the folder differs from it in letter case only",
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
