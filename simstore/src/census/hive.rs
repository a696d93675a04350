//! Where everything in a hive is.

use super::proof::Proof;
use super::unread;
use crate::plan::{Assembly, Profile, State};
use crate::registry::software::state_number;
use crate::registry::{DEPLOYMENTS, Hive};
use crate::store::Store;
use crate::write::hive::map::{Map, Part, Place};
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

/// A part of a record: where it is, and what it is called.
type Named = (Range<usize>, &'static str);

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
        layout.add("base block: rest", None, 0..content.len());
        layout.add("base block: sealed", None, 0..SEALED_BYTES);
        layout.add_all(&map);
        (primary.len() == content.len()).then_some(layout)
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
            | "key: volatile subkeys"
            | "key: cached index"
            | "value: spare"
            | "security: reserved" => Some(Proof::NoMeaning),
            "key: upper bounds" => when(!is_one, Proof::LooseBound),
            "security: descriptor" => Some(Proof::Rights),
            "key: flags" => when(mask != KEY_NAME_IS_LATIN_1, Proof::UnreadFlag),
            "value: flags" => when(mask != VALUE_NAME_IS_LATIN_1, Proof::UnreadFlag),
            "key: class length" => Some(Proof::NoMeaningHere),
            "key: parent" => when(spot.key.as_deref() == Some(""), Proof::NoMeaningHere),
            "key: subkey list" => when(of_record(20..24) == 0, Proof::NoMeaningHere),
            "key: value list" => when(of_record(36..40) == 0, Proof::NoMeaningHere),
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
            (_, Some("CatalogThumbprint")) if self.without_thumbprint.iter().any(|other| other == key) => {
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

    /// Later places lie over earlier ones: bins first, then cells, then what is in them.
    fn add_all(&mut self, map: &Map) {
        for place in map.of_part(Part::Bin) {
            self.add("cell: padding", None, place.range.clone());
            for (range, name) in BIN {
                self.add(name, None, place.range.start + range.start..place.range.start + range.end);
            }
        }
        for place in &map.places {
            self.add_record(place);
        }
        for (part, name) in
            [(Part::KeyName, "key: name"), (Part::ValueName, "value: name"), (Part::Data, "data")]
        {
            for place in map.of_part(part) {
                self.add(name, Some(place), place.range.clone());
            }
        }
    }

    fn add_record(&mut self, place: &Place) {
        let (whole, fields): (_, &[Named]) = match place.part {
            Part::BaseBlock(_) | Part::Bin | Part::KeyName | Part::ValueName => return,
            // Data within the record of its value has no cell.
            Part::Data if place.range.len() <= 4 => return,
            Part::FreeCell => ("free cell", &[]),
            Part::KeyNode => ("key: name", &KEY_NODE),
            Part::ClassName => ("class name", &[]),
            Part::Security => ("security: descriptor", &SECURITY),
            Part::ValueList => ("value list", &[]),
            Part::Value => ("value: name", &VALUE),
            Part::Data | Part::Segment => ("data", &[]),
            Part::BigData => ("big data", &[]),
            Part::SegmentList => ("segment list", &[]),
            Part::SubkeyList => ("subkey list: entries", &LIST),
            Part::SubkeyIndex => ("subkey index", &[]),
        };
        let at = place.range.start;
        self.add("cell: size", Some(place), at - 4..at);
        self.add(whole, Some(place), place.range.clone());
        for (range, name) in fields {
            self.add(name, Some(place), at + range.start..at + range.end);
        }
    }
}

const BIN: [Named; 6] = [
    (0..4, "bin: signature"),
    (4..8, "bin: offset"),
    (8..12, "bin: size"),
    (12..20, "bin: reserved"),
    (20..28, "bin: time"),
    (28..32, "bin: spare"),
];

const KEY_NODE: [Named; 20] = [
    (0..2, "key: signature"),
    (2..4, "key: flags"),
    (4..12, "key: last written"),
    (12..16, "key: access bits"),
    (16..20, "key: parent"),
    (20..24, "key: subkey count"),
    (24..28, "key: volatile subkeys"),
    (28..32, "key: subkey list"),
    (32..36, "key: volatile subkeys"),
    (36..40, "key: value count"),
    (40..44, "key: value list"),
    (44..48, "key: security"),
    (48..52, "key: class"),
    (52..56, "key: upper bounds"),
    (56..60, "key: upper bounds"),
    (60..64, "key: upper bounds"),
    (64..68, "key: upper bounds"),
    (68..72, "key: cached index"),
    (72..74, "key: name length"),
    (74..76, "key: class length"),
];

const VALUE: [Named; 7] = [
    (0..2, "value: signature"),
    (2..4, "value: name length"),
    (4..8, "value: data size"),
    (8..12, "value: data offset"),
    (12..16, "value: type"),
    (16..18, "value: flags"),
    (18..20, "value: spare"),
];

const SECURITY: [Named; 5] = [
    (0..2, "security: signature"),
    (2..4, "security: reserved"),
    (4..12, "security: neighbours"),
    (12..16, "security: users"),
    (16..20, "security: length"),
];

const LIST: [Named; 2] = [(0..2, "subkey list: signature"), (2..4, "subkey list: count")];

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
