//! Hives for tests, and their bytes.

use crate::format::hive::base_block::{BASE_BLOCK_BYTES, PAGE_BYTES, field, seal};
use crate::format::hive::bins::BIN_HEADER_BYTES;
use crate::format::hive::bytes::{put, put_u32, u32_at};
use crate::format::hive::key::field as key_field;
use crate::format::hive::{Editor, Hive, ValueType, open};

/// The bytes of a hive, to be damaged. Offsets are those from the start of the bins.
pub(crate) struct Raw {
    pub(crate) bytes: Vec<u8>,
}

impl Raw {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    pub(crate) fn hive(&self) -> Hive<'_> {
        open(&self.bytes, &[]).unwrap().hive
    }

    pub(crate) fn put(&mut self, offset: usize, new: &[u8]) {
        put(&mut self.bytes, BASE_BLOCK_BYTES + offset, new);
    }

    pub(crate) fn put_u32(&mut self, offset: usize, number: u32) {
        put_u32(&mut self.bytes, BASE_BLOCK_BYTES + offset, number);
    }

    pub(crate) fn u32(&self, offset: usize) -> u32 {
        u32_at(&self.bytes, BASE_BLOCK_BYTES + offset)
    }

    pub(crate) fn seal(&mut self) {
        seal(&mut self.bytes);
    }

    /// The offset of a key.
    pub(crate) fn key(&self, path: &str) -> u32 {
        self.hive().key(path).unwrap().unwrap().offset()
    }

    /// The offset of a field of a key.
    pub(crate) fn field(&self, path: &str, field: usize) -> usize {
        self.key(path) as usize + 4 + field
    }

    /// The offset of a value's record.
    pub(crate) fn value(&self, path: &str, name: &str) -> usize {
        let hive = self.hive();
        let value = hive.key(path).unwrap().unwrap().value(name).unwrap().unwrap();
        value.position() as usize - BASE_BLOCK_BYTES
    }

    /// The offset of the entry that leads to a key.
    pub(crate) fn entry_of(&self, path: &str) -> usize {
        let hive = self.hive();
        let (parent, _) = path.rsplit_once('\\').unwrap_or(("", path));
        let (parent, key) = (hive.key(parent).unwrap().unwrap(), self.key(path));
        let mut entries = parent.subkeys().entries.flatten();
        entries.find(|entry| entry.link.to == key).unwrap().link.at as usize - BASE_BLOCK_BYTES
    }

    /// Adds a bin with these cells and gives their offsets.
    pub(crate) fn append(&mut self, contents: &[Vec<u8>]) -> Vec<u32> {
        let start = u32_at(&self.bytes, field::BINS_BYTES) as usize;
        let mut bin = vec![0; BIN_HEADER_BYTES];
        let mut offsets = Vec::new();
        for content in contents {
            let at = bin.len();
            let size = (content.len() + 4).next_multiple_of(8);
            offsets.push((start + at) as u32);
            bin.extend_from_slice(&(-(size as i32)).to_le_bytes());
            bin.extend_from_slice(content);
            bin.resize(at + size, 0);
        }
        let (at, size) = (bin.len(), bin.len().next_multiple_of(PAGE_BYTES));
        bin.resize(size, 0);
        put_u32(&mut bin, at, (size - at) as u32);
        put(&mut bin, 0, b"hbin");
        put_u32(&mut bin, 4, start as u32);
        put_u32(&mut bin, 8, size as u32);
        self.bytes.truncate(BASE_BLOCK_BYTES + start);
        self.bytes.extend_from_slice(&bin);
        put_u32(&mut self.bytes, field::BINS_BYTES, (start + size) as u32);
        self.seal();
        offsets
    }

    /// Makes an index of these leaves the list of a key.
    pub(crate) fn set_index(&mut self, path: &str, leaves: &[u32]) {
        let mut index = b"ri".to_vec();
        index.extend_from_slice(&(leaves.len() as u16).to_le_bytes());
        index.extend(leaves.iter().flat_map(|leaf| leaf.to_le_bytes()));
        let list = self.append(&[index])[0];
        let field = self.field(path, key_field::SUBKEY_LIST);
        self.put_u32(field, list);
    }
}

/// A small sound hive with every kind of record.
pub(crate) fn sample(minor: u32) -> Vec<u8> {
    let mut editor = Editor::new_hive(minor, "ROOT", 77).unwrap();
    for path in [r"Lists\a", r"Lists\b", r"Lists\c", r"Lists\d", "Values", r"ÄÖ\Ключ"] {
        editor.create_key(path).unwrap();
    }
    let values: [(&str, ValueType, &[u8]); 7] = [
        ("", ValueType::SZ, b"\0\0"),
        ("dword", ValueType::DWORD, &[1, 0, 0, 0]),
        ("empty", ValueType::NONE, b""),
        ("long", ValueType::BINARY, &[5; 30]),
        ("big", ValueType::BINARY, &[7; 40_000]),
        ("ключ", ValueType::QWORD, &8_u64.to_le_bytes()),
        ("odd", ValueType(0x12345), b"abc"),
    ];
    for (name, data_type, data) in values {
        editor.set_value("Values", name, data_type, data).unwrap();
    }
    let mut raw = Raw::new(editor.finish());
    add_class(&mut raw);
    if minor >= 5 {
        split_list(&mut raw);
    }
    raw.bytes
}

/// Gives the key `Lists` a class.
fn add_class(raw: &mut Raw) {
    let class = raw.append(&[b"C\0l\0".to_vec()])[0];
    let (cell, length) = (raw.field("Lists", key_field::CLASS), raw.field("Lists", key_field::CLASS_BYTES));
    raw.put_u32(cell, class);
    raw.put(length, &4_u16.to_le_bytes());
    let bound = raw.field("", key_field::MAX_SUBKEY_CLASS);
    raw.put_u32(bound, 4);
}

/// Makes two leaves and an index of the list of the key `Lists`.
fn split_list(raw: &mut Raw) {
    let leaf = raw.u32(raw.field("Lists", key_field::SUBKEY_LIST)) as usize + 4;
    let entries = BASE_BLOCK_BYTES + leaf + 4;
    let half = |from: usize| [b"lh\x02\0", &raw.bytes[entries + from..entries + from + 16]].concat();
    let leaves = [half(0), half(16)];
    let leaves = raw.append(&leaves);
    raw.set_index("Lists", &leaves);
}
