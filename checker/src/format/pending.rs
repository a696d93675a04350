//! Work that waits for the next start of Windows: `WinSxS\pending.xml`.
//!
//! Only its identifier is read, which the value `PendingXmlIdentifier` in COMPONENTS repeats. That the two agree is
//! recalled, not documented.

use crate::format::xml::{Event, Reader};

/// The longest file that is read, in bytes.
pub const MAX_PENDING_BYTES: usize = 256 << 20;

/// The `Identifier` of the root; `None` if there is none, or the start of the document cannot be read.
///
/// ```
/// use checker::format::pending::identifier;
/// let document = br#"<PendingTransaction Version="3.1" Identifier="a1b2"><POQ/></PendingTransaction>"#;
/// assert_eq!(identifier(document).as_deref(), Some("a1b2"));
/// assert_eq!(identifier(b"<PendingTransaction/>"), None);
/// ```
#[must_use]
pub fn identifier(document: &[u8]) -> Option<String> {
    let mut reader = Reader::new(document);
    loop {
        if let Event::Start { attributes, .. } = reader.next().ok()?? {
            let found = attributes.iter().find(|attribute| attribute.name.local == "Identifier")?;
            return Some(found.value.to_string());
        }
    }
}

/// Whether the bytes of the registry's value mean an identifier: as hexadecimal digits, or as text.
#[must_use]
pub fn is_identifier(value: &[u8], identifier: &str) -> bool {
    let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    let units: Vec<u8> = identifier.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut end = value.len();
    while value[..end].last() == Some(&0) && end > units.len() {
        end -= 1;
    }
    digits.eq_ignore_ascii_case(identifier) || value == identifier.as_bytes() || value[..end] == *units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_known_in_every_spelling() {
        assert!(is_identifier(&[0xA1, 0xB2], "a1B2"));
        assert!(is_identifier(b"a1b2", "a1b2"));
        assert!(is_identifier(b"a\x001\0b\x002\0\0\0", "a1b2"));
        assert!(is_identifier(b"a\x001\0b\x002\0", "a1b2"));
        assert!(!is_identifier(&[0xA1, 0xB3], "a1b2"));
        assert!(!is_identifier(b"", "a1b2"));
    }

    #[test]
    fn only_the_root_counts_and_damage_gives_nothing() {
        assert_eq!(identifier(b"<a><b Identifier='x'/></a>"), None);
        assert_eq!(identifier(b"<!-- c --><a Identifier='x'>").as_deref(), Some("x"));
        assert_eq!(identifier(b"\0\0\0"), None);
        assert_eq!(identifier(b""), None);
    }
}
