//! What can be wrong with a hive or a log, and where.

use std::fmt;
use std::ops::Deref;

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $rule:ident = $name:literal,)+) => {
        /// A rule of the format that something breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $rule,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$rule,)+];

            /// The words for it in messages.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)+
                }
            }
        }
    };
}

rules! {
    /// The first 4096 bytes: signature, version, type, sizes.
    BaseBlock = "base block",
    /// The checksum of the base block.
    Checksum = "checksum of the base block",
    /// The root key is the first cell of the first bin.
    RootCell = "root cell",
    /// The file holds all of its bins.
    FileLength = "length of the file",
    /// Signature, own offset and size of a bin.
    BinHeader = "bin header",
    /// Cells have sizes that are multiples of 8 and fill their bin without gaps.
    CellSize = "cell size",
    /// No two free cells are neighbours.
    FreeNeighbours = "free cells",
    /// A reference leads to the start of a cell that is in use.
    CellReference = "reference to a cell",
    /// A cell belongs to one record only.
    CellShared = "owner of a cell",
    /// A key record: signature, length, name.
    KeyRecord = "key record",
    /// A key names its parent.
    KeyParent = "parent of a key",
    /// A key's class name.
    KeyClass = "class of a key",
    /// A list of subkeys, or one of its parts.
    SubkeyList = "subkey list",
    /// The number of subkeys that a key states is that of its lists.
    SubkeyCount = "number of subkeys",
    /// Subkeys are sorted by their names in upper case, none twice.
    SubkeyOrder = "order of subkeys",
    /// The hash, or the first letters, of a subkey's name in the list.
    SubkeyHash = "hash of a subkey's name",
    /// A list of values.
    ValueList = "value list",
    /// A value record: signature, length, name.
    ValueRecord = "value record",
    /// The data of a value: where it stands and its length.
    ValueData = "data of a value",
    /// The record, list and segments of data above 16,344 bytes.
    BigData = "big data of a value",
    /// A key's upper bounds for the names and data of what it holds.
    Maximum = "upper bound in a key",
    /// A security record.
    SecurityRecord = "security record",
    /// The number of keys that use a security record.
    SecurityCount = "users of a security record",
    /// All security records form one ring.
    SecurityRing = "ring of security records",
    /// No two security records are equal.
    SecurityDuplicate = "content of a security record",
    /// A log's own base block.
    LogHeader = "base block of the log",
    /// The log goes with this hive in this state.
    LogMatch = "log for this hive",
    /// An entry, or the dirty blocks, of a log.
    LogEntry = "log entry",
    /// A limit of this reader: nothing is known to be wrong, but it was not read.
    Limit = "limit of this tool",
}

impl Rule {
    /// Whether something cannot be read when this rule is broken, and not only looks wrong.
    #[must_use]
    pub const fn hides_content(self) -> bool {
        matches!(
            self,
            Self::BinHeader
                | Self::CellSize
                | Self::CellReference
                | Self::CellShared
                | Self::KeyRecord
                | Self::KeyClass
                | Self::SubkeyList
                | Self::ValueList
                | Self::ValueRecord
                | Self::ValueData
                | Self::BigData
                | Self::FileLength
        )
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A broken rule at a place in a file. It is one pointer long, since everything that a reader gives may be an error instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte 0x{:X}: {}: expected {}, found {}", self.0.offset, self.0.rule, self.0.expected, self.0.actual)]
pub struct Error(Box<Broken>);

/// What an [`Error`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Bytes from the start of the file (the hive's, or the log's if the rule is about a log).
    pub offset: u64,
    /// The rule.
    pub rule: Rule,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub actual: String,
}

impl Deref for Error {
    type Target = Broken;

    fn deref(&self) -> &Broken {
        &self.0
    }
}

impl Error {
    // Errors are made far from the paths that healthy hives take.
    #[cold]
    pub(crate) fn new(
        rule: Rule,
        offset: u64,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self(Box::new(Broken { offset, rule, expected: expected.into(), actual: actual.into() }))
    }

    /// The same under another rule.
    pub(super) fn under(mut self, rule: Rule) -> Self {
        self.0.rule = rule;
        self
    }

    #[cold]
    pub(super) fn limit(offset: u64, what: &str, limit: usize, actual: impl fmt::Display) -> Self {
        Self::new(Rule::Limit, offset, format!("at most {limit} {what}"), actual.to_string())
    }

    /// Whether only a limit of this reader was met, so that nothing is known to be wrong.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.rule == Rule::Limit
    }
}

/// The first bytes of something that should have had a signature, for a message.
pub(super) fn signature(bytes: &[u8]) -> String {
    let printable = bytes.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(bytes) {
        Ok("") => "nothing".to_owned(),
        Ok(text) if printable => format!("{text:?}"),
        _ => bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_what_and_what_instead() {
        let error = Error::new(Rule::KeyRecord, 0x1020, "\"nk\"", signature(b"n\0"));
        assert_eq!(error.to_string(), "byte 0x1020: key record: expected \"nk\", found 6E 00");
        assert!(!error.is_limit());
        let error = Error::limit(7, "bytes", 3, format_args!("{} bytes", 4));
        assert_eq!(
            error.to_string(),
            "byte 0x7: limit of this tool: expected at most 3 bytes, found 4 bytes"
        );
        assert!(error.is_limit());
    }

    #[test]
    fn no_two_rules_have_the_same_words() {
        let words: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        assert_eq!(words.len(), Rule::ALL.len());
    }
}
