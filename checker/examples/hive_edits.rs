//! Changes hives at random and writes what comes out, for other programs to read.
//!
//!     cargo run -p checker --example hive_edits -- FOLDER [HIVE...]
//!
//! Starts from an empty hive of each version and from the given ones, with the logs beside them, and
//! writes each of them after some of the changes to `FOLDER/NAME-CHANGES`.

use checker::format::hive::{Editor, ValueType, open};
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// After how many changes a hive is written.
const WRITTEN_AFTER: [usize; 9] = [1, 2, 3, 5, 10, 40, 150, 400, 1000];

const NAMES: [&str; 8] = [
    "a",
    "Key 1",
    "ключ",
    "Äö",
    "straße",
    "x_y",
    "日本",
    "amd64_microsoft-windows-foundation_31bf3856ad364e35",
];

/// A file time in 2026.
const NOW: u64 = 134_080_000_000_000_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: hive_edits FOLDER [HIVE...]")?;
    std::fs::create_dir_all(&folder)?;
    for minor in [3, 4, 5] {
        let bytes = Editor::new_hive(minor, "ROOT", NOW)?.finish();
        edit(&bytes, &[], &folder.join(format!("new-1.{minor}")), minor.into())?;
    }
    for path in arguments {
        let name = path.file_name().ok_or("a hive has a name")?;
        edit(&std::fs::read(&path)?, &logs_of(&path)?, &folder.join(name), 77)?;
    }
    Ok(())
}

/// The logs beside a hive.
fn logs_of(hive: &Path) -> Result<Vec<Vec<u8>>> {
    let mut logs = Vec::new();
    for ending in [".LOG1", ".LOG2"] {
        let mut path = hive.as_os_str().to_owned();
        path.push(ending);
        if Path::new(&path).exists() {
            logs.push(std::fs::read(path)?);
        }
    }
    Ok(logs)
}

fn edit(bytes: &[u8], logs: &[Vec<u8>], target: &Path, seed: u64) -> Result<()> {
    let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
    let mut editor = Editor::new(open(bytes, &logs)?, NOW)?;
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ seed);
    for changes in 1..=WRITTEN_AFTER[WRITTEN_AFTER.len() - 1] {
        change(&mut random, &mut editor)?;
        if WRITTEN_AFTER.contains(&changes) {
            let bytes = editor.finish();
            std::fs::write(format!("{}-{changes:04}", target.display()), &bytes)?;
            editor = Editor::new(open(&bytes, &[])?, NOW)?;
        }
    }
    Ok(())
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

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

fn change(random: &mut Random, editor: &mut Editor) -> Result<()> {
    let path: Vec<&str> = (0..=random.below(3)).map(|_| random.one_of(&NAMES)).collect();
    let path = path.join("\\");
    let exists = editor.hive().key(&path)?.is_some();
    match random.below(10) {
        // Enough subkeys for several lists.
        0 if random.below(20) == 0 => {
            for index in 0..700 {
                editor.create_key(&format!("many\\{:03}", index * 389 % 700))?;
            }
        }
        1 if exists && random.below(4) == 0 => editor.delete_key(&path)?,
        2 => drop(editor.delete_key(&format!("many\\{:03}", random.below(700)))),
        3 => {
            let name = random.one_of(&NAMES);
            drop(editor.delete_value(&path, name));
        }
        _ => {
            editor.create_key(&path)?;
            let name = if random.below(5) == 0 { "" } else { random.one_of(&NAMES) };
            let (data_type, data) = value(random);
            editor.set_value(&path, name, data_type, &data)?;
        }
    }
    Ok(())
}

fn value(random: &mut Random) -> (ValueType, Vec<u8>) {
    let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    match random.below(6) {
        0 => (ValueType::SZ, text(&format!("{} text\0", random.one_of(&NAMES)))),
        1 => (ValueType::MULTI_SZ, text("one\0ключ\0\0")),
        2 => (ValueType::DWORD, (random.below(1 << 30) as u32).to_le_bytes().to_vec()),
        3 => (ValueType::QWORD, (random.below(1 << 40) as u64).to_le_bytes().to_vec()),
        4 => (ValueType::EXPAND_SZ, text("%SystemRoot%\\x\0")),
        _ => {
            let length = random.one_of(&[0, 1, 3, 4, 5, 100, 5000, 16_344, 16_345, 32_688, 32_689, 100_000]);
            (ValueType::BINARY, (0..length).map(|_| random.below(256) as u8).collect())
        }
    }
}
