mod logs;
mod places;
mod reader;
mod replay;
mod shape;

use super::*;
use reader::read;
use sha2::Digest;

const VERSIONS: [Version; 4] = [Version::V1_3, Version::V1_4, Version::V1_5, Version::V1_6];

/// Lengths of data around every boundary of the format.
const LENGTHS: [usize; 11] = [0, 1, 4, 5, 4_060, 4_061, 16_344, 16_345, 32_688, 32_689, 1 << 20];

fn options(version: Version) -> Options {
    Options {
        version,
        file_name: "\\SystemRoot\\System32\\Config\\SOFTWARE".to_string(),
        last_written: FileTime::from_unix(1_300_000_000),
        sequence: 40,
        descriptors: vec![security::administrators(), security::trusted_installer()],
        ..Options::default()
    }
}

/// Bytes that repeat only after a while.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

/// A tree with a little of everything.
fn everything() -> Key {
    let lengths = LENGTHS.iter().fold(Key::new("Lengths"), |key, length| {
        key.with_value(Value::binary(format!("{length} bytes"), bytes(*length)))
    });
    let types = Key::new("Types")
        .with_value(Value::sz("", "the default value"))
        .with_value(Value::none("c!component"))
        .with_value(Value::expand_sz("path", "%SystemRoot%\\WinSxS"))
        .with_value(Value::multi_sz("texts", &["one", "", "two"]))
        .with_value(Value::dword("number", 0x0102_0304))
        .with_value(Value::qword("long number", 0x0102_0304_0506_0708))
        .with_value(Value::new("odd number", Value::DWORD, bytes(8)))
        .with_value(Value::new("type of nobody", 0xffff_0123, bytes(3)));
    let mut classy = Key::new("Classy");
    classy.class = Some(Name::from("class ж"));
    classy.last_written = Some(FileTime::from_unix(0));
    classy.descriptor = 1;
    let mut link = Key::new("Link").with_value(Value::link("\\Registry\\Machine\\Software"));
    link.flags = Key::SYMBOLIC_LINK;
    Key::new("ROOT")
        .with_subkey(types)
        .with_subkey(lengths)
        .with_subkey(names())
        .with_subkey(classy)
        .with_subkey(link)
}

/// Names that are stored or sorted in ways of their own.
fn names() -> Key {
    let long = "n".repeat(255);
    let names = [
        "Größe",
        "größer",
        "straße",
        "STRASSE",
        "ÿ",
        "Ключ",
        "ключ 2",
        "a_b",
        "aab",
        "a-b",
        "a.b",
        "A1",
        &long,
    ];
    let mut key = names.into_iter().fold(Key::new("Names"), |key, name| {
        key.with_subkey(Key::new(name)).with_value(Value::dword(name, 1))
    });
    key.values.push(Value::dword("v".repeat(16_383), 1));
    key.with_subkey(Key { name: Name::from_units(vec![0xd800, 0x61]), ..Key::default() })
}

/// The tree as a hive lists it.
fn as_listed(mut key: Key, options: &Options) -> Key {
    key.last_written.get_or_insert(options.last_written);
    key.subkeys = key.subkeys.into_iter().map(|subkey| as_listed(subkey, options)).collect();
    key.subkeys.sort_by_key(|subkey| subkey.name.upcased());
    key
}

fn sha_256(hive: &[u8]) -> String {
    format!("{:x}", sha2::Sha256::digest(hive))
}

#[test]
fn everything_comes_back() {
    for version in VERSIONS {
        for remnants in [false, true] {
            let options = Options { remnants, ..options(version) };
            let hive = write(&everything(), &options);
            assert_eq!(read(&hive, &options.descriptors), as_listed(everything(), &options), "{version:?}");
        }
    }
}

#[test]
fn the_same_tree_gives_the_same_bytes_everywhere() {
    let digests = VERSIONS.map(|version| sha_256(&write(&everything(), &options(version))));
    let expected: [&str; 4] = [
        "833d129d9aa6ccf978a1390a1e9c1fc9c4cbc71ee56e0ff04425d620552f4050",
        "7a959db409d69520f3ca76cb11a34a189dfe269d552d44fc7228eddadcf910eb",
        "7cb56c301808af85ea4cea64a8b325f4c3200e8fcb38378725e9ee44393df194",
        "61b63ee075ab4ee08f7b34f9462f0cb337408dc2b2077c626d5f7e3898591868",
    ];
    assert_eq!(digests, expected);
    let smallest = write(&Key::new("ROOT"), &Options::default());
    assert_eq!(sha_256(&smallest), "5ec2cdaa4c297b66bb9b25f7afe60721ec05c559a020bf37757e24c6d23c40c9");
    let remnants = write(&everything(), &Options { remnants: true, ..options(Version::V1_5) });
    assert_eq!(sha_256(&remnants), "a9bfe7d9b2b31a7b6b5544f51e4607661560537f09d9f8f66592b0955ce79d3b");
}

#[test]
fn piece_by_piece_is_the_same_as_all_at_once() {
    let tree = everything();
    let options = options(Version::V1_5);
    let mut writer = Writer::new(&Key { subkeys: Vec::new(), ..tree.clone() }, &options);
    for key in &tree.subkeys {
        writer.open(&Key { subkeys: Vec::new(), ..key.clone() });
        for subkey in &key.subkeys {
            writer.add(subkey);
        }
        writer.close();
    }
    assert!(writer.finish() == write(&tree, &options));
}

#[test]
fn keys_may_be_left_open() {
    let mut writer = Writer::new(&Key::new("ROOT"), &options(Version::V1_5));
    for depth in 0..300 {
        writer.open(&Key::new(format!("depth {depth}")));
    }
    let mut key = read(&writer.finish(), &options(Version::V1_5).descriptors);
    for depth in 0..300 {
        key = key.subkeys.pop().unwrap();
        assert_eq!(key.name, Name::from(format!("depth {depth}")));
    }
    assert!(key.subkeys.is_empty());
}

#[test]
#[should_panic(expected = "two subkeys of a key are named SAME")]
fn names_that_differ_in_case_only_are_refused() {
    write(&Key::new("ROOT").with_subkey(Key::new("Same")).with_subkey(Key::new("sAME")), &Options::default());
}

#[test]
#[should_panic(expected = "the root stays open")]
fn the_root_cannot_be_closed() {
    Writer::new(&Key::new("ROOT"), &Options::default()).close();
}

#[test]
fn times_count_from_1601() {
    assert_eq!(FileTime::from_unix(0), FileTime(116_444_736_000_000_000));
    assert_eq!(FileTime::from_unix(-11_644_473_600), FileTime(0));
    assert_eq!(FileTime::from_unix(i64::MIN), FileTime(0));
    assert_eq!(FileTime::from_unix(i64::MAX), FileTime(u64::MAX));
}
