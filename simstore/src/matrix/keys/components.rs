//! What is found in keys of COMPONENTS: of components, of deployments and of catalogs.

use super::{marked, text, value};
use crate::build::STORE_CATALOGS;
use crate::expectation::{Expected, Subject};
use crate::matrix::foretold::Foretold;
use crate::matrix::identity_text;
use crate::plan::{AssemblyId, Payload, Profile, StorePlan};
use crate::registry::components::{PAYLOAD_DELETED, listed_by};
use crate::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, Hive};
use crate::store::Store;
use crate::write::hive::{Key, Value};
use crate::write::names::{self, Mark};

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

pub(super) fn component(store: &Store, id: AssemblyId, key: &Key) -> Foretold {
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

pub(super) fn deployment(store: &Store, id: AssemblyId, key: &Key) -> Foretold {
    let form = names::deployment_key_form(&store.plan.assembly(id).identity);
    let name = text(&key.name);
    let shown = Hive::Components.shown(&format!("{DEPLOYMENTS}\\{name}"));
    let fits = |identity: &names::Identity| names::deployment_key_form(identity) == name.to_lowercase();
    let of_identity = identity(&shown, "deployment-appid", ("appid", value(key, "appid")), fits);
    let mut found: Vec<Expected> = of_identity.into_iter().collect();
    if !name.eq_ignore_ascii_case(&form) {
        return Foretold::all(found);
    }
    found.extend(marks(key, &shown));
    Foretold::all(found).and(&thumbprint(store, key, &shown))
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

/// A catalog that is there and covers deployments, and the key that it had; under another name nobody knows it.
pub(super) fn catalog(store: &Store, old: &str, key: &Key) -> Foretold {
    let name = text(&key.name);
    let shown = |name: &str| Hive::Components.shown(&format!("{CATALOGS}\\{name}"));
    if !name.eq_ignore_ascii_case(old) {
        let missing = format!("{STORE_CATALOGS}/{}.cat", name.to_ascii_lowercase());
        return Foretold::all(vec![
            Expected::new("catalogs-key-missing", Subject::key(shown(old))),
            Expected::new("csi-catalog-missing", Subject::path(missing)),
        ]);
    }
    let assemblies = store.plan.assemblies.iter();
    let known: Vec<String> =
        assemblies.map(|assembly| names::deployment_key_form(&assembly.identity)).collect();
    let dangling = marked(key, "c!").into_iter().filter(|(name, _)| !known.contains(name));
    let found = dangling.map(|(_, mark)| {
        let mark = format!("c!{}", &mark[2..]);
        Expected::new("catalogs-c-mark-dangling", Subject::value(shown(&name), &mark))
    });
    Foretold::all(found.collect())
}
