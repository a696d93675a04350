//! The characters of a document, judged in one pass before anything is parsed.

use super::ErrorKind;

/// Something in the bytes of a document that no XML may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    IllegalCharacter(u32),
    InvalidUtf8(u8),
    NulTail { length_bytes: usize },
}

impl From<Defect> for ErrorKind {
    fn from(defect: Defect) -> Self {
        match defect {
            Defect::IllegalCharacter(character) => Self::IllegalCharacter { character },
            Defect::InvalidUtf8(byte) => Self::InvalidUtf8 { byte },
            Defect::NulTail { length_bytes } => Self::NulTail { length_bytes },
        }
    }
}

/// The text before the first defect, and the defect if there is one.
pub(super) fn first_defect(bytes: &[u8]) -> (&str, Option<Defect>) {
    let (text, mut defect) = match simdutf8::compat::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = error.valid_up_to();
            // The bytes before `valid_up_to` are UTF-8 by the contract of the error.
            let text = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
            (text, bytes.get(valid).map(|byte| Defect::InvalidUtf8(*byte)))
        }
    };
    let Some(at) = first_illegal(text) else {
        return (text, defect);
    };
    if let Some(character) = text[at..].chars().next() {
        let tail = &bytes[at..];
        defect = Some(if tail.iter().all(|byte| *byte == 0) {
            Defect::NulTail { length_bytes: tail.len() }
        } else {
            Defect::IllegalCharacter(character.into())
        });
    }
    (&text[..at], defect)
}

/// Where the first character outside the Char production stands. In valid UTF-8 that is a control
/// character, U+FFFE or U+FFFF.
fn first_illegal(text: &str) -> Option<usize> {
    const CHUNK: usize = 64;
    let bytes = text.as_bytes();
    let mut start = 0;
    for chunk in bytes.chunks(CHUNK) {
        // Without a branch per byte the compiler turns this into a few vector instructions.
        let suspicious =
            chunk.iter().fold(false, |any, byte| any | is_illegal_control(*byte) | (*byte == 0xEF));
        if suspicious {
            let found = chunk.iter().enumerate().find(|(index, byte)| {
                is_illegal_control(**byte) || (**byte == 0xEF && is_noncharacter(&bytes[start + index..]))
            });
            if let Some((index, _)) = found {
                return Some(start + index);
            }
        }
        start += chunk.len();
    }
    None
}

const fn is_illegal_control(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r'
}

fn is_noncharacter(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xEF\xBF\xBE") || bytes.starts_with(b"\xEF\xBF\xBF")
}

/// The Char production of XML 1.0.
pub(super) fn is_char(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// The NameStartChar production without the colon.
pub(super) fn is_name_start(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// The NameChar production without the colon.
pub(super) fn is_name_char(character: char) -> bool {
    is_name_start(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_in_and_around_a_chunk_is_seen() {
        for length in [1, 63, 64, 65, 130] {
            for at in 0..length {
                let mut text = vec![b'x'; length];
                text[at] = 1;
                let (before, defect) = first_defect(&text);
                assert_eq!((before.len(), defect), (at, Some(Defect::IllegalCharacter(1))));
            }
        }
        let crossing = format!("{}\u{FFFF}", "x".repeat(63));
        assert_eq!(first_defect(crossing.as_bytes()).1, Some(Defect::IllegalCharacter(0xFFFF)));
        // A character that is only looked at more closely does not hide one that is illegal.
        for text in ["\u{1}\u{FFFD}", "\u{FFFD}\u{1}", "\u{FFFD}\u{1}\u{FFFD}", "\u{FFFD}\u{FFFF}"] {
            let at = text.rfind(['\u{1}', '\u{FFFF}']).unwrap_or_default();
            assert_eq!(first_defect(text.as_bytes()).0, &text[..at]);
        }
        let allowed = format!("{}\u{FFFD}\t\r\n\u{7F}\u{10FFFF}", "x".repeat(63));
        assert_eq!(first_defect(allowed.as_bytes()), (allowed.as_str(), None));
    }

    #[test]
    fn the_first_defect_wins_and_a_nul_tail_is_told_apart() {
        assert_eq!(first_defect(b"a\x01\xFF"), ("a", Some(Defect::IllegalCharacter(1))));
        assert_eq!(first_defect(b"a\xFF\x01"), ("a", Some(Defect::InvalidUtf8(0xFF))));
        assert_eq!(first_defect(b"a\0\0"), ("a", Some(Defect::NulTail { length_bytes: 2 })));
        assert_eq!(first_defect(b"a\0b"), ("a", Some(Defect::IllegalCharacter(0))));
        assert_eq!(first_defect(b"a\0\xFF"), ("a", Some(Defect::IllegalCharacter(0))));
    }

    #[test]
    fn surrogates_cannot_pass_as_characters() {
        assert!(is_char('\u{D7FF}') && is_char('\u{E000}') && !is_char('\u{FFFE}') && !is_char('\u{1F}'));
        assert!(is_name_start('_') && !is_name_start('-') && is_name_char('-') && !is_name_start('\u{D7}'));
    }
}
