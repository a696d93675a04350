//! Where records go, how large their cells are, and how subkeys are listed.

use super::super::base_block::Field;
use super::super::bins::position;
use super::super::map::Part;
use super::reader::cells;
use super::*;

/// A hive whose root has so many subkeys.
fn with_subkeys(count: usize, version: Version) -> (Vec<u8>, Map) {
    let mut root = Key::new("ROOT");
    // Backwards, so that the writer has something to sort.
    root.subkeys = (0..count).rev().map(|index| Key::new(format!("subkey {index:06}"))).collect();
    write_with_map(&root, &options(version))
}

/// The signatures of the lists of the root, in the order in which they were written.
fn lists(map: &Map, hive: &[u8]) -> Vec<String> {
    let parts = [Part::SubkeyList, Part::SubkeyIndex].into_iter();
    let places = parts.flat_map(|part| map.of_key("", part));
    places.map(|place| String::from_utf8_lossy(&hive[place.range.start..][..2]).to_string()).collect()
}

#[test]
fn lists_are_of_the_version_and_of_limited_length() {
    for (version, count, expected) in [
        (Version::V1_3, 507, vec!["lf"]),
        (Version::V1_3, 508, vec!["li"]),
        (Version::V1_3, 951, vec!["li"]),
        (Version::V1_3, 952, vec!["li", "li", "ri"]),
        (Version::V1_4, 508, vec!["li"]),
        (Version::V1_5, 0, vec![]),
        (Version::V1_5, 1, vec!["lh"]),
        (Version::V1_5, 507, vec!["lh"]),
        (Version::V1_5, 508, vec!["lh", "lh", "ri"]),
        (Version::V1_6, 1015, vec!["lh", "lh", "lh", "ri"]),
    ] {
        let (hive, map) = with_subkeys(count, version);
        assert_eq!(lists(&map, &hive), expected, "{version:?} {count}");
        let root = read(&hive, &options(version).descriptors);
        assert_eq!(root.subkeys.len(), count);
    }
}

#[test]
fn five_thousand_subkeys_are_sorted() {
    for version in VERSIONS {
        let root = read(&with_subkeys(5000, version).0, &options(version).descriptors);
        let names = root.subkeys.iter().map(|key| key.name.to_string());
        assert!(names.eq((0..5000).map(|index| format!("subkey {index:06}"))));
    }
}

#[test]
fn names_are_sorted_unit_by_unit_in_upper_case() {
    // In upper case, ä is U+00C4 and ÿ is U+0178; µ and ß have none.
    let expected = [
        "a", "A-B", "a.b", "a1", "a10", "a2", "aA", "aB", "a[b", "a_b", "a`b", "a{b", "b", "µ", "ä", "Å",
        "Æ", "ß", "÷", "Ķ", "ÿ", "Ω", "Ж", "ж1", "ᾀ", "ａ",
    ];
    let mut root = Key::new("ROOT");
    root.subkeys = expected.iter().rev().map(|name| Key::new(*name)).collect();
    let options = options(Version::V1_5);
    let names: Vec<String> = read(&write(&root, &options), &options.descriptors)
        .subkeys
        .iter()
        .map(|key| key.name.to_string())
        .collect();
    assert_eq!(names, expected);
}

#[test]
fn data_goes_where_its_length_belongs() {
    for version in VERSIONS {
        for length in LENGTHS {
            let root = Key::new("ROOT").with_value(Value::binary("v", bytes(length)));
            let (hive, map) = write_with_map(&root, &options(version));
            let cells = cells(&hive);
            let sizes = |part: Part| -> Vec<i32> {
                let starts = map.of_value("", "v", part).map(|place| place.range.start - position(0));
                starts.map(|cell| -cells.get(&(cell as u32)).copied().unwrap_or(0)).collect()
            };
            let in_segments = length > 16_344 && version > Version::V1_3;
            let one_cell = match length {
                0..=4 => 0,
                16_345.. => (length + 4).next_power_of_two() as i32,
                _ => (length + 4).next_multiple_of(8) as i32,
            };
            assert_eq!(sizes(Part::Data), if in_segments { vec![] } else { vec![one_cell] });
            assert_eq!(sizes(Part::BigData), if in_segments { vec![16] } else { vec![] });
            let segments = if in_segments { length.div_ceil(16_344) } else { 0 };
            assert_eq!(sizes(Part::Segment), vec![16_352; segments]);
        }
    }
}

#[test]
fn most_bins_are_of_one_page() {
    let (hive, map) = with_subkeys(5000, Version::V1_5);
    let lengths: Vec<usize> = map.of_part(Part::Bin).map(|place| place.range.len()).collect();
    let pages = lengths.iter().filter(|length| **length == 4096).count();
    assert!(pages * 10 > lengths.len() * 9, "{pages} of {}", lengths.len());
    let free: usize = map.of_part(Part::FreeCell).map(|place| place.range.len()).sum();
    assert!(free * 10 < hive.len(), "{free} free bytes of {}", hive.len());
}

#[test]
fn the_smallest_hive_has_one_bin() {
    let hive = write(&Key::new("ROOT"), &Options::default());
    assert_eq!(hive.len(), 8192);
    let cells: Vec<(u32, i32)> = cells(&hive).into_iter().collect();
    assert_eq!(cells.iter().map(|(_, size)| size.signum()).collect::<Vec<_>>(), [-1, -1, 1]);
    assert_eq!(cells[0], (32, -88));
}

#[test]
fn a_root_too_large_for_a_page_is_still_the_first_cell() {
    let mut root = Key::new("ж".repeat(3000));
    root.class = Some(Name::from("c".repeat(3000)));
    let options = options(Version::V1_5);
    let hive = write(&root, &options);
    assert_eq!(read(&hive, &options.descriptors), as_listed(root, &options));
}

#[test]
fn free_cells_may_hold_what_looks_like_records() {
    let options = Options { remnants: true, ..options(Version::V1_5) };
    let (hive, map) = write_with_map(&Key::new("ROOT"), &options);
    let place = map.of_part(Part::FreeCell).next().unwrap();
    let free = &hive[place.range.clone()];
    assert_eq!(free[..4], (-88_i32).to_le_bytes());
    assert_eq!(&free[4..6], b"nk");
}

#[test]
fn keys_with_the_same_descriptor_share_a_cell() {
    let mut options = options(Version::V1_5);
    options.descriptors.push(security::administrators());
    let keys = [0, 1, 2, 2].iter().enumerate();
    let mut root = Key::new("ROOT");
    root.subkeys = keys
        .map(|(index, descriptor)| Key { descriptor: *descriptor, ..Key::new(format!("{index}")) })
        .collect();
    let (hive, map) = write_with_map(&root, &options);
    let mut cells: Vec<usize> = map.of_part(Part::Security).map(|place| place.range.start).collect();
    assert_eq!(cells.len(), 5);
    cells.sort_unstable();
    cells.dedup();
    assert_eq!(cells.len(), 2);
    read(&hive, &options.descriptors);
}

#[test]
fn the_base_block_says_what_the_options_say() {
    let options = Options {
        last_reorganized: FileTime(0x0102_0304_0506_0708),
        transaction_ids: Some(TransactionIds { resource_manager: [1; 16], transaction_manager: [2; 16] }),
        ..options(Version::V1_5)
    };
    let hive = write(&Key::new("ROOT"), &options);
    let field = |field: Field| &hive[field.range()];
    let name: Vec<u8> =
        "emRoot\\System32\\Config\\SOFTWARE\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(field(Field::FileName), name);
    assert_eq!(field(Field::PrimarySequence), [40, 0, 0, 0]);
    assert_eq!(field(Field::ResourceManagerId), [1; 16]);
    assert_eq!(field(Field::LogId), [1; 16]);
    assert_eq!(field(Field::TransactionManagerId), [2; 16]);
    assert_eq!(field(Field::TransactionSignature), b"rmtm");
    assert_eq!(field(Field::LastReorganized), [8, 7, 6, 5, 4, 3, 2, 1]);
}
