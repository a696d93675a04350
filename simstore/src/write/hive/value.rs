//! Values: their records (`vk`) and their data, within the record, in a cell or in segments (`db`).

use super::key_node::length;
use super::map::{Owner, Part};
use super::{Name, Version, Writer, bins};

/// The longest data that a `vk` record holds itself.
const MOST_INLINE: usize = 4;

/// The longest data in one cell, where there are segments; and the length of every segment but the last.
const SEGMENT: usize = 16_344;

/// The size of the cell of every segment, the last included.
const SEGMENT_CELL: usize = 16_352;

/// Where in a `vk` record the data is, or the offset of its cell.
const DATA_AT: usize = 8;

/// Where in a `vk` record the name is.
const NAME_AT: usize = 20;

/// A value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The name; it is empty for the default value.
    pub name: Name,
    /// The type: a constant of this type, or any other number.
    pub kind: u32,
    /// The data, whether it fits the type or not.
    pub data: Vec<u8>,
}

impl Value {
    /// REG_NONE: bytes without a type.
    pub const NONE: u32 = 0;
    /// REG_SZ: a text.
    pub const SZ: u32 = 1;
    /// REG_EXPAND_SZ: a text with variables such as `%SystemRoot%`.
    pub const EXPAND_SZ: u32 = 2;
    /// REG_BINARY: bytes.
    pub const BINARY: u32 = 3;
    /// REG_DWORD: a number of 32 bits.
    pub const DWORD: u32 = 4;
    /// REG_DWORD_BIG_ENDIAN: the same, with its most significant byte first.
    pub const DWORD_BIG_ENDIAN: u32 = 5;
    /// REG_LINK: the target of a symbolic link.
    pub const LINK: u32 = 6;
    /// REG_MULTI_SZ: texts.
    pub const MULTI_SZ: u32 = 7;
    /// REG_RESOURCE_LIST: the resources that a device uses.
    pub const RESOURCE_LIST: u32 = 8;
    /// REG_FULL_RESOURCE_DESCRIPTOR: the resources that a physical device uses.
    pub const FULL_RESOURCE_DESCRIPTOR: u32 = 9;
    /// REG_RESOURCE_REQUIREMENTS_LIST: the resources that a driver may use.
    pub const RESOURCE_REQUIREMENTS_LIST: u32 = 10;
    /// REG_QWORD: a number of 64 bits.
    pub const QWORD: u32 = 11;

    /// A value of any type.
    pub fn new(name: impl Into<Name>, kind: u32, data: impl Into<Vec<u8>>) -> Value {
        Value { name: name.into(), kind, data: data.into() }
    }

    /// A value that only exists: neither type nor data.
    pub fn none(name: impl Into<Name>) -> Value {
        Value::new(name, Value::NONE, [])
    }

    /// A text, with a NUL at its end.
    pub fn sz(name: impl Into<Name>, text: &str) -> Value {
        Value::new(name, Value::SZ, terminated(text))
    }

    /// A text with variables, with a NUL at its end.
    pub fn expand_sz(name: impl Into<Name>, text: &str) -> Value {
        Value::new(name, Value::EXPAND_SZ, terminated(text))
    }

    /// Texts, each with a NUL at its end, and one more NUL at the end of all.
    pub fn multi_sz(name: impl Into<Name>, texts: &[&str]) -> Value {
        let mut data: Vec<u8> = texts.iter().flat_map(|text| terminated(text)).collect();
        data.extend([0, 0]);
        Value::new(name, Value::MULTI_SZ, data)
    }

    /// Bytes.
    pub fn binary(name: impl Into<Name>, data: impl Into<Vec<u8>>) -> Value {
        Value::new(name, Value::BINARY, data)
    }

    /// A number of 32 bits.
    pub fn dword(name: impl Into<Name>, number: u32) -> Value {
        Value::new(name, Value::DWORD, number.to_le_bytes())
    }

    /// A number of 64 bits.
    pub fn qword(name: impl Into<Name>, number: u64) -> Value {
        Value::new(name, Value::QWORD, number.to_le_bytes())
    }

    /// The target of a key with the flag [`super::Key::SYMBOLIC_LINK`]: a path such as
    /// `\Registry\Machine\Software`, without a NUL.
    pub fn link(path: &str) -> Value {
        Value::new("SymbolicLinkValue", Value::LINK, Name::from(path).utf_16())
    }
}

/// UTF-16 with a NUL at its end.
fn terminated(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

impl Writer {
    /// Writes the data and the record of a value, and gives back the cell of the latter.
    pub(super) fn write_value(&mut self, value: &Value, owner: &Owner) -> u32 {
        let (size, data) = self.write_data(&value.data, owner);
        let name = value.name.stored();
        let is_latin_1 = !name.is_empty() && value.name.is_latin_1();
        let mut record = Vec::with_capacity(NAME_AT + name.len());
        record.extend(b"vk");
        record.extend(length(name.len()).to_le_bytes());
        record.extend(size.to_le_bytes());
        record.extend(data);
        record.extend(value.kind.to_le_bytes());
        record.extend(u16::from(is_latin_1).to_le_bytes());
        record.extend([0, 0]);
        record.extend(&name);

        let cell = self.store(Part::Value, owner, &record);
        let at = bins::position(cell);
        self.note(Part::ValueName, owner, at + NAME_AT..at + record.len());
        if value.data.len() <= MOST_INLINE {
            self.note(Part::Data, owner, at + DATA_AT..at + DATA_AT + value.data.len());
        }
        cell
    }

    /// Writes data where its length belongs, and gives back what the record says about it: the size, and four
    /// bytes that are either the data or its offset.
    fn write_data(&mut self, data: &[u8], owner: &Owner) -> (u32, [u8; 4]) {
        const INLINE: u32 = 0x8000_0000;
        let size = data.len() as u32;
        if data.len() <= MOST_INLINE {
            let mut inline = [0; 4];
            inline[..data.len()].copy_from_slice(data);
            return (INLINE | size, inline);
        }
        let cell = match self.options.version {
            _ if data.len() <= SEGMENT => self.store(Part::Data, owner, data),
            Version::V1_3 => self.write_large_cell(data, owner),
            Version::V1_4 | Version::V1_5 | Version::V1_6 => self.write_segments(data, owner),
        };
        (size, cell.to_le_bytes())
    }

    /// One cell for data of any length. Windows makes the size of such cells a power of two.
    fn write_large_cell(&mut self, data: &[u8], owner: &Owner) -> u32 {
        let cell = self.bins.reserve_cell((4 + data.len()).next_power_of_two());
        self.bins.fill(cell, data);
        self.note_record(Part::Data, owner, cell, data.len());
        cell
    }

    /// Segments, the list of them, and a `db` record for the list.
    ///
    /// # Panics
    ///
    /// When 65,535 segments are not enough.
    fn write_segments(&mut self, data: &[u8], owner: &Owner) -> u32 {
        let mut list = Vec::new();
        for segment in data.chunks(SEGMENT) {
            let cell = self.bins.reserve_cell(SEGMENT_CELL);
            self.bins.fill(cell, segment);
            self.note_record(Part::Segment, owner, cell, segment.len());
            list.extend(cell.to_le_bytes());
        }
        let count = u16::try_from(list.len() / 4).expect("data has at most 65,535 segments");
        let list = self.store(Part::SegmentList, owner, &list);
        let mut record = b"db".to_vec();
        record.extend(count.to_le_bytes());
        record.extend(list.to_le_bytes());
        self.store(Part::BigData, owner, &record)
    }
}
