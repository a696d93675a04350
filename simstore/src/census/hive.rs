//! Where everything in a hive is.

use super::proof::Proof;
use super::unread;
use crate::plan::{Assembly, Profile, State};
use crate::registry::software::state_number;
use crate::registry::{DEPLOYMENTS, Hive};
use crate::store::Store;
use crate::write::hive::map::{Map, Part, Place};
use crate::write::hive::record;
use crate::write::names;
use std::ops::Range;
use std::sync::Arc;

/// What the checksum of the base block covers, and itself.
const SEALED_BYTES: usize = 512;

/// The flags of keys and values that say how their names are written.
const KEY_NAME_IS_LATIN_1: u64 = 0x20;
const VALUE_NAME_IS_LATIN_1: u64 = 0x1;

/// The bit of a data size that says that the data is in the record.
const INLINE: u64 = 0x8000_0000;

/// The signature of a list without hashes, `li`.
const BARE_LIST: u64 = 0x696C;

/// The bit in which the cases of a letter differ.
const LETTER_CASE_BIT: usize = 5;

/// The length of the base block.
const BASE_BLOCK_BYTES: usize = 4096;

/// An offset that leads nowhere.
const NONE: u64 = 0xFFFF_FFFF;

/// Where the record of a key says where the list of its values is, and where its name begins.
const VALUE_LIST: usize = 40;
const NAME_OF_KEY: usize = 76;

/// Where the record of a value says where its data is.
const DATA_OF_VALUE: usize = 8;

/// `REG_SZ` and `REG_EXPAND_SZ`, whose data may also end without the character that ends texts.
const TEXT_TYPES: [u64; 2] = [1, 2];

/// A value of deployments.
const CATALOG_THUMBPRINT: &str = "CatalogThumbprint";

/// What a byte of a hive is part of.
#[derive(Clone, Debug)]
struct Spot {
    name: &'static str,
    key: Option<Arc<str>>,
    value: Option<Arc<str>>,
    range: Range<usize>,
    /// Where the record is that it is part of.
    record: usize,
}

/// Of each byte of a hive what it is part of.
pub(super) struct Layout {
    hive: Hive,
    spots: Vec<Spot>,
    of: Vec<usize>,
    /// The numbers of the states that a package can be in.
    states: Vec<u64>,
    /// The keys of deployments that need not name a catalog: those that no package holds, and all in Windows Vista, whose
    /// habit was never measured.
    without_thumbprint: Vec<String>,
}

impl Layout {
    /// The layout of a hive that was closed cleanly.
    pub(super) fn of(store: &Store, hive: Hive, content: &[u8]) -> Option<Layout> {
        let (primary, map) = store.registry.primary(&store.plan, hive);
        let mut layout = Layout {
            hive,
            spots: Vec::new(),
            of: vec![0; content.len()],
            states: states(store),
            without_thumbprint: without_thumbprint(store),
        };
        if primary != content {
            return None;
        }
        // Whatever the map does not have counts as read.
        layout.add("unknown", None, 0..content.len());
        layout.add("base block: rest", None, 0..BASE_BLOCK_BYTES);
        layout.add("base block: sealed", None, 0..SEALED_BYTES);
        layout.add_all(&map, content);
        Some(layout)
    }

    pub(super) fn structure(&self, byte: usize) -> &str {
        self.spot(byte).name
    }

    /// The key and the value that a byte belongs to.
    pub(super) fn place(&self, byte: usize) -> Option<String> {
        let spot = self.spot(byte);
        let key = spot.key.as_deref()?;
        Some(match &spot.value {
            Some(value) => format!("{key} -> {value}"),
            None => key.to_owned(),
        })
    }

    pub(super) fn proof(&self, content: &[u8], bit: usize) -> Option<Proof> {
        let spot = self.spot(bit / 8);
        let flip = Flip::of(spot, content, bit);
        self.by_field(&flip).or_else(|| self.by_place(spot, content, bit))
    }

    /// By what the field means.
    fn by_field(&self, flip: &Flip<'_>) -> Option<Proof> {
        let name = flip.spot.name;
        match name {
            "free cell" => Some(Proof::FreeCell),
            "cell: padding" => Some(Proof::Padding),
            "base block: rest" => Some(Proof::BaseBlockRest),
            "security: descriptor" => Some(Proof::Rights),
            "cell: size" => flip.swallows_free_cells().then_some(Proof::FreeCell),
            "subkey list: signature" => flip.is_bare_list().then_some(Proof::OtherList),
            _ if record::WITHOUT_MEANING.contains(&name) => Some(Proof::NoMeaning),
            _ if record::UPPER_BOUNDS.contains(&name) => {
                (flip.after > flip.before).then_some(Proof::LooseBound)
            }
            _ if name.starts_with("key: ") => self.in_key(flip),
            _ => in_value(flip),
        }
    }

    fn in_key(&self, flip: &Flip<'_>) -> Option<Proof> {
        let is_root = flip.spot.key.as_deref() == Some("");
        let has_no_meaning = match flip.spot.name {
            // Nothing is above the root, and nobody asks for it by its name.
            "key: parent" | "key: flags" => is_root,
            "key: name length" => is_root && flip.after as usize + NAME_OF_KEY <= flip.room(),
            "key: class length" => flip.of_record(48..52) == NONE,
            "key: subkey list" => flip.of_record(20..24) == 0,
            "key: value list" => flip.of_record(36..40) == 0,
            _ => false,
        };
        match flip.spot.name {
            _ if has_no_meaning => Some(Proof::NoMeaningHere),
            "key: flags" if flip.changed() != KEY_NAME_IS_LATIN_1 => Some(Proof::UnreadFlag),
            "key: value count" if self.may_lose_values(flip) => Some(Proof::NotRequired),
            _ => None,
        }
    }

    /// By what the key or value is for.
    fn by_place(&self, spot: &Spot, content: &[u8], bit: usize) -> Option<Proof> {
        let key = spot.key.as_deref()?;
        let value = spot.value.as_deref();
        let is_case = content[bit / 8].is_ascii_alphabetic() && bit % 8 == LETTER_CASE_BIT;
        match (spot.name, value) {
            ("key: name" | "value: name", _) if is_case => Some(Proof::LetterCase),
            ("data", Some(value)) if is_case && unread::is_text_without_case(value) => {
                Some(Proof::LetterCase)
            }
            // The root's own name is no part of any path.
            ("key: name", _) if key.is_empty() => Some(Proof::NoMeaningHere),
            ("data" | "value: type" | "value: data size", Some(value))
                if unread::is_mere_name(self.hive, key, value) =>
            {
                Some(Proof::OnlyItsName)
            }
            ("data", Some(value)) if unread::is_mark_of_package(value) && bit / 8 + 1 == spot.range.end => {
                Some(Proof::Unread)
            }
            ("data", Some("Visibility")) if changed(spot, content, bit) <= HIGHEST_VISIBILITY => {
                Some(Proof::OtherState)
            }
            ("data", Some("CurrentState")) if self.is_state(spot, content, bit) => Some(Proof::OtherState),
            ("value: name" | "value: name length" | "value: flags", Some(CATALOG_THUMBPRINT))
                if self.without_thumbprint.iter().any(|other| other == key) =>
            {
                Some(Proof::NotRequired)
            }
            _ => unread::proof(
                self.hive,
                key,
                value,
                unread::Aspect::of(spot.name, value, bit / 8 - spot.range.start)?,
            ),
        }
    }

    /// Whether a key may do without the last of its values, as many as are not counted any more.
    fn may_lose_values(&self, flip: &Flip<'_>) -> bool {
        let Some(key) = flip.spot.key.as_deref() else { return false };
        let list = record_at(flip.content, flip.spot.record + VALUE_LIST);
        let is_optional = |index: u64| {
            let value = list.and_then(|list| record_at(flip.content, list + 4 * index as usize));
            let Some(name) = value.and_then(|value| self.spot(value).value.as_deref()) else { return false };
            unread::proof(self.hive, key, Some(name), unread::Aspect::Presence).is_some()
                || name == CATALOG_THUMBPRINT && self.without_thumbprint.iter().any(|other| other == key)
        };
        flip.after < flip.before && (flip.after..flip.before).all(is_optional)
    }

    /// Whether a number with a bit turned over is that of a state.
    fn is_state(&self, spot: &Spot, content: &[u8], bit: usize) -> bool {
        self.states.contains(&changed(spot, content, bit))
    }

    fn spot(&self, byte: usize) -> &Spot {
        &self.spots[self.of[byte]]
    }

    fn add(&mut self, name: &'static str, place: Option<&Place>, range: Range<usize>) {
        let (key, value) = place.map(|place| (place.key.clone(), place.value.clone())).unwrap_or_default();
        let record = place.map_or(range.start, |place| place.range.start);
        self.of[range.clone()].fill(self.spots.len());
        self.spots.push(Spot { name, key, value, range, record });
    }

    /// Later places lie over earlier ones: cells first, then what is in them.
    fn add_all(&mut self, map: &Map, content: &[u8]) {
        for place in &map.places {
            self.add_record(place, content);
        }
        for (part, name) in
            [(Part::KeyName, "key: name"), (Part::ValueName, "value: name"), (Part::Data, "data")]
        {
            for place in map.of_part(part) {
                self.add(name, Some(place), place.range.clone());
            }
        }
    }

    fn add_record(&mut self, place: &Place, content: &[u8]) {
        let whole = match place.part {
            Part::BaseBlock(_) | Part::KeyName | Part::ValueName => return,
            // Data within the record of its value has no cell.
            Part::Data if place.range.len() <= 4 => return,
            Part::Bin => return self.add_fields(place),
            Part::FreeCell => "free cell",
            Part::KeyNode => "key: name",
            Part::ClassName => "class name",
            Part::Security => "security: descriptor",
            Part::ValueList => "value list",
            Part::Value => "value: name",
            Part::Data | Part::Segment => "data",
            Part::BigData => "big data: rest",
            Part::SegmentList => "segment list",
            Part::SubkeyList => "subkey list: entries",
            Part::SubkeyIndex => "subkey index",
        };
        let at = place.range.start;
        self.add("cell: padding", Some(place), place.range.end..at + room(content, at));
        self.add("cell: size", Some(place), at - 4..at);
        self.add(whole, Some(place), place.range.clone());
        self.add_fields(place);
    }

    fn add_fields(&mut self, place: &Place) {
        for (range, name) in record::fields(place.part) {
            let at = place.range.start;
            self.add(name, Some(place), at + range.start..at + range.end);
        }
    }
}

/// Where the record is that an offset leads to.
fn record_at(content: &[u8], offset: usize) -> Option<usize> {
    let bytes = content.get(offset..offset + 4)?.try_into().ok()?;
    let record = BASE_BLOCK_BYTES + u32::from_le_bytes(bytes) as usize + 4;
    (record < content.len()).then_some(record)
}

/// How many bytes the cell of a record has for it.
fn room(content: &[u8], record: usize) -> usize {
    size_at(content, record - 4).unwrap_or_default().unsigned_abs() as usize - 4
}

fn size_at(content: &[u8], cell: usize) -> Option<i32> {
    content.get(cell..cell + 4)?.try_into().ok().map(i32::from_le_bytes)
}

/// A field, of which one bit is turned over.
struct Flip<'c> {
    spot: &'c Spot,
    content: &'c [u8],
    bit: usize,
    /// The number in the field, or in its first eight bytes.
    before: u64,
    after: u64,
}

impl<'c> Flip<'c> {
    fn of(spot: &'c Spot, content: &'c [u8], bit: usize) -> Flip<'c> {
        let before = number(&content[spot.range.start..spot.range.end.min(spot.range.start + 8)]);
        let mask = 1_u64.checked_shl((bit - 8 * spot.range.start) as u32).unwrap_or_default();
        Flip { spot, content, bit, before, after: before ^ mask }
    }

    /// The bit, as a number.
    fn changed(&self) -> u64 {
        self.before ^ self.after
    }

    /// The number in another field of the record.
    fn of_record(&self, range: Range<usize>) -> u64 {
        number(&self.content[self.spot.record + range.start..self.spot.record + range.end])
    }

    fn room(&self) -> usize {
        room(self.content, self.spot.record)
    }

    /// Whether a list of one subkey becomes one without hash.
    fn is_bare_list(&self) -> bool {
        self.of_record(2..4) == 1 && self.after == BARE_LIST
    }

    /// Whether a text loses just the character that ends it.
    fn loses_terminator(&self) -> bool {
        let is_text = TEXT_TYPES.contains(&self.of_record(12..16));
        let data = record_at(self.content, self.spot.record + DATA_OF_VALUE);
        let cut_off =
            data.and_then(|data| self.content.get(data + self.after as usize..data + self.before as usize));
        is_text && cut_off == Some(&[0, 0])
    }

    /// Whether a cell of another size takes up just the free cells behind it.
    fn swallows_free_cells(&self) -> bool {
        let cell = self.spot.range.start;
        let (old, new) = (self.before as u32 as i32, self.after as u32 as i32);
        let end = cell + new.unsigned_abs() as usize;
        let mut at = cell + old.unsigned_abs() as usize;
        if old.signum() != new.signum() || end <= at {
            return false;
        }
        while at < end {
            match size_at(self.content, at) {
                Some(free) if free > 0 => at += free as usize,
                _ => return false,
            }
        }
        at == end
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn in_value(flip: &Flip<'_>) -> Option<Proof> {
    match flip.spot.name {
        // How a name is written means nothing where there is none.
        "value: flags" if flip.of_record(2..4) == 0 => Some(Proof::NoMeaningHere),
        "value: flags" if flip.changed() != VALUE_NAME_IS_LATIN_1 => Some(Proof::UnreadFlag),
        "value: data size" if flip.loses_terminator() => Some(Proof::NoTerminator),
        "value: data offset" => {
            let (size, at) = (flip.of_record(4..8), flip.bit / 8 - flip.spot.range.start);
            (size & INLINE != 0 && at as u64 >= size & !INLINE).then_some(Proof::NoMeaningHere)
        }
        _ => None,
    }
}

/// The highest `Visibility` of a package.
const HIGHEST_VISIBILITY: u64 = 2;

/// The number at a spot with a bit turned over.
fn changed(spot: &Spot, content: &[u8], bit: usize) -> u64 {
    let mut data = content[spot.range.clone()].to_vec();
    data[bit / 8 - spot.range.start] ^= 1 << (bit % 8);
    data.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The states in which packages of a plan can be, and that of one that is not there any more, which no plan has.
fn states(store: &Store) -> Vec<u64> {
    const ABSENT: u64 = 0;
    let states = [State::Staged, State::Superseded, State::Installed, State::Permanent];
    let numbers = states.iter().map(|state| state_number(store.plan.profile, *state).into());
    numbers.chain([ABSENT]).collect()
}

fn without_thumbprint(store: &Store) -> Vec<String> {
    let plan = &store.plan;
    let is_foreign = |id: usize| plan.foreign.iter().any(|foreign| foreign.deployment.0 == id);
    let all = plan.assemblies.iter().enumerate().filter(|(_, assembly)| assembly.is_deployment());
    let free = all.filter(|(id, _)| plan.profile == Profile::Vista || is_foreign(*id));
    let name = |assembly: &Assembly| names::deployment_key_form(&assembly.identity);
    free.map(|(_, assembly)| format!("{DEPLOYMENTS}\\{}", name(assembly))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(name: &'static str, range: Range<usize>, record: usize) -> Spot {
        Spot { name, key: None, value: None, range, record }
    }

    /// Cells of these sizes, one behind the other.
    fn cells(sizes: &[i32]) -> Vec<u8> {
        let cell =
            |size: &i32| [size.to_le_bytes().to_vec(), vec![7; size.unsigned_abs() as usize - 4]].concat();
        sizes.iter().flat_map(cell).collect()
    }

    #[test]
    fn only_free_cells_may_be_swallowed_and_only_whole() {
        let first = spot("cell: size", 0..4, 4);
        // A size of -16 bytes becomes one of -32.
        let swallows = |sizes: &[i32]| Flip::of(&first, &cells(sizes), 4).swallows_free_cells();
        assert!(swallows(&[-16, 16, -16]) && swallows(&[-16, 8, 8]));
        assert!(
            !swallows(&[-16, -16]) && !swallows(&[-16, 24]) && !swallows(&[-16]) && !swallows(&[-32, 16])
        );
    }

    /// Data at the start of the bins: what is cut off has to be the terminator of a text.
    #[test]
    fn only_a_terminator_may_be_cut_off() {
        let cut = |kind: u8, data: [u8; 6]| {
            let mut content = vec![0; BASE_BLOCK_BYTES];
            content.extend([&[0; 4][..], &data].concat());
            let record = content.len();
            content.extend([b"vk\0\0".as_slice(), &[6, 0, 0, 0], &[0; 4], &[kind, 0, 0, 0]].concat());
            Flip::of(
                &spot("value: data size", record + 4..record + 8, record),
                &content,
                8 * (record + 4) + 1,
            )
            .loses_terminator()
        };
        assert!(cut(1, *b"a\0b\0\0\0") && cut(2, *b"a\0b\0\0\0"));
        assert!(!cut(1, *b"a\0b\0c\0") && !cut(3, *b"a\0b\0\0\0"));
    }
}
