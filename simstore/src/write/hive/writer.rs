//! Writing a hive piece by piece.

use super::base_block::{self, Field};
use super::bins::{self, Bins};
use super::key_node::{self, KeyNode};
use super::map::{Map, Owner, Part, Place};
use super::security::SecurityCell;
use super::subkeys::Subkey;
use super::{Key, NIL, Options};
use std::ops::Range;
use std::sync::Arc;

/// Writes a hive from its root on, key by key: so that a large one takes no more memory than its bytes, and
/// the names of the subkeys of those keys that are open.
///
/// ```
/// use simstore::write::hive::{Key, Options, Value, Writer};
///
/// let mut writer = Writer::new(&Key::new("ROOT"), &Options::default());
/// writer.open(&Key::new("Components"));
/// for number in 0..1000 {
///     writer.add(&Key::new(format!("component {number}")).with_value(Value::dword("number", number)));
/// }
/// writer.close();
/// let hive = writer.finish();
/// assert!(hive.starts_with(b"regf"));
/// ```
pub struct Writer {
    pub(super) options: Options,
    pub(super) bins: Bins,
    security: Vec<SecurityCell>,
    /// The keys that may still get subkeys, from the root down.
    open: Vec<OpenKey>,
    map: Option<Map>,
}

/// A key whose record is not written yet, because its subkeys are not all known.
struct OpenKey {
    cell: u32,
    node: KeyNode,
    owner: Owner,
    subkeys: Vec<Subkey>,
}

impl Writer {
    /// Begins a hive: with its root, which stays open, and what is below it already.
    ///
    /// # Panics
    ///
    /// As [`Writer::open`] does.
    pub fn new(root: &Key, options: &Options) -> Writer {
        Writer::begin(root, options, None)
    }

    /// The same, and remembers where everything is; this takes much more memory.
    ///
    /// # Panics
    ///
    /// As [`Writer::open`] does.
    pub fn with_map(root: &Key, options: &Options) -> Writer {
        Writer::begin(root, options, Some(Map::default()))
    }

    fn begin(root: &Key, options: &Options, map: Option<Map>) -> Writer {
        let bins = Bins::new();
        let mut writer =
            Writer { options: options.clone(), bins, security: Vec::new(), open: Vec::new(), map };
        writer.open(root);
        writer
    }

    /// Writes a key with what is below it into the key that was opened last, and leaves it open for more
    /// subkeys.
    ///
    /// # Panics
    ///
    /// When a name is longer than 65,535 bytes, a descriptor is not among the options, two subkeys have the
    /// same name, data has more than a gigabyte, or the bins grow beyond two.
    pub fn open(&mut self, key: &Key) {
        let owner = self.owner(key);
        let cell = self.bins.reserve(key_node::FIXED + key.name.stored().len());
        let mut node = KeyNode::new(key.name.clone(), self.open.last().map_or(NIL, |parent| parent.cell));
        node.flags = key.flags | if self.open.is_empty() { key_node::ROOT } else { 0 };
        node.last_written = key.last_written.unwrap_or(self.options.last_written);
        node.security = self.secure(key.descriptor, &owner);
        if let Some(class) = &key.class {
            node.class_len = class.utf_16_len();
            node.class = self.store(Part::ClassName, &owner, &class.utf_16());
        }
        self.write_values(key, &mut node, &owner);

        self.open.push(OpenKey { cell, node, owner, subkeys: Vec::new() });
        for subkey in &key.subkeys {
            self.add(subkey);
        }
    }

    /// Writes a key with what is below it into the key that was opened last.
    ///
    /// # Panics
    ///
    /// As [`Writer::open`] does.
    pub fn add(&mut self, key: &Key) {
        self.open(key);
        self.close();
    }

    /// Ends the key that was opened last.
    ///
    /// # Panics
    ///
    /// When only the root is open, or two subkeys have the same name.
    pub fn close(&mut self) {
        assert!(self.open.len() > 1, "the root stays open until the end");
        self.close_last();
    }

    /// Ends all keys that are open, and the hive.
    ///
    /// # Panics
    ///
    /// When two subkeys have the same name, or the bins grow beyond two gigabytes.
    pub fn finish(self) -> Vec<u8> {
        self.finish_with_map().0
    }

    /// The same, with the map; it is empty unless the writer was made by [`Writer::with_map`].
    ///
    /// # Panics
    ///
    /// As [`Writer::finish`] does.
    pub fn finish_with_map(mut self) -> (Vec<u8>, Map) {
        let root = self.open[0].cell;
        while !self.open.is_empty() {
            self.close_last();
        }
        self.close_ring();
        if let Some(map) = &mut self.map {
            let fields = Field::ALL.iter();
            map.places.extend(fields.map(|field| Place::of_hive(Part::BaseBlock(*field), field.range())));
            map.places.extend(self.bins.places());
        }
        let mut file = self.bins.finish(self.options.last_written, self.options.remnants);
        base_block::write(&mut file, &self.options, root);
        (file, self.map.unwrap_or_default())
    }

    /// Whom the places of a key belong to that goes into the last open one. Without a map, nobody asks for
    /// paths.
    fn owner(&self, key: &Key) -> Owner {
        let path = match self.open.len() {
            0 => String::new(),
            _ if self.map.is_none() => String::new(),
            1 => key.name.to_string(),
            depth => format!("{}\\{}", self.open[depth - 1].owner.key, key.name),
        };
        Owner { key: Arc::from(path), value: None }
    }

    fn write_values(&mut self, key: &Key, node: &mut KeyNode, owner: &Owner) {
        let mut list = Vec::new();
        for value in &key.values {
            let name = self.map.as_ref().map(|_| Arc::from(value.name.to_string()));
            let cell = self.write_value(value, &Owner { value: name, ..owner.clone() });
            list.extend(cell.to_le_bytes());
            node.largest.value_name = node.largest.value_name.max(value.name.utf_16_len());
            node.largest.value_data = node.largest.value_data.max(value.data.len());
        }
        if !list.is_empty() {
            node.values = key.values.len() as u32;
            node.value_list = self.store(Part::ValueList, owner, &list);
        }
    }

    /// Writes the record of the last open key, and enters it in its parent.
    fn close_last(&mut self) {
        let Some(OpenKey { cell, mut node, owner, subkeys }) = self.open.pop() else { return };
        if !subkeys.is_empty() {
            node.subkeys = subkeys.len() as u32;
            node.subkey_list = self.write_subkeys(subkeys, &owner);
        }
        let record = node.record();
        self.bins.fill(cell, &record);
        self.note_record(Part::KeyNode, &owner, cell, record.len());
        let name = bins::position(cell) + key_node::FIXED..bins::position(cell) + record.len();
        self.note(Part::KeyName, &owner, name);

        if let Some(parent) = self.open.last_mut() {
            parent.subkeys.push(Subkey::new(&node.name, cell, self.options.version));
            let largest = &mut parent.node.largest;
            largest.subkey_name = largest.subkey_name.max(node.name.utf_16_len());
            largest.subkey_class = largest.subkey_class.max(node.class_len);
        }
    }

    /// The security cell with a descriptor of the options; keys with the same one share it.
    fn secure(&mut self, descriptor: usize, owner: &Owner) -> u32 {
        let descriptor = &self.options.descriptors[descriptor];
        let known = self.security.iter().position(|security| security.descriptor == *descriptor);
        let index = known.unwrap_or_else(|| {
            let mut security = SecurityCell { cell: 0, descriptor: descriptor.clone(), users: 0 };
            security.cell = self.bins.reserve(security.len());
            self.security.push(security);
            self.security.len() - 1
        });
        self.security[index].users += 1;
        let (cell, length) = (self.security[index].cell, self.security[index].len());
        self.note_record(Part::Security, owner, cell, length);
        cell
    }

    /// Writes all security cells, each with the next and the one before.
    fn close_ring(&mut self) {
        let count = self.security.len();
        for (index, security) in self.security.iter().enumerate() {
            let next = self.security[(index + 1) % count].cell;
            let previous = self.security[(index + count - 1) % count].cell;
            self.bins.fill(security.cell, &security.record(next, previous));
        }
    }

    /// A record in a cell of its own, entered in the map.
    pub(super) fn store(&mut self, part: Part, owner: &Owner, record: &[u8]) -> u32 {
        let cell = self.bins.store(record);
        self.note_record(part, owner, cell, record.len());
        cell
    }

    /// Enters the record of a cell in the map.
    pub(super) fn note_record(&mut self, part: Part, owner: &Owner, cell: u32, length: usize) {
        let at = bins::position(cell);
        self.note(part, owner, at..at + length);
    }

    /// Enters something in the map, if there is one.
    pub(super) fn note(&mut self, part: Part, owner: &Owner, range: Range<usize>) {
        if let Some(map) = &mut self.map {
            let Owner { key, value } = owner.clone();
            map.places.push(Place { part, key: Some(key), value, range });
        }
    }
}
