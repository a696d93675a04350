//! What the registry says about the store, read from the hives SOFTWARE and COMPONENTS.
//!
//! The records keep what is wrong with a value beside what is right: a check has to tell a value that is not
//! there from one of the wrong type. Everything is copied out of the hives, which can be dropped afterwards.

mod components;
mod packages;

pub use components::{CatalogKey, ComponentKey, ComponentStoreKeys, DeploymentKey, Mark, MarkHolder};
pub(crate) use packages::canonical;
pub use packages::{OwnerValue, PackageKey, PackageKeys, ReferenceKey, Winner};

use crate::finding::Subject;
use crate::format::hive::{Hive, Key, Value, ValueType};
use std::cell::Cell;
use std::sync::Arc;

/// The path of Component Based Servicing in SOFTWARE.
pub const SERVICING: &str = r"Microsoft\Windows\CurrentVersion\Component Based Servicing";

/// The key of the packages.
pub const PACKAGES: &str = "Packages";

/// The key of the package index.
pub const PACKAGE_INDEX: &str = "PackageIndex";

/// The key of the watch list of packages.
pub const PACKAGE_WATCHES: &str = "PackageDetect";

/// The key of the watch list of components.
pub const COMPONENT_WATCHES: &str = "ComponentDetect";

/// The path of the components in COMPONENTS.
pub const COMPONENTS: &str = r"DerivedData\Components";

/// The path of the deployments in COMPONENTS.
pub const DEPLOYMENTS: &str = r"CanonicalData\Deployments";

/// The path of the catalogs in COMPONENTS.
pub const CATALOGS: &str = r"CanonicalData\Catalogs";

/// The path of the winning versions in SOFTWARE.
pub const WINNERS: &str = r"Microsoft\Windows\CurrentVersion\SideBySide\Winners";

/// One value of a key, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// There is no such value.
    #[default]
    Absent,
    /// The value has the type and length that Windows writes.
    Present(T),
    /// The value is there, and is not what it should be.
    Wrong {
        /// What it is instead.
        found: String,
    },
    /// The hive is damaged where the value stands. That is said of the hive.
    Unreadable,
}

impl<T> Field<T> {
    /// The value, if it could be read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Wrong { .. } | Self::Unreadable => None,
        }
    }

    /// What the value is instead of what it should be.
    pub fn wrong(&self) -> Option<&str> {
        match self {
            Self::Wrong { found } => Some(found),
            Self::Absent | Self::Present(_) | Self::Unreadable => None,
        }
    }

    /// Whether there is no such value.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// What the registry says, hive by hive; nothing for a hive that could not be loaded, or was not to be.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// From SOFTWARE.
    pub packages: Option<Arc<PackageKeys>>,
    /// From COMPONENTS.
    pub components: Option<Arc<ComponentStoreKeys>>,
}

/// A list of keys, and whether nothing in it was unreadable: only then does the lack of a key mean something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyList<T> {
    /// The keys that could be read, sorted by folded name.
    pub keys: Vec<T>,
    /// Whether these are all.
    pub is_whole: bool,
}

impl<T> Default for KeyList<T> {
    fn default() -> Self {
        Self { keys: Vec::new(), is_whole: true }
    }
}

/// A hive whose keys are read. All that is read together is no longer than [`TIMES_READ`] hives: where keys share subkeys or values
/// with intent, a short hive would have more of them than any memory can hold. What goes beyond it counts as unreadable; that
/// records are shared is said of the hive.
struct Reading<'h> {
    root: Key<'h>,
    left_bytes: Cell<usize>,
}

/// How often the bytes of a hive may be read. Few are read twice, and none more often.
const TIMES_READ: usize = 2;

/// What an entry of a list takes in a hive, in bytes.
const ENTRY_BYTES: usize = 4;

/// What a key takes besides, without its name.
const KEY_BYTES: usize = 80;

/// What a value takes besides, without its name and data.
const VALUE_BYTES: usize = 24;

impl<'h> Reading<'h> {
    fn of(hive: &'h Hive<'_>) -> Self {
        Self { root: hive.root(), left_bytes: Cell::new(TIMES_READ * hive.bytes().len()) }
    }

    /// Whether so many bytes more may be read.
    fn take(&self, bytes: usize) -> bool {
        let left = self.left_bytes.get();
        self.left_bytes.set(left.saturating_sub(bytes));
        bytes <= left
    }

    /// A key that may be there. One that cannot be read counts as not there; its damage is said of the hive.
    fn key(&self, path: &str) -> Option<Key<'h>> {
        self.root.descendant(path).ok().flatten()
    }

    /// As [`Reading::key`], for one subkey of each of many keys.
    fn subkey(&self, parent: &Key<'h>, name: &str) -> Option<Key<'h>> {
        let subkeys = parent.subkeys().take_while(|_| self.take(ENTRY_BYTES));
        subkeys.flatten().find(|key| key.name().is(name))
    }

    /// Reads the keys under a path; a path that is not there has none.
    fn list<T>(&self, path: &str, read: impl Fn(&Key<'h>) -> T) -> KeyList<T> {
        match self.root.descendant(path) {
            Ok(Some(parent)) => self.subkeys(&parent, read),
            Ok(None) => KeyList::default(),
            Err(_) => KeyList { is_whole: false, ..KeyList::default() },
        }
    }

    fn subkeys<T>(&self, parent: &Key<'h>, read: impl Fn(&Key<'h>) -> T) -> KeyList<T> {
        let mut list = KeyList::default();
        let mut named = Vec::new();
        for key in parent.subkeys() {
            let bytes = key.as_ref().map_or(0, |key| KEY_BYTES + key.name().bytes().len());
            if !self.take(ENTRY_BYTES + bytes) {
                list.is_whole = false;
                break;
            }
            match key {
                Ok(key) => named.push((key.name().to_string().to_ascii_lowercase(), read(&key))),
                Err(_) => list.is_whole = false,
            }
        }
        named.sort_by(|(one, _), (two, _)| one.cmp(two));
        list.keys = named.into_iter().map(|(_, key)| key).collect();
        list
    }

    fn values(&self, key: &Key<'h>) -> KeyValues<'h> {
        let mut all = KeyValues { values: Vec::new(), is_whole: true };
        for value in key.values() {
            let bytes = value.as_ref().map_or(0, |value| {
                VALUE_BYTES + value.name().bytes().len() + value.data().map_or(0, |data| data.len())
            });
            if !self.take(ENTRY_BYTES + bytes) {
                all.is_whole = false;
                break;
            }
            match value {
                Ok(value) => all.values.push((value.name().to_string(), value)),
                Err(_) => all.is_whole = false,
            }
        }
        all
    }
}

/// The values of a key, and whether nothing among them was unreadable.
struct KeyValues<'h> {
    values: Vec<(String, Value<'h>)>,
    is_whole: bool,
}

impl<'h> KeyValues<'h> {
    /// The value of a name, whatever its letter case; the unnamed value has an empty name.
    fn get(&self, name: &str) -> Option<&Value<'h>> {
        self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// A field by its name.
    fn field<T>(&self, name: &str, read: impl FnOnce(&Value<'h>) -> Field<T>) -> Field<T> {
        match self.get(name) {
            Some(value) => read(value),
            None if self.is_whole => Field::Absent,
            None => Field::Unreadable,
        }
    }
}

/// A key of Component Based Servicing as findings show it.
#[must_use]
pub fn servicing(path: &str) -> String {
    format!(r"SOFTWARE\{SERVICING}\{path}")
}

/// The key of a package as findings show it.
#[must_use]
pub fn package(name: &str) -> String {
    servicing(&format!(r"{PACKAGES}\{name}"))
}

/// The key of a component as findings show it.
#[must_use]
pub fn component(keyform: &str) -> String {
    format!(r"COMPONENTS\{COMPONENTS}\{keyform}")
}

/// The key of a deployment as findings show it.
#[must_use]
pub fn deployment(keyform: &str) -> String {
    format!(r"COMPONENTS\{DEPLOYMENTS}\{keyform}")
}

/// The key of a catalog as findings show it.
#[must_use]
pub fn catalog(sha256: &str) -> String {
    format!(r"COMPONENTS\{CATALOGS}\{sha256}")
}

/// A key as the subject of a finding.
#[must_use]
pub fn whole(key: impl Into<String>) -> Subject {
    Subject::Key { key: key.into(), member: None }
}

/// A value of a key as the subject of a finding.
#[must_use]
pub fn value(key: &str, name: &str) -> Subject {
    Subject::Key { key: key.to_owned(), member: Some(name.to_owned()) }
}

/// A value of a package's `Owners` as the subject of a finding.
#[must_use]
pub fn owner(package: &str, owner: &str) -> Subject {
    value(&format!(r"{}\Owners", self::package(package)), owner)
}

/// Reads the data of a value of one type.
fn typed<T>(value: &Value<'_>, expected: ValueType, read: impl FnOnce(&[u8]) -> Option<T>) -> Field<T> {
    let Ok(data) = value.data() else { return Field::Unreadable };
    let typed = (value.data_type() == expected).then(|| read(&data)).flatten();
    let found = || Field::Wrong { found: format!("{} of {} bytes", value.data_type(), data.len()) };
    typed.map_or_else(found, Field::Present)
}

fn dword(value: &Value<'_>) -> Field<u32> {
    typed(value, ValueType::DWORD, |data| data.try_into().ok().map(u32::from_le_bytes))
}

fn binary(value: &Value<'_>) -> Field<Vec<u8>> {
    typed(value, ValueType::BINARY, |data| Some(data.to_vec()))
}

/// A text, without the NULs at its end.
fn text(value: &Value<'_>) -> Field<String> {
    typed(value, ValueType::SZ, decode_text)
}

/// A text that may hold names of variables.
fn expandable(value: &Value<'_>) -> Field<String> {
    match text(value) {
        Field::Wrong { .. } => typed(value, ValueType::EXPAND_SZ, decode_text),
        field => field,
    }
}

fn decode_text(data: &[u8]) -> Option<String> {
    let units = data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.ok().filter(|_| data.len().is_multiple_of(2))?;
    Some(text.trim_end_matches('\0').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::hive::Editor;
    use crate::format::hive::tests::support::Raw;

    /// A list that names one key as often as a leaf can.
    fn name_one_key(raw: &mut Raw, list: &str, key: &str) {
        let entries = raw.key(key).to_le_bytes().repeat(u16::MAX.into());
        let leaf = raw.append(&[[b"li", &u16::MAX.to_le_bytes()[..], &entries].concat()])[0];
        raw.set_index(list, &[leaf]);
    }

    #[test]
    fn what_is_read_of_components_is_no_longer_than_the_hive() {
        let (list, component) = (r"DerivedData\Components", r"DerivedData\Components\x");
        let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
        editor.create_key(component).unwrap();
        for number in 0..1_000 {
            editor.set_value(component, &format!("c!{number}"), ValueType::BINARY, &[1; 10]).unwrap();
        }
        let mut raw = Raw::new(editor.finish());
        let read = |raw: &Raw| ComponentStoreKeys::read(&raw.hive()).components;
        let names =
            |list: &KeyList<ComponentKey>| list.keys.iter().map(|key| key.deployments.len()).sum::<usize>();
        let sound = read(&raw);
        assert!(sound.is_whole && sound.keys[0].is_whole);
        assert_eq!((sound.keys.len(), names(&sound)), (1, 1_000));
        // Sixty million names, if all of them were read.
        name_one_key(&mut raw, list, component);
        let shared = read(&raw);
        assert!(!shared.is_whole);
        assert!(names(&shared) > 1_000 && names(&shared) * 30 < 2 * raw.bytes.len(), "{}", names(&shared));
    }

    #[test]
    fn packages_are_looked_through_no_further_than_the_hive_is_long() {
        let list = format!(r"{SERVICING}\{PACKAGES}");
        let package = format!(r"{list}\x");
        let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
        editor.create_key(&format!(r"{package}\y")).unwrap();
        let mut raw = Raw::new(editor.finish());
        assert!(PackageKeys::read(&raw.hive()).packages.is_whole);
        // Owners is looked for in all of them: more than four thousand million times.
        name_one_key(&mut raw, &package, &format!(r"{package}\y"));
        name_one_key(&mut raw, &list, &package);
        let packages = PackageKeys::read(&raw.hive()).packages;
        assert!(!packages.is_whole && !packages.keys.is_empty());
    }
}
