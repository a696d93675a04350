//! The map agrees with the bytes.

use super::super::base_block::Field;
use super::super::map::{Part, Place};
use super::reader::cells;
use super::*;
use std::collections::BTreeSet;

fn mapped(version: Version) -> (Vec<u8>, Map) {
    write_with_map(&everything(), &options(version))
}

#[test]
fn a_map_changes_nothing() {
    let (hive, map) = mapped(Version::V1_5);
    assert!(hive == write(&everything(), &options(Version::V1_5)));
    assert!(!map.places.is_empty());
    let (_, empty) = Writer::new(&everything(), &options(Version::V1_5)).finish_with_map();
    assert!(empty.places.is_empty());
}

#[test]
fn records_begin_with_their_signatures() {
    for version in VERSIONS {
        let (hive, map) = mapped(version);
        for Place { part, range, .. } in &map.places {
            let signature: &[u8] = match part {
                Part::BaseBlock(Field::Signature) => b"regf",
                Part::Bin => b"hbin",
                Part::KeyNode => b"nk",
                Part::Value => b"vk",
                Part::Security => b"sk",
                Part::BigData => b"db",
                Part::SubkeyIndex => b"ri",
                _ => b"",
            };
            assert!(hive[range.clone()].starts_with(signature), "{part:?} at {range:?}");
        }
    }
}

#[test]
fn every_cell_is_in_the_map() {
    for version in VERSIONS {
        let (hive, map) = mapped(version);
        let records: BTreeSet<usize> = map
            .places
            .iter()
            .filter(|place| {
                !matches!(place.part, Part::BaseBlock(_) | Part::Bin | Part::KeyName | Part::ValueName)
            })
            .filter(|place| place.part != Part::Data || place.range.len() > 4)
            .map(|place| place.range.start)
            .collect();
        let cells: BTreeSet<usize> = cells(&hive).keys().map(|cell| *cell as usize + 4096 + 4).collect();
        assert_eq!(records, cells, "{version:?}");
    }
}

#[test]
fn names_and_data_are_where_the_map_says() {
    let (hive, map) = mapped(Version::V1_5);
    let only = |mut places: Vec<&Place>| {
        assert_eq!(places.len(), 1);
        hive[places.remove(0).range.clone()].to_vec()
    };
    assert_eq!(only(map.of_key("", Part::KeyName).collect()), b"ROOT");
    assert_eq!(only(map.of_key("Names\\a_b", Part::KeyName).collect()), b"a_b");
    assert_eq!(only(map.of_key("Classy", Part::ClassName).collect()), Name::from("class ж").utf_16());
    assert_eq!(only(map.of_value("Types", "number", Part::ValueName).collect()), b"number");
    assert_eq!(only(map.of_value("Types", "number", Part::Data).collect()), [4, 3, 2, 1]);
    assert_eq!(only(map.of_value("Types", "c!component", Part::Data).collect()), b"");
    assert_eq!(only(map.of_value("Lengths", "4061 bytes", Part::Data).collect()), bytes(4061));
    let segments: Vec<u8> = map
        .of_value("Lengths", "1048576 bytes", Part::Segment)
        .flat_map(|place| hive[place.range.clone()].to_vec())
        .collect();
    assert!(segments == bytes(1 << 20));
    assert_eq!(map.of_key("Types", Part::ValueList).next().unwrap().range.len(), 4 * 8);
}
