//! Writes hives of every kind, with and without logs, for other programs to judge.
//!
//! ```text
//! cargo run -p simstore --example write_hives -- FOLDER
//! hivexml FOLDER/everything-1.5
//! ```
//!
//! Beside each hive `NAME`, with its logs `NAME.LOG1` and `NAME.LOG2`, stands `NAME.jsonl`: one line of JSON
//! for each key that a reader has to find, once it has dealt with the logs. A line gives the path as names
//! from below the root on, the class, the time as Windows counts it, and the values with their data in
//! hexadecimal.
//!
//! The crashed hives are called after the scenes of [`Scene`], and after what a reader has to make of them.
//!
//! Judges differ on some. Of those tried, hivex reads every clean hive exactly. libregf shifts data of two or
//! three bytes, python-registry gives an empty text four, dissect.regf takes long data of version 1.4 for
//! what it is not, and notatin cuts data to the length of its type. Only the last reads logs, and so does
//! nt_hive2: both in the new format, and neither takes a base block from a log.

use simstore::write::hive::crash::{Moments, Outcome, Scene};
use simstore::write::hive::{
    FileTime, Key, Name, Options, TransactionIds, Value, Version, Writer, security, write,
};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        return Err(io::Error::other("usage: write_hives FOLDER"));
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    for (name, version) in
        [("1.3", Version::V1_3), ("1.4", Version::V1_4), ("1.5", Version::V1_5), ("1.6", Version::V1_6)]
    {
        save(folder, &format!("smallest-{name}"), &Key::new("ROOT"), &options(version))?;
        save(folder, &format!("everything-{name}"), &everything(), &options(version))?;
        save(folder, &format!("wide-{name}"), &wide(), &options(version))?;
    }
    let remnants = Options { remnants: true, ..options(Version::V1_5) };
    save(folder, "remnants", &everything(), &remnants)?;
    save(folder, "deep", &deep(), &options(Version::V1_5))?;
    save_components(folder)?;
    save_scenes(folder)
}

fn options(version: Version) -> Options {
    Options {
        version,
        file_name: "\\SystemRoot\\System32\\Config\\SOFTWARE".to_string(),
        last_written: FileTime::from_unix(1_310_000_000),
        last_reorganized: FileTime::from_unix(1_300_000_000),
        sequence: 40,
        transaction_ids: Some(TransactionIds {
            resource_manager: *b"write_hives (RM)",
            transaction_manager: *b"write_hives (TM)",
        }),
        descriptors: vec![security::administrators(), security::trusted_installer()],
        remnants: false,
    }
}

fn save(folder: &Path, name: &str, root: &Key, options: &Options) -> io::Result<()> {
    fs::write(folder.join(name), write(root, options))?;
    save_expected(folder, name, root, options)
}

fn save_expected(folder: &Path, name: &str, root: &Key, options: &Options) -> io::Result<()> {
    let mut lines = String::new();
    describe(&mut lines, &mut Vec::new(), root, options);
    fs::write(folder.join(format!("{name}.jsonl")), lines)
}

/// A little of everything that a registry can hold.
fn everything() -> Key {
    Key::new("CMI-CreateHive{00000000-0000-0000-0000-000000000000}")
        .with_subkey(types())
        .with_subkey(lengths())
        .with_subkey(names())
        .with_subkey(odd_keys())
}

fn types() -> Key {
    Key::new("Types")
        .with_value(Value::sz("", "the default value"))
        .with_value(Value::none("nothing"))
        .with_value(Value::expand_sz("path", "%SystemRoot%\\WinSxS"))
        .with_value(Value::multi_sz("texts", &["one", "two", "Größe", "Ключ"]))
        .with_value(Value::dword("number", 0x0102_0304))
        .with_value(Value::qword("long number", 0x0102_0304_0506_0708))
        .with_value(Value::new("empty text", Value::SZ, []))
        .with_value(Value::new("text without end", Value::SZ, *b"a\0b\0"))
        .with_value(Value::new("number without bytes", Value::DWORD, []))
        .with_value(Value::new("number of two bytes", Value::DWORD, [1, 2]))
        .with_value(Value::new("number of eight bytes", Value::DWORD, [1, 2, 3, 4, 5, 6, 7, 8]))
        .with_value(Value::new("type of nobody", 0x1234_5678, [1, 2, 3]))
}

/// Data around every boundary of the format.
fn lengths() -> Key {
    let lengths =
        [0, 1, 3, 4, 5, 4_060, 4_061, 16_343, 16_344, 16_345, 32_688, 32_689, 65_536, 1_000_000, 1 << 20];
    lengths.into_iter().fold(Key::new("Lengths"), |key, length| {
        key.with_value(Value::binary(format!("{length} bytes"), bytes(length)))
    })
}

/// Bytes that repeat only after a while.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

/// Names that are stored or sorted in ways of their own.
fn names() -> Key {
    let longest = "n".repeat(255);
    let names = [
        "a_b",
        "aab",
        "a-b",
        "a.b",
        "A1",
        "a10",
        "a2",
        "a[b",
        "Größe",
        "größer",
        "straße",
        "STRASSE",
        "µ",
        "ÿ",
        "Ā",
        "Ключ",
        "ключ 2",
        "ᾀ",
        "文字",
        "😀",
        &longest,
    ];
    names.into_iter().fold(Key::new("Names"), |key, name| {
        key.with_subkey(Key::new(name).with_value(Value::sz(name, name)))
    })
}

fn odd_keys() -> Key {
    let mut classy = Key::new("Classy");
    classy.class = Some(Name::from("a class"));
    let mut another_time = Key::new("Another time");
    another_time.last_written = Some(FileTime::from_unix(1_200_000_000));
    let mut protected = Key::new("Protected").with_subkey(Key::new("Like most"));
    protected.descriptor = 1;
    let mut link = Key::new("Link").with_value(Value::link("\\Registry\\Machine\\Software\\Types"));
    link.flags = Key::SYMBOLIC_LINK;
    let odd = [classy, another_time, protected, link];
    odd.into_iter().fold(Key::new("Odd keys"), Key::with_subkey)
}

/// Keys with one list of subkeys, with one that is just full, and with several.
fn wide() -> Key {
    [1, 507, 508, 951, 952, 5_000].into_iter().fold(Key::new("ROOT"), |root, count| {
        let name = format!("{count} subkeys");
        root.with_subkey((0..count).fold(Key::new(name), |key, index| {
            key.with_subkey(Key::new(format!("subkey {index:05}")).with_value(Value::dword("index", index)))
        }))
    })
}

/// Keys in keys, almost as deep as Windows allows.
fn deep() -> Key {
    let innermost = Key::new("level 500").with_value(Value::sz("", "the bottom"));
    (1..500).rev().fold(innermost, |below, level| Key::new(format!("level {level}")).with_subkey(below))
}

/// A hive that never stands in memory as a tree: components, as the hive COMPONENTS has them.
fn save_components(folder: &Path) -> io::Result<()> {
    const COMPONENTS: u32 = 3_000;
    let options = options(Version::V1_5);
    let mut expected = String::new();
    let mut path = Vec::new();

    let [root, data, components] = ["ROOT", "DerivedData", "Components"].map(Key::new);
    let mut writer = Writer::new(&root, &options);
    line(&mut expected, &path, &root, &options);
    for key in [&data, &components] {
        writer.open(key);
        path.push(key.name.clone());
        line(&mut expected, &path, key, &options);
    }
    for key in (0..COMPONENTS).map(component) {
        writer.add(&key);
        describe(&mut expected, &mut path_to(&path, &key), &key, &options);
    }
    fs::write(folder.join("components"), writer.finish())?;
    fs::write(folder.join("components.jsonl"), expected)
}

fn path_to(path: &[Name], key: &Key) -> Vec<Name> {
    [path, std::slice::from_ref(&key.name)].concat()
}

fn component(index: u32) -> Key {
    let mut key =
        Key::new(format!("amd64_test-component-{index}_31bf3856ad364e35_6.1.7601.17514_none_{index:016x}"))
            .with_value(Value::binary(
                "identity",
                format!("Test-Component-{index}, Culture=neutral, Version=6.1.7601.17514"),
            ))
            .with_value(Value::binary("S256H", [index as u8; 32]))
            .with_value(Value::none(format!("c!test..-package_{index:016x}")));
    for file in 0..index % 5 {
        key = key.with_value(Value::dword(format!("f!file{file}.dll"), 7));
    }
    key
}

/// A hive in each scene, and what becomes of it.
fn save_scenes(folder: &Path) -> io::Result<()> {
    let trees = [0, 1, 2].map(busy);
    let options = options(Version::V1_5);
    let hives = trees.each_ref().map(|tree| write(tree, &options));
    let [before, between, after] = &hives;
    for scene in Scene::ALL {
        let name = format!("{scene:?}-{:?}", scene.outcome());
        let files = scene.files(&Moments { before, between, after });
        fs::write(folder.join(&name), &files.primary)?;
        for (suffix, log) in [("LOG1", &files.log_1), ("LOG2", &files.log_2)] {
            if let Some(log) = log {
                fs::write(folder.join(format!("{name}.{suffix}")), log)?;
            }
        }
        let moment = if scene.outcome() == Outcome::Recovered { 2 } else { 0 };
        save_expected(folder, &name, &trees[moment], &options)?;
    }
    Ok(())
}

/// A tree that grows and changes from moment to moment.
fn busy(moment: u8) -> Key {
    (0..400 + 50 * u32::from(moment)).fold(Key::new("ROOT"), |root, index| {
        let data = if index % 40 == 0 { vec![moment; 600] } else { bytes(500) };
        let mut key = Key::new(format!("key {index:03}")).with_value(Value::binary("data", data));
        key.last_written = Some(FileTime::from_unix(1_300_000_000 + i64::from(index)));
        root.with_subkey(key)
    })
}

/// The lines of a key and all below it.
fn describe(lines: &mut String, path: &mut Vec<Name>, key: &Key, options: &Options) {
    line(lines, path, key, options);
    for subkey in &key.subkeys {
        path.push(subkey.name.clone());
        describe(lines, path, subkey, options);
        path.pop();
    }
}

fn line(lines: &mut String, path: &[Name], key: &Key, options: &Options) {
    let path: Vec<String> = path.iter().map(json).collect();
    let class = key.class.as_ref().map_or("null".to_string(), json);
    let time = key.last_written.unwrap_or(options.last_written).0;
    let values: Vec<String> = key
        .values
        .iter()
        .map(|value| {
            let data: String = value.data.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{{\"name\":{},\"type\":{},\"data\":\"{data}\"}}", json(&value.name), value.kind)
        })
        .collect();
    let (path, values) = (path.join(","), values.join(","));
    let written =
        writeln!(lines, "{{\"path\":[{path}],\"class\":{class},\"time\":{time},\"values\":[{values}]}}");
    written.expect("text can always grow");
}

/// A name in quotes: unit by unit, so that nothing of it is lost.
fn json(name: &Name) -> String {
    let mut text = "\"".to_string();
    for unit in name.units() {
        match u8::try_from(*unit) {
            Ok(b'"' | b'\\') | Ok(0..0x20 | 0x7f..) | Err(_) => text.push_str(&format!("\\u{unit:04x}")),
            Ok(ascii) => text.push(char::from(ascii)),
        }
    }
    text.push('"');
    text
}
