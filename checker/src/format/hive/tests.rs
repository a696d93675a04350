//! Reading hives that the editor made, and the limits of reading.

mod damage;
mod hostile;
pub(crate) mod support;

use super::bytes::{put_u32, u32_at};
use super::key::field as key_field;
use super::value::field as value_field;
use super::*;
use support::{Raw, sample};

/// Everything in a hive, one line each.
fn lines(hive: &Hive<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    hive.walk(|trail, event| {
        lines.push(match event {
            Event::Key(visit) => format!("{} {}", visit.depth, trail.path()),
            Event::Value { value, data } => {
                format!("{} {:?} {} {}", trail.path(), value.name(), value.data_type(), data.unwrap().len())
            }
            Event::Unreadable(error) => format!("{}: {error}", trail.path()),
        });
    });
    lines
}

/// How many events of a walk are of a kind.
pub(super) fn count_events(key: Key<'_>, is_counted: impl Fn(&Event<'_>) -> bool) -> usize {
    let mut count = 0;
    key.walk(|_, event| count += usize::from(is_counted(&event)));
    count
}

#[test]
fn a_walk_meets_parents_values_and_children_in_order() {
    for minor in 3..=6 {
        let bytes = sample(minor);
        let opened = open(&bytes, &[]).unwrap();
        assert_eq!((opened.state, opened.hive.base_block().minor), (State::Clean, minor));
        assert_eq!(opened.hive.check(), Damages::default());
        assert_eq!(
            lines(&opened.hive),
            [
                "0 \\",
                "1 \\Lists",
                "2 \\Lists\\a",
                "2 \\Lists\\b",
                "2 \\Lists\\c",
                "2 \\Lists\\d",
                "1 \\Values",
                "\\Values \"\" REG_SZ 2",
                "\\Values \"dword\" REG_DWORD 4",
                "\\Values \"empty\" REG_NONE 0",
                "\\Values \"long\" REG_BINARY 30",
                "\\Values \"big\" REG_BINARY 40000",
                "\\Values \"ключ\" REG_QWORD 8",
                "\\Values \"odd\" 0x00012345 3",
                "1 \\ÄÖ",
                "2 \\ÄÖ\\Ключ",
            ],
            "1.{minor}"
        );
    }
}

#[test]
fn keys_and_values_are_found_by_name() {
    let bytes = sample(5);
    let hive = open(&bytes, &[]).unwrap().hive;
    for path in ["", "\\", "values", r"\VALUES\", r"Lists\C", r"äö\кЛЮЧ"] {
        assert!(hive.key(path).unwrap().is_some(), "{path}");
    }
    for path in ["value", r"Values\x", r"Lists\e", "ß"] {
        assert!(hive.key(path).unwrap().is_none(), "{path}");
    }
    let key = hive.key("Values").unwrap().unwrap();
    assert_eq!((key.value_count(), key.subkey_count(), key.last_written()), (7, 0, 77));
    assert_eq!(*key.value("BIG").unwrap().unwrap().data().unwrap(), vec![7; 40_000]);
    assert_eq!(*key.value("").unwrap().unwrap().data().unwrap(), *b"\0\0");
    assert_eq!(*key.value("КЛЮЧ").unwrap().unwrap().data().unwrap(), 8_u64.to_le_bytes());
    assert_eq!(*key.value("odd").unwrap().unwrap().data().unwrap(), *b"abc");
    assert!(key.value("none").unwrap().is_none());
    // Only big data is copied.
    assert!(matches!(key.value("long").unwrap().unwrap().data(), Ok(Cow::Borrowed(_))));
    let class = hive.key("Lists").unwrap().unwrap().class();
    assert_eq!(class, Ok(Some(&b"C\0l\0"[..])));
    assert_eq!(hive.root().flags(), key_flag::ROOT | key_flag::NO_DELETE | key_flag::LATIN1_NAME);
    assert_eq!((hive.root().offset(), hive.root().position()), (0x20, 0x1020));
    let names: Vec<String> = hive.root().subkeys().map(|key| key.unwrap().name().to_string()).collect();
    assert_eq!(names, ["Lists", "Values", "ÄÖ"]);
}

#[test]
fn a_key_is_found_even_if_its_hash_or_the_order_is_wrong() {
    let mut raw = Raw::new(sample(5));
    let entry = raw.entry_of(r"Lists\b");
    raw.put_u32(entry + 4, 0xDEAD_BEEF);
    assert!(raw.hive().key(r"Lists\b").unwrap().is_some());
    let mut raw = Raw::new(sample(5));
    let name = raw.key(r"Lists\a") as usize + 4 + key::KEY_FIXED_BYTES;
    raw.put(name, b"z");
    for found in ["z", "b", "c", "d"] {
        assert!(raw.hive().key(r"Lists").unwrap().unwrap().subkey(found).unwrap().is_some(), "{found}");
    }
}

#[test]
fn what_is_not_found_beside_something_unreadable_is_an_error() {
    let mut raw = Raw::new(sample(5));
    let key = raw.key(r"Lists\b") as usize;
    raw.put(key + 4, b"xx");
    let hive = raw.hive();
    assert!(hive.key(r"Lists\c").unwrap().is_some());
    assert_eq!(hive.key(r"Lists\b").unwrap_err().rule, Rule::KeyRecord);
    let mut raw = Raw::new(sample(5));
    let value = raw.value("Values", "long");
    raw.put(value + 4, b"xx");
    let hive = raw.hive();
    let key = hive.key("Values").unwrap().unwrap();
    assert!(key.value("dword").unwrap().is_some());
    assert_eq!(key.value("long").unwrap_err().rule, Rule::ValueRecord);
}

#[test]
fn a_predefined_handle_has_no_values() {
    let mut raw = Raw::new(sample(5));
    let key = raw.key("Values") as usize;
    raw.put_u32(key + 4 + key_field::FLAGS, 0x60);
    assert_eq!(raw.hive().key("Values").unwrap().unwrap().values().count(), 0);
}

#[test]
fn long_data_in_one_cell_is_read_in_every_version() {
    // As other programs than Windows write it.
    let mut raw = Raw::new(sample(5));
    let cells = raw.append(&[vec![9; 20_000]]);
    let value = raw.value("Values", "big");
    raw.put_u32(value + 4 + value_field::DATA_BYTES, 20_000);
    raw.put_u32(value + 4 + value_field::DATA, cells[0]);
    let hive = raw.hive();
    let value = hive.key("Values").unwrap().unwrap().value("big").unwrap().unwrap();
    assert_eq!(*value.data().unwrap(), vec![9; 20_000]);
    assert_eq!(hive.check().found[0].error.rule, Rule::BigData);
}

#[test]
fn a_hive_without_a_reachable_root_does_not_open() {
    for (at, content) in
        [(0x20, &b"\0\0\0\0"[..]), (0x24, b"kn"), (0x24 + key_field::NAME_BYTES, b"\xFF\xFF")]
    {
        let mut raw = Raw::new(sample(5));
        raw.put(at, content);
        assert!(open(&raw.bytes, &[]).is_err(), "{at:X}");
    }
    let mut raw = Raw::new(sample(5));
    put_u32(&mut raw.bytes, base_block::field::ROOT, 0x28);
    raw.seal();
    let error = open(&raw.bytes, &[]).unwrap_err().error;
    assert_eq!((error.rule, error.offset), (Rule::CellReference, 36));
    assert!(open(&b""[..], &[]).is_err());
}

#[test]
fn what_stands_behind_the_bins_does_not_count() {
    let mut bytes = sample(5);
    let before = lines(&open(&bytes, &[]).unwrap().hive);
    bytes.extend_from_slice(&[0xAB; 5000]);
    let hive = open(&bytes, &[]).unwrap().hive;
    assert_eq!((lines(&hive), hive.check()), (before, Damages::default()));
}

// ---- Limits. Those of the base block and of logs are tested beside these.

#[test]
fn the_name_of_a_key_is_limited() {
    let name = "ж".repeat(MAX_KEY_NAME_UNITS);
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    editor.create_key(&name).unwrap();
    let error = editor.create_key(&format!("{name}ж")).unwrap_err();
    assert_eq!(error.to_string(), "more than 255 units in the name of a key");
    let mut raw = Raw::new(editor.finish());
    assert_eq!(raw.hive().key(&name).unwrap().unwrap().name().len_units(), MAX_KEY_NAME_UNITS);
    // The same bytes taken as Latin-1 are twice as many units.
    let key = raw.key(&name) as usize + 4;
    raw.put(key + key_field::FLAGS, &key_flag::LATIN1_NAME.to_le_bytes());
    for (length, readable) in [(MAX_KEY_NAME_UNITS, true), (MAX_KEY_NAME_UNITS + 1, false)] {
        raw.put(key + key_field::NAME_BYTES, &(length as u16).to_le_bytes());
        let result = raw.hive().root().subkeys().next().unwrap().map(|key| key.name().len_units());
        assert_eq!(result.is_ok(), readable);
        assert!(result.err().is_none_or(|error| error.is_limit()));
    }
}

#[test]
fn the_name_of_a_value_is_limited() {
    let name = "ж".repeat(MAX_VALUE_NAME_UNITS);
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    editor.set_value("", &name, ValueType::NONE, b"").unwrap();
    let error = editor.set_value("", &format!("{name}ж"), ValueType::NONE, b"").unwrap_err();
    assert_eq!(error.to_string(), "more than 16383 units in the name of a value");
    let mut raw = Raw::new(editor.finish());
    assert_eq!(raw.hive().check(), Damages::default());
    let value = raw.value("", &name) + 4;
    raw.put(value + value_field::FLAGS, &value::FLAG_LATIN1_NAME.to_le_bytes());
    for (length, readable) in [(MAX_VALUE_NAME_UNITS, true), (MAX_VALUE_NAME_UNITS + 1, false)] {
        raw.put(value + value_field::NAME_BYTES, &(length as u16).to_le_bytes());
        let result = raw.hive().root().values().next().unwrap().map(|value| value.name().len_units());
        assert_eq!(result.is_ok(), readable);
        assert!(result.err().is_none_or(|error| error.is_limit()));
    }
}

#[test]
fn the_data_of_a_value_is_limited() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    let mut data = vec![3; MAX_VALUE_BYTES];
    editor.set_value("", "v", ValueType::BINARY, &data).unwrap();
    data.push(3);
    let error = editor.set_value("", "v", ValueType::BINARY, &data).unwrap_err();
    assert_eq!(error, EditError::Limit { what: "bytes of data of a value", limit: MAX_VALUE_BYTES });
    let mut raw = Raw::new(editor.finish());
    assert_eq!(raw.hive().root().value("v").unwrap().unwrap().data().unwrap().len(), MAX_VALUE_BYTES);
    let value = raw.value("", "v") + 4;
    raw.put_u32(value + value_field::DATA_BYTES, MAX_VALUE_BYTES as u32 + 1);
    assert!(raw.hive().root().value("v").unwrap().unwrap().data().unwrap_err().is_limit());
}

#[test]
fn the_depth_of_keys_is_limited() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    let path = |levels: usize| vec!["k"; levels - 1].join("\\");
    editor.create_key(&path(MAX_KEY_DEPTH)).unwrap();
    let error = editor.create_key(&path(MAX_KEY_DEPTH + 1)).unwrap_err();
    assert_eq!(error, EditError::Limit { what: "levels of keys", limit: MAX_KEY_DEPTH });
    editor.create_key(r"other\one").unwrap();
    let mut raw = Raw::new(editor.finish());
    // Half of the stack that Windows gives the first thread.
    let check = || (raw.hive().check(), count_events(raw.hive().root(), |_| true));
    let checked = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(512 << 10);
        thread.spawn_scoped(scope, check).unwrap().join().unwrap()
    });
    assert_eq!(checked, (Damages::default(), MAX_KEY_DEPTH + 2));
    // The subkey of another key becomes that of the deepest one.
    let (deepest, other) = (raw.key(&path(MAX_KEY_DEPTH)) as usize + 4, raw.key("other") as usize + 4);
    let list = u32_at(&raw.bytes, 4096 + other + key_field::SUBKEY_LIST);
    raw.put_u32(deepest + key_field::SUBKEY_LIST, list);
    raw.put_u32(deepest + key_field::SUBKEY_COUNT, 1);
    let damages = raw.hive().check().found;
    assert!(damages[0].error.is_limit(), "{}", damages[0]);
    assert_eq!(damages[0].path.as_deref(), Some(&*format!("\\{}", path(MAX_KEY_DEPTH))));
}

#[test]
fn the_path_of_a_damage_is_limited() {
    for (length, is_cut) in [(MAX_DAMAGE_PATH_BYTES - 1, false), (MAX_DAMAGE_PATH_BYTES, true)] {
        // A name ends there, and another one follows.
        let mut names = vec!["k".repeat(127); 7];
        names.extend(["k".repeat(length - 7 * 128 - 1), "end".to_owned()]);
        let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
        editor.create_key(&names.join("\\")).unwrap();
        let mut raw = Raw::new(editor.finish());
        let parent = raw.field(&names.join("\\"), key_field::PARENT);
        raw.put_u32(parent, 0);
        if is_cut {
            names.pop();
            names.push("…".to_owned());
        }
        let damages = raw.hive().check().found;
        assert_eq!(damages[0].path.as_deref(), Some(&*format!("\\{}", names.join("\\"))));
    }
}

#[test]
fn the_number_of_subkeys_is_limited() {
    // Leaves of 65,535 entries, all of which name one key. An index names the first leaf again and
    // again.
    let full = usize::from(u16::MAX);
    let mut raw = Raw::new(sample(5));
    let subkey = raw.key(r"Lists\a");
    let leaf = |count: usize| {
        let mut leaf = b"li".to_vec();
        leaf.extend_from_slice(&(count as u16).to_le_bytes());
        (0..count).for_each(|_| leaf.extend_from_slice(&subkey.to_le_bytes()));
        leaf
    };
    let rest = MAX_SUBKEYS % full;
    let leaves = raw.append(&[leaf(full), leaf(rest), leaf(rest + 1)]);
    for (last, readable) in [(leaves[1], true), (leaves[2], false)] {
        let mut named = vec![leaves[0]; MAX_SUBKEYS / full];
        named.push(last);
        raw.set_index("Lists", &named);
        let hive = raw.hive();
        let key = hive.key("Lists").unwrap().unwrap();
        let (found, errors): (Vec<_>, Vec<_>) = key.subkeys().partition(Result::is_ok);
        assert_eq!(found.len(), if readable { MAX_SUBKEYS } else { MAX_SUBKEYS - rest });
        assert_eq!(errors.len(), usize::from(!readable));
        assert!(errors.into_iter().all(|error| error.unwrap_err().is_limit()));
        // A walk reads the leaf once only.
        let walked = count_events(key, |event| matches!(event, Event::Unreadable(_)));
        assert!(walked < 2 * full, "{walked}");
    }
    // With a leaf of its own for each entry of the index, a walk meets the limit.
    let mut contents = vec![leaf(full); MAX_SUBKEYS / full];
    contents.push(leaf(rest));
    for (extra, readable) in [(0, true), (1, false)] {
        contents.push(leaf(extra));
        let named = raw.append(&contents);
        raw.set_index("Lists", &named);
        let hive = raw.hive();
        let is_limit = |event: &Event<'_>| matches!(event, Event::Unreadable(error) if error.is_limit());
        let limits = count_events(hive.key("Lists").unwrap().unwrap(), is_limit);
        assert_eq!(limits, usize::from(!readable));
    }
}

#[test]
fn the_number_of_damages_is_limited() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    for index in 0..=MAX_DAMAGES {
        editor.create_key(&format!("{index:04}")).unwrap();
    }
    let mut raw = Raw::new(editor.finish());
    for index in 0..=MAX_DAMAGES {
        let entry = raw.entry_of(&format!("{index:04}"));
        raw.put_u32(entry + 4, 1);
        if index + 1 >= MAX_DAMAGES {
            let damages = raw.hive().check();
            assert_eq!((damages.found.len(), damages.more), (MAX_DAMAGES, index + 1 - MAX_DAMAGES));
        }
    }
}
