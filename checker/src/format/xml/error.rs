//! What can be wrong with a document, and where.

use crate::code::Hresult;
use std::fmt;

/// A place in a document as an editor shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1. LF, CR and CRLF end a line.
    pub line: usize,
    /// Column, from 1, in characters; in bytes where the line is no UTF-8.
    pub column: usize,
}

impl Position {
    fn of(document: &[u8], offset: usize) -> Self {
        let before = &document[..offset.min(document.len())];
        let mut line = 1;
        let mut line_start = 0;
        for at in memchr::memchr2_iter(b'\n', b'\r', before) {
            let crlf_follows = before[at] == b'\r' && document.get(at + 1) == Some(&b'\n');
            if !crlf_follows {
                line += 1;
                line_start = at + 1;
            }
        }
        let on_line = &before[line_start..];
        let column = std::str::from_utf8(on_line).map_or(on_line.len(), |text| text.chars().count()) + 1;
        Self { line, column }
    }
}

/// Which of the update errors an XML error leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// A character that may not stand there: 0x80070246.
    IllegalCharacter,
    /// Legal characters that break a rule of XML or of namespaces: 0x800705B9.
    NotWellFormed,
    /// Well-formed, but in another encoding than stated: 0x800705B9, finer 0x80073714.
    Encoding,
    /// Perhaps well-formed, but beyond a limit of this reader: cannot be judged.
    Limit,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A character outside the XML Char production.
    IllegalCharacter {
        /// The character's number.
        character: u32,
    },
    /// A reference to a character outside the XML Char production.
    IllegalReference {
        /// The reference as written.
        reference: String,
    },
    /// Bytes that are no UTF-8.
    InvalidUtf8 {
        /// The first of them.
        byte: u8,
    },
    /// NULs from here to the end.
    NulTail {
        /// How many.
        length_bytes: usize,
    },
    /// The document is marked or declared to be in another encoding than UTF-8.
    Encoding {
        /// The encoding named.
        named: String,
    },
    /// The document ends too early.
    UnexpectedEnd {
        /// What was being read.
        inside: &'static str,
    },
    /// There is no element.
    NoRoot,
    /// Something that may only stand inside the root element.
    OutsideRoot {
        /// What it is.
        what: &'static str,
    },
    /// A markup character in the wrong place.
    Unexpected {
        /// What had to stand there.
        expected: &'static str,
        /// What stands there.
        found: char,
    },
    /// A name that breaks the rules for names.
    BadName {
        /// The name as written.
        name: String,
    },
    /// An end tag that does not close the innermost open element.
    MismatchedEndTag {
        /// The open element.
        expected: String,
        /// The end tag's name.
        found: String,
    },
    /// One attribute twice in one element.
    DuplicateAttribute {
        /// Its name.
        name: String,
    },
    /// A reference to an entity other than the five that need no declaration.
    UnknownEntity {
        /// Its name.
        name: String,
    },
    /// An ampersand that begins no reference.
    BareAmpersand,
    /// A reference that is none of the two numeric forms nor a name.
    BadReference {
        /// The reference as written.
        reference: String,
    },
    /// `--` in a comment, or a comment that ends in `--->`.
    DoubleHyphen,
    /// `]]>` in text.
    SectionEndInText,
    /// `<!` that begins neither comment nor CDATA section.
    UnknownMarkup,
    /// A document type declaration; store documents have none.
    DocumentType,
    /// An XML declaration that is not at the very start, or not spelled `xml`.
    MisplacedDeclaration,
    /// An XML declaration that breaks its grammar.
    BadDeclaration {
        /// What had to stand there.
        expected: &'static str,
    },
    /// A prefix without declaration.
    UndeclaredPrefix {
        /// The prefix.
        prefix: String,
    },
    /// A namespace declaration that is forbidden.
    NamespaceRule {
        /// The rule.
        rule: &'static str,
    },
    /// A limit of this reader.
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl ErrorKind {
    /// Which update error it leads to.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::IllegalCharacter { .. } | Self::IllegalReference { .. } | Self::InvalidUtf8 { .. } => {
                ErrorClass::IllegalCharacter
            }
            Self::Encoding { .. } => ErrorClass::Encoding,
            Self::Limit { .. } => ErrorClass::Limit,
            _ => ErrorClass::NotWellFormed,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IllegalCharacter { character } => {
                write!(f, "the character U+{character:04X} may not stand in XML")
            }
            Self::IllegalReference { reference } => {
                write!(f, "the reference {reference} is to a character that may not stand in XML")
            }
            Self::InvalidUtf8 { byte } => write!(f, "the byte 0x{byte:02X} is not UTF-8 here"),
            Self::NulTail { length_bytes } => {
                write!(f, "only NUL bytes follow, {length_bytes} to the end of the file")
            }
            Self::Encoding { named } => write!(f, "marked as {named:?}, but store documents are UTF-8"),
            Self::UnexpectedEnd { inside } => write!(f, "the document ends inside {inside}"),
            Self::NoRoot => f.write_str("there is no element"),
            Self::OutsideRoot { what } => write!(f, "{what} outside the root element"),
            Self::Unexpected { expected, found } => write!(f, "expected {expected}, found {found:?}"),
            Self::BadName { name } => write!(f, "{name:?} is not a name"),
            Self::MismatchedEndTag { expected, found } => {
                write!(f, "expected </{expected}>, found </{found}>")
            }
            Self::DuplicateAttribute { name } => {
                write!(f, "the attribute {name:?} stands twice in one element")
            }
            Self::UnknownEntity { name } => write!(f, "there is no entity {name:?}"),
            Self::BareAmpersand => f.write_str("an ampersand that begins no reference; expected &amp;"),
            Self::BadReference { reference } => write!(f, "{reference:?} is not a reference"),
            Self::DoubleHyphen => f.write_str("two hyphens inside a comment"),
            Self::SectionEndInText => f.write_str("]]> in text"),
            Self::UnknownMarkup => f.write_str("<! begins neither a comment nor a CDATA section"),
            Self::DocumentType => f.write_str("a document type declaration; store documents have none"),
            Self::MisplacedDeclaration => {
                f.write_str("an XML declaration may only stand at the very start, spelled <?xml")
            }
            Self::BadDeclaration { expected } => write!(f, "expected {expected} in the XML declaration"),
            Self::UndeclaredPrefix { prefix } => write!(f, "the prefix {prefix:?} is not declared"),
            Self::NamespaceRule { rule } => f.write_str(rule),
            Self::Limit { what, limit } => {
                write!(f, "more than {limit} {what}: beyond the limit of this tool")
            }
        }
    }
}

/// An error at a place in a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {} (byte 0x{offset:X}): {kind}{}", position.line, position.column, DisplayElement(element))]
pub struct Error {
    /// Bytes from the start of the document, byte order mark included.
    pub offset: usize,
    /// The same place for people.
    pub position: Position,
    /// What is wrong.
    pub kind: ErrorKind,
    /// The element that was open, where that helps.
    pub element: Option<String>,
}

struct DisplayElement<'e>(&'e Option<String>);

impl fmt::Display for DisplayElement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "; <{name}> is not closed"),
            None => Ok(()),
        }
    }
}

impl Error {
    pub(super) fn new(document: &[u8], offset: usize, kind: ErrorKind) -> Self {
        Self { offset, position: Position::of(document, offset), kind, element: None }
    }

    pub(super) fn in_element(mut self, name: String) -> Self {
        if matches!(self.kind, ErrorKind::UnexpectedEnd { .. }) {
            self.element = Some(name);
        }
        self
    }

    /// Which update error it leads to.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.kind.class()
    }

    /// The more precise code, where there is one.
    #[must_use]
    pub fn finer(&self) -> Option<Hresult> {
        match self.kind {
            ErrorKind::DuplicateAttribute { .. } => Some(Hresult(0x8007_36E5)),
            ErrorKind::Encoding { .. } => Some(Hresult(0x8007_3714)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_all_three_line_ends_and_characters() {
        let document = "a\r\nbä\rc\nd".as_bytes();
        let at = |offset| {
            let Position { line, column } = Position::of(document, offset);
            (line, column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 3)); // between CR and LF
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(6), (2, 3));
        assert_eq!(at(7), (3, 1));
        assert_eq!(at(9), (4, 1));
        assert_eq!(at(99), (4, 2));
    }

    #[test]
    fn some_errors_have_a_finer_code() {
        let finer = |kind| Error::new(b"", 0, kind).finer();
        assert_eq!(finer(ErrorKind::DuplicateAttribute { name: "a".to_owned() }), Some(Hresult(0x8007_36E5)));
        assert_eq!(finer(ErrorKind::Encoding { named: "UTF-16LE".to_owned() }), Some(Hresult(0x8007_3714)));
        assert_eq!(finer(ErrorKind::NoRoot), None);
    }
}
