//! What is in a sound hive, read plainly and a second time: to compare hives that need not have the same bytes.

use crate::write::hive::Key;
use std::collections::BTreeMap;

/// Where the bins begin, in bytes.
const BINS: usize = 4096;

/// How deep keys may lie in each other.
const MAX_DEPTH: usize = 512;

/// No cell.
const NONE: u32 = u32::MAX;

/// The longest data that lies in one cell, in bytes; longer data lies in pieces of this length.
const PIECE_BYTES: usize = 16_344;

/// Every key by its path in lower case, and in it every value by its name in lower case: its name as it is spelt, its type and
/// its data. The root has the empty path.
pub type HiveContent = BTreeMap<String, BTreeMap<String, (String, u32, Vec<u8>)>>;

/// What is in a tree that a hive is written from.
pub fn content_of_tree(root: &Key) -> HiveContent {
    let mut content = HiveContent::new();
    add_tree(root, "", &mut content);
    content
}

fn add_tree(key: &Key, path: &str, content: &mut HiveContent) {
    let values = key.values.iter().map(|value| {
        let name = value.name.to_string();
        (name.to_lowercase(), (name, value.kind, value.data.clone()))
    });
    content.insert(path.to_lowercase(), values.collect());
    for subkey in &key.subkeys {
        add_tree(subkey, &format!("{path}\\{}", subkey.name), content);
    }
}

/// What is in a hive whose structure is sound; nothing if it is not. Logs are not looked at.
pub fn hive_content(hive: &[u8]) -> Option<HiveContent> {
    let mut content = HiveContent::new();
    Reader { bins: hive.get(BINS..)? }.key(u32_at(hive, 36)?, "", MAX_DEPTH, &mut content)?;
    Some(content)
}

struct Reader<'h> {
    bins: &'h [u8],
}

impl<'h> Reader<'h> {
    fn cell(&self, offset: u32) -> Option<&'h [u8]> {
        let at = offset as usize;
        let size = u32_at(self.bins, at)?.cast_signed();
        (size < 0).then(|| self.bins.get(at + 4..at + size.unsigned_abs() as usize))?
    }

    fn record(&self, offset: u32, signature: &[u8]) -> Option<&'h [u8]> {
        self.cell(offset).filter(|cell| cell.starts_with(signature))
    }

    fn key(&self, offset: u32, path: &str, depth: usize, content: &mut HiveContent) -> Option<()> {
        let record = self.record(offset, b"nk")?;
        let mut values = BTreeMap::new();
        let count = u32_at(record, 36)?;
        let list = if count > 0 { self.cell(u32_at(record, 40)?)? } else { &[] };
        for index in 0..count as usize {
            let (name, data_type, data) = self.value(u32_at(list, 4 * index)?)?;
            values.insert(name.to_lowercase(), (name, data_type, data));
        }
        content.insert(path.to_lowercase(), values);
        if u32_at(record, 20)? == 0 {
            return Some(());
        }
        for subkey in self.subkeys(u32_at(record, 28)?, depth)? {
            let inner = self.record(subkey, b"nk")?;
            let name = text(inner.get(76..76 + u16_at(inner, 72)?)?, u16_at(inner, 2)? & 0x20 != 0);
            self.key(subkey, &format!("{path}\\{name}"), depth.checked_sub(1)?, content)?;
        }
        Some(())
    }

    fn subkeys(&self, list: u32, depth: usize) -> Option<Vec<u32>> {
        let list = self.cell(list)?;
        let count = u16_at(list, 2)?;
        let entries = |step: usize| (0..count).map(move |index| u32_at(list, 4 + step * index));
        match list.get(..2)? {
            b"lf" | b"lh" => entries(8).collect(),
            b"li" => entries(4).collect(),
            b"ri" => {
                let leaves: Option<Vec<u32>> = entries(4).collect();
                let depth = depth.checked_sub(1)?;
                let all: Option<Vec<Vec<u32>>> =
                    leaves?.into_iter().map(|leaf| self.subkeys(leaf, depth)).collect();
                Some(all?.concat())
            }
            _ => None,
        }
    }

    fn value(&self, offset: u32) -> Option<(String, u32, Vec<u8>)> {
        let record = self.record(offset, b"vk")?;
        let name = text(record.get(20..20 + u16_at(record, 2)?)?, u16_at(record, 16)? & 1 != 0);
        Some((name, u32_at(record, 12)?, self.data(record)?))
    }

    fn data(&self, record: &[u8]) -> Option<Vec<u8>> {
        let size = u32_at(record, 4)?;
        let length = (size & 0x7FFF_FFFF) as usize;
        if size & 0x8000_0000 != 0 {
            return Some(record.get(8..8 + length)?.to_vec());
        }
        if length == 0 || u32_at(record, 8)? == NONE {
            return Some(Vec::new());
        }
        let cell = self.cell(u32_at(record, 8)?)?;
        if length <= PIECE_BYTES || !cell.starts_with(b"db") {
            return Some(cell.get(..length)?.to_vec());
        }
        let pieces = self.cell(u32_at(cell, 4)?)?;
        let mut data = Vec::new();
        for index in 0..u16_at(cell, 2)? {
            let piece = self.cell(u32_at(pieces, 4 * index)?)?;
            data.extend(piece.get(..PIECE_BYTES.min(length - data.len()))?);
        }
        (data.len() == length).then_some(data)
    }
}

fn text(bytes: &[u8], is_latin_1: bool) -> String {
    if is_latin_1 {
        return bytes.iter().copied().map(char::from).collect();
    }
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::hive::{Options, Value, write};

    #[test]
    fn a_hive_is_read_as_it_was_written() {
        let many = (0..700).map(|number| Key::new(format!("key{number:04}")));
        let many = many.fold(Key::new("Many"), Key::with_subkey);
        let root = Key::new("ROOT")
            .with_value(Value::dword("Number", 7))
            .with_value(Value::binary("Large", vec![9; 40_000]))
            .with_subkey(Key::new("Naïve €").with_value(Value::sz("", "text")))
            .with_subkey(many);
        let content = hive_content(&write(&root, &Options::default())).unwrap();
        assert_eq!(content, content_of_tree(&root));
        assert_eq!(content.len(), 703);
        assert_eq!(content[""]["number"], ("Number".to_owned(), 4, vec![7, 0, 0, 0]));
        assert_eq!(content[""]["large"].2, vec![9; 40_000]);
        assert_eq!(content["\\naïve €"][""].1, 1);
        assert!(content.contains_key("\\many\\key0699"));
        assert_eq!(hive_content(b"regf"), None);
    }
}
