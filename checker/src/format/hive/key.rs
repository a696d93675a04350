//! Keys.

use super::bins::{Bins, Cell, Link};
use super::error::{Error, Rule};
use super::name::Name;
use super::subkeys::{Subkeys, Wanted};
use super::value::{Value, Values};
use super::walk::{Event, Told, Trail, Visitor, Walk};
use std::fmt;

/// The most UTF-16 units of a key's name.
pub const MAX_KEY_NAME_UNITS: usize = 255;

/// Bits of [`Key::flags`].
pub mod key_flag {
    /// The root of a hive.
    pub const ROOT: u16 = 0x0004;
    /// Windows does not let the key be deleted.
    pub const NO_DELETE: u16 = 0x0008;
    /// A symbolic link; its value `SymbolicLinkValue` names the target.
    pub const SYMBOLIC_LINK: u16 = 0x0010;
    /// The name is stored as Latin-1.
    pub const LATIN1_NAME: u16 = 0x0020;
    /// A predefined handle stands where others have the number of values: there are none.
    pub const PREDEFINED_HANDLE: u16 = 0x0040;
}

/// The record before the name.
pub(super) const KEY_FIXED_BYTES: usize = 76;

/// Where fields stand in the record.
pub(super) mod field {
    pub(crate) const FLAGS: usize = 2;
    pub(crate) const LAST_WRITTEN: usize = 4;
    pub(crate) const PARENT: usize = 16;
    pub(crate) const SUBKEY_COUNT: usize = 20;
    pub(crate) const SUBKEY_LIST: usize = 28;
    pub(crate) const VOLATILE_SUBKEY_LIST: usize = 32;
    pub(crate) const VALUE_COUNT: usize = 36;
    pub(crate) const VALUE_LIST: usize = 40;
    pub(crate) const SECURITY: usize = 44;
    pub(crate) const CLASS: usize = 48;
    pub(crate) const MAX_SUBKEY_NAME: usize = 52;
    pub(crate) const MAX_SUBKEY_CLASS: usize = 56;
    pub(crate) const MAX_VALUE_NAME: usize = 60;
    pub(crate) const MAX_VALUE_DATA: usize = 64;
    pub(crate) const NAME_BYTES: usize = 72;
    pub(crate) const CLASS_BYTES: usize = 74;
}

/// A key.
///
/// What a call does is bounded by the length of the hive. That does not hold for many calls together:
/// in a hive that is damaged with intent, keys may share their subkeys and values. Whoever reads a
/// whole tree uses [`Key::walk`], or makes sure before that [`Hive::check`](super::Hive::check) finds
/// no [`Rule::CellShared`].
#[derive(Clone, Copy)]
pub struct Key<'h> {
    bins: Bins<'h>,
    cell: Cell<'h>,
}

impl<'h> Key<'h> {
    #[inline]
    pub(super) fn read(bins: Bins<'h>, link: Link) -> Result<Self, Error> {
        let key = Self::unchecked(bins, bins.cell(link)?);
        key.check().map(|()| key)
    }

    /// A key that [`Key::check`] has still to accept, or has accepted before.
    pub(super) fn unchecked(bins: Bins<'h>, cell: Cell<'h>) -> Self {
        Self { bins, cell }
    }

    /// Whether its cell holds a key.
    #[inline]
    pub(super) fn check(&self) -> Result<(), Error> {
        self.cell.expect(Rule::KeyRecord, b"nk", KEY_FIXED_BYTES)?;
        self.check_name()
    }

    #[inline]
    fn check_name(&self) -> Result<(), Error> {
        let stated: usize = self.cell.u16(field::NAME_BYTES).into();
        let room = self.cell.content.len() - KEY_FIXED_BYTES;
        if stated > room {
            let expected = format!("a name of at most {room} bytes");
            return Err(self.cell.error(Rule::KeyRecord, field::NAME_BYTES, expected, stated.to_string()));
        }
        if !self.has_latin1_name() && !stated.is_multiple_of(2) {
            let actual = format!("{stated} bytes");
            return Err(self.cell.error(Rule::KeyRecord, field::NAME_BYTES, "a name of whole units", actual));
        }
        let units = self.name().len_units();
        if units > MAX_KEY_NAME_UNITS {
            let at = self.cell.position(field::NAME_BYTES);
            return Err(Error::limit(at, "units in the name of a key", MAX_KEY_NAME_UNITS, units));
        }
        Ok(())
    }

    #[inline]
    fn has_latin1_name(&self) -> bool {
        self.flags() & key_flag::LATIN1_NAME != 0
    }

    #[inline]
    pub(super) fn bins(&self) -> Bins<'h> {
        self.bins
    }

    #[inline]
    pub(super) fn cell(&self) -> Cell<'h> {
        self.cell
    }

    /// Where its cell stands, in bytes from the start of the bins. Other records refer to it by this.
    #[must_use]
    #[inline]
    pub fn offset(&self) -> u32 {
        self.cell.offset()
    }

    /// Where its cell stands, in bytes from the start of the file.
    #[must_use]
    pub fn position(&self) -> u64 {
        super::bins::position(self.cell.start)
    }

    /// Its name.
    #[must_use]
    #[inline]
    pub fn name(&self) -> Name<'h> {
        let length: usize = self.cell.u16(field::NAME_BYTES).into();
        let name = self.cell.content.get(KEY_FIXED_BYTES..).and_then(|rest| rest.get(..length));
        Name { bytes: name.unwrap_or_default(), latin1: self.has_latin1_name() }
    }

    /// Its flags; [`key_flag`] names those with a known meaning.
    #[must_use]
    #[inline]
    pub fn flags(&self) -> u16 {
        self.cell.u16(field::FLAGS)
    }

    /// When it was written, in steps of 100 ns since 1601-01-01 UTC.
    #[must_use]
    pub fn last_written(&self) -> u64 {
        self.cell.u64(field::LAST_WRITTEN)
    }

    /// How many subkeys it states to have.
    #[must_use]
    #[inline]
    pub fn subkey_count(&self) -> u32 {
        self.cell.u32(field::SUBKEY_COUNT)
    }

    /// How many values it states to have.
    #[must_use]
    #[inline]
    pub fn value_count(&self) -> u32 {
        if self.flags() & key_flag::PREDEFINED_HANDLE != 0 {
            return 0;
        }
        self.cell.u32(field::VALUE_COUNT)
    }

    /// Its class name: bytes without known encoding, nearly always UTF-16.
    ///
    /// # Errors
    ///
    /// If there is one and its cell cannot be read.
    pub fn class(&self) -> Result<Option<&'h [u8]>, Error> {
        let Some(cell) = self.class_cell()? else { return Ok(None) };
        let stated: usize = self.cell.u16(field::CLASS_BYTES).into();
        cell.content.get(..stated).map(Some).ok_or_else(|| {
            let expected = format!("a class of at most {} bytes", cell.content.len());
            self.cell.error(Rule::KeyClass, field::CLASS_BYTES, expected, stated.to_string())
        })
    }

    #[inline]
    pub(super) fn class_cell(&self) -> Result<Option<Cell<'h>>, Error> {
        let link = self.cell.link(field::CLASS);
        if link.is_nil() { Ok(None) } else { self.bins.cell(link).map(Some) }
    }

    /// Its subkeys in the order of their lists.
    #[must_use]
    pub fn subkeys(&self) -> Subkeys<'h> {
        Subkeys::of(self)
    }

    /// Its values in the order of their list.
    #[must_use]
    #[inline]
    pub fn values(&self) -> Values<'h> {
        Values::of(self)
    }

    /// Tells of it and of everything below it: parents before children, in the order of the lists. Each cell is read once;
    /// where another record refers to it as well, that is [`Rule::CellShared`]. There are at most
    /// [`MAX_KEY_DEPTH`](super::MAX_KEY_DEPTH) levels, each of which takes some hundred bytes of stack besides what
    /// `visit` takes.
    pub fn walk(&self, visit: impl FnMut(&Trail<'h>, Event<'h>)) {
        self.visit(&mut Told(visit));
    }

    /// As [`Key::walk`], for a visitor of one's own, which takes less time.
    pub fn visit(&self, visitor: &mut impl Visitor<'h>) {
        Walk::over(*self, visitor);
    }

    /// The subkey of this name; letter case does not count.
    ///
    /// A key is found even if the hash in the list or the order is wrong, so looking for a name that
    /// does not exist takes a look at every subkey. Whoever asks for many names collects
    /// [`Key::subkeys`] in a map.
    ///
    /// # Errors
    ///
    /// If none is found, and some subkey could not be read that may have been it.
    pub fn subkey(&self, name: &str) -> Result<Option<Key<'h>>, Error> {
        let wanted = Wanted::new(name);
        let mut unreadable = None;
        for likely in [true, false] {
            for entry in Subkeys::of(self).entries {
                let found = match entry {
                    Ok(entry) if entry.hint.may_be(&wanted) != likely => continue,
                    Ok(entry) => Key::read(self.bins, entry.link),
                    Err(error) => Err(error),
                };
                match found {
                    Ok(key) if key.name().is(name) => return Ok(Some(key)),
                    Ok(_) => {}
                    Err(error) => unreadable = unreadable.or(Some(error)),
                }
            }
        }
        unreadable.map_or(Ok(None), Err)
    }

    /// The key that a path leads to, from here: names with backslashes between them. Empty names are
    /// skipped, so the path of this key itself is empty or `\`.
    ///
    /// # Errors
    ///
    /// As [`Key::subkey`].
    pub fn descendant(&self, path: &str) -> Result<Option<Key<'h>>, Error> {
        let mut key = *self;
        for name in path_names(path) {
            let Some(subkey) = key.subkey(name)? else { return Ok(None) };
            key = subkey;
        }
        Ok(Some(key))
    }

    /// The value of this name, the default value if it is empty; letter case does not count.
    ///
    /// # Errors
    ///
    /// If none is found, and some value could not be read that may have been it.
    pub fn value(&self, name: &str) -> Result<Option<Value<'h>>, Error> {
        let mut unreadable = None;
        for value in self.values() {
            match value {
                Ok(value) if value.name().is(name) => return Ok(Some(value)),
                Ok(_) => {}
                Err(error) => unreadable = unreadable.or(Some(error)),
            }
        }
        unreadable.map_or(Ok(None), Err)
    }
}

/// The names of a path.
pub(super) fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('\\').filter(|name| !name.is_empty())
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} at 0x{:X}", self.name(), self.position())
    }
}
