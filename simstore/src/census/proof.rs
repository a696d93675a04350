//! Why a bit that is turned over does no harm.

use serde::{Deserialize, Serialize};

/// Why it is harmless that a bit was turned over. Each is worked out from where the bit is, and never from what the checker
/// says; but for [`Proof::SameContent`], for which the checker's decoders expand the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The hive beside it was closed cleanly: a log is read only where it was not.
    StaleLog,
    /// Nothing lists the file, and nothing says what is in it.
    Clutter,
    /// No catalog and no key lists the manifest: there is nothing that it could differ from.
    NothingVouches,

    /// The time in the header of a delta: its target does not depend on it.
    DeltaTime,
    /// What the file expands to is the same, byte for byte, and that is what has a digest.
    SameContent,

    /// The version of the syntax of signed data: no signature covers it, and there is only one syntax.
    SyntaxVersion,
    /// The set of hashes that signers use, for readers that hash while they read: no signature covers it, and each signer
    /// names its own hash once more.
    DigestAlgorithms,
    /// The parameters of an algorithm that has none, outside of what is signed.
    AlgorithmParameters,
    /// The name of RSA with or without that of a hash: which one it is stands beside it, and in what is signed.
    SameAlgorithm,
    /// A certificate that no chain needs: the attribute certificate about the stamper's clock.
    UnusedCertificate,
    /// A part of a time stamp that the signature can do without: its certificates are still valid.
    TimeStampNotNeeded,

    /// A cell of a hive that is not in use, or that becomes a part of the cell before it.
    FreeCell,
    /// What fills up a cell behind its record.
    Padding,
    /// Bytes of the base block of a hive behind its checksum, which have a meaning only while the system boots from it.
    BaseBlockRest,
    /// A field without meaning in a file: times, what only lives in memory, what Windows once cached.
    NoMeaning,
    /// A field without meaning where it is: the list of a key that has nothing to list, the class of a key without one, the
    /// parent of the root, data beyond its length.
    NoMeaningHere,
    /// An upper bound that is higher than need be, as in many genuine hives.
    LooseBound,
    /// A list of one subkey in a form without hash, which begins like one with a hash.
    OtherList,
    /// Who may do what with a key.
    Rights,
    /// A flag of a key or value that no check reads.
    UnreadFlag,
    /// A letter of a name in the other case.
    LetterCase,
    /// A text that ends with its data, and not with a character of its own.
    NoTerminator,
    /// A key or value that no check reads.
    Unread,
    /// The data or type of a value of which checks read the name alone.
    OnlyItsName,
    /// A value, or the mark of one, that stores may do without: a check reads it where it is, and misses it nowhere.
    NotRequired,
    /// A state of a package that is as possible as the one before.
    OtherState,
}

impl Proof {
    /// Every proof.
    pub const ALL: [Proof; 26] = [
        Proof::StaleLog,
        Proof::Clutter,
        Proof::NothingVouches,
        Proof::DeltaTime,
        Proof::SameContent,
        Proof::SyntaxVersion,
        Proof::DigestAlgorithms,
        Proof::AlgorithmParameters,
        Proof::SameAlgorithm,
        Proof::UnusedCertificate,
        Proof::TimeStampNotNeeded,
        Proof::FreeCell,
        Proof::Padding,
        Proof::BaseBlockRest,
        Proof::NoMeaning,
        Proof::NoMeaningHere,
        Proof::LooseBound,
        Proof::OtherList,
        Proof::Rights,
        Proof::UnreadFlag,
        Proof::LetterCase,
        Proof::NoTerminator,
        Proof::Unread,
        Proof::OnlyItsName,
        Proof::NotRequired,
        Proof::OtherState,
    ];

    /// What stands in the table.
    pub fn title(self) -> &'static str {
        match self {
            Proof::StaleLog => "log of a clean hive",
            Proof::Clutter => "file that nothing lists",
            Proof::NothingVouches => "manifest that nothing lists",
            Proof::DeltaTime => "time of a delta",
            Proof::SameContent => "expands to the same content",
            Proof::SyntaxVersion => "version of the syntax",
            Proof::DigestAlgorithms => "set of hashes",
            Proof::AlgorithmParameters => "parameters of an algorithm without any",
            Proof::SameAlgorithm => "other name of the same algorithm",
            Proof::UnusedCertificate => "unused certificate",
            Proof::TimeStampNotNeeded => "time stamp of a signature that is still valid",
            Proof::FreeCell => "free cell",
            Proof::Padding => "padding of a cell",
            Proof::BaseBlockRest => "base block behind its checksum",
            Proof::NoMeaning => "field without meaning in a file",
            Proof::NoMeaningHere => "field without meaning where it is",
            Proof::LooseBound => "upper bound that is too high",
            Proof::OtherList => "list of one subkey in another form",
            Proof::Rights => "security descriptor",
            Proof::UnreadFlag => "flag that no check reads",
            Proof::LetterCase => "case of a letter in a name",
            Proof::NoTerminator => "text without its terminator",
            Proof::Unread => "key or value that no check reads",
            Proof::OnlyItsName => "data of a value that counts by its name",
            Proof::NotRequired => "value that need not be there",
            Proof::OtherState => "another possible state of a package",
        }
    }
}
