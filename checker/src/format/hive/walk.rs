//! Reading everything below a key.

use super::bins::{Bins, Cell, Link};
use super::error::{Error, Rule};
use super::key::{Key, field};
use super::subkeys::{Entry, Leaf, Leaves, MAX_SUBKEYS, too_many};
use super::used::Used;
use super::value::{Value, value_list};
use std::borrow::Cow;

/// The most levels of keys, the root being the first.
pub const MAX_KEY_DEPTH: usize = 512;

/// Where the path of a damage is cut, in bytes: behind the first name that ends there or later.
pub const MAX_DAMAGE_PATH_BYTES: usize = 1 << 10;

/// Who is told what a walk meets.
pub trait Visitor<'h> {
    /// A key. Its values follow, then its subkeys, each with what is below it.
    fn key(&mut self, trail: &Trail<'h>, visit: Visit<'h>);
    /// A value of the last key, and its data, or why it cannot be read.
    fn value(&mut self, trail: &Trail<'h>, value: Value<'h>, data: Result<Cow<'h, [u8]>, Error>);
    /// Something that a key refers to cannot be read: its class, a list, a value or a subkey.
    fn unreadable(&mut self, trail: &Trail<'h>, error: Error);
}

/// A closure that is told everything.
pub(super) struct Told<F>(pub(super) F);

impl<'h, F: FnMut(&Trail<'h>, Event<'h>)> Visitor<'h> for Told<F> {
    fn key(&mut self, trail: &Trail<'h>, visit: Visit<'h>) {
        self.0(trail, Event::Key(visit));
    }

    fn value(&mut self, trail: &Trail<'h>, value: Value<'h>, data: Result<Cow<'h, [u8]>, Error>) {
        self.0(trail, Event::Value { value, data });
    }

    fn unreadable(&mut self, trail: &Trail<'h>, error: Error) {
        self.0(trail, Event::Unreadable(error));
    }
}

/// What a walk meets.
#[derive(Debug)]
pub enum Event<'h> {
    /// A key. Its values follow, then its subkeys, each with what is below it.
    Key(Visit<'h>),
    /// A value of the last key.
    Value {
        /// The value.
        value: Value<'h>,
        /// Its data, or why it cannot be read.
        data: Result<Cow<'h, [u8]>, Error>,
    },
    /// Something that a key refers to cannot be read: its class, a list, a value or a subkey.
    Unreadable(Error),
}

/// A key as a walk meets it.
#[derive(Debug)]
pub struct Visit<'h> {
    /// The key.
    pub key: Key<'h>,
    /// How far below the start of the walk it is; 0 is the start.
    pub depth: usize,
    /// The entry in the list of subkeys that leads to it; none leads to the start.
    pub(super) entry: Option<Entry>,
}

/// The keys from the start of a walk to the last one that it met.
#[derive(Debug, Default)]
pub struct Trail<'h> {
    keys: Vec<Key<'h>>,
}

impl Trail<'_> {
    /// The path of the last key from the start of the walk: `\A\B`, or `\` for the start.
    ///
    /// For an [`Event::Unreadable`] it is the path of the key that refers to what cannot be read.
    #[must_use]
    pub fn path(&self) -> String {
        self.path_up_to(usize::MAX)
    }

    /// The path. If more follows behind the first name that ends at so many bytes or later, `\…` stands for it.
    pub(super) fn path_up_to(&self, max_bytes: usize) -> String {
        let mut path = String::new();
        for key in self.keys.iter().skip(1) {
            path.push('\\');
            if path.len() > max_bytes {
                path.push('…');
                break;
            }
            path.push_str(&key.name().to_string());
        }
        if path.is_empty() { "\\".to_owned() } else { path }
    }
}

/// A walk over a key and everything below it: parents before children, in the order of the lists.
///
/// Each cell is read once. Where another record refers to it as well, that is [`Rule::CellShared`], so
/// a walk ends after work in proportion to the length of the hive, whatever the hive is.
///
/// It calls itself for each level of keys, of which there are at most [`MAX_KEY_DEPTH`], and tells what it meets by a call:
/// to hand each record to a caller that asks for the next one took twice as long.
pub(super) struct Walk<'h, 'v, V> {
    bins: Bins<'h>,
    trail: Trail<'h>,
    used: Used,
    visitor: &'v mut V,
}

impl<'h, V: Visitor<'h>> Walk<'h, '_, V> {
    /// Walks, and gives what was read.
    pub(super) fn over(start: Key<'h>, visitor: &mut V) -> Used {
        let bins = start.bins();
        let mut walk = Walk { bins, trail: Trail::default(), used: Used::new(bins.data().len()), visitor };
        walk.key(start, None);
        walk.used
    }

    /// The cell that a reference leads to; if to none, that is told.
    #[inline(always)]
    fn cell(&mut self, link: Link) -> Option<Cell<'h>> {
        let cell = self.bins.cell_at(link.to);
        if cell.is_none() {
            self.unreadable(self.bins.no_cell(link));
        }
        cell
    }

    fn below(&mut self, leaf: &Leaf<'h>, index: usize) {
        let entry = leaf.entry(index);
        let Some(cell) = self.cell(entry.link) else { return };
        let key = Key::unchecked(self.bins, cell);
        match key.check() {
            Ok(()) => self.key(key, Some(entry)),
            Err(error) => self.unreadable(error),
        }
    }

    #[inline(always)]
    fn key(&mut self, key: Key<'h>, entry: Option<Entry>) {
        if let Err(error) = self.enter(&key) {
            return self.unreadable(error);
        }
        let depth = self.trail.keys.len();
        self.trail.keys.push(key);
        self.visitor.key(&self.trail, Visit { key, depth, entry });
        if let Err(error) = self.class(&key) {
            self.unreadable(error);
        }
        self.values(&key);
        self.subkeys(&key);
        self.trail.keys.pop();
    }

    fn enter(&mut self, key: &Key<'h>) -> Result<(), Error> {
        if !cfg!(feature = "planted-subkey-cycle") {
            self.used.claim(&key.cell())?;
        }
        if self.trail.keys.len() == MAX_KEY_DEPTH {
            return Err(Error::limit(key.position(), "levels of keys", MAX_KEY_DEPTH, "one more"));
        }
        Ok(())
    }

    #[cold]
    fn unreadable(&mut self, error: Error) {
        self.visitor.unreadable(&self.trail, error);
    }

    fn class(&mut self, key: &Key<'h>) -> Result<(), Error> {
        if let Some(cell) = key.class_cell()? {
            self.used.claim(&cell)?;
            key.class()?;
        }
        Ok(())
    }

    fn values(&mut self, key: &Key<'h>) {
        let count = key.value_count();
        if count == 0 {
            return;
        }
        match value_list(key, count).and_then(|list| self.used.claim(&list).map(|()| list)) {
            Ok(list) => (0..count as usize).for_each(|index| self.value(list.link(4 * index))),
            Err(error) => self.unreadable(error),
        }
    }

    fn value(&mut self, link: Link) {
        let Some(cell) = self.cell(link) else { return };
        let value = Value::unchecked(self.bins, cell);
        if let Err(error) = value.check().and_then(|()| self.used.claim(&cell)) {
            return self.unreadable(error);
        }
        let data = value.data_with(|cell| self.used.claim(cell));
        self.visitor.value(&self.trail, value, data);
    }

    fn subkeys(&mut self, key: &Key<'h>) {
        let leaves = Leaves::of(key);
        if let Some(index) = leaves.index()
            && let Err(error) = self.used.claim(&index)
        {
            return self.unreadable(error);
        }
        let (mut listed, mut is_complete) = (0, true);
        for leaf in leaves {
            let leaf = match leaf.and_then(|leaf| self.used.claim(&leaf.cell).map(|()| leaf)) {
                Ok(leaf) => leaf,
                Err(error) => {
                    is_complete = false;
                    self.unreadable(error);
                    continue;
                }
            };
            listed += leaf.len();
            if listed > MAX_SUBKEYS {
                return self.unreadable(too_many(&leaf));
            }
            for index in 0..leaf.len() {
                self.below(&leaf, index);
            }
        }
        if is_complete && let Err(error) = check_count(key, listed) {
            self.unreadable(error);
        }
    }
}

/// Checks that a key has as many subkeys as it states.
fn check_count(key: &Key<'_>, listed: usize) -> Result<(), Error> {
    let stated = key.subkey_count() as usize;
    if stated == listed {
        return Ok(());
    }
    let (expected, actual) = (format!("{listed}, as its lists have"), stated.to_string());
    Err(key.cell().error(Rule::SubkeyCount, field::SUBKEY_COUNT, expected, actual))
}
