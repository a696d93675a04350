//! Names of keys and values, and what the format derives from them.

use super::upcase::upcase;
use std::fmt::{self, Display, Formatter, Write};

/// A name: any UTF-16 units, since Windows accepts unpaired surrogates too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Name(Vec<u16>);

impl Name {
    /// A name of exactly these units.
    pub fn from_units(units: Vec<u16>) -> Name {
        Name(units)
    }

    /// The units.
    pub fn units(&self) -> &[u16] {
        &self.0
    }

    /// Whether it is stored with one byte for each unit. Windows always does so when it can.
    pub(super) fn is_latin_1(&self) -> bool {
        self.0.iter().all(|unit| *unit <= 0xff)
    }

    /// The bytes of a `nk` or `vk` name: Latin-1 if it can be, else UTF-16.
    pub(super) fn stored(&self) -> Vec<u8> {
        if self.is_latin_1() { self.0.iter().map(|unit| *unit as u8).collect() } else { self.utf_16() }
    }

    /// The name as UTF-16, little-endian, without a NUL.
    pub(super) fn utf_16(&self) -> Vec<u8> {
        self.0.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    /// The length as UTF-16 in bytes, however the name is stored: what the maxima of a key count.
    pub(super) fn utf_16_len(&self) -> usize {
        2 * self.0.len()
    }

    /// The form in which names are compared.
    pub(super) fn upcased(&self) -> Vec<u16> {
        self.0.iter().map(|unit| upcase(*unit)).collect()
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Name {
        Name(text.encode_utf16().collect())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Name {
        Name::from(text.as_str())
    }
}

impl From<&Name> for Name {
    fn from(name: &Name) -> Name {
        name.clone()
    }
}

/// As text, with U+FFFD for unpaired surrogates.
impl Display for Name {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        char::decode_utf16(self.0.iter().copied())
            .try_for_each(|letter| formatter.write_char(letter.unwrap_or(char::REPLACEMENT_CHARACTER)))
    }
}

/// What an `lh` list says about a name: a number in base 37 with its upcased units as digits.
pub(super) fn hash(upcased: &[u16]) -> u32 {
    upcased.iter().fold(0, |hash: u32, unit| hash.wrapping_mul(37).wrapping_add(u32::from(*unit)))
}

/// What an `lf` list says about a name: its first four units, or nothing when a byte cannot hold each.
pub(super) fn hint(units: &[u16]) -> [u8; 4] {
    let mut hint = [0; 4];
    for (byte, unit) in hint.iter_mut().zip(units) {
        match u8::try_from(*unit) {
            Ok(unit) => *byte = unit,
            Err(_) => return [0; 4],
        }
    }
    hint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes() {
        let component =
            "amd64_microsoft-windows-foundation_31bf3856ad364e35_6.1.7600.16385_none_0000000000000000";
        for (name, expected) in [
            ("a", 0x41),
            ("Key0001", 0xf4f9_6356),
            ("Components", 0x4fab_6346),
            ("CanonicalData", 0x19a1_00ca),
            ("Component Based Servicing", 0xe0d9_63f8),
            (component, 0x0a09_ee9b),
        ] {
            assert_eq!(hash(&Name::from(name).upcased()), expected, "{name}");
        }
    }

    #[test]
    fn hints_keep_the_case_and_are_all_or_nothing() {
        let hint = |text: &str| hint(Name::from(text).units());
        assert_eq!(hint("Software"), *b"Soft");
        assert_eq!(hint("ab"), *b"ab\0\0");
        assert_eq!(hint("µÿab"), [0xb5, 0xff, b'a', b'b']);
        assert_eq!(hint("Abcdж"), *b"Abcd");
        assert_eq!(hint("Abж"), [0; 4]);
    }

    #[test]
    fn one_wide_unit_makes_the_whole_name_wide() {
        assert_eq!(Name::from("aÿ").stored(), [b'a', 0xff]);
        assert_eq!(Name::from("aĀ").stored(), [b'a', 0, 0x00, 0x01]);
        assert_eq!(Name::from("aÿ").utf_16_len(), 4);
    }

    #[test]
    fn unpaired_surrogates_are_kept_and_shown_replaced() {
        let name = Name::from_units(vec![0xd800, 0x61]);
        assert_eq!(name.stored(), [0x00, 0xd8, 0x61, 0x00]);
        assert_eq!(name.to_string(), "\u{fffd}a");
    }
}
