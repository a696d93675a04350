//! Lists of subkeys: `lh`, `lf` and `li`, and `ri` above them where one is not enough.

use super::map::{Owner, Part};
use super::name::{hash, hint};
use super::{Name, Version, Writer};

/// A subkey as its parent remembers it until it is closed.
pub(super) struct Subkey {
    /// The name in the form that is compared.
    upcased: Vec<u16>,
    node: u32,
    /// What lists have beside the offset: the hash, or the hint.
    mark: [u8; 4],
}

impl Subkey {
    pub(super) fn new(name: &Name, node: u32, version: Version) -> Subkey {
        let upcased = name.upcased();
        let mark = match version {
            Version::V1_3 | Version::V1_4 => hint(name.units()),
            Version::V1_5 | Version::V1_6 => hash(&upcased).to_le_bytes(),
        };
        Subkey { upcased, node, mark }
    }
}

/// The kinds of lists.
#[derive(Clone, Copy)]
enum Kind {
    /// Offsets alone: what keys of old versions change to when they grow.
    Bare,
    /// With the first letters of the names.
    Hinted,
    /// With hashes of the names.
    Hashed,
}

impl Kind {
    fn of(version: Version, subkeys: usize) -> Kind {
        match version {
            Version::V1_5 | Version::V1_6 => Kind::Hashed,
            Version::V1_3 | Version::V1_4 if subkeys <= Kind::Hinted.most_entries() => Kind::Hinted,
            Version::V1_3 | Version::V1_4 => Kind::Bare,
        }
    }

    fn signature(self) -> &'static [u8; 2] {
        match self {
            Kind::Bare => b"li",
            Kind::Hinted => b"lf",
            Kind::Hashed => b"lh",
        }
    }

    /// How many entries one list holds. Windows does not document it: a setup image has 507 with marks; the
    /// longest bare list that is known has 951.
    fn most_entries(self) -> usize {
        match self {
            Kind::Bare => 951,
            Kind::Hinted | Kind::Hashed => 507,
        }
    }
}

impl Writer {
    /// Sorts and writes the list of at least one subkey, and gives back the cell that the key refers to.
    ///
    /// # Panics
    ///
    /// When two names are equal, or 65,535 lists are not enough.
    pub(super) fn write_subkeys(&mut self, mut subkeys: Vec<Subkey>, owner: &Owner) -> u32 {
        subkeys.sort_by(|one, other| one.upcased.cmp(&other.upcased));
        for pair in subkeys.windows(2) {
            let (name, next) = (&pair[0].upcased, &pair[1].upcased);
            assert!(name < next, "two subkeys of a key are named {}", String::from_utf16_lossy(name));
        }

        let kind = Kind::of(self.options.version, subkeys.len());
        let mut lists = Vec::new();
        for part in subkeys.chunks(kind.most_entries()) {
            let mut record = kind.signature().to_vec();
            record.extend((part.len() as u16).to_le_bytes());
            for subkey in part {
                record.extend(subkey.node.to_le_bytes());
                if !matches!(kind, Kind::Bare) {
                    record.extend(subkey.mark);
                }
            }
            lists.push(self.store(Part::SubkeyList, owner, &record));
        }
        match lists[..] {
            [list] => list,
            _ => self.write_index(&lists, owner),
        }
    }

    fn write_index(&mut self, lists: &[u32], owner: &Owner) -> u32 {
        let count = u16::try_from(lists.len()).expect("a key has at most 65,535 lists of subkeys");
        let mut record = b"ri".to_vec();
        record.extend(count.to_le_bytes());
        record.extend(lists.iter().flat_map(|list| list.to_le_bytes()));
        self.store(Part::SubkeyIndex, owner, &record)
    }
}
