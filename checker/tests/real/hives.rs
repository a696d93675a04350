//! `hives/`: every key and value of its tables, logs of both formats against the files that Windows
//! itself recovered, and thousands of changes that are undone again.

use crate::{Table, read, same};
use checker::format::hive::{Editor, Event, Hive, LogUse, State, ValueType, open};
use libtest_mimic::{Failed, Trial};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A dirty hive, and the same hive after Windows had loaded it.
const RECOVERED: &[(&str, &str)] = &[
    ("new_dirty/NewDirtyHive", "new_dirty/RecoveredHive_Windows10"),
    ("old_dirty/OldDirtyHive", "old_dirty/RecoveredHive_Windows7"),
];

pub(crate) fn trials(folder: &Path) -> Vec<Trial> {
    let folder = folder.join("hives");
    let table = Table::read(&folder.join("expected.tsv"));
    let values = Table::read(&folder.join("values.tsv"));
    let mut trials = Vec::new();
    // Rows without a state are those of logs.
    for row in table.rows().filter(|row| !row.cell("state").is_empty()) {
        let file = row.cell("file");
        let expected = Expected {
            path: folder.join(&file),
            size: row.cell("size"),
            format: row.cell("format"),
            state: row.cell("state"),
            counts: [row.cell("keys"), row.cell("values"), row.cell("data_bytes")],
            key_paths: row.cell("sha256_of_sorted_key_paths"),
            values: values
                .rows()
                .filter(|row| row.cell("file") == file)
                .map(|row| ["key", "name", "type", "size", "sha256"].map(|column| row.cell(column)))
                .collect(),
        };
        let path = expected.path.clone();
        trials.push(Trial::test(format!("hives: {file}"), move || expected.check()));
        trials.push(Trial::test(format!("hives: changes to {file}"), move || change_and_undo(&path)));
    }
    for (dirty, recovered) in RECOVERED {
        let (dirty_path, recovered) = (folder.join(dirty), folder.join(recovered));
        let trial = move || replays_to(&dirty_path, &recovered);
        trials.push(Trial::test(format!("hives: logs of {dirty}"), trial));
    }
    trials
}

/// A row of the table, with the values of its file.
struct Expected {
    path: PathBuf,
    size: String,
    format: String,
    state: String,
    counts: [String; 3],
    key_paths: String,
    values: Vec<[String; 5]>,
}

impl Expected {
    /// The tables tell what is in the file itself, so logs stay out of it.
    fn check(&self) -> Result<(), Failed> {
        let bytes = read(&self.path)?;
        same("size", &self.size, &bytes.len().to_string())?;
        let opened = open(&bytes, &[])?;
        same("state", if self.state == "clean" { &State::Clean } else { &State::Dirty }, &opened.state)?;
        same("format", &self.format, &format!("1.{}", opened.hive.base_block().minor))?;
        let keys = keys_of(&opened.hive)?;
        let data_bytes: usize = keys.values().flatten().map(|value| value.data.len()).sum();
        let values = keys.values().map(Vec::len).sum();
        let counts = [keys.len(), values, data_bytes].map(|count| count.to_string());
        same("keys, values and bytes of data", &self.counts, &counts)?;
        let paths: Vec<&str> = keys.keys().map(String::as_str).collect();
        same("paths", &self.key_paths, &hex(paths.join("\n").as_bytes()))?;
        let mut found = Vec::new();
        for (path, value) in
            keys.iter().flat_map(|(path, values)| values.iter().map(move |value| (path, value)))
        {
            let (size, digest) = (value.data.len().to_string(), hex(&value.data));
            found.push([path.clone(), value.name.clone(), value.data_type.0.to_string(), size, digest]);
            // Each value is found by its name, too, whatever the letter case.
            let key = opened.hive.key(&path.to_uppercase())?.ok_or("a key is not found")?;
            let by_name = key.value(&value.name.to_lowercase())?.ok_or("a value is not found")?;
            same("data", &value.data[..], &by_name.data()?)?;
        }
        found.sort();
        let mut expected = self.values.clone();
        expected.sort();
        same("values", &expected, &found)?;
        same("damages", &Vec::new(), &opened.hive.check().found)
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value {
    name: String,
    data_type: ValueType,
    data: Vec<u8>,
}

/// Every key by its path, with its values sorted.
type Keys = BTreeMap<String, Vec<Value>>;

fn keys_of(hive: &Hive<'_>) -> Result<Keys, Failed> {
    let mut keys = Keys::new();
    let mut unreadable = None;
    hive.walk(|trail, event| {
        let values = keys.entry(trail.path()).or_default();
        match event {
            Event::Key(_) => {}
            Event::Value { value, data: Ok(data) } => values.push(Value {
                name: value.name().to_string(),
                data_type: value.data_type(),
                data: data.into_owned(),
            }),
            Event::Value { data: Err(error), .. } | Event::Unreadable(error) => {
                unreadable.get_or_insert(error);
            }
        }
    });
    if let Some(error) = unreadable {
        return Err(error.into());
    }
    keys.values_mut().for_each(|values| values.sort());
    Ok(keys)
}

/// The logs beside a hive.
fn logs_of(hive: &Path) -> Result<Vec<Vec<u8>>, Failed> {
    let log = |extension| {
        let path = hive.with_extension(extension);
        path.exists().then(|| read(&path))
    };
    ["LOG1", "LOG2"].into_iter().filter_map(log).collect()
}

fn replays_to(dirty: &Path, recovered: &Path) -> Result<(), Failed> {
    let (bytes, logs, recovered) = (read(dirty)?, logs_of(dirty)?, read(recovered)?);
    same("logs", &2, &logs.len())?;
    let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
    let opened = open(&bytes, &logs)?;
    same("state", &State::Replayed { base_block_recovered: false }, &opened.state)?;
    let sound = |log_use: &LogUse| matches!(log_use, LogUse::Applied { .. } | LogUse::Empty);
    same("logs", &true, &opened.logs.iter().all(sound))?;
    same("damages", &Vec::new(), &opened.hive.check().found)?;
    let windows = open(&recovered, &[])?;
    same("content", &true, &(keys_of(&windows.hive)? == keys_of(&opened.hive)?))?;
    // With its base block destroyed, a log has to give that as well. A log of the older format is known
    // then by the time in the first bin, which in this hive had not been written yet.
    let mut headless = bytes.clone();
    headless[..512].fill(0);
    let state = open(&headless, &logs).map(|opened| opened.state).ok();
    let newer = matches!(opened.logs.as_slice(), [LogUse::Applied { .. }, LogUse::Applied { .. }]);
    same("state", &newer.then_some(State::Replayed { base_block_recovered: true }), &state)
}

/// Makes random changes in a hive, checks it on the way, then takes them back.
fn change_and_undo(path: &Path) -> Result<(), Failed> {
    let (bytes, logs) = (read(path)?, logs_of(path)?);
    let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
    let opened = open(&bytes, &logs)?;
    let before = keys_of(&opened.hive)?;
    let mut editor = Editor::new(opened, 1)?;
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for step in 0..4000 {
        change(&mut random, &mut editor, &before)?;
        if step % 200 == 0 {
            same("damages", &Vec::new(), &editor.hive().check().found)?;
        }
    }
    let changed = keys_of(editor.hive())?;
    same("changed", &true, &(changed != before))?;
    restore(&mut editor, &changed, &before)?;
    same("damages", &Vec::new(), &editor.hive().check().found)?;
    let bytes = editor.finish();
    let opened = open(&bytes, &[])?;
    same("state", &State::Clean, &opened.state)?;
    same("content", &true, &(keys_of(&opened.hive)? == before))
}

/// A generator of numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn change(random: &mut Random, editor: &mut Editor, keys: &Keys) -> Result<(), Failed> {
    // A key that was there from the start; it may be gone by now.
    let path = keys.keys().nth(random.below(keys.len())).cloned().unwrap_or_default();
    if editor.hive().key(&path)?.is_none() {
        return Ok(());
    }
    let (name, data) = (format!("new {}", random.below(50)), vec![7; random.below(200) * random.below(200)]);
    match random.below(8) {
        0 => drop(editor.create_key(&format!("{path}\\{name}\\Ж"))?),
        1..=3 => editor.set_value(&path, &name, ValueType::BINARY, &data)?,
        4 => drop(editor.delete_value(&path, &name)),
        5 if path.len() > 30 || random.below(20) == 0 => drop(editor.delete_key(&path)),
        5 => drop(editor.delete_key(&format!("{path}\\{name}"))),
        _ => {
            let values = keys.get(&path).map(Vec::as_slice).unwrap_or_default();
            if let Some(value) = values.first() {
                editor.set_value(&path, &value.name, ValueType::SZ, &data)?;
            }
        }
    }
    Ok(())
}

/// Makes the content of a hive that which it was.
fn restore(editor: &mut Editor, now: &Keys, then: &Keys) -> Result<(), Failed> {
    // Parents come before their children, and take them along.
    for path in now.keys().filter(|path| !then.contains_key(*path)) {
        if editor.hive().key(path)?.is_some() {
            editor.delete_key(path)?;
        }
    }
    for (path, values) in then {
        editor.create_key(path)?;
        let now = now.get(path).map(Vec::as_slice).unwrap_or_default();
        for value in now.iter().filter(|value| !values.iter().any(|other| other.name == value.name)) {
            editor.delete_value(path, &value.name)?;
        }
        for value in values.iter().filter(|value| !now.contains(value)) {
            editor.set_value(path, &value.name, value.data_type, &value.data)?;
        }
    }
    Ok(())
}
