//! The record of a key (`nk`).

use super::{FileTime, NIL, Name};

/// Bytes of the record before the name.
pub(super) const FIXED: usize = 76;

/// The flags of a root: that it is one, and that nobody may delete it.
pub(super) const ROOT: u16 = 0x0004 | 0x0008;

const NAME_IS_LATIN_1: u16 = 0x0020;

/// What the record says.
pub(super) struct KeyNode {
    pub(super) name: Name,
    pub(super) flags: u16,
    pub(super) last_written: FileTime,
    pub(super) parent: u32,
    pub(super) subkeys: u32,
    pub(super) subkey_list: u32,
    pub(super) values: u32,
    pub(super) value_list: u32,
    pub(super) security: u32,
    pub(super) class: u32,
    pub(super) class_len: usize,
    pub(super) largest: Largest,
}

/// The maxima, in bytes; names and classes as UTF-16.
#[derive(Default)]
pub(super) struct Largest {
    pub(super) subkey_name: usize,
    pub(super) subkey_class: usize,
    pub(super) value_name: usize,
    pub(super) value_data: usize,
}

impl KeyNode {
    /// A key without anything but a name.
    pub(super) fn new(name: Name, parent: u32) -> KeyNode {
        KeyNode {
            name,
            flags: 0,
            last_written: FileTime(0),
            parent,
            subkeys: 0,
            subkey_list: NIL,
            values: 0,
            value_list: NIL,
            security: NIL,
            class: NIL,
            class_len: 0,
            largest: Largest::default(),
        }
    }

    /// The record. What Windows keeps in memory only (volatile subkeys, access bits) is none or zero.
    ///
    /// # Panics
    ///
    /// When the name or the class is longer than 65,535 bytes.
    pub(super) fn record(&self) -> Vec<u8> {
        let name = self.name.stored();
        let flags = self.flags | if self.name.is_latin_1() { NAME_IS_LATIN_1 } else { 0 };
        let mut record = Vec::with_capacity(FIXED + name.len());
        record.extend(b"nk");
        record.extend(flags.to_le_bytes());
        record.extend(self.last_written.0.to_le_bytes());
        record.extend(0_u32.to_le_bytes()); // access bits
        record.extend(self.parent.to_le_bytes());
        record.extend(self.subkeys.to_le_bytes());
        record.extend(0_u32.to_le_bytes()); // volatile subkeys
        record.extend(self.subkey_list.to_le_bytes());
        record.extend(NIL.to_le_bytes()); // their list
        record.extend(self.values.to_le_bytes());
        record.extend(self.value_list.to_le_bytes());
        record.extend(self.security.to_le_bytes());
        record.extend(self.class.to_le_bytes());
        // Sixteen bits, and two bytes of flags behind them.
        record.extend((self.largest.subkey_name as u16).to_le_bytes());
        record.extend([0, 0]);
        record.extend((self.largest.subkey_class as u32).to_le_bytes());
        record.extend((self.largest.value_name as u32).to_le_bytes());
        record.extend((self.largest.value_data as u32).to_le_bytes());
        record.extend(0_u32.to_le_bytes()); // an index that Windows 2000 cached
        record.extend(length(name.len()).to_le_bytes());
        record.extend(length(self.class_len).to_le_bytes());
        record.extend(name);
        record
    }
}

/// A length in 16 bits, as names have it.
pub(super) fn length(bytes: usize) -> u16 {
    u16::try_from(bytes).expect("names have at most 65,535 bytes")
}
