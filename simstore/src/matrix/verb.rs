//! Verbs: what is done to a field.

use crate::plan::choices::next_random;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// One way to change a field.
///
/// The first eight are those of `xfs_db fuzz`; then come changes of length and of place; and last those that mean something
/// in a text only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Every byte becomes NUL.
    Zero,
    /// Every bit is set.
    Ones,
    /// The highest bit of the first byte is turned over.
    FirstBit,
    /// The lowest bit of the byte in the middle is turned over.
    MiddleBit,
    /// The lowest bit of the last byte is turned over.
    LastBit,
    /// One is added to the last byte.
    Add,
    /// One is taken from the last byte.
    Subtract,
    /// Every byte becomes a random one.
    Random,
    /// The second half is lost.
    Truncate,
    /// A letter follows the end.
    Extend,
    /// The second half becomes NUL bytes.
    NulFill,
    /// It changes places with the next field of its kind.
    Swap,
    /// It is taken away.
    Delete,
    /// It is there twice.
    Duplicate,
    /// It is taken away, and follows the next field of its kind.
    Move,
    /// Letters change their case.
    OtherCase,
    /// A space comes before it.
    WhiteSpace,
    /// The first character is written as a reference.
    Entity,
    /// A byte of an older encoding comes before it.
    Encoding,
    /// A control character comes before it.
    IllegalCharacter,
    /// It is repeated until it is longer than any genuine one.
    OverLong,
    /// A number takes its place that is larger than any.
    OutOfRange,
}

/// What over-long fields are longer than, in bytes.
const LONG: usize = 2048;

impl Verb {
    /// Every verb.
    pub const ALL: [Verb; 22] = [
        Verb::Zero,
        Verb::Ones,
        Verb::FirstBit,
        Verb::MiddleBit,
        Verb::LastBit,
        Verb::Add,
        Verb::Subtract,
        Verb::Random,
        Verb::Truncate,
        Verb::Extend,
        Verb::NulFill,
        Verb::Swap,
        Verb::Delete,
        Verb::Duplicate,
        Verb::Move,
        Verb::OtherCase,
        Verb::WhiteSpace,
        Verb::Entity,
        Verb::Encoding,
        Verb::IllegalCharacter,
        Verb::OverLong,
        Verb::OutOfRange,
    ];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Zero => "zero",
            Verb::Ones => "ones",
            Verb::FirstBit => "first-bit",
            Verb::MiddleBit => "middle-bit",
            Verb::LastBit => "last-bit",
            Verb::Add => "add",
            Verb::Subtract => "subtract",
            Verb::Random => "random",
            Verb::Truncate => "truncate",
            Verb::Extend => "extend",
            Verb::NulFill => "nul-fill",
            Verb::Swap => "swap",
            Verb::Delete => "delete",
            Verb::Duplicate => "duplicate",
            Verb::Move => "move",
            Verb::OtherCase => "other-case",
            Verb::WhiteSpace => "white-space",
            Verb::Entity => "entity",
            Verb::Encoding => "encoding",
            Verb::IllegalCharacter => "illegal-character",
            Verb::OverLong => "over-long",
            Verb::OutOfRange => "out-of-range",
        }
    }

    /// Whether it means something in a text only.
    pub fn is_of_text(self) -> bool {
        self >= Verb::OtherCase
    }

    /// The content of a field after the verb, for verbs that change content only: not for swap, delete, duplicate and move.
    pub(super) fn change(self, content: &[u8]) -> Option<Vec<u8>> {
        let mut changed = content.to_vec();
        let half = content.len() / 2;
        match self {
            Verb::Zero => changed.fill(0),
            Verb::Ones => changed.fill(0xFF),
            Verb::FirstBit => on(changed.first_mut(), |byte| byte ^ 0x80),
            Verb::MiddleBit => on(changed.get_mut(half), |byte| byte ^ 1),
            Verb::LastBit => on(changed.last_mut(), |byte| byte ^ 1),
            Verb::Add => on(changed.last_mut(), |byte| byte.wrapping_add(1)),
            Verb::Subtract => on(changed.last_mut(), |byte| byte.wrapping_sub(1)),
            Verb::Random => randomise(&mut changed),
            Verb::Truncate => changed.truncate(half),
            Verb::Extend => changed.push(b'A'),
            Verb::NulFill => changed[half..].fill(0),
            Verb::Swap | Verb::Delete | Verb::Duplicate | Verb::Move => return None,
            Verb::OtherCase => changed.iter_mut().for_each(|byte| *byte = other_case(*byte)),
            Verb::WhiteSpace => changed.insert(0, b' '),
            Verb::Entity => reference(&mut changed),
            Verb::Encoding => changed.insert(0, 0xE9),
            Verb::IllegalCharacter => changed.insert(0, 1),
            Verb::OverLong => changed = content.repeat(LONG.div_ceil(content.len().max(1)) + 1),
            Verb::OutOfRange => changed = b"99999999999999999999".to_vec(),
        }
        Some(changed)
    }
}

fn on(byte: Option<&mut u8>, change: fn(u8) -> u8) {
    if let Some(byte) = byte {
        *byte = change(*byte);
    }
}

fn other_case(byte: u8) -> u8 {
    if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { byte }
}

/// Random bytes, always the same for one content, and never the content itself.
fn randomise(content: &mut [u8]) {
    let former = content.to_vec();
    let mut state =
        content.iter().fold(content.len() as u64, |sum, byte| sum.rotate_left(9) ^ u64::from(*byte));
    while *content == *former && !content.is_empty() {
        content.iter_mut().for_each(|byte| *byte = next_random(&mut state).to_le_bytes()[3]);
    }
}

/// Writes the first character as a reference, if it is in ASCII.
fn reference(content: &mut Vec<u8>) {
    if let Some(first) = content.first().copied().filter(u8::is_ascii) {
        content.splice(..1, format!("&#{first};").into_bytes());
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verb {
    type Err = String;

    fn from_str(text: &str) -> Result<Verb, String> {
        let known = Verb::ALL.into_iter().find(|verb| verb.as_str() == text);
        known.ok_or_else(|| {
            format!("there is no verb {text:?}; there are {}", Verb::ALL.map(Verb::as_str).join(", "))
        })
    }
}
