//! Lists of subkeys.
//!
//! A key names one leaf (`li`, `lf` or `lh`), or an index (`ri`) of leaves. A leaf names keys, and what
//! it says about each name differs: nothing, the first four letters, or a hash.

use super::bins::{Bins, Cell, Link};
use super::error::{Error, Rule, signature};
use super::key::{Key, field};
use super::name::{Name, hash};
use super::upcase::upcase;
use std::fmt;

/// The most subkeys of one key. The writers of Windows reach 513,591.
pub const MAX_SUBKEYS: usize = 1 << 20;

/// Signature and number of entries, which begin every list.
pub(super) const LIST_FIXED_BYTES: usize = 4;

/// The kinds of leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeafKind {
    /// `li`
    Plain,
    /// `lf`
    Letters,
    /// `lh`
    Hashes,
}

impl LeafKind {
    #[inline]
    fn of(signature: &[u8]) -> Option<Self> {
        match signature {
            b"li" => Some(Self::Plain),
            b"lf" => Some(Self::Letters),
            b"lh" => Some(Self::Hashes),
            _ => None,
        }
    }

    pub(super) fn signature(self) -> &'static [u8; 2] {
        match self {
            Self::Plain => b"li",
            Self::Letters => b"lf",
            Self::Hashes => b"lh",
        }
    }

    #[inline]
    pub(super) fn entry_bytes(self) -> usize {
        if self == Self::Plain { 4 } else { 8 }
    }

    /// What an entry of such a leaf says about a name.
    pub(super) fn hint_of(self, name: Name<'_>) -> Hint {
        match self {
            Self::Plain => Hint::None,
            Self::Hashes => Hint::Hash(name.hash()),
            Self::Letters => {
                let letters = name.first_four().map(u8::try_from);
                let convertible = letters.iter().all(Result::is_ok);
                Hint::Letters(if convertible { letters.map(Result::unwrap_or_default) } else { [0; 4] })
            }
        }
    }
}

/// What an entry says about the name of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    None,
    Letters([u8; 4]),
    Hash(u32),
}

impl Hint {
    /// Whether it is right for a key of the wanted name.
    pub(super) fn may_be(self, wanted: &Wanted) -> bool {
        match self {
            Self::None | Self::Letters([0, ..]) => true,
            Self::Letters(letters) => letters.map(|letter| upcase(letter.into())) == wanted.letters,
            Self::Hash(hash) => hash == wanted.hash,
        }
    }

    /// The hint of the same kind that is right for a name.
    pub(super) fn right_for(self, name: Name<'_>) -> Self {
        match self {
            Self::None => Self::None,
            Self::Letters(_) => LeafKind::Letters.hint_of(name),
            Self::Hash(_) => LeafKind::Hashes.hint_of(name),
        }
    }

    /// Whether it is right for a name. Where one of the first four units is none of Latin-1, only the
    /// first byte is defined.
    pub(super) fn is_right_for(self, name: Name<'_>) -> bool {
        match (self, self.right_for(name)) {
            (Self::Letters([0, ..]), Self::Letters([0, ..])) => true,
            (stated, right) => stated == right,
        }
    }

    /// Its four bytes as written.
    pub(super) fn bytes(self) -> [u8; 4] {
        match self {
            Self::None => [0; 4],
            Self::Letters(letters) => letters,
            Self::Hash(hash) => hash.to_le_bytes(),
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Letters(letters) => write!(f, "\"{}\"", letters.escape_ascii()),
            Self::Hash(hash) => write!(f, "0x{hash:08X}"),
        }
    }
}

/// What the hints of a name that is looked for may be.
pub(super) struct Wanted {
    hash: u32,
    letters: [u16; 4],
}

impl Wanted {
    pub(super) fn new(name: &str) -> Self {
        let mut units = name.encode_utf16().map(upcase);
        let hash = hash(units.clone());
        Self { hash, letters: std::array::from_fn(|_| units.next().unwrap_or_default()) }
    }
}

/// One entry of a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) link: Link,
    pub(super) hint: Hint,
}

/// A leaf.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'h> {
    pub(super) cell: Cell<'h>,
    pub(super) kind: LeafKind,
    next: usize,
    count: usize,
}

impl<'h> Leaf<'h> {
    #[inline]
    fn read(cell: Cell<'h>, what: &'static str) -> Result<Self, Error> {
        let name = cell.content.get(..2).unwrap_or_default();
        let kind =
            LeafKind::of(name).ok_or_else(|| cell.error(Rule::SubkeyList, 0, what, signature(name)))?;
        let count = count(&cell, kind.entry_bytes())?;
        Ok(Self { cell, kind, next: 0, count })
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The entry of an index below [`Leaf::len`].
    #[inline]
    pub(super) fn entry(&self, index: usize) -> Entry {
        let at = LIST_FIXED_BYTES + index * self.kind.entry_bytes();
        let hint = match self.kind {
            LeafKind::Plain => Hint::None,
            LeafKind::Letters => Hint::Letters(self.cell.u32(at + 4).to_le_bytes()),
            LeafKind::Hashes => Hint::Hash(self.cell.u32(at + 4)),
        };
        Entry { link: self.cell.link(at), hint }
    }
}

impl Iterator for Leaf<'_> {
    type Item = Entry;

    #[inline]
    fn next(&mut self) -> Option<Entry> {
        let index = self.next;
        (index < self.count).then(|| {
            self.next += 1;
            self.entry(index)
        })
    }
}

/// The number of entries of a list, if they fit into its cell.
#[inline]
fn count(cell: &Cell<'_>, entry_bytes: usize) -> Result<usize, Error> {
    let count: usize = cell.u16(2).into();
    let room = cell.content.len().saturating_sub(LIST_FIXED_BYTES) / entry_bytes;
    if count > room {
        let expected = format!("at most {room} entries in a cell of this size");
        return Err(cell.error(Rule::SubkeyList, 2, expected, count.to_string()));
    }
    Ok(count)
}

/// The leaves of a key. An index never names an index.
#[derive(Clone)]
pub(super) struct Leaves<'h> {
    bins: Bins<'h>,
    lists: Lists<'h>,
    next: usize,
}

/// What a key names.
#[derive(Clone)]
enum Lists<'h> {
    None,
    Unreadable(Error),
    Leaf(Leaf<'h>),
    Index { cell: Cell<'h>, count: usize },
}

impl<'h> Leaves<'h> {
    #[inline]
    pub(super) fn of(key: &Key<'h>) -> Self {
        let link = key.cell().link(field::SUBKEY_LIST);
        let lists = match key.subkey_count() {
            // As in Windows, a key that states to have no subkeys has none. What it refers to may be a
            // remnant, and where that leads, there may be the list of another key by now.
            0 => Lists::None,
            _ if link.is_nil() => Lists::None,
            _ => Lists::read(key.bins(), link).unwrap_or_else(Lists::Unreadable),
        };
        Self { bins: key.bins(), lists, next: 0 }
    }

    /// The cell of the index, if there is one.
    #[inline]
    pub(super) fn index(&self) -> Option<Cell<'h>> {
        match self.lists {
            Lists::Index { cell, .. } => Some(cell),
            _ => None,
        }
    }

    /// The leaf of a number, counted from 0.
    #[inline]
    pub(super) fn leaf(&self, number: usize) -> Option<Result<Leaf<'h>, Error>> {
        match &self.lists {
            Lists::Unreadable(error) if number == 0 => Some(Err(error.clone())),
            Lists::Leaf(leaf) if number == 0 => Some(Ok(leaf.clone())),
            Lists::Index { cell, count } if number < *count => {
                let leaf = self.bins.cell(cell.link(LIST_FIXED_BYTES + 4 * number));
                Some(leaf.and_then(|cell| Leaf::read(cell, "\"li\", \"lf\" or \"lh\"")))
            }
            _ => None,
        }
    }

    /// How many leaves there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        match &self.lists {
            Lists::Leaf(_) => 1,
            Lists::Index { count, .. } => *count,
            Lists::None | Lists::Unreadable(_) => 0,
        }
    }

    /// The offsets of all leaves, without a look at these.
    pub(super) fn offsets(&self) -> Vec<u32> {
        match &self.lists {
            Lists::Leaf(leaf) => vec![leaf.cell.offset()],
            Lists::Index { cell, count } => {
                (0..*count).map(|number| cell.u32(LIST_FIXED_BYTES + 4 * number)).collect()
            }
            Lists::None | Lists::Unreadable(_) => Vec::new(),
        }
    }

    /// Gives no more leaves.
    fn stop(&mut self) {
        self.next = usize::MAX;
    }
}

impl<'h> Lists<'h> {
    #[inline]
    fn read(bins: Bins<'h>, link: Link) -> Result<Self, Error> {
        let cell = bins.cell(link)?;
        if cell.content.starts_with(b"ri") {
            return Ok(Self::Index { cell, count: count(&cell, 4)? });
        }
        Ok(Self::Leaf(Leaf::read(cell, "\"li\", \"lf\", \"lh\" or \"ri\"")?))
    }
}

impl<'h> Iterator for Leaves<'h> {
    type Item = Result<Leaf<'h>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let leaf = self.leaf(self.next)?;
        self.next += 1;
        Some(leaf)
    }
}

/// The entries of all leaves of a key.
pub(super) struct Entries<'h> {
    leaves: Leaves<'h>,
    leaf: Option<Leaf<'h>>,
    left: usize,
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.leaf.as_mut().and_then(Iterator::next) {
                return Some(Ok(entry));
            }
            let leaf = match self.leaves.next()? {
                Ok(leaf) => leaf,
                Err(error) => return Some(Err(error)),
            };
            // The limit holds for whole leaves, so that none is read in vain.
            let Some(left) = self.left.checked_sub(leaf.len()) else {
                self.leaves.stop();
                self.leaf = None;
                return Some(Err(too_many(&leaf)));
            };
            self.left = left;
            self.leaf = Some(leaf);
        }
    }
}

/// The error that this leaf leads beyond [`MAX_SUBKEYS`].
#[cold]
pub(super) fn too_many(leaf: &Leaf<'_>) -> Error {
    Error::limit(leaf.cell.position(0), "subkeys of one key", MAX_SUBKEYS, "more")
}

/// The subkeys of a key in the order of their lists. One that cannot be read is an error; the others
/// follow.
pub struct Subkeys<'h> {
    bins: Bins<'h>,
    pub(super) entries: Entries<'h>,
}

impl<'h> Subkeys<'h> {
    #[inline]
    pub(super) fn of(key: &Key<'h>) -> Self {
        let entries = Entries { leaves: Leaves::of(key), leaf: None, left: MAX_SUBKEYS };
        Self { bins: key.bins(), entries }
    }
}

impl<'h> Iterator for Subkeys<'h> {
    type Item = Result<Key<'h>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        Some(entry.and_then(|entry| Key::read(self.bins, entry.link)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::name::encode;
    use super::*;

    #[test]
    fn letters_are_those_of_the_name_in_its_own_case() {
        for (name, expected) in [
            ("Abcde", *b"Abcd"),
            ("ab", *b"ab\0\0"),
            ("äb", *b"\xE4b\0\0"),
            ("aŸ", [0; 4]),
            ("abcdŸ", *b"abcd"),
        ] {
            let (bytes, latin1) = encode(name);
            let name = Name { bytes: &bytes, latin1 };
            assert_eq!(LeafKind::Letters.hint_of(name), Hint::Letters(expected));
            assert!(Hint::Letters(expected).is_right_for(name));
            assert!(!Hint::Letters(*b"Xbcd").is_right_for(name));
        }
        // Only the first byte counts where a unit did not fit.
        let (bytes, latin1) = encode("aŸ");
        assert!(Hint::Letters([0, 1, 2, 3]).is_right_for(Name { bytes: &bytes, latin1 }));
    }

    #[test]
    fn hints_tell_which_keys_to_look_at_first() {
        let wanted = Wanted::new("abcde");
        assert!(Hint::None.may_be(&wanted));
        assert!(Hint::Letters(*b"ABcd").may_be(&wanted) && Hint::Letters([0; 4]).may_be(&wanted));
        assert!(!Hint::Letters(*b"abc\0").may_be(&wanted));
        assert!(!Hint::Hash(1).may_be(&wanted));
    }
}
