//! Writes the seeds of the targets `hive` and `hive_log`. Those called bad are unsound.
//!
//! ```text
//! cargo run -p fuzz --example write_hive_seeds -- corpora/seeds
//! ```

use fuzz::hive_log::join;
use simstore::write::hive::base_block::{Field, LENGTH, last_written, number, seal, set_number};
use simstore::write::hive::log::{self, Entry, Pages};
use simstore::write::hive::map::{Part, Place};
use simstore::write::hive::{FileTime, Key, Name, Options, Value, Version, security, write, write_with_map};
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        return Err(io::Error::other("usage: write_hive_seeds FOLDER"));
    };
    let hives = Path::new(&folder).join("hive");
    fs::create_dir_all(&hives)?;
    for (name, hive) in [
        ("smallest", write(&Key::new("ROOT"), &Options::default())),
        ("mixed-1.3", write(&mixed(), &options(Version::V1_3))),
        ("mixed-1.4", write(&mixed(), &options(Version::V1_4))),
        ("mixed-1.5", write(&mixed(), &options(Version::V1_5))),
        ("remnants", write(&mixed(), &Options { remnants: true, ..options(Version::V1_6) })),
        ("index", index()),
        ("deep", write(&deep(), &options(Version::V1_5))),
        ("bad-shared-data", shared_data()),
        ("bad-circle", circle()),
    ] {
        // What stands behind the last bin says how the target edits the hive.
        fs::write(hives.join(name), [hive, script()].concat())?;
    }

    let logs = Path::new(&folder).join("hive_log");
    fs::create_dir_all(&logs)?;
    for (name, [hive, first, second]) in log_seeds() {
        fs::write(logs.join(name), join(&hive, &first, &second))?;
    }
    Ok(())
}

fn options(version: Version) -> Options {
    Options {
        version,
        last_written: FileTime::from_unix(1_300_000_000),
        descriptors: vec![security::administrators(), security::trusted_installer()],
        ..Options::default()
    }
}

/// Bytes that look random; edits are made of them.
fn script() -> Vec<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[3]
    };
    // Every other stretch is ASCII, so that there are names.
    (0..256).map(|at| if at / 16 % 2 == 0 { next() } else { next() % 26 + b'a' }).collect()
}

/// One of each kind of record, data in segments aside, which alone would be longer than a seed should be.
fn mixed() -> Key {
    let mut classy = Key::new("Classy").with_subkey(Key::new("Ключ"));
    classy.class = Some(Name::from("a class"));
    let mut protected = Key::new("Größe").with_value(Value::qword("number", 8));
    protected.descriptor = 1;
    Key::new("ROOT")
        .with_value(Value::sz("", "the default value"))
        .with_value(Value::multi_sz("texts", &["one", "two"]))
        .with_subkey(classy)
        .with_subkey(protected)
        .with_subkey(
            Key::new("Lengths")
                .with_value(Value::none("empty"))
                .with_value(Value::dword("inline", 7))
                .with_value(Value::binary("ячейка", vec![5; 300])),
        )
}

fn deep() -> Key {
    (0..20).fold(Key::new("innermost"), |below, level| Key::new(format!("{level}")).with_subkey(below))
}

const SUBKEY_LIST: usize = 28;
const CLASS: usize = 48;
const CLASS_BYTES: usize = 74;

/// A hive with an index of lists of subkeys. The writer makes one only of more keys than a seed should have,
/// so the class of a key is made one.
fn index() -> Vec<u8> {
    let mut root = Key::new("ROOT").with_subkey(Key::new("a")).with_subkey(Key::new("b"));
    root.class = Some(Name::from_units(vec![0; 4]));
    let (mut hive, map) = write_with_map(&root, &options(Version::V1_5));
    let record = |part| first(map.of_key("", part));
    let (node, class, list) = (record(Part::KeyNode), record(Part::ClassName), record(Part::SubkeyList));
    hive[class..][..4].copy_from_slice(b"ri\x01\0");
    hive[class + 4..][..4].copy_from_slice(&reference(list));
    hive[node + SUBKEY_LIST..][..4].copy_from_slice(&reference(class));
    hive[node + CLASS..][..4].fill(0xFF);
    hive[node + CLASS_BYTES..][..2].fill(0);
    hive
}

/// A hive whose values all have the same cell of data: together more than the file is long.
fn shared_data() -> Vec<u8> {
    /// In the record of a value: the length of the data and where it is.
    const STORED: std::ops::Range<usize> = 4..12;
    let long = Key::new("ROOT").with_value(Value::binary("0", vec![5; 1000]));
    let root = (1..20).fold(long, |key, number| key.with_value(Value::binary(format!("{number}"), [0; 5])));
    let (mut hive, map) = write_with_map(&root, &options(Version::V1_5));
    let stored = hive[first(map.of_value("", "0", Part::Value))..][STORED].to_vec();
    for place in map.of_part(Part::Value) {
        hive[place.range.start..][STORED].copy_from_slice(&stored);
    }
    hive
}

/// A hive in which a key is below itself.
fn circle() -> Vec<u8> {
    let inner = Key::new("b").with_subkey(Key::new("c"));
    let (mut hive, map) = write_with_map(&Key::new("ROOT").with_subkey(inner), &options(Version::V1_5));
    let node = first(map.of_key("b", Part::KeyNode));
    let list = first(map.of_key("", Part::SubkeyList));
    hive[node + SUBKEY_LIST..][..4].copy_from_slice(&reference(list));
    hive
}

/// Where the first of some records stands.
fn first<'map>(mut places: impl Iterator<Item = &'map Place>) -> usize {
    places.next().expect("the hive has it").range.start
}

/// What other records call the one that stands there.
fn reference(record: usize) -> [u8; 4] {
    ((record - 4 - LENGTH) as u32).to_le_bytes()
}

/// A hive and two logs for each seed.
fn log_seeds() -> Vec<(&'static str, [Vec<u8>; 3])> {
    let moment = |number: u32, data_bytes: usize| {
        let root = mixed()
            .with_value(Value::dword("moment", number))
            .with_value(Value::binary("data", vec![0; data_bytes]));
        let time = FileTime::from_unix(1_300_000_000 + i64::from(number));
        write(&root, &Options { last_written: time, ..options(Version::V1_5) })
    };
    let [before, between, after] = [0, 1, 2].map(|number| moment(number, 5));
    let grown = entry(&before, &before, &moment(1, 3000), 1);
    let too_long = Entry { bins_size: 1 << 20, ..entry(&before, &before, &between, 1) };
    let first = entry(&before, &before, &between, 1);
    let second = entry(&before, &between, &after, 2);
    let new = |entries: &[&Entry]| log::new(&before, &entries.iter().copied().cloned().collect::<Vec<_>>());
    let old = log::old(
        &after,
        &log::changes(&before, &after),
        number(&before, Field::SecondarySequence) + 1,
        last_written(&before),
    );
    let mut dirty = before.clone();
    set_number(&mut dirty, Field::PrimarySequence, number(&before, Field::PrimarySequence) + 1);
    seal(&mut dirty);
    let mut headless = dirty.clone();
    headless[..512].fill(0);
    vec![
        ("clean", [before.clone(), new(&[&first]), new(&[&second])]),
        ("one-log", [dirty.clone(), new(&[&first, &second]), Vec::new()]),
        ("two-logs", [dirty.clone(), new(&[&first]), new(&[&second])]),
        ("two-logs-reversed", [dirty.clone(), new(&[&second]), new(&[&first])]),
        ("base-block-from-log", [headless, new(&[&first, &second]), Vec::new()]),
        ("growing", [dirty.clone(), new(&[&grown]), Vec::new()]),
        ("old", [dirty.clone(), old, Vec::new()]),
        ("lost", [dirty.clone(), Vec::new(), Vec::new()]),
        ("bad-length", [dirty, new(&[&too_long]), Vec::new()]),
    ]
}

/// The entry that makes `after` of `before`, in sectors instead of pages, so that a seed stays small.
fn entry(hive: &[u8], before: &[u8], after: &[u8], number_of_entry: u32) -> Entry {
    const SECTOR: usize = 512;
    let sectors = (LENGTH..after.len()).step_by(SECTOR).map(|at| at..at + SECTOR);
    Entry {
        sequence: number(hive, Field::SecondarySequence) + number_of_entry,
        bins_size: number(after, Field::BinsSize),
        pages: sectors
            .filter(|sector| before.get(sector.clone()).unwrap_or(&[0; SECTOR]) != &after[sector.clone()])
            .map(|sector| Pages { offset: (sector.start - LENGTH) as u32, content: after[sector].to_vec() })
            .collect(),
    }
}
