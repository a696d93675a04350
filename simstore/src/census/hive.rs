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

/// `REG_SZ` and `REG_EXPAND_SZ`, and the length of the character that ends them. Data may also end without it.
const TEXT_TYPES: [u64; 2] = [1, 2];
const TERMINATOR_BYTES: u64 = 2;

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
        self.by_field(spot, content, bit).or_else(|| self.by_place(spot, content, bit))
    }

    /// By what the field means.
    fn by_field(&self, spot: &Spot, content: &[u8], bit: usize) -> Option<Proof> {
        let number = |range: Range<usize>| {
            content[range].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let of_record = |range: Range<usize>| number(spot.record + range.start..spot.record + range.end);
        let here = number(spot.range.start..spot.range.end.min(spot.range.start + 8));
        let mask = 1_u64.checked_shl((bit - 8 * spot.range.start) as u32).unwrap_or_default();
        let is_one = here & mask != 0;
        let when = |holds: bool, proof: Proof| holds.then_some(proof);
        match spot.name {
            "free cell" => Some(Proof::FreeCell),
            "cell: padding" => Some(Proof::Padding),
            "base block: rest" => Some(Proof::BaseBlockRest),
            "bin: reserved"
            | "bin: time"
            | "bin: spare"
            | "key: last written"
            | "key: access bits"
            | "key: volatile subkey count"
            | "key: volatile subkey list"
            | "key: cached index"
            | "value: spare"
            | "security: reserved" => Some(Proof::NoMeaning),
            "key: longest subkey name"
            | "key: longest subkey class"
            | "key: longest value name"
            | "key: longest value data" => when(!is_one, Proof::LooseBound),
            "security: descriptor" => Some(Proof::Rights),
            "cell: size" => {
                when(swallows_free_cells(content, spot.range.start, here ^ mask), Proof::FreeCell)
            }
            // Nobody asks for the root by its name.
            "key: flags" if spot.key.as_deref() == Some("") => Some(Proof::NoMeaningHere),
            "key: name length" if spot.key.as_deref() == Some("") => {
                when((here ^ mask) as usize <= room(content, spot.record) - NAME_OF_KEY, Proof::NoMeaningHere)
            }
            "key: flags" => when(mask != KEY_NAME_IS_LATIN_1, Proof::UnreadFlag),
            // How a name is written means nothing where there is none.
            "value: flags" if of_record(2..4) == 0 => Some(Proof::NoMeaningHere),
            "value: flags" => when(mask != VALUE_NAME_IS_LATIN_1, Proof::UnreadFlag),
            "key: class length" => when(of_record(48..52) == NONE, Proof::NoMeaningHere),
            "key: parent" => when(spot.key.as_deref() == Some(""), Proof::NoMeaningHere),
            "key: subkey list" => when(of_record(20..24) == 0, Proof::NoMeaningHere),
            "key: value list" => when(of_record(36..40) == 0, Proof::NoMeaningHere),
            "key: value count" => {
                when(is_one && self.may_lose_values(spot, content, here ^ mask..here), Proof::NotRequired)
            }
            "value: data size" => {
                let is_text = TEXT_TYPES.contains(&of_record(12..16));
                let is_shorter = (here ^ mask) + TERMINATOR_BYTES == here;
                let cut_off = record_at(content, spot.record + DATA_OF_VALUE)
                    .and_then(|data| content.get(data + (here ^ mask) as usize..data + here as usize));
                when(is_text && is_shorter && cut_off == Some(&[0, 0]), Proof::NoTerminator)
            }
            "value: data offset" => {
                let (size, at) = (of_record(4..8), bit / 8 - spot.range.start);
                when(size & INLINE != 0 && at as u64 >= size & !INLINE, Proof::NoMeaningHere)
            }
            "subkey list: signature" => {
                when(of_record(2..4) == 1 && here ^ mask == BARE_LIST, Proof::OtherList)
            }
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

    /// Whether a key may do without the last of its values.
    fn may_lose_values(&self, spot: &Spot, content: &[u8], lost: Range<u64>) -> bool {
        let Some(key) = spot.key.as_deref() else { return false };
        let list = record_at(content, spot.record + VALUE_LIST);
        lost.into_iter().all(|index| {
            let value = list.and_then(|list| record_at(content, list + 4 * index as usize));
            let name = value.and_then(|value| self.spot(value).value.as_deref());
            name.is_some_and(|name| {
                let is_optional =
                    unread::proof(self.hive, key, Some(name), unread::Aspect::Presence).is_some();
                is_optional
                    || name == CATALOG_THUMBPRINT && self.without_thumbprint.iter().any(|other| other == key)
            })
        })
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
    let size = content[record - 4..record].try_into().map_or(0, i32::from_le_bytes);
    size.unsigned_abs() as usize - 4
}

/// Whether a cell of another size takes up just the free cells behind it.
fn swallows_free_cells(content: &[u8], cell: usize, other_size: u64) -> bool {
    let size = |at: usize| content.get(at..at + 4)?.try_into().ok().map(i32::from_le_bytes);
    let Some(old) = size(cell) else { return false };
    let new = other_size as u32 as i32;
    let end = cell + new.unsigned_abs() as usize;
    let mut at = cell + old.unsigned_abs() as usize;
    if old.signum() != new.signum() || end <= at {
        return false;
    }
    while at < end {
        match size(at) {
            Some(free) if free > 0 => at += free as usize,
            _ => return false,
        }
    }
    at == end
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
