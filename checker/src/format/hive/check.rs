//! Everything that is wrong with the structure of a hive.
//!
//! Only rules that hold without exception in genuine hives count. So the upper bounds in a key may be
//! too high, the order of values is free, cells may be left over, and what is volatile is not looked
//! at.

use super::Hive;
use super::base_block::field::ROOT as ROOT_FIELD;
use super::bins::{Bins, each_bin, find_bins, position, tiles};
use super::error::{Error, Rule};
use super::key::{Key, field};
use super::name::Name;
use super::security::Users;
use super::subkeys::Entry;
use super::used::{Part, Used};
use super::value::Value;
use super::walk::{MAX_DAMAGE_PATH_BYTES, Trail, Visit, Visitor, Walk};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// The most damages that a check keeps; it counts the others.
pub const MAX_DAMAGES: usize = 1000;

/// The root key's cell in every genuine hive.
const ROOT_OFFSET: u32 = 0x20;

/// A broken rule in a hive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The path of the key that it is in, where one is known: `\A\B`. One longer than [`MAX_DAMAGE_PATH_BYTES`] is cut.
    pub path: Option<String>,
    /// Where, what, and what instead.
    pub error: Error,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}, in the key {path}", self.error),
            None => write!(f, "{}", self.error),
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damages {
    /// The first [`MAX_DAMAGES`], in the order in which they were met: the file and its bins, its keys,
    /// their security records, the cells. Where a limit of this reader was met, nothing may be wrong;
    /// see [`Error::is_limit`].
    pub found: Vec<Damage>,
    /// How many more there are.
    pub more: usize,
}

impl Damages {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds a damage that is in no key.
    fn add(&mut self, error: Error) {
        self.add_in(|| None, error);
    }

    /// Adds a damage. There may be millions, in keys with paths of a hundred kilobytes, so only of those that are kept is asked
    /// where they are.
    fn add_in(&mut self, path: impl FnOnce() -> Option<String>, error: Error) {
        if self.found.len() < MAX_DAMAGES {
            self.found.push(Damage { path: path(), error });
        } else {
            self.more += 1;
        }
    }
}

/// Checks a hive.
pub(super) fn check(hive: &Hive<'_>) -> Damages {
    let mut tree =
        Tree { damages: Damages::default(), levels: Vec::new(), users: Users::default(), complete: true };
    check_file(hive, &mut tree.damages);
    let mut used = Walk::over(hive.root(), &mut tree);
    let Tree { mut damages, users, complete, .. } = tree;
    users.check(hive.bins(), &mut used, complete, |error| damages.add(error));
    check_cells(hive.bins(), &mut used, &mut damages);
    damages
}

/// Checks the length of the file, the place of the root, and the headers of bins.
fn check_file(hive: &Hive<'_>, damages: &mut Damages) {
    let (length, stated) = (hive.data().len(), hive.block.bins_bytes as usize);
    if length < stated {
        let (end, expected) = (position(length), format!("{} bytes", position(stated)));
        damages.add(Error::new(Rule::FileLength, end, expected, format!("{end} bytes")));
    }
    let root = hive.block.root;
    if root != ROOT_OFFSET {
        let (expected, actual) = (format!("0x{ROOT_OFFSET:X}"), format!("0x{root:X}"));
        damages.add(Error::new(Rule::RootCell, ROOT_FIELD as u64, expected, actual));
    }
    find_bins(hive.data(), |error| damages.add(error));
}

/// Checks that cells fill their bins, and that what was read are whole cells.
fn check_cells(bins: Bins<'_>, used: &mut Used, damages: &mut Damages) {
    for bin in each_bin(bins.spans()) {
        let mut after_free = false;
        for tile in tiles(bins.data(), bin) {
            let tile = match tile {
                Ok(tile) => tile,
                Err(error) => {
                    damages.add(error);
                    break;
                }
            };
            let at = position(tile.offset);
            if tile.free && after_free {
                let actual = "the second of two neighbours";
                damages.add(Error::new(Rule::FreeNeighbours, at, "one free cell", actual));
            }
            after_free = tile.free;
            let part = used.part(tile.offset, tile.length);
            if part == Part::Some || (tile.free && part != Part::Nothing) {
                let actual = "a reference into a cell";
                damages.add(Error::new(Rule::CellReference, at, "references to whole cells", actual));
            }
        }
    }
}

/// The keys from the root to the one that is being read, and what was found out so far.
struct Tree<'h> {
    damages: Damages,
    levels: Vec<Level<'h>>,
    users: Users<'h>,
    /// Whether every key could be read, and what rights it has.
    complete: bool,
}

struct Level<'h> {
    key: Key<'h>,
    last_subkey: Option<Name<'h>>,
    /// Whether an upper bound was found too low; one is enough for each key.
    told_bound: bool,
}

impl<'h> Tree<'h> {
    fn add(&mut self, trail: &Trail<'h>, broken: Vec<Error>) {
        for error in broken {
            self.damages.add_in(|| Some(trail.path_up_to(MAX_DAMAGE_PATH_BYTES)), error);
        }
    }

    fn check_key(&mut self, visit: &Visit<'h>) -> Vec<Error> {
        let key = visit.key;
        self.levels.truncate(visit.depth);
        let mut broken = Vec::new();
        if let Err(error) = self.users.add(&key) {
            self.complete = false;
            broken.push(error);
        }
        if let Some(parent) = self.levels.last_mut() {
            broken.extend(check_parent(&key, &parent.key).err());
            broken.extend(visit.entry.and_then(|entry| check_hint(key.name(), entry).err()));
            broken.extend(parent.last_subkey.and_then(|last| check_order(&key, last).err()));
            parent.last_subkey = Some(key.name());
            let name_bytes = 2 * key.name().len_units();
            let class_bytes = key.class().ok().flatten().map_or(0, <[u8]>::len);
            broken.extend(parent.check_bound(Bound::SubkeyName, name_bytes));
            broken.extend(parent.check_bound(Bound::SubkeyClass, class_bytes));
        }
        self.levels.push(Level { key, last_subkey: None, told_bound: false });
        broken
    }

    fn check_value(&mut self, value: &Value<'h>, data: Result<(), Error>) -> Vec<Error> {
        let mut broken = Vec::new();
        broken.extend(data.and_then(|()| value.check_storage()).err());
        if let Some(key) = self.levels.last_mut() {
            broken.extend(key.check_bound(Bound::ValueName, 2 * value.name().len_units()));
            broken.extend(key.check_bound(Bound::ValueData, value.data_length()));
        }
        broken
    }
}

impl<'h> Visitor<'h> for Tree<'h> {
    fn key(&mut self, trail: &Trail<'h>, visit: Visit<'h>) {
        let broken = self.check_key(&visit);
        self.add(trail, broken);
    }

    fn value(&mut self, trail: &Trail<'h>, value: Value<'h>, data: Result<Cow<'h, [u8]>, Error>) {
        let broken = self.check_value(&value, data.map(drop));
        self.add(trail, broken);
    }

    fn unreadable(&mut self, trail: &Trail<'h>, error: Error) {
        self.complete &= !concerns_keys(&error);
        self.add(trail, vec![error]);
    }
}

/// Whether after this error some keys may not have been met.
fn concerns_keys(error: &Error) -> bool {
    !matches!(error.rule, Rule::SubkeyCount | Rule::ValueList | Rule::ValueRecord | Rule::KeyClass)
}

/// The upper bounds in a key: for each where it stands.
#[derive(Clone, Copy)]
enum Bound {
    SubkeyName,
    SubkeyClass,
    ValueName,
    ValueData,
}

impl Level<'_> {
    fn check_bound(&mut self, bound: Bound, needed: usize) -> Option<Error> {
        let cell = self.key.cell();
        let (at, stated, what) = match bound {
            Bound::SubkeyName => {
                (field::MAX_SUBKEY_NAME, cell.u16(field::MAX_SUBKEY_NAME).into(), "the name of a subkey")
            }
            Bound::SubkeyClass => {
                (field::MAX_SUBKEY_CLASS, cell.u32(field::MAX_SUBKEY_CLASS), "the class of a subkey")
            }
            Bound::ValueName => {
                (field::MAX_VALUE_NAME, cell.u32(field::MAX_VALUE_NAME), "the name of a value")
            }
            Bound::ValueData => {
                (field::MAX_VALUE_DATA, cell.u32(field::MAX_VALUE_DATA), "the data of a value")
            }
        };
        if self.told_bound || needed <= stated as usize {
            return None;
        }
        self.told_bound = true;
        let expected = format!("at least {needed} bytes for {what}");
        Some(cell.error(Rule::Maximum, at, expected, stated.to_string()))
    }
}

/// Checks that a key that is not the root has a name, and its parent's offset.
fn check_parent(key: &Key<'_>, parent: &Key<'_>) -> Result<(), Error> {
    if key.name().is_empty() {
        return Err(key.cell().error(Rule::KeyRecord, field::NAME_BYTES, "a name", "none"));
    }
    let stated = key.cell().u32(field::PARENT);
    if stated == parent.offset() {
        return Ok(());
    }
    let (expected, actual) = (format!("0x{:X}", parent.offset()), format!("0x{stated:X}"));
    Err(key.cell().error(Rule::KeyParent, field::PARENT, expected, actual))
}

/// Checks what the parent's list says about a key's name.
fn check_hint(name: Name<'_>, entry: Entry) -> Result<(), Error> {
    if entry.hint.is_right_for(name) {
        return Ok(());
    }
    let (right, stated) = (entry.hint.right_for(name).to_string(), entry.hint.to_string());
    // The hint follows the reference.
    Err(Error::new(Rule::SubkeyHash, entry.link.at + 4, right, stated))
}

/// Checks that a key's name comes after that of the subkey before it.
fn check_order(key: &Key<'_>, last: Name<'_>) -> Result<(), Error> {
    let name = key.name();
    if last.order(name) == Ordering::Less {
        return Ok(());
    }
    let at = key.cell().position(super::key::KEY_FIXED_BYTES);
    Err(Error::new(Rule::SubkeyOrder, at, format!("a name after {last:?}"), format!("{name:?}")))
}
