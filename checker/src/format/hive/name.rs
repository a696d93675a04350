//! Names of keys and values.

use super::upcase::upcase;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// A name as the hive stores it: UTF-16 units, or Latin-1 where every unit fits into a byte.
///
/// Units may be unpaired surrogates, so not every name is text. [`Name::text`] gives the text if it is;
/// as [`Display`](fmt::Display) such units are written `\u{D800}`.
#[derive(Clone, Copy)]
pub struct Name<'h> {
    pub(super) bytes: &'h [u8],
    pub(super) latin1: bool,
}

impl<'h> Name<'h> {
    /// Its UTF-16 units.
    pub fn units(self) -> impl Iterator<Item = u16> + Clone + 'h {
        let Self { bytes, latin1 } = self;
        (0..self.len_units()).map(move |index| match latin1 {
            true => bytes.get(index).copied().unwrap_or_default().into(),
            false => super::bytes::u16_at(bytes, 2 * index),
        })
    }

    /// The number of its UTF-16 units.
    #[must_use]
    #[inline]
    pub fn len_units(self) -> usize {
        if self.latin1 { self.bytes.len() } else { self.bytes.len() / 2 }
    }

    /// Its bytes as they are written, in Latin-1 or UTF-16.
    #[must_use]
    #[inline]
    pub fn bytes(self) -> &'h [u8] {
        self.bytes
    }

    /// Whether it has no units; so a value without a name, the default value.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// Its text, unless it has unpaired surrogates.
    #[must_use]
    pub fn text(self) -> Option<Cow<'h, str>> {
        if self.latin1 {
            return Some(match std::str::from_utf8(self.bytes) {
                Ok(text) if text.is_ascii() => Cow::Borrowed(text),
                _ => Cow::Owned(self.bytes.iter().copied().map(char::from).collect()),
            });
        }
        char::decode_utf16(self.units()).collect::<Result<String, _>>().ok().map(Cow::Owned)
    }

    /// Whether this is `name`, as Windows compares names: letter case does not count.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        self.units().map(upcase).eq(name.encode_utf16().map(upcase))
    }

    /// The order in which keys are sorted.
    pub(super) fn order(self, other: Name<'_>) -> Ordering {
        self.units().map(upcase).cmp(other.units().map(upcase))
    }

    /// The hash that stands in lists of subkeys.
    pub(super) fn hash(self) -> u32 {
        hash(self.units())
    }

    /// The first four units, of which those beyond the end are 0.
    pub(super) fn first_four(self) -> [u16; 4] {
        let mut units = self.units();
        std::array::from_fn(|_| units.next().unwrap_or_default())
    }
}

/// The hash of a name's units.
pub(super) fn hash(units: impl Iterator<Item = u16>) -> u32 {
    units.fold(0, |hash: u32, unit| hash.wrapping_mul(37).wrapping_add(upcase(unit).into()))
}

/// Names are equal if their units are, however they are stored; letter case counts.
impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.units().eq(other.units())
    }
}

impl Eq for Name<'_> {}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for unit in char::decode_utf16(self.units()) {
            match unit {
                Ok(character) => write!(f, "{character}")?,
                Err(unpaired) => write!(f, "\\u{{{:X}}}", unpaired.unpaired_surrogate())?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A name as it is written: its bytes, and whether they are Latin-1.
pub(super) fn encode(name: &str) -> (Vec<u8>, bool) {
    let latin1: Option<Vec<u8>> = name.encode_utf16().map(|unit| u8::try_from(unit).ok()).collect();
    match latin1 {
        Some(bytes) => (bytes, true),
        None => (name.encode_utf16().flat_map(u16::to_le_bytes).collect(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latin1(bytes: &[u8]) -> Name<'_> {
        Name { bytes, latin1: true }
    }

    fn utf16(bytes: &[u8]) -> Name<'_> {
        Name { bytes, latin1: false }
    }

    #[test]
    fn both_ways_of_storing_are_the_same_name() {
        assert_eq!(latin1(b"ab"), utf16(b"a\0b\0"));
        assert_ne!(latin1(b"ab"), utf16(b"A\0b\0"));
        assert!(latin1(b"ab").is("Ab") && utf16(b"a\0b\0").is("aB") && !latin1(b"ab").is("abc"));
        assert_eq!(latin1(b"ab\xE4").text().as_deref(), Some("abä"));
        assert!(matches!(latin1(b"ab").text(), Some(Cow::Borrowed("ab"))));
        assert_eq!((latin1(b"ab").len_units(), utf16(b"a\0b\0").len_units()), (2, 2));
        assert!(latin1(b"").is("") && utf16(b"").is_empty());
    }

    #[test]
    fn unpaired_surrogates_are_not_lost() {
        let name = utf16(&[0x61, 0, 0x3D, 0xD8, 0x62, 0]);
        assert_eq!(name.text(), None);
        assert_eq!(name.to_string(), "a\\u{D83D}b");
        assert_eq!(name, name);
        assert_ne!(name, utf16(&[0x61, 0, 0x3E, 0xD8, 0x62, 0]));
        assert_eq!(utf16(&[0x3D, 0xD8, 0x00, 0xDE]).text().as_deref(), Some("😀"));
    }

    #[test]
    fn hashes_go_by_upper_case() {
        for (name, hash) in [
            ("a", 0x0000_0041),
            ("Key0001", 0xF4F9_6356),
            ("Components", 0x4FAB_6346),
            ("CanonicalData", 0x19A1_00CA),
            ("Component Based Servicing", 0xE0D9_63F8),
            (
                "amd64_microsoft-windows-foundation_31bf3856ad364e35_6.1.7600.16385_none_0000000000000000",
                0x0A09_EE9B,
            ),
        ] {
            assert_eq!(latin1(name.as_bytes()).hash(), hash, "{name}");
            assert_eq!(latin1(name.to_lowercase().as_bytes()).hash(), hash, "{name}");
        }
    }

    #[test]
    fn order_is_that_of_upper_case_units() {
        let order = |a: &str, b: &str| {
            let ((a, a_is_latin1), (b, b_is_latin1)) = (encode(a), encode(b));
            Name { bytes: &a, latin1: a_is_latin1 }.order(Name { bytes: &b, latin1: b_is_latin1 })
        };
        assert_eq!(order("a", "B"), Ordering::Less);
        assert_eq!(order("a", "A"), Ordering::Equal);
        assert_eq!(order("a", "aa"), Ordering::Less);
        assert_eq!(order("_", "a"), Ordering::Greater);
        assert_eq!(order("ÿ", "Ÿ"), Ordering::Equal);
        assert_eq!(order("straße", "strasse"), Ordering::Greater);
    }

    #[test]
    fn names_are_latin1_if_they_fit() {
        assert_eq!(encode("aÿ"), (b"a\xFF".to_vec(), true));
        assert_eq!(encode("aŸ"), (b"a\0\x78\x01".to_vec(), false));
        assert_eq!(encode(""), (vec![], true));
    }
}
