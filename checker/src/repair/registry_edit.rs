//! Changes to a hive, as data.

use crate::format::hive::{EditError, Editor, Key, OpenError, ValueType, open};
use crate::format::time::Instant;
use crate::image::{Image, Place};
use crate::scan::MAX_HIVE_BYTES;
use crate::volume::{Kind, VolumePath, WholeFile, read_whole};
use serde::{Deserialize, Serialize};
use std::io;

/// A hive that a repair changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HiveName {
    /// Packages, and winning versions.
    Software,
    /// Components, deployments and catalogs.
    Components,
}

impl HiveName {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Software, Self::Components];

    /// The name of the file, which is also how findings call the root of its keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Software => "SOFTWARE",
            Self::Components => "COMPONENTS",
        }
    }

    /// Where the file is, as findings show it.
    #[must_use]
    pub fn shown(self) -> String {
        format!("Windows/System32/config/{}", self.as_str())
    }

    /// The hive and the path in it of a key as findings show it.
    pub(crate) fn split(key: &str) -> Option<(Self, &str)> {
        let (hive, path) = key.split_once('\\').unwrap_or((key, ""));
        Self::ALL.into_iter().find(|name| name.as_str() == hive).map(|hive| (hive, path))
    }
}

/// One change to a hive. Paths are those of keys below the root, with backslashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "kebab-case")]
pub enum Edit {
    /// Makes sure that a key is there.
    CreateKey {
        /// The key.
        key: String,
    },
    /// Deletes a key with everything below it.
    DeleteKey {
        /// The key.
        key: String,
    },
    /// Gives a value its type and data.
    SetValue {
        /// The key, which is there.
        key: String,
        /// The name of the value; empty for the default value.
        name: String,
        /// The number of the type, such as 3 for `REG_BINARY`.
        data_type: u32,
        /// The data, in hexadecimal digits.
        #[serde(with = "hexadecimal")]
        data: Vec<u8>,
    },
    /// Deletes a value.
    DeleteValue {
        /// The key.
        key: String,
        /// The name of the value.
        name: String,
    },
}

impl Edit {
    /// The key that it changes.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::CreateKey { key }
            | Self::DeleteKey { key }
            | Self::SetValue { key, .. }
            | Self::DeleteValue { key, .. } => key,
        }
    }

    /// The value that it changes.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::CreateKey { .. } | Self::DeleteKey { .. } => None,
            Self::SetValue { name, .. } | Self::DeleteValue { name, .. } => Some(name),
        }
    }

    pub(crate) fn set(key: &str, name: &str, data_type: ValueType, data: impl Into<Vec<u8>>) -> Self {
        Self::SetValue {
            key: key.to_owned(),
            name: name.to_owned(),
            data_type: data_type.0,
            data: data.into(),
        }
    }

    pub(crate) fn delete_value(key: &str, name: &str) -> Self {
        Self::DeleteValue { key: key.to_owned(), name: name.to_owned() }
    }

    fn apply(&self, editor: &mut Editor) -> Result<(), EditError> {
        match self {
            Self::CreateKey { key } => editor.create_key(key).map(drop),
            Self::DeleteKey { key } => match editor.delete_key(key) {
                // A key above it went before.
                Err(EditError::NoKey { .. }) => Ok(()),
                done => done,
            },
            Self::SetValue { key, name, data_type, data } => {
                editor.set_value(key, name, ValueType(*data_type), data)
            }
            Self::DeleteValue { key, name } => match editor.delete_value(key, name) {
                Err(EditError::NoValue { .. } | EditError::NoKey { .. }) => Ok(()),
                done => done,
            },
        }
    }
}

/// A hive with its logs, as files.
#[derive(Debug)]
pub(crate) struct HiveFiles {
    pub(crate) path: VolumePath,
    primary: Vec<u8>,
    logs: Vec<Vec<u8>>,
}

/// Why a hive was not changed.
#[derive(Debug, thiserror::Error)]
pub enum HiveError {
    /// It is not there, or cannot be read.
    #[error("the hive {0} cannot be read")]
    Unreadable(&'static str),
    /// It does not load.
    #[error("the hive does not load: {0}")]
    NotLoadable(#[from] OpenError),
    /// It cannot be changed at all.
    #[error(transparent)]
    NotEditable(#[from] EditError),
    /// One of the changes cannot be made.
    #[error("change {index}: {error}")]
    Edit {
        /// Which, counted from 0.
        index: usize,
        /// Why.
        error: EditError,
    },
    /// What came of the changes is not sound. It is a mistake of this program.
    #[error("the changed hive is not sound")]
    Unsound,
}

impl HiveFiles {
    /// Reads a hive of an image with its logs, if it is there.
    ///
    /// # Errors
    ///
    /// If the hive or one of its logs cannot be read, or is longer than a hive may be.
    pub(crate) fn read(image: &Image<'_>, hive: HiveName) -> io::Result<Option<Self>> {
        let mut folder = None;
        for name in ["System32", "config"] {
            match image.enter(folder.as_ref().unwrap_or_else(|| image.windows()), name) {
                Place::Folder(inner) => folder = Some(inner),
                Place::Missing | Place::Other(_) => return Ok(None),
                Place::Unreadable(error) => return Err(error),
            }
        }
        let Some(folder) = folder else { return Ok(None) };
        let read = |name: &str| {
            let Some(entry) = folder.get(name).filter(|entry| entry.kind == Kind::File) else {
                return Ok(None);
            };
            let (path, mut bytes) = (folder.child(entry), Vec::new());
            match read_whole(image.volume(), &path, MAX_HIVE_BYTES, &mut bytes) {
                WholeFile::Read => Ok(Some((path, bytes))),
                WholeFile::TooLong => Err(io::ErrorKind::FileTooLarge.into()),
                WholeFile::Failed(error) => Err(error),
            }
        };
        let Some((path, primary)) = read(hive.as_str())? else { return Ok(None) };
        let mut logs = Vec::new();
        for extension in ["LOG1", "LOG2", "LOG"] {
            logs.extend(read(&format!("{}.{extension}", hive.as_str()))?.map(|(_, bytes)| bytes));
        }
        Ok(Some(Self { path, primary, logs }))
    }

    /// The hive with its logs replayed, if it can be changed; `now` is the time that changed keys get.
    pub(crate) fn editor(&self, now: Instant) -> Result<Editor, HiveError> {
        let logs: Vec<&[u8]> = self.logs.iter().map(Vec::as_slice).collect();
        Ok(Editor::new(open(&self.primary, &logs)?, file_time(now))?)
    }

    /// The hive after some changes, read again and looked at as a whole.
    pub(crate) fn edited(&self, edits: &[Edit], now: Instant) -> Result<Vec<u8>, HiveError> {
        let mut editor = self.editor(now)?;
        for (index, edit) in edits.iter().enumerate() {
            edit.apply(&mut editor).map_err(|error| HiveError::Edit { index, error })?;
        }
        let bytes = editor.finish();
        let again = open(&bytes, &[])?;
        if again.hive.check().is_empty() { Ok(bytes) } else { Err(HiveError::Unsound) }
    }
}

/// Steps of 100 ns since 1601, as keys have them.
fn file_time(at: Instant) -> u64 {
    const UNIX_EPOCH: i64 = 11_644_473_600;
    u64::try_from(at.unix_seconds().saturating_add(UNIX_EPOCH)).unwrap_or_default().saturating_mul(10_000_000)
}

/// What makes one key like another: its values, and all that is below it.
pub(crate) fn align_tree(path: &str, wanted: &Key<'_>, actual: Option<&Key<'_>>) -> io::Result<Vec<Edit>> {
    let mut edits = Vec::new();
    if actual.is_none() {
        edits.push(Edit::CreateKey { key: path.to_owned() });
    }
    edits.extend(align_values(path, wanted, actual, |_| false)?);
    let mut kept = Vec::new();
    for subkey in wanted.subkeys() {
        let subkey = subkey.map_err(io::Error::other)?;
        let name = text_of(&subkey)?;
        let counterpart =
            actual.map(|actual| actual.subkey(&name)).transpose().map_err(io::Error::other)?.flatten();
        edits.extend(align_tree(&join(path, &name), &subkey, counterpart.as_ref())?);
        kept.push(name);
    }
    for subkey in actual.iter().flat_map(|actual| actual.subkeys()) {
        let subkey = subkey.map_err(io::Error::other)?;
        if !kept.iter().any(|name| subkey.name().is(name)) {
            edits.push(Edit::DeleteKey { key: join(path, &text_of(&subkey)?) });
        }
    }
    Ok(edits)
}

/// What makes the values of one key like those of another, but for those that are left as they are.
pub(crate) fn align_values(
    path: &str,
    wanted: &Key<'_>,
    actual: Option<&Key<'_>>,
    is_left: impl Fn(&str) -> bool,
) -> io::Result<Vec<Edit>> {
    let mut edits = Vec::new();
    let (wanted, actual) = (values_of(wanted)?, actual.map(values_of).transpose()?.unwrap_or_default());
    for (name, data_type, data) in &wanted {
        let counterpart = actual.iter().find(|(other, ..)| other.eq_ignore_ascii_case(name));
        let is_same =
            counterpart.is_some_and(|(_, other_type, other)| other_type == data_type && other == data);
        let may_stay = is_same || is_left(name) && counterpart.is_some();
        if !may_stay {
            edits.push(Edit::set(path, name, *data_type, data.clone()));
        }
    }
    let is_wanted = |name: &String| wanted.iter().any(|(other, ..)| other.eq_ignore_ascii_case(name));
    let superfluous = actual.iter().filter(|(name, ..)| !is_wanted(name) && !is_left(name));
    edits.extend(superfluous.map(|(name, ..)| Edit::delete_value(path, name)));
    Ok(edits)
}

/// The name, type and data of each value.
pub(crate) type ValueData = (String, ValueType, Vec<u8>);

pub(crate) fn values_of(key: &Key<'_>) -> io::Result<Vec<ValueData>> {
    let values = key.values().map(|value| {
        let value = value.map_err(io::Error::other)?;
        let name = value.name().text().ok_or_else(unprintable)?.into_owned();
        let data = value.data().map_err(io::Error::other)?.into_owned();
        Ok((name, value.data_type(), data))
    });
    values.collect()
}

/// The name of a key as text.
pub(crate) fn text_of(key: &Key<'_>) -> io::Result<String> {
    Ok(key.name().text().ok_or_else(unprintable)?.into_owned())
}

fn unprintable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a name that is no text")
}

pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!(r"{path}\{name}") }
}

mod hexadecimal {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;
    use std::fmt::Write;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            write!(digits, "{byte:02x}").map_err(serde::ser::Error::custom)?;
        }
        serializer.serialize_str(&digits)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
        let bytes: Option<Vec<u8>> = bytes.collect();
        bytes
            .filter(|_| odd.is_empty())
            .ok_or_else(|| D::Error::custom("expected pairs of hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::hive::Editor;

    fn hive(change: impl Fn(&mut Editor)) -> Vec<u8> {
        let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
        change(&mut editor);
        editor.finish()
    }

    /// All that differs is changed, and nothing else.
    #[test]
    fn a_tree_becomes_like_another() {
        let wanted = hive(|editor| {
            editor.create_key(r"Key\Inner\Deep").unwrap();
            editor.set_value("Key", "", ValueType::SZ, b"a\0\0\0").unwrap();
            editor.set_value("Key", "Same", ValueType::DWORD, &[1, 0, 0, 0]).unwrap();
            editor.set_value("Key", "Type", ValueType::BINARY, b"data").unwrap();
            editor.set_value(r"Key\Inner\Deep", "Data", ValueType::BINARY, b"data").unwrap();
        });
        let actual = hive(|editor| {
            editor.create_key(r"key\Other\Deep").unwrap();
            editor.set_value("key", "same", ValueType::DWORD, &[1, 0, 0, 0]).unwrap();
            editor.set_value("key", "Type", ValueType::SZ, b"data").unwrap();
            editor.set_value("key", "More", ValueType::SZ, b"").unwrap();
        });
        let (wanted, opened) = (open(&wanted, &[]).unwrap().hive, open(&actual, &[]).unwrap().hive);
        let (wanted, actual_key) = (wanted.key("Key").unwrap().unwrap(), opened.key("Key").unwrap());
        let edits = align_tree("Key", &wanted, actual_key.as_ref()).unwrap();
        let changed: Vec<(&str, Option<&str>)> =
            edits.iter().map(|edit| (edit.key(), edit.value())).collect();
        assert_eq!(
            changed,
            [
                ("Key", Some("")),
                ("Key", Some("Type")),
                ("Key", Some("More")),
                (r"Key\Inner", None),
                (r"Key\Inner\Deep", None),
                (r"Key\Inner\Deep", Some("Data")),
                (r"Key\Other", None),
            ]
        );
        let files = HiveFiles { path: VolumePath::root(), primary: actual.clone(), logs: Vec::new() };
        let edited = files.edited(&edits, Instant::from_unix_seconds(0)).unwrap();
        let edited = open(&edited, &[]).unwrap().hive;
        let again = align_tree("Key", &wanted, edited.key("Key").unwrap().as_ref()).unwrap();
        assert_eq!(again, []);
        assert_eq!(align_tree("Key", &wanted, None).unwrap()[0], Edit::CreateKey { key: "Key".to_owned() });
    }

    #[test]
    fn an_edit_that_cannot_be_made_is_told() {
        let files = HiveFiles { path: VolumePath::root(), primary: hive(|_| {}), logs: Vec::new() };
        let edits = [
            Edit::CreateKey { key: "Key".to_owned() },
            Edit::set("Other", "name", ValueType::BINARY, *b"data"),
            Edit::set("Key", "name", ValueType::BINARY, *b"data"),
        ];
        let error = files.edited(&edits, Instant::from_unix_seconds(0)).unwrap_err();
        assert!(matches!(error, HiveError::Edit { index: 1, .. }), "{error}");
    }

    #[test]
    fn edits_are_written_and_read_back() {
        let edits = [
            Edit::set("a\\b", "name", ValueType::BINARY, *b"\x00\xFF"),
            Edit::delete_value("a", ""),
            Edit::CreateKey { key: "k".to_owned() },
            Edit::DeleteKey { key: "k".to_owned() },
        ];
        let text = serde_json::to_string(&edits).unwrap();
        assert!(
            text.contains(r#""edit":"set-value","key":"a\\b","name":"name","data_type":3,"data":"00ff""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Vec<Edit>>(&text).unwrap(), edits);
        for wrong in ["0", "0g", "zz"] {
            assert!(serde_json::from_str::<Vec<Edit>>(&text.replace("00ff", wrong)).is_err(), "{wrong}");
        }
    }
}
