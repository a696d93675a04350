//! Keys of COMPONENTS as objects: the name of a component's or a deployment's key, and of every value its name, type and
//! data.

use super::foretold::Foretold;
use super::identity_text;
use super::manifests::Document;
use super::object::{Failure, Struck, Wound};
use super::verb::Verb;
use crate::expectation::{Expected, Subject};
use crate::plan::{AssemblyId, Payload, Profile, StorePlan};
use crate::registry::components::{PAYLOAD_DELETED, listed_by};
use crate::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, Hive};
use crate::store::Store;
use crate::write::hive::{Key, Name, Value};
use crate::write::names::{self, Mark};

/// A key, and its fields.
pub(super) struct RegistryKey {
    kind: Kind,
    path: String,
    pub(super) fields: Vec<KeyField>,
}

/// What a key is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Component(AssemblyId),
    Deployment(AssemblyId),
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

    fn new(store: &Store, kind: Kind, path: String) -> Option<RegistryKey> {
        let key = store.registry.key(Hive::Components, &path)?;
        let mut fields = vec![KeyField { pattern: "key()".to_owned(), spot: Spot::KeyName }];
        for (index, value) in key.values.iter().enumerate() {
            let name = text(&value.name);
            // Marks differ in what they name.
            let name = name.split_inclusive('!').next().unwrap_or_default();
            let spots = [
                ("name()", Spot::ValueName(index)),
                ("type()", Spot::Type(index)),
                ("data()", Spot::Data(index)),
            ];
            fields.extend(spots.map(|(what, spot)| KeyField { pattern: format!("{name}/{what}"), spot }));
        }
        Some(RegistryKey { kind, path, fields })
    }

    pub(super) fn strike(&self, store: &Store, wound: Wound) -> Result<Struck, Failure> {
        if wound.reseal {
            return Err("nothing vouches for the registry".into());
        }
        let mut registry = store.registry.clone();
        let gone = "there is no such key";
        let key = registry.key_mut(Hive::Components, &self.path).ok_or(gone)?;
        let spot = self.fields[wound.field].spot;
        let before = key.clone();
        let foretold = if (spot, wound.verb) == (Spot::KeyName, Verb::Delete) {
            let (parent, name) = self.path.rsplit_once('\\').ok_or(gone)?;
            let parent = registry.key_mut(Hive::Components, parent).ok_or(gone)?;
            parent.subkeys.retain(|subkey| subkey.name != name.into());
            Foretold::one(self.lost(), Subject::key(Hive::Components.shown(&self.path)))
        } else {
            change(key, spot, wound.verb)?;
            if *key == before {
                return Err("the verb changes nothing here".into());
            }
            match self.kind {
                Kind::Component(id) => component(store, id, key),
                Kind::Deployment(id) => deployment(store, id, key)?,
            }
        };
        Ok(Struck { volume: store.with_registry(&registry, Hive::Components)?, foretold })
    }

    /// What is found when it is not there.
    fn lost(&self) -> &'static str {
        match self.kind {
            Kind::Component(_) => "component-key-missing",
            Kind::Deployment(_) => "deployment-key-missing",
        }
    }
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

// ---- What should be found

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

/// What is found in the identity of a key, which should give a name.
fn identity(
    key: &str,
    prefix: &str,
    value: (&str, Option<&Value>),
    fits: impl Fn(&names::Identity) -> bool,
) -> Option<Expected> {
    let (name, value) = value;
    let end = match value {
        None => "missing",
        Some(value) if value.kind != Value::BINARY => "type",
        Some(value) => match identity_text::read(&value.data) {
            Err(wrong) => wrong,
            Ok(identity) if fits(&identity) => return None,
            Ok(_) => "mismatch",
        },
    };
    Some(Expected::new(&format!("{prefix}-{end}"), Subject::value(key, name)))
}

fn component(store: &Store, id: AssemblyId, key: &Key) -> Foretold {
    let plan = &store.plan;
    let (name, form) = (text(&key.name), plan.assembly(id).key_form());
    let shown = Hive::Components.shown(&format!("{COMPONENTS}\\{name}"));
    if !name.chars().all(|one| (' '..='~').contains(&one)) {
        return Foretold::one("component-key-name-illegal", Subject::key(shown));
    } else if !name.eq_ignore_ascii_case(&form) {
        return Foretold::one("component-identity-mismatch", Subject::value(shown, "identity"));
    }
    let fits = |identity: &names::Identity| names::component_key_form(identity) == form;
    let of_identity = identity(&shown, "component-identity", ("identity", value(key, "identity")), fits);
    let mut found: Vec<Expected> = of_identity.into_iter().chain(digest(store, id, key, &shown)).collect();
    found.extend(deployment_marks(plan, id, key, &shown));
    found.extend(file_marks(store, id, key, &shown));
    Foretold::all(found)
}

fn digest(store: &Store, id: AssemblyId, key: &Key, shown: &str) -> Option<Expected> {
    let end = match value(key, "S256H") {
        // That of Windows Vista was never measured.
        None if store.plan.profile == Profile::Vista => return None,
        None => "missing",
        Some(value) if value.kind != Value::BINARY || value.data.len() != 32 => "malformed",
        Some(value) if value.data == store.built.manifests[id.0].sha256 => return None,
        Some(_) => "wrong",
    };
    Some(Expected::new(&format!("component-s256h-{end}"), Subject::value(shown, "S256H")))
}

fn deployment_marks(plan: &StorePlan, id: AssemblyId, key: &Key, shown: &str) -> Vec<Expected> {
    let form = |id: &AssemblyId| names::deployment_key_form(&plan.assembly(*id).identity);
    let owed: Vec<String> = listed_by(plan)[id.0].iter().map(form).collect();
    let known: Vec<String> = (0..plan.assemblies.len()).map(AssemblyId).map(|id| form(&id)).collect();
    let marks = marked(key, "c!");
    let dangling = marks.iter().filter(|(name, _)| !known.contains(name));
    let mut found: Vec<Expected> =
        dangling.map(|(_, name)| Expected::new("c-mark-dangling", Subject::value(shown, name))).collect();
    if owed.iter().any(|owed| !marks.iter().any(|(name, _)| name == owed)) {
        found.push(Expected::new("c-mark-missing", Subject::key(shown)));
    }
    found
}

fn file_marks(store: &Store, id: AssemblyId, key: &Key, shown: &str) -> Vec<Expected> {
    let assembly = store.plan.assembly(id);
    let names_of = |name: &str| {
        let short = names::file_mark_name(name)[2..].to_lowercase();
        [name.to_lowercase(), short, format!("{name}_{:016x}", names::hash_string(name)).to_lowercase()]
    };
    let files = || assembly.files.iter().map(|file| file.name.as_str());
    let last_step = |name: &str| name.rsplit('\\').next().unwrap_or_default().to_owned();
    let listed: Vec<String> =
        files().flat_map(|name| [names_of(name), names_of(&last_step(name))].concat()).collect();
    let marks = marked(key, "f!");
    let stale = marks.iter().filter(|(name, _)| !listed.contains(name));
    let mut found: Vec<Expected> =
        stale.map(|(_, name)| Expected::new("f-mark-stale", Subject::value(shown, name))).collect();
    let is_deleted = is_payload_deleted(key);
    let is_marked =
        |name: &str| names_of(name).iter().any(|known| marks.iter().any(|(mark, _)| mark == known));
    if !is_deleted && files().any(|name| !name.contains('\\') && !is_marked(name)) {
        found.push(Expected::new("f-mark-missing", Subject::key(shown)));
    }
    if is_deleted && assembly.payload == Payload::Present {
        let folder = format!("Windows/WinSxS/{}", assembly.key_form());
        found.push(Expected::new("payload-deleted-present", Subject::path(folder)));
    }
    found
}

fn is_payload_deleted(key: &Key) -> bool {
    let flags = value(key, "CF").filter(|value| value.kind == Value::DWORD);
    let number = flags.and_then(|value| Some(u32::from_le_bytes(value.data.as_slice().try_into().ok()?)));
    number.is_some_and(|flags| flags & PAYLOAD_DELETED != 0)
}

fn deployment(store: &Store, id: AssemblyId, key: &Key) -> Result<Foretold, Failure> {
    let form = names::deployment_key_form(&store.plan.assembly(id).identity);
    let name = text(&key.name);
    let shown = Hive::Components.shown(&format!("{DEPLOYMENTS}\\{name}"));
    let fits = |identity: &names::Identity| names::deployment_key_form(identity) == name.to_lowercase();
    let of_identity = identity(&shown, "deployment-appid", ("appid", value(key, "appid")), fits);
    let mut found: Vec<Expected> = of_identity.into_iter().collect();
    if !name.eq_ignore_ascii_case(&form) {
        return Ok(Foretold::all(found));
    }
    found.extend(marks(key, &shown));
    Ok(Foretold::all(found).and(&thumbprint(store, key, &shown)))
}

fn thumbprint(store: &Store, key: &Key, shown: &str) -> Foretold {
    let subject = Subject::value(shown, "CatalogThumbprint");
    let has_mark = ["i!CBS_", "p!CBS_", "s!CBS_"].iter().any(|mark| !marked(key, mark).is_empty());
    let Some(value) = value(key, "CatalogThumbprint") else {
        let is_measured = store.plan.profile != Profile::Vista && has_mark;
        return if is_measured {
            Foretold::one("deployment-thumbprint-missing", subject)
        } else {
            Foretold::nothing()
        };
    };
    let units: Vec<u16> =
        value.data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text: String = String::from_utf16_lossy(units.split(|unit| *unit == 0).next().unwrap_or_default());
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if value.kind != Value::SZ || !is_digest {
        return Foretold::one("deployment-thumbprint-malformed", subject);
    }
    let path = format!("{CATALOGS}\\{}", text.to_lowercase());
    let is_there = store.registry.key(Hive::Components, &path).is_some();
    let found = if is_there {
        Foretold::nothing()
    } else {
        Foretold::one("deployment-thumbprint-dangling", subject.clone())
    };
    // Whether a text may go on after its end, or have none, is open.
    let is_plain = value.data.len() == 2 * (64 + 1) && units[64] == 0;
    if is_plain { found } else { found.or(Foretold::one("deployment-thumbprint-malformed", subject)) }
}

/// What is found in the marks of packages. Only of i! marks a genuine one was seen: what does not fit in others is a
/// warning.
fn marks(key: &Key, shown: &str) -> Vec<Expected> {
    let mut found = Vec::new();
    let kinds = [("i!CBS_", Mark::Installed), ("p!CBS_", Mark::Pinned), ("s!CBS_", Mark::Staged)];
    for (prefix, mark) in kinds {
        for (_, name) in marked(key, prefix) {
            let reference = value(key, &name).and_then(reference);
            let id = match reference {
                None => "mark-malformed",
                Some(reference) if names::cbs_mark_name(mark, &reference).eq_ignore_ascii_case(&name) => {
                    continue;
                }
                Some(_) => "mark-name-mismatch",
            };
            let finding = Expected::new(id, Subject::value(shown, &name));
            found.push(if mark == Mark::Installed { finding } else { finding.as_warning() });
        }
    }
    let staged = marked(key, "s!CBS_");
    for (rest, name) in marked(key, "p!CBS_") {
        if !staged.iter().any(|(other, _)| *other == rest) {
            let twin = format!("s{}", &name[1..]);
            found.push(Expected::new("s-mark-missing", Subject::value(shown, &twin)));
        }
    }
    found
}

/// The package and update that a mark's data names, if its layout is right.
fn reference(value: &Value) -> Option<String> {
    let length = |at: usize| {
        let bytes = value.data.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let (named, extra) = (length(0)?, length(4)?);
    let rest = value.data.get(8..)?;
    let is_right = value.kind == Value::BINARY && named.checked_add(extra) == Some(rest.len());
    let text = is_right.then(|| std::str::from_utf8(&rest[..named]).ok()).flatten()?;
    text.is_ascii().then(|| text.to_owned())
}
