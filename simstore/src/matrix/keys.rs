//! Keys of the registry as objects: the name of a key, and of every value that something reads its name, type and data.

mod components;
mod packages;

use super::foretold::Foretold;
use super::manifests::Document;
use super::object::{Failure, Struck, Wound};
use super::verb::Verb;
use crate::expectation::{Expectation, Subject};
use crate::plan::{AssemblyId, PackageId, StorePlan, UpdateContent, WatchList};
use crate::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, Hive, SERVICING, WINNERS, hexadecimal};
use crate::store::Store;
use crate::write::hive::{Key, Name, Value};
use crate::write::names;

/// A key, and its fields.
pub(super) struct RegistryKey {
    kind: Kind,
    path: String,
    pub(super) fields: Vec<KeyField>,
    /// How many fields it has that nothing reads.
    pub(super) unread: usize,
}

/// What a key is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Component(AssemblyId),
    Deployment(AssemblyId),
    Catalog,
    Package(PackageId),
    Owners,
    /// A key of `PackageIndex`.
    Index,
    Watch(WatchList),
    /// A branch of a family in `Winners`.
    Winner,
}

/// A field of a key.
pub(super) struct KeyField {
    pub(super) pattern: String,
    spot: Spot,
}

/// Where a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    KeyName,
    /// Of the value of this position.
    ValueName(usize),
    Type(usize),
    Data(usize),
}

impl Kind {
    fn hive(self) -> Hive {
        match self {
            Kind::Component(_) | Kind::Deployment(_) | Kind::Catalog => Hive::Components,
            Kind::Package(_) | Kind::Owners | Kind::Index | Kind::Watch(_) | Kind::Winner => Hive::Software,
        }
    }

    /// Whether the name of such a key means something.
    fn has_name(self) -> bool {
        !matches!(self, Kind::Owners | Kind::Index | Kind::Watch(_) | Kind::Winner)
    }

    /// Whether the name, and the type and the data, of a value mean something.
    fn reads(self, value: &str) -> (bool, bool) {
        match self {
            Kind::Component(_) | Kind::Deployment(_) => (true, true),
            // Without the others nothing is said.
            Kind::Package(_) => (matches!(value, "CurrentState" | "InstallName"), true),
            Kind::Owners => (true, true),
            Kind::Catalog | Kind::Index | Kind::Watch(_) => (true, false),
            Kind::Winner => (false, value.is_empty()),
        }
    }
}

impl RegistryKey {
    pub(super) fn component(store: &Store) -> Option<RegistryKey> {
        let Document::Manifest(id) = Document::component(store)? else { return None };
        let path = format!("{COMPONENTS}\\{}", store.plan.assembly(id).key_form());
        RegistryKey::new(store, Kind::Component(id), path)
    }

    pub(super) fn deployment(store: &Store) -> Option<RegistryKey> {
        let Document::Manifest(id) = Document::deployment(store)? else { return None };
        let path =
            format!("{DEPLOYMENTS}\\{}", names::deployment_key_form(&store.plan.assembly(id).identity));
        RegistryKey::new(store, Kind::Deployment(id), path)
    }

    /// The key of the catalog that covers the most deployments.
    pub(super) fn catalog(store: &Store) -> Option<RegistryKey> {
        let digests = store.built.catalogs.iter().map(|digest| hexadecimal(digest));
        let path = digests
            .map(|name| format!("{CATALOGS}\\{name}"))
            .max_by_key(|path| store.registry.key(Hive::Components, path).map(|key| key.values.len()))?;
        RegistryKey::new(store, Kind::Catalog, path)
    }

    /// The key of an installed package with deployments, of which nothing is noted and that no other consists of.
    pub(super) fn package(store: &Store) -> Option<RegistryKey> {
        let plan = &store.plan;
        let notes = Expectation::of(plan).notes;
        let is_part = |id| {
            let mut updates = plan.packages.iter().flat_map(|package| &package.updates);
            updates.any(|update| update.content == UpdateContent::Package(id))
        };
        let mut ids = (0..plan.packages.len()).map(PackageId);
        let id = ids.find(|id| {
            let shown = Subject::key(Hive::Software.shown(&package_path(plan, *id)));
            plan.package(*id).state.is_installed()
                && !plan.closure(*id).is_empty()
                && !is_part(*id)
                && notes.iter().all(|note| note.subject != shown)
        })?;
        RegistryKey::new(store, Kind::Package(id), package_path(plan, id))
    }

    /// The owners of the package that has the most.
    pub(super) fn owners(store: &Store) -> Option<RegistryKey> {
        let plan = &store.plan;
        let ids = (0..plan.packages.len()).map(PackageId);
        let id = ids.max_by_key(|id| plan.package(*id).other_owners.len())?;
        RegistryKey::new(store, Kind::Owners, format!("{}\\Owners", package_path(plan, id)))
    }

    pub(super) fn index(store: &Store) -> Option<RegistryKey> {
        RegistryKey::longest(store, Kind::Index, &format!("{SERVICING}\\PackageIndex"))
    }

    pub(super) fn watch(store: &Store) -> Option<RegistryKey> {
        let lists = [(WatchList::Packages, "PackageDetect"), (WatchList::Components, "ComponentDetect")];
        lists.into_iter().find_map(|(list, name)| {
            RegistryKey::longest(store, Kind::Watch(list), &format!("{SERVICING}\\{name}"))
        })
    }

    /// The only branch of a family.
    pub(super) fn winner(store: &Store) -> Option<RegistryKey> {
        let families = &store.registry.key(Hive::Software, WINNERS)?.subkeys;
        let family = families.iter().find(|family| family.subkeys.len() == 1)?;
        let path = format!("{WINNERS}\\{}\\{}", text(&family.name), text(&family.subkeys[0].name));
        RegistryKey::new(store, Kind::Winner, path)
    }

    /// The key of a list that has the most values.
    fn longest(store: &Store, kind: Kind, list: &str) -> Option<RegistryKey> {
        let keys = &store.registry.key(kind.hive(), list)?.subkeys;
        let key = keys.iter().max_by_key(|key| key.values.len())?;
        RegistryKey::new(store, kind, format!("{list}\\{}", text(&key.name)))
    }

    fn new(store: &Store, kind: Kind, path: String) -> Option<RegistryKey> {
        let key = store.registry.key(kind.hive(), &path)?;
        let mut fields = Vec::new();
        if kind.has_name() {
            fields.push(KeyField { pattern: "key()".to_owned(), spot: Spot::KeyName });
        }
        for (index, value) in key.values.iter().enumerate() {
            let name = text(&value.name);
            let (by_name, by_content) = kind.reads(&name);
            let spots = [
                ("name()", Spot::ValueName(index), by_name),
                ("type()", Spot::Type(index), by_content),
                ("data()", Spot::Data(index), by_content),
            ];
            let read = spots.into_iter().filter(|(.., is_read)| *is_read);
            fields.extend(read.map(|(what, spot, _)| KeyField {
                pattern: format!("{}/{what}", kind.pattern(&name)),
                spot,
            }));
        }
        let unread = 1 + 3 * key.values.len() - fields.len();
        Some(RegistryKey { kind, path, fields, unread })
    }

    pub(super) fn strike(&self, store: &Store, wound: Wound) -> Result<Struck, Failure> {
        if wound.reseal {
            return Err("nothing vouches for the registry".into());
        }
        let hive = self.kind.hive();
        let mut registry = store.registry.clone();
        let gone = "there is no such key";
        let key = registry.key_mut(hive, &self.path).ok_or(gone)?;
        let spot = self.fields[wound.field].spot;
        let before = key.clone();
        let foretold = if (spot, wound.verb) == (Spot::KeyName, Verb::Delete) {
            let (parent, name) = self.path.rsplit_once('\\').ok_or(gone)?;
            let parent = registry.key_mut(hive, parent).ok_or(gone)?;
            parent.subkeys.retain(|subkey| subkey.name != name.into());
            self.lost(&store.plan)
        } else {
            change(key, spot, wound.verb)?;
            if *key == before {
                return Err("the verb changes nothing here".into());
            }
            self.changed(store, key)
        };
        Ok(Struck { volume: store.with_registry(&registry, hive)?, foretold })
    }

    /// What is found when it is not there.
    fn lost(&self, plan: &StorePlan) -> Foretold {
        let id = match self.kind {
            Kind::Component(_) => "component-key-missing",
            Kind::Deployment(_) => "deployment-key-missing",
            Kind::Catalog => "catalogs-key-missing",
            Kind::Package(id) => return packages::lost(plan, id),
            Kind::Owners | Kind::Index | Kind::Watch(_) | Kind::Winner => return Foretold::nothing(),
        };
        Foretold::one(id, Subject::key(self.kind.hive().shown(&self.path)))
    }

    /// What is found when it is another one.
    fn changed(&self, store: &Store, key: &Key) -> Foretold {
        let (parent, old) = self.path.rsplit_once('\\').unwrap_or(("", &self.path));
        let shown = self.kind.hive().shown(&format!("{parent}\\{}", text(&key.name)));
        match self.kind {
            Kind::Component(id) => components::component(store, id, key),
            Kind::Deployment(id) => components::deployment(store, id, key),
            Kind::Catalog => components::catalog(store, old, key),
            Kind::Package(id) => packages::package(store, id, key),
            Kind::Owners => packages::owners(&store.plan, key, &shown),
            Kind::Index => packages::list(&store.plan, key, &shown, "cbs-index-target-missing"),
            Kind::Watch(WatchList::Packages) => {
                packages::list(&store.plan, key, &shown, "watchlist-package-missing")
            }
            Kind::Watch(WatchList::Components) => {
                packages::list(&store.plan, key, &shown, "watchlist-component-missing")
            }
            Kind::Winner => packages::winner(&store.plan, key, &shown),
        }
    }
}

impl Kind {
    /// What values of a name have in common: marks and references differ in what they name.
    fn pattern(self, name: &str) -> &str {
        match self {
            Kind::Owners | Kind::Index | Kind::Watch(_) => "package",
            _ => name.split_inclusive('!').next().unwrap_or_default(),
        }
    }
}

fn package_path(plan: &StorePlan, id: PackageId) -> String {
    format!("{SERVICING}\\Packages\\{}", plan.package(id).name())
}

/// The longest name of a key, in characters.
const MAX_KEY_NAME: usize = 255;

/// Changes a key.
fn change(key: &mut Key, spot: Spot, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Duplicate => return Err("a key has each name once".into()),
        Verb::Move => return Err("the order of keys and values means nothing".into()),
        Verb::Swap => return swap(key, spot),
        Verb::Delete => {
            if let Spot::ValueName(index) | Spot::Type(index) | Spot::Data(index) = spot {
                key.values.remove(index);
            }
            return Ok(());
        }
        _ if verb.is_of_text() && matches!(spot, Spot::Type(_)) => return Err("the field is no text".into()),
        _ => {}
    }
    let new = |content: &[u8]| verb.change(content).unwrap_or_default();
    match spot {
        Spot::KeyName => {
            let name = new(&latin_1(&key.name));
            if name.is_empty() || name.len() > MAX_KEY_NAME || name.contains(&b'\\') {
                return Err("no key can have such a name".into());
            }
            key.name = name_of(&name);
        }
        Spot::ValueName(index) => {
            let name = name_of(&new(&latin_1(&key.values[index].name)));
            let folded = |name: &Name| text(name).to_lowercase();
            let mut others = key.values.iter().enumerate().filter(|(other, _)| *other != index);
            if others.any(|(_, value)| folded(&value.name) == folded(&name)) {
                return Err("another value has this name".into());
            }
            key.values[index].name = name;
        }
        Spot::Type(index) => {
            let bytes: Vec<u8> =
                new(&key.values[index].kind.to_le_bytes()).into_iter().chain([0; 4]).take(4).collect();
            key.values[index].kind = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        Spot::Data(index) => key.values[index].data = new(&key.values[index].data),
    }
    Ok(())
}

/// Lets a value and the next change what is at a spot.
fn swap(key: &mut Key, spot: Spot) -> Result<(), Failure> {
    let (Spot::ValueName(index) | Spot::Type(index) | Spot::Data(index)) = spot else {
        return Err("no field of its kind follows".into());
    };
    let Some([one, two]) = key.values.get_mut(index..index + 2) else {
        return Err("no field of its kind follows".into());
    };
    match spot {
        Spot::KeyName => {}
        Spot::ValueName(_) => std::mem::swap(&mut one.name, &mut two.name),
        Spot::Type(_) => std::mem::swap(&mut one.kind, &mut two.kind),
        Spot::Data(_) => std::mem::swap(&mut one.data, &mut two.data),
    }
    Ok(())
}

fn text(name: &Name) -> String {
    String::from_utf16_lossy(name.units())
}

/// A name as bytes: those of the simulator are ASCII.
fn latin_1(name: &Name) -> Vec<u8> {
    name.units().iter().map(|unit| unit.to_le_bytes()[0]).collect()
}

fn name_of(bytes: &[u8]) -> Name {
    bytes.iter().map(|byte| char::from(*byte)).collect::<String>().as_str().into()
}

/// The value of a name, in any letter case.
fn value<'k>(key: &'k Key, name: &str) -> Option<&'k Value> {
    key.values.iter().find(|value| text(&value.name).eq_ignore_ascii_case(name))
}

/// The names of the values with a mark, without it, and whole.
fn marked(key: &Key, mark: &str) -> Vec<(String, String)> {
    let names = key.values.iter().map(|value| text(&value.name));
    let marked =
        names.filter(|name| name.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)));
    marked.map(|name| (name[mark.len()..].to_lowercase(), name)).collect()
}

/// Text of the registry, if it is text: without the NULs at its end.
fn utf16(value: &Value) -> Option<String> {
    let units = value.data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let units: Vec<u16> = units.collect();
    let is_whole = value.kind == Value::SZ && value.data.len().is_multiple_of(2);
    let text = is_whole.then(|| String::from_utf16(&units).ok()).flatten()?;
    Some(text.trim_end_matches('\0').to_owned())
}
