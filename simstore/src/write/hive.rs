//! Registry hives (`regf`), as Windows leaves them on disk.
//!
//! The format is the one described in Maxim Suhanov's "Windows registry file format specification". A hive is
//! a base block of 4,096 bytes, followed by bins; bins are tiled by cells; and cells hold the records of keys
//! (`nk`), values (`vk`), lists, data and security descriptors (`sk`), which name each other by offset.
//!
//! [`Key`] describes a tree as plain data, and [`write()`] turns it into bytes, always the same. A hive too
//! large to stand in memory twice is written piece by piece with a [`Writer`]. [`write_with_map()`] also
//! tells where everything came to lie. [`log`] writes what stands beside a hive, and [`crash`] both of them
//! as a crash leaves them.
//!
//! A hive is sound whatever the tree says, except for a tree that no registry could hold; the functions say
//! under "Panics" what they refuse.

pub mod base_block;
mod bins;
pub mod crash;
mod key_node;
pub mod log;
pub mod map;
mod marvin;
mod name;
pub mod record;
pub mod security;
mod subkeys;
mod upcase;
mod value;
mod writer;

pub use map::Map;
pub use name::Name;
pub use value::Value;
pub use writer::Writer;

/// An offset that points nowhere.
const NIL: u32 = 0xffff_ffff;

/// A key with everything below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// The name; that of the root is not part of any path.
    pub name: Name,
    /// The class, which hardly any key has.
    pub class: Option<Name>,
    /// When the key was last written; without it, when the hive was.
    pub last_written: Option<FileTime>,
    /// Flags besides those that the writer sets: see [`Key::SYMBOLIC_LINK`] and [`Key::SEEN_IN_IMAGES`].
    pub flags: u16,
    /// The position of its security descriptor in [`Options::descriptors`].
    pub descriptor: usize,
    /// The values, in the order in which the hive lists them.
    pub values: Vec<Value>,
    /// The subkeys, in any order: the hive lists them sorted.
    pub subkeys: Vec<Key>,
}

impl Key {
    /// The flag of a key that leads to another, which its value `SymbolicLinkValue` names.
    pub const SYMBOLIC_LINK: u16 = 0x0010;

    /// A flag without known meaning on many keys of genuine images.
    pub const SEEN_IN_IMAGES: u16 = 0x1000;

    /// A key with nothing in it.
    pub fn new(name: impl Into<Name>) -> Key {
        Key { name: name.into(), ..Key::default() }
    }

    /// The key with one more value.
    #[must_use]
    pub fn with_value(mut self, value: Value) -> Key {
        self.values.push(value);
        self
    }

    /// The key with one more subkey.
    #[must_use]
    pub fn with_subkey(mut self, subkey: Key) -> Key {
        self.subkeys.push(subkey);
        self
    }
}

/// A time as the registry counts it: in steps of 100 nanoseconds from 1601-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTime(pub u64);

impl FileTime {
    /// The time that is this many seconds after 1970-01-01 00:00:00 UTC.
    ///
    /// Times that cannot be counted so become the first or the last that can.
    pub fn from_unix(seconds: i64) -> FileTime {
        let since_1601 = u64::try_from(seconds.saturating_add(11_644_473_600)).unwrap_or(0);
        FileTime(since_1601.saturating_mul(10_000_000))
    }
}

/// What there is to say about a hive as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The version of the format.
    pub version: Version,
    /// The path of the file, of which the base block keeps the last 31 UTF-16 units.
    pub file_name: String,
    /// When the hive was last written.
    pub last_written: FileTime,
    /// When it was last defragmented; zero before Windows 8.
    pub last_reorganized: FileTime,
    /// Both sequence numbers: they are equal in a clean hive.
    pub sequence: u32,
    /// The identities of the transaction manager, which hives have from Windows Vista on.
    pub transaction_ids: Option<TransactionIds>,
    /// Self-relative security descriptors, from which keys choose.
    pub descriptors: Vec<Vec<u8>>,
    /// Whether free cells hold pieces of former records, as in every hive that has been in use; else zeros.
    pub remnants: bool,
}

/// Version 1.5 and one descriptor, without name, times or identities.
impl Default for Options {
    fn default() -> Options {
        Options {
            version: Version::V1_5,
            file_name: String::new(),
            last_written: FileTime(0),
            last_reorganized: FileTime(0),
            sequence: 1,
            transaction_ids: None,
            descriptors: vec![security::administrators()],
            remnants: false,
        }
    }
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.3: lists of subkeys with hints (`lf`) or bare (`li`); data of any size in one cell.
    V1_3,
    /// 1.4: long data in segments (`db`).
    V1_4,
    /// 1.5: lists of subkeys with hashes (`lh`).
    V1_5,
    /// 1.6: like 1.5; layered hives have it.
    V1_6,
}

impl Version {
    /// The minor version number; the major one is 1.
    pub fn minor(self) -> u32 {
        match self {
            Version::V1_3 => 3,
            Version::V1_4 => 4,
            Version::V1_5 => 5,
            Version::V1_6 => 6,
        }
    }
}

/// GUIDs as the base block stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionIds {
    /// That of the resource manager, and also of its log.
    pub resource_manager: [u8; 16],
    /// That of the transaction manager.
    pub transaction_manager: [u8; 16],
}

/// Writes a hive.
///
/// # Panics
///
/// As [`Writer::open`] and [`Writer::finish`] do.
pub fn write(root: &Key, options: &Options) -> Vec<u8> {
    Writer::new(root, options).finish()
}

/// Writes a hive, and tells where everything in it is.
///
/// # Panics
///
/// As [`Writer::open`] and [`Writer::finish`] do.
pub fn write_with_map(root: &Key, options: &Options) -> (Vec<u8>, Map) {
    Writer::with_map(root, options).finish_with_map()
}

#[cfg(test)]
mod tests;
