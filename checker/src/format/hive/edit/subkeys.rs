//! Lists of subkeys, kept sorted.

use super::{EditError, Editor, limit};
use crate::format::hive::bins::NIL;
use crate::format::hive::bytes::{put_u16, put_u32};
use crate::format::hive::key::{Key, field, path_names};
use crate::format::hive::name::Name;
use crate::format::hive::subkeys::{Entry, LIST_FIXED_BYTES, LeafKind, Leaves};
use crate::format::hive::upcase::upcase;
use std::cmp::Ordering;

/// The most leaves that an index gets: as many as fit into a page.
pub const MAX_LEAVES: usize = 1013;

/// The entries with which Windows' own setup ends a leaf. Longer ones are found, but never made here.
const LEAF_ENTRIES: usize = 507;

/// Where in a key's lists a name stands, or would stand.
struct Place {
    leaf: usize,
    entry: usize,
    key: Option<u32>,
}

impl Editor {
    /// The key that a path leads to, as far as it exists, and the names that do not.
    pub(super) fn resolve(&self, path: &str) -> Result<(u32, Vec<String>), EditError> {
        let mut key = self.hive.block.root;
        let mut names = path_names(path);
        while let Some(name) = names.next() {
            match self.find(&self.key_at(key)?, name)?.key {
                Some(subkey) => key = subkey,
                None => return Ok((key, std::iter::once(name).chain(names).map(str::to_owned).collect())),
            }
        }
        Ok((key, Vec::new()))
    }

    /// Finds a name among the subkeys of a key. They are sorted, for the hive is sound.
    fn find(&self, key: &Key<'_>, name: &str) -> Result<Place, EditError> {
        let wanted: Vec<u16> = name.encode_utf16().map(upcase).collect();
        let order = |entry: Entry| -> Result<Ordering, EditError> {
            let name: Name<'_> = self.key_at(entry.link.to)?.name();
            Ok(name.units().map(upcase).cmp(wanted.iter().copied()))
        };
        let leaves = Leaves::of(key);
        let count = leaves.len();
        // The first leaf whose last name is not below the wanted one; after the end it is the last leaf.
        let number = partition(count, |number| match leaves.leaf(number).transpose()? {
            Some(leaf) if leaf.len() > 0 => Ok(order(leaf.entry(leaf.len() - 1))?.is_lt()),
            _ => Ok(true),
        })?;
        let number = number.min(count.saturating_sub(1));
        let Some(leaf) = leaves.leaf(number).transpose()? else {
            return Ok(Place { leaf: number, entry: 0, key: None });
        };
        let entry = partition(leaf.len(), |index| Ok(order(leaf.entry(index))?.is_lt()))?;
        let found = (entry < leaf.len()).then(|| leaf.entry(entry));
        let key = match found {
            Some(entry) if order(entry)?.is_eq() => Some(entry.link.to),
            _ => None,
        };
        Ok(Place { leaf: number, entry, key })
    }

    /// Puts a new key into its parent's lists.
    pub(super) fn insert(&mut self, parent: u32, name: &str, subkey: u32) -> Result<(), EditError> {
        let key = self.key_at(parent)?;
        let place = self.find(&key, name)?;
        let leaves = Leaves::of(&key);
        let (mut offsets, old) = (leaves.offsets(), leaves.leaf(place.leaf).transpose()?);
        let kind = old.as_ref().map_or_else(|| self.leaf_kind(), |leaf| leaf.kind);
        let mut entries: Vec<_> = old.clone().into_iter().flatten().map(written).collect();
        let at_end = place.leaf + 1 >= offsets.len() && place.entry == entries.len();
        entries.insert(place.entry, (subkey, kind.hint_of(self.key_at(subkey)?.name()).bytes()));
        // Keys that come in their order fill one leaf after the other; others leave room in both halves.
        let part = match entries.len().div_ceil(LEAF_ENTRIES) {
            _ if at_end => LEAF_ENTRIES,
            parts => entries.len().div_ceil(parts),
        };
        let parts: Vec<_> = entries.chunks(part).map(|part| leaf_bytes(kind, part)).collect();
        if offsets.len() + parts.len() - usize::from(old.is_some()) > MAX_LEAVES {
            return limit("leaves of subkeys of one key", MAX_LEAVES);
        }
        let replaced = place.leaf..(place.leaf + 1).min(offsets.len());
        let mut new = Vec::new();
        for part in &parts {
            new.push(self.allocate(part, 0)?);
        }
        let old: Vec<u32> = offsets.splice(replaced, new).collect();
        self.set_leaves(parent, &offsets)?;
        old.into_iter().try_for_each(|leaf| self.free(leaf))
    }

    /// Takes a key out of its parent's lists.
    pub(super) fn take_out(&mut self, parent: u32, subkey: u32) -> Result<(), EditError> {
        let key = self.key_at(parent)?;
        let leaves = Leaves::of(&key);
        let mut offsets = leaves.offsets();
        let mut found = None;
        for (number, leaf) in leaves.enumerate() {
            let leaf = leaf?;
            if leaf.clone().any(|entry| entry.link.to == subkey) {
                found = Some((number, leaf));
                break;
            }
        }
        let Some((number, leaf)) = found else { return Ok(()) };
        let entries: Vec<_> = leaf.clone().filter(|entry| entry.link.to != subkey).map(written).collect();
        let (offset, kind, length) = (leaf.cell.offset(), leaf.kind, leaf.cell.content.len());
        if entries.is_empty() {
            offsets.remove(number);
            self.set_leaves(parent, &offsets)?;
            return self.free(offset);
        }
        let mut content = leaf_bytes(kind, &entries);
        content.resize(length, 0);
        self.put(offset, 0, &content);
        Ok(())
    }

    /// Makes these the leaves of a key.
    pub(super) fn set_leaves(&mut self, key: u32, leaves: &[u32]) -> Result<(), EditError> {
        if leaves.len() > MAX_LEAVES {
            return limit("leaves of subkeys of one key", MAX_LEAVES);
        }
        let old = Leaves::of(&self.key_at(key)?).index().map(|cell| (cell.offset(), cell.content.len()));
        let list = match leaves {
            [] => NIL,
            [leaf] => *leaf,
            _ => {
                let content = index_bytes(leaves);
                match old {
                    Some((index, room)) if room >= content.len() => {
                        self.put(index, 0, &content);
                        return Ok(());
                    }
                    _ => self.allocate(&content, 0)?,
                }
            }
        };
        self.put_u32(key, field::SUBKEY_LIST, list);
        old.map_or(Ok(()), |(index, _)| self.free(index))
    }

    /// The leaves that Windows makes in a hive of this version.
    fn leaf_kind(&self) -> LeafKind {
        if self.hive.block.minor >= 5 { LeafKind::Hashes } else { LeafKind::Letters }
    }
}

/// An entry as it is written.
fn written(entry: Entry) -> (u32, [u8; 4]) {
    (entry.link.to, entry.hint.bytes())
}

fn leaf_bytes(kind: LeafKind, entries: &[(u32, [u8; 4])]) -> Vec<u8> {
    let width = kind.entry_bytes();
    let mut bytes = list_bytes(*kind.signature(), entries.len(), width);
    for (entry, (key, hint)) in
        bytes.get_mut(LIST_FIXED_BYTES..).into_iter().flat_map(|e| e.chunks_exact_mut(width)).zip(entries)
    {
        put_u32(entry, 0, *key);
        crate::format::hive::bytes::put(entry, 4, hint);
    }
    bytes
}

fn index_bytes(leaves: &[u32]) -> Vec<u8> {
    let mut bytes = list_bytes(*b"ri", leaves.len(), 4);
    for (index, leaf) in leaves.iter().enumerate() {
        put_u32(&mut bytes, LIST_FIXED_BYTES + 4 * index, *leaf);
    }
    bytes
}

/// A list before its entries are filled in. There are never more than fit into its count.
fn list_bytes(signature: [u8; 2], count: usize, entry_bytes: usize) -> Vec<u8> {
    let mut bytes = vec![0; LIST_FIXED_BYTES + count * entry_bytes];
    crate::format::hive::bytes::put(&mut bytes, 0, &signature);
    put_u16(&mut bytes, 2, count as u16);
    bytes
}

/// The first index below `length` for which `below` is false, or `length`.
fn partition(
    length: usize,
    mut below: impl FnMut(usize) -> Result<bool, EditError>,
) -> Result<usize, EditError> {
    let (mut start, mut end) = (0, length);
    while start < end {
        let middle = start.midpoint(end);
        if below(middle)? { start = middle + 1 } else { end = middle }
    }
    Ok(start)
}
