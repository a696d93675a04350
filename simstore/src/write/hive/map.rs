//! Where everything in a hive is: what one needs to damage it with a purpose.

use super::base_block::Field;
use std::ops::Range;
use std::sync::Arc;

/// All places of one hive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// The places, in no particular order.
    pub places: Vec<Place>,
}

/// Where one thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What is there.
    pub part: Part,
    /// The path of the key that it belongs to, if it does to one: names from below the root on, with
    /// backslashes between them. The path of the root is empty.
    pub key: Option<Arc<str>>,
    /// The name of the value that it belongs to, if it does to one.
    pub value: Option<Arc<str>>,
    /// Its bytes in the file, without padding. Of a cell this is the record: the size of the cell stands in
    /// the four bytes before.
    pub range: Range<usize>,
}

impl Place {
    pub(super) fn of_hive(part: Part, range: Range<usize>) -> Place {
        Place { part, key: None, value: None, range }
    }
}

/// What can be somewhere in a hive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A field of the base block.
    BaseBlock(Field),
    /// A bin with its header.
    Bin,
    /// What is free in a cell without record.
    FreeCell,
    /// The record `nk` of a key, name included.
    KeyNode,
    /// The name in it.
    KeyName,
    /// The class name of a key.
    ClassName,
    /// The record `sk` that a key refers to; keys share it.
    Security,
    /// The list of the `vk` records of a key: offsets only.
    ValueList,
    /// The record `vk` of a value, name included.
    Value,
    /// The name in it.
    ValueName,
    /// The data of a value: a cell, or up to four bytes within the `vk` record.
    Data,
    /// The record `db` of data in segments.
    BigData,
    /// The list of its segments: offsets only.
    SegmentList,
    /// A segment of data.
    Segment,
    /// A list of subkeys: `lh`, `lf` or `li`.
    SubkeyList,
    /// The record `ri`, which lists the lists of subkeys.
    SubkeyIndex,
}

impl Map {
    /// The places of one kind.
    pub fn of_part(&self, part: Part) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(move |place| place.part == part)
    }

    /// The places of one kind that belong to a key.
    pub fn of_key<'map>(&'map self, key: &str, part: Part) -> impl Iterator<Item = &'map Place> {
        self.of_part(part).filter(move |place| place.key.as_deref() == Some(key))
    }

    /// The places of one kind that belong to a value.
    pub fn of_value<'map>(
        &'map self,
        key: &str,
        value: &str,
        part: Part,
    ) -> impl Iterator<Item = &'map Place> {
        self.of_key(key, part).filter(move |place| place.value.as_deref() == Some(value))
    }
}

/// Whom the places that are being written belong to.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) key: Arc<str>,
    pub(super) value: Option<Arc<str>>,
}
