//! A reader that believes nothing: it checks every rule of the format that it meets, and panics.

use super::super::name::{hash, hint};
use super::super::{FileTime, Key, Name, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The tree of a clean hive, with subkeys in the order of its lists.
pub(super) fn read(file: &[u8], descriptors: &[Vec<u8>]) -> Key {
    let mut reader = Reader { file, cells: BTreeMap::new(), seen: BTreeSet::new(), users: BTreeMap::new() };
    reader.base_block();
    reader.bins();
    let root = reader.key(32, 0xffff_ffff, descriptors);
    reader.ring();
    let in_use: Vec<u32> =
        reader.cells.iter().filter(|(_, size)| **size < 0).map(|(cell, _)| *cell).collect();
    assert!(in_use.iter().eq(&reader.seen), "every cell in use is part of something");
    root
}

/// The cells of a hive: their offsets, and their sizes as stored.
pub(super) fn cells(file: &[u8]) -> BTreeMap<u32, i32> {
    let mut reader = Reader { file, cells: BTreeMap::new(), seen: BTreeSet::new(), users: BTreeMap::new() };
    reader.bins();
    reader.cells
}

struct Reader<'a> {
    file: &'a [u8],
    cells: BTreeMap<u32, i32>,
    seen: BTreeSet<u32>,
    /// How many keys use each security cell.
    users: BTreeMap<u32, u32>,
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()).into()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn units(utf_16: &[u8]) -> Vec<u16> {
    utf_16.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn name(bytes: &[u8], is_latin_1: bool) -> Name {
    if is_latin_1 {
        return Name::from_units(bytes.iter().map(|byte| u16::from(*byte)).collect());
    }
    let units = units(bytes);
    assert!(units.is_empty() || units.iter().any(|unit| *unit > 0xff), "the name is compressed if it can be");
    Name::from_units(units)
}

impl<'a> Reader<'a> {
    fn base_block(&self) {
        let checksum = (0..508).step_by(4).fold(0, |sum, at| sum ^ u32_at(self.file, at));
        assert_eq!(u32_at(self.file, 508), checksum);
        assert_eq!(&self.file[..4], b"regf");
        assert_eq!(u32_at(self.file, 4), u32_at(self.file, 8), "the sequence numbers are equal");
        assert_eq!(u32_at(self.file, 20), 1, "the major version");
        assert_eq!([28, 32, 36, 44].map(|at| u32_at(self.file, at)), [0, 1, 32, 1]);
        assert_eq!(u32_at(self.file, 40) as usize + 4096, self.file.len());
        assert_eq!(u64_at(self.file, 12), u64_at(self.file, 4096 + 20), "the first bin repeats the time");
    }

    fn minor(&self) -> u32 {
        u32_at(self.file, 24)
    }

    /// Cells tile each bin, bins the file, and no two free cells are neighbours.
    fn bins(&mut self) {
        let bins = &self.file[4096..];
        let mut bin = 0;
        while bin < bins.len() {
            assert_eq!(&bins[bin..bin + 4], b"hbin");
            assert_eq!(u32_at(bins, bin + 4) as usize, bin);
            let end = bin + u32_at(bins, bin + 8) as usize;
            assert!(end > bin && end.is_multiple_of(4096));
            let mut was_free = false;
            let mut at = bin + 32;
            while at < end {
                let size = u32_at(bins, at) as i32;
                assert!(size != 0 && size % 8 == 0, "cell sizes are multiples of 8");
                assert!(!(was_free && size > 0), "free cells are merged");
                was_free = size > 0;
                self.cells.insert(at as u32, size);
                at += size.unsigned_abs() as usize;
            }
            assert_eq!(at, end);
            bin = end;
        }
    }

    /// What is in a cell, which nothing else refers to.
    fn cell(&mut self, cell: u32) -> &'a [u8] {
        assert!(self.seen.insert(cell), "cell {cell:#x} has one owner");
        self.shared_cell(cell)
    }

    fn shared_cell(&self, cell: u32) -> &'a [u8] {
        let size = self.cells[&cell];
        assert!(size < 0, "cell {cell:#x} is in use");
        let at = 4096 + cell as usize;
        &self.file[at + 4..at + size.unsigned_abs() as usize]
    }

    fn key(&mut self, cell: u32, parent: u32, descriptors: &[Vec<u8>]) -> Key {
        let node = self.cell(cell);
        assert_eq!(&node[..2], b"nk");
        let flags = u16_at(node, 2) as u16;
        assert_eq!(u32_at(node, 16), parent);
        assert_eq!([12, 24, 68].map(|at| u32_at(node, at)), [0; 3], "what is only in memory");
        let class = (u32_at(node, 48) != 0xffff_ffff)
            .then(|| Name::from_units(units(&self.cell(u32_at(node, 48))[..u16_at(node, 74)])));
        let key = Key {
            name: name(&node[76..76 + u16_at(node, 72)], flags & 0x20 != 0),
            class,
            last_written: Some(FileTime(u64_at(node, 4))),
            flags: flags & !0x2c,
            descriptor: self.descriptor(u32_at(node, 44), descriptors),
            values: self.values(u32_at(node, 36) as usize, u32_at(node, 40)),
            subkeys: self
                .subkeys(u32_at(node, 20) as usize, u32_at(node, 28))
                .into_iter()
                .map(|subkey| self.key(subkey, cell, descriptors))
                .collect(),
        };
        assert_eq!(flags & 0x0c, if parent == 0xffff_ffff { 0x0c } else { 0 }, "only the root is a root");
        let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
        let class_len = |key: &Key| key.class.as_ref().map_or(0, |class| 2 * class.units().len());
        assert_eq!(u16_at(node, 52), longest(&mut key.subkeys.iter().map(|key| 2 * key.name.units().len())));
        assert_eq!(u32_at(node, 56) as usize, longest(&mut key.subkeys.iter().map(class_len)));
        assert_eq!(
            u32_at(node, 60) as usize,
            longest(&mut key.values.iter().map(|v| 2 * v.name.units().len()))
        );
        assert_eq!(u32_at(node, 64) as usize, longest(&mut key.values.iter().map(|value| value.data.len())));
        key
    }

    /// The cells of the subkeys, sorted and counted right.
    fn subkeys(&mut self, count: usize, list: u32) -> Vec<u32> {
        if count == 0 {
            assert_eq!(list, 0xffff_ffff);
            return Vec::new();
        }
        let top = self.cell(list);
        let mut keys = Vec::new();
        if &top[..2] == b"ri" {
            assert!(u16_at(top, 2) > 1, "an index is only there for more than one list");
            for index in 0..u16_at(top, 2) {
                let leaf = self.cell(u32_at(top, 4 + 4 * index));
                keys.extend(self.leaf(leaf));
            }
        } else {
            keys = self.leaf(top);
        }
        assert_eq!(keys.len(), count);
        let upcased: Vec<Vec<u16>> = keys.iter().map(|key| self.name_of(*key).upcased()).collect();
        assert!(upcased.windows(2).all(|pair| pair[0] < pair[1]), "subkeys are sorted");
        keys
    }

    fn leaf(&self, leaf: &[u8]) -> Vec<u32> {
        let entry = if &leaf[..2] == b"li" { 4 } else { 8 };
        let entries = leaf[4..4 + entry * u16_at(leaf, 2)].chunks_exact(entry);
        for entry in entries.clone() {
            let name = self.name_of(u32_at(entry, 0));
            match &leaf[..2] {
                b"lh" => assert!(u32_at(entry, 4) == hash(&name.upcased()) && self.minor() >= 5),
                b"lf" => assert!(entry[4..] == hint(name.units()) && self.minor() < 5),
                other => assert!(other == b"li" && self.minor() < 5),
            }
        }
        entries.map(|entry| u32_at(entry, 0)).collect()
    }

    fn name_of(&self, cell: u32) -> Name {
        let node = self.shared_cell(cell);
        name(&node[76..76 + u16_at(node, 72)], u16_at(node, 2) & 0x20 != 0)
    }

    fn values(&mut self, count: usize, list: u32) -> Vec<Value> {
        if count == 0 {
            assert_eq!(list, 0xffff_ffff);
            return Vec::new();
        }
        let list = self.cell(list);
        (0..count).map(|index| self.value(u32_at(list, 4 * index))).collect()
    }

    fn value(&mut self, cell: u32) -> Value {
        let record = self.cell(cell);
        assert_eq!(&record[..2], b"vk");
        let name_len = u16_at(record, 2);
        let flags = u16_at(record, 16);
        assert!(flags == 0 || (flags == 1 && name_len > 0));
        let name = name(&record[20..20 + name_len], flags == 1);
        let (size, cell) = (u32_at(record, 4), u32_at(record, 8));
        let length = (size & 0x7fff_ffff) as usize;
        let data = if size >> 31 == 1 {
            assert!(length <= 4 && record[8 + length..12].iter().all(|byte| *byte == 0));
            record[8..8 + length].to_vec()
        } else {
            assert!(length > 4, "short data is in the record");
            self.data(cell, length)
        };
        Value::new(name, u32_at(record, 12), data)
    }

    fn data(&mut self, cell: u32, length: usize) -> Vec<u8> {
        let content = self.cell(cell);
        if length <= 16_344 || self.minor() == 3 {
            return content[..length].to_vec();
        }
        assert_eq!(&content[..2], b"db");
        let list = self.cell(u32_at(content, 4));
        let count = u16_at(content, 2);
        assert_eq!(count, length.div_ceil(16_344));
        let mut data = Vec::new();
        for index in 0..count {
            let segment = self.cell(u32_at(list, 4 * index));
            assert_eq!(segment.len() + 4, 16_352);
            data.extend(&segment[..16_344.min(length - data.len())]);
        }
        data
    }

    fn descriptor(&mut self, cell: u32, descriptors: &[Vec<u8>]) -> usize {
        *self.users.entry(cell).or_default() += 1;
        let record = self.shared_cell(cell);
        assert_eq!(&record[..2], b"sk");
        let descriptor = &record[20..20 + u32_at(record, 16) as usize];
        descriptors.iter().position(|known| known == descriptor).unwrap()
    }

    /// The security cells form one ring, and count their users right.
    fn ring(&mut self) {
        let first = *self.users.keys().next().unwrap();
        let mut cell = first;
        for _ in 0..self.users.len() {
            let record = self.cell(cell);
            assert_eq!(u32_at(record, 12), self.users[&cell]);
            let next = u32_at(record, 4);
            assert_eq!(u32_at(self.shared_cell(next), 8), cell);
            cell = next;
        }
        assert_eq!(cell, first);
    }
}
