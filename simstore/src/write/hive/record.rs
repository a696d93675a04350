//! The fields of records that have fixed places: what they are called, and where they are, for whoever damages them.

use super::map::Part;
use std::ops::Range;

/// A field: where it is in its record, and what it is called, the record first.
pub type Field = (Range<usize>, &'static str);

const BIN: [Field; 6] = [
    (0..4, "bin: signature"),
    (4..8, "bin: offset"),
    (8..12, "bin: size"),
    (12..20, "bin: reserved"),
    (20..28, "bin: time"),
    (28..32, "bin: spare"),
];

const KEY_NODE: [Field; 20] = [
    (0..2, "key: signature"),
    (2..4, "key: flags"),
    (4..12, "key: last written"),
    (12..16, "key: access bits"),
    (16..20, "key: parent"),
    (20..24, "key: subkey count"),
    (24..28, "key: volatile subkey count"),
    (28..32, "key: subkey list"),
    (32..36, "key: volatile subkey list"),
    (36..40, "key: value count"),
    (40..44, "key: value list"),
    (44..48, "key: security"),
    (48..52, "key: class"),
    (52..56, "key: longest subkey name"),
    (56..60, "key: longest subkey class"),
    (60..64, "key: longest value name"),
    (64..68, "key: longest value data"),
    (68..72, "key: cached index"),
    (72..74, "key: name length"),
    (74..76, "key: class length"),
];

const VALUE: [Field; 7] = [
    (0..2, "value: signature"),
    (2..4, "value: name length"),
    (4..8, "value: data size"),
    (8..12, "value: data offset"),
    (12..16, "value: type"),
    (16..18, "value: flags"),
    (18..20, "value: spare"),
];

const SECURITY: [Field; 6] = [
    (0..2, "security: signature"),
    (2..4, "security: reserved"),
    (4..8, "security: next"),
    (8..12, "security: previous"),
    (12..16, "security: users"),
    (16..20, "security: length"),
];

const SUBKEY_LIST: [Field; 2] = [(0..2, "subkey list: signature"), (2..4, "subkey list: count")];

const BIG_DATA: [Field; 3] =
    [(0..2, "big data: signature"), (2..4, "big data: count"), (4..8, "big data: list")];

/// Fields without meaning in a file: times, what only lives in memory, what Windows once cached.
pub const WITHOUT_MEANING: [&str; 10] = [
    "bin: reserved",
    "bin: time",
    "bin: spare",
    "key: last written",
    "key: access bits",
    "key: volatile subkey count",
    "key: volatile subkey list",
    "key: cached index",
    "value: spare",
    "security: reserved",
];

/// Fields that are upper bounds, and may be higher than need be.
pub const UPPER_BOUNDS: [&str; 4] = [
    "key: longest subkey name",
    "key: longest subkey class",
    "key: longest value name",
    "key: longest value data",
];

/// The fields at the start of a record; what comes after them has no fixed places.
pub fn fields(part: Part) -> &'static [Field] {
    match part {
        Part::Bin => &BIN,
        Part::KeyNode => &KEY_NODE,
        Part::Value => &VALUE,
        Part::Security => &SECURITY,
        Part::SubkeyList => &SUBKEY_LIST,
        Part::BigData => &BIG_DATA,
        Part::BaseBlock(_)
        | Part::FreeCell
        | Part::KeyName
        | Part::ClassName
        | Part::ValueList
        | Part::ValueName
        | Part::Data
        | Part::SegmentList
        | Part::Segment
        | Part::SubkeyIndex => &[],
    }
}
