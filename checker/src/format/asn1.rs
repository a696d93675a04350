//! A small reader of ASN.1 values in their distinguished or basic encoding.
//!
//! Catalogs need one of our own: the content of a catalog's SignedData is a SEQUENCE where newer
//! standards demand an OCTET STRING, Microsoft's time stamps carry attribute certificates, and an
//! error must say at which byte of the file it is. Values are borrowed; nothing is copied.
//!
//! Indefinite lengths are accepted only where a [`Cursor`] is told to (the wrappers of a catalog);
//! whatever is signed must have definite lengths.

use std::fmt;

/// The deepest nesting of values with indefinite length.
pub const MAX_INDEFINITE_DEPTH: usize = 8;

/// Tags that occur in catalogs. Context tags carry the constructed bit where they hold values.
pub mod tag {
    #![allow(missing_docs, reason = "the names are those of the standard")]
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    pub const UTF8_STRING: u8 = 0x0C;
    pub const PRINTABLE_STRING: u8 = 0x13;
    pub const TELETEX_STRING: u8 = 0x14;
    pub const IA5_STRING: u8 = 0x16;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const BMP_STRING: u8 = 0x1E;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
    pub const CONTEXT_0_PRIMITIVE: u8 = 0x80;
    pub const CONTEXT_0: u8 = 0xA0;
    pub const CONTEXT_1: u8 = 0xA1;
    pub const CONTEXT_3: u8 = 0xA3;
}

/// What stood where something else was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A value with another tag.
    Tag(u8),
    /// The end of the enclosing value or of the file.
    End,
    /// A length of more bytes than are left.
    Length {
        /// The length as stated.
        stated: usize,
        /// What is left.
        left: usize,
    },
    /// A length that takes more than four bytes, or is indefinite where it must not be.
    BadLength,
    /// A tag of more than one byte.
    LongTag,
    /// Bytes after the last value.
    Trailing {
        /// How many.
        length_bytes: usize,
    },
    /// Values nested deeper than the limit.
    TooDeep,
    /// A value of the right tag whose content is wrong.
    Content,
    /// More values than the limit.
    TooMany {
        /// The limit.
        limit: usize,
    },
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "the tag 0x{tag:02X}"),
            Self::End => f.write_str("the end"),
            Self::Length { stated, left } => {
                write!(f, "a length of {stated} bytes where only {left} are left")
            }
            Self::BadLength => f.write_str("a length that is not definite or not sensible"),
            Self::LongTag => f.write_str("a tag of more than one byte"),
            Self::Trailing { length_bytes } => write!(f, "{length_bytes} bytes after the end"),
            Self::TooDeep => {
                write!(f, "values of indefinite length nested more than {MAX_INDEFINITE_DEPTH} deep")
            }
            Self::Content => f.write_str("another content"),
            Self::TooMany { limit } => write!(f, "more than {limit}, the limit of this tool"),
        }
    }
}

/// Why bytes are not the value that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte 0x{offset:X}: expected {expected}, found {found}")]
pub struct Error {
    /// Bytes from the start of the file.
    pub offset: usize,
    /// What was expected.
    pub expected: &'static str,
    /// What was found.
    pub found: Found,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its tag: class, constructed bit and number.
    pub tag: u8,
    /// Where its tag stands, in bytes from the start of the file.
    pub offset: usize,
    /// Its content, without the end mark of an indefinite length.
    pub content: &'a [u8],
    /// Where its content stands.
    pub content_offset: usize,
    /// Tag, length and content.
    pub encoded: &'a [u8],
}

impl<'a> Element<'a> {
    /// The values inside, with definite lengths.
    #[must_use]
    pub fn children(&self) -> Cursor<'a> {
        Cursor { bytes: self.content, at: 0, base: self.content_offset, indefinite: false }
    }

    /// The values inside a wrapper: their lengths may be indefinite.
    #[must_use]
    pub fn children_of_wrapper(&self) -> Cursor<'a> {
        Cursor { indefinite: true, ..self.children() }
    }

    /// The error that this value's content is not what was expected.
    #[must_use]
    pub fn error(&self, expected: &'static str) -> Error {
        Error { offset: self.content_offset, expected, found: Found::Content }
    }
}

/// A position in a series of values.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
    indefinite: bool,
}

impl<'a> Cursor<'a> {
    /// The values of a file whose outermost lengths may be indefinite.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, base: 0, indefinite: true }
    }

    /// Whether no value is left.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The tag of the next value.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn error<T>(&self, at: usize, expected: &'static str, found: Found) -> Result<T, Error> {
        Err(Error { offset: self.base + at, expected, found })
    }

    /// The next value, whatever its tag.
    ///
    /// # Errors
    ///
    /// If there is none or it does not fit into what encloses it.
    pub fn any(&mut self, expected: &'static str) -> Result<Element<'a>, Error> {
        self.element(expected, 0)
    }

    /// The next value, which must have this tag.
    ///
    /// # Errors
    ///
    /// As [`Cursor::any`], or if the tag is another.
    pub fn expect(&mut self, tag: u8, expected: &'static str) -> Result<Element<'a>, Error> {
        match self.peek() {
            Some(found) if found == tag => self.any(expected),
            Some(found) => self.error(self.at, expected, Found::Tag(found)),
            None => self.error(self.at, expected, Found::End),
        }
    }

    /// The next value if it has this tag.
    ///
    /// # Errors
    ///
    /// If it has the tag and does not fit into what encloses it.
    pub fn optional(&mut self, tag: u8, expected: &'static str) -> Result<Option<Element<'a>>, Error> {
        if self.peek() == Some(tag) { self.any(expected).map(Some) } else { Ok(None) }
    }

    /// Makes sure that no value is left.
    ///
    /// # Errors
    ///
    /// If one is.
    pub fn finish(&self, expected: &'static str) -> Result<(), Error> {
        if self.is_at_end() {
            return Ok(());
        }
        self.error(self.at, expected, Found::Trailing { length_bytes: self.bytes.len() - self.at })
    }

    fn element(&mut self, expected: &'static str, depth: usize) -> Result<Element<'a>, Error> {
        let start = self.at;
        let Some(tag) = self.peek() else {
            return self.error(start, expected, Found::End);
        };
        if tag & 0x1F == 0x1F {
            return self.error(start, expected, Found::LongTag);
        }
        self.at += 1;
        let Some(length) = self.length(expected)? else {
            let constructed = tag & 0x20 != 0;
            if !constructed || !self.indefinite {
                return self.error(start + 1, expected, Found::BadLength);
            }
            return self.indefinite_content(start, tag, expected, depth);
        };
        let left = self.bytes.len() - self.at;
        if length > left {
            return self.error(start, expected, Found::Length { stated: length, left });
        }
        let content_start = self.at;
        self.at += length;
        Ok(self.value(start, tag, content_start, self.at))
    }

    fn value(&self, start: usize, tag: u8, content_start: usize, content_end: usize) -> Element<'a> {
        Element {
            tag,
            offset: self.base + start,
            content: &self.bytes[content_start..content_end],
            content_offset: self.base + content_start,
            encoded: &self.bytes[start..self.at],
        }
    }

    /// A length, or `None` for the mark of an indefinite one.
    fn length(&mut self, expected: &'static str) -> Result<Option<usize>, Error> {
        let at = self.at;
        let Some(first) = self.bytes.get(at).copied() else {
            return self.error(at, expected, Found::End);
        };
        self.at += 1;
        match first {
            0x00..=0x7F => Ok(Some(first.into())),
            0x80 => Ok(None),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7F);
                let Some(digits) = self.bytes.get(self.at..self.at + count) else {
                    return self.error(at, expected, Found::End);
                };
                self.at += count;
                Ok(Some(digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit))))
            }
            _ => self.error(at, expected, Found::BadLength),
        }
    }

    /// Finds the end mark that belongs to a value of indefinite length.
    fn indefinite_content(
        &mut self,
        start: usize,
        tag: u8,
        expected: &'static str,
        depth: usize,
    ) -> Result<Element<'a>, Error> {
        if depth == MAX_INDEFINITE_DEPTH {
            return self.error(start, expected, Found::TooDeep);
        }
        let content_start = self.at;
        loop {
            let content_end = self.at;
            let inner = self.element("a value or the end mark", depth + 1)?;
            if inner.tag == 0 && inner.content.is_empty() {
                return Ok(self.value(start, tag, content_start, content_end));
            }
        }
    }
}

/// The content of an INTEGER without leading zeros, if it is not negative.
#[must_use]
pub fn unsigned(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [] => None,
        [first, ..] if first & 0x80 != 0 => None,
        _ => {
            let zeros = integer.iter().take_while(|byte| **byte == 0).count();
            Some(&integer[zeros..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn only(bytes: &[u8]) -> Result<Element<'_>, Error> {
        let mut cursor = Cursor::new(bytes);
        let element = cursor.any("a value")?;
        cursor.finish("the end")?;
        Ok(element)
    }

    #[test]
    fn definite_lengths_of_all_forms() {
        assert_eq!(only(b"\x04\x02ab").unwrap().content, b"ab");
        assert_eq!(only(b"\x04\x81\x02ab").unwrap().content, b"ab");
        assert_eq!(only(b"\x04\x84\0\0\0\x02ab").unwrap().content_offset, 6);
        let error = only(b"\x04\x03ab").unwrap_err();
        assert_eq!(
            error.to_string(),
            "byte 0x0: expected a value, found a length of 3 bytes where only 2 are left"
        );
        for bad in
            [&b""[..], b"\x04", b"\x04\x81", b"\x04\x85\0\0\0\0\0", b"\x04\x80", b"\x1F\x20\0", b"\x04\0\0"]
        {
            assert!(only(bad).is_err(), "{bad:x?}");
        }
    }

    #[test]
    fn offsets_are_those_of_the_file() {
        let file = b"\x30\x05\x30\x03\x02\x01\x07";
        let mut outer = only(file).unwrap().children();
        let inner = outer.expect(tag::SEQUENCE, "inner").unwrap();
        let integer = inner.children().expect(tag::INTEGER, "integer").unwrap();
        assert_eq!((inner.offset, integer.offset, integer.content_offset), (2, 4, 6));
        assert_eq!(inner.children().expect(tag::NULL, "null").unwrap_err().offset, 4);
        assert_eq!(integer.encoded, b"\x02\x01\x07");
    }

    #[test]
    fn every_error_is_at_its_byte() {
        for (bytes, offset, found) in [
            (&b""[..], 0, Found::End),
            (b"\x04", 1, Found::End),
            (b"\x04\x81", 1, Found::End),
            (b"\x04\x82\x01", 1, Found::End),
            (b"\x04\x85\0\0\0\0\0", 1, Found::BadLength),
            (b"\x04\xFF", 1, Found::BadLength),
            (b"\x04\x82\x01\x02a", 0, Found::Length { stated: 0x102, left: 1 }),
            (b"\x04\x84\xFF\xFE\xFD\xFC", 0, Found::Length { stated: 0xFFFE_FDFC, left: 0 }),
            // What holds no values cannot have an end mark.
            (b"\x04\x80\0\0", 1, Found::BadLength),
            (b"\x30\x80\x04\x80\0\0\0\0", 3, Found::BadLength),
            (b"\x30\x80\x04\x01a", 5, Found::End),
            (b"\x1F\x20\0", 0, Found::LongTag),
            (b"\x30\x80\x3F\x20\0", 2, Found::LongTag),
            (b"\x04\x01abcd", 3, Found::Trailing { length_bytes: 3 }),
        ] {
            let error = only(bytes).unwrap_err();
            assert_eq!((error.offset, error.found), (offset, found), "{bytes:x?}");
        }
    }

    fn nested_indefinite(depth: usize) -> Vec<u8> {
        let mut bytes = b"\x30\x80".repeat(depth);
        bytes.extend(b"\0\0".repeat(depth));
        bytes
    }

    #[test]
    fn indefinite_lengths_are_accepted_in_wrappers_up_to_the_limit() {
        let element = only(b"\x30\x80\x04\x01a\0\0").unwrap();
        assert_eq!((element.content, element.encoded.len()), (&b"\x04\x01a"[..], 7));
        assert!(only(&nested_indefinite(MAX_INDEFINITE_DEPTH)).is_ok());
        assert_eq!(only(&nested_indefinite(MAX_INDEFINITE_DEPTH + 1)).unwrap_err().found, Found::TooDeep);
        assert!(only(b"\x30\x80\x04\x01a").is_err());
        let definite = only(b"\x30\x06\x30\x80\x04\0\0\0").unwrap();
        assert_eq!(definite.children().any("inner").unwrap_err().found, Found::BadLength);
        assert!(definite.children_of_wrapper().any("inner").is_ok());
    }

    #[test]
    fn integers_lose_their_sign_byte() {
        assert_eq!(unsigned(b"\0\x80"), Some(&b"\x80"[..]));
        assert_eq!(unsigned(b"\0"), Some(&b""[..]));
        assert_eq!((unsigned(b"\x80"), unsigned(b"")), (None, None));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut cursor = Cursor::new(&bytes);
            while let Ok(element) = cursor.any("a value") {
                prop_assert!(element.offset + element.encoded.len() <= bytes.len());
                let _ = element.children().any("inner");
            }
        }
    }
}
