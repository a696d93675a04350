//! What is found in keys of SOFTWARE: of packages, of the lists that name them, and of winning versions.

use super::{package_path, text, utf16, value};
use crate::expectation::{Expected, Subject};
use crate::fault::references_to;
use crate::matrix::foretold::Foretold;
use crate::plan::{PackageId, Profile, StorePlan};
use crate::registry::software::install_name;
use crate::registry::{Hive, SERVICING};
use crate::store::Store;
use crate::write::hive::{Key, Value};
use crate::write::names;

/// A package without key, and everything that names it.
pub(super) fn lost(plan: &StorePlan, id: PackageId) -> Foretold {
    Foretold::all(lost_key(plan, id))
}

fn lost_key(plan: &StorePlan, id: PackageId) -> Vec<Expected> {
    let subject = Subject::key(Hive::Software.shown(&package_path(plan, id)));
    let root = Expected::new("package-key-missing", subject);
    let references = references_to(plan, id, &root);
    [vec![root], references].concat()
}

pub(super) fn package(store: &Store, id: PackageId, key: &Key) -> Foretold {
    let plan = &store.plan;
    let (name, right) = (text(&key.name), plan.package(id).name());
    let shown = Hive::Software.shown(&format!("{SERVICING}\\Packages\\{name}"));
    if !name.eq_ignore_ascii_case(&right) {
        return renamed(plan, id, &name, &shown);
    }
    let of = |name: &str| (value(key, name), Subject::value(&shown, name));
    let mut found = Vec::new();
    let mut add = |id: &str, subject: Subject| found.push(Expected::new(id, subject));
    let (state, subject) = of("CurrentState");
    match state.map(dword) {
        None => add("cbs-value-missing", subject),
        Some(None) => add("cbs-value-type", subject),
        Some(Some(number)) => match state_of(plan.profile, number) {
            None => add("cbs-current-state-invalid", subject),
            // The folder from which it is staged is long gone.
            Some(0x10..=0x30) => add("install-source-missing", Subject::value(&shown, "InstallLocation")),
            Some(_) => {}
        },
    }
    let (install_name, subject) = of("InstallName");
    match install_name.map(utf16) {
        None => add("cbs-value-missing", subject),
        Some(None) => add("cbs-value-type", subject),
        Some(Some(text)) if !is_install_name(&text, &right) => add("cbs-install-name-invalid", subject),
        Some(Some(_)) => {}
    }
    let (visibility, subject) = of("Visibility");
    match visibility.map(dword) {
        Some(None) => add("cbs-value-type", subject),
        Some(Some(3..)) => add("cbs-visibility-invalid", subject),
        None | Some(Some(0..=2)) => {}
    }
    for (name, is_of_type) in [
        ("InstallLocation", is_text as fn(&Value) -> bool),
        ("InstallClient", is_text),
        ("InstallUser", is_text),
        ("SelfUpdate", is_dword),
        ("InstallTimeHigh", is_dword),
        ("InstallTimeLow", is_dword),
    ] {
        let (value, subject) = of(name);
        if value.is_some_and(|value| !is_of_type(value)) {
            add("cbs-value-type", subject);
        }
    }
    Foretold::all(found)
}

/// What a name that is none of a package stands for is told by what has no key, if the two are alike; how much alike is
/// open. Another name of a package is that of another package.
fn renamed(plan: &StorePlan, id: PackageId, name: &str, shown: &str) -> Foretold {
    let invalid = Expected::new("package-key-name-invalid", Subject::key(shown));
    let mut apart = strangers(plan, id, shown);
    if is_package_name(name) {
        let missing = Subject::path(format!("Windows/servicing/Packages/{name}.mum"));
        apart.push(Expected::new("mum-missing", missing));
        return Foretold::all(apart);
    }
    apart.push(invalid.clone());
    Foretold::all(vec![invalid]).or(Foretold::all(apart))
}

/// What is found where nothing tells that a key is that of a package: the package has none, and the key has its install
/// name and is owned by it.
fn strangers(plan: &StorePlan, id: PackageId, shown: &str) -> Vec<Expected> {
    let mut found = lost_key(plan, id);
    let root = found[0].clone();
    let package = plan.package(id);
    if install_name(plan.profile, package).contains('~') {
        found.push(Expected::new("cbs-install-name-invalid", Subject::value(shown, "InstallName")));
    }
    if package.other_owners.is_empty() {
        let owner = Subject::value(format!("{shown}\\Owners"), &package.name());
        found.push(Expected::new("cbs-owner-missing", owner).caused_by(&root));
    }
    found
}

/// Whether a name has the five fields of a package's: name, token, architecture, language and version.
fn is_package_name(name: &str) -> bool {
    const ARCHITECTURES: [&str; 9] = ["", "x86", "amd64", "arm", "arm64", "ia64", "msil", "wow64", "neutral"];
    let fields: Vec<&str> = name.split('~').collect();
    let [name, token, architecture, language, version] = fields.as_slice() else { return false };
    let is_number = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u16>().is_ok_and(|number| number.to_string() == part)
    };
    !name.is_empty()
        && name.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && token.len() == 16
        && token.bytes().all(|byte| byte.is_ascii_hexdigit())
        && ARCHITECTURES.iter().any(|known| known.eq_ignore_ascii_case(architecture))
        && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && version.split('.').count() == 4
        && version.split('.').all(is_number)
}

/// A value of `CurrentState` as Windows 8 and later count, if it is a state.
fn state_of(profile: Profile, number: u32) -> Option<u32> {
    let number =
        if profile.is_before_windows_8() && (1..=8).contains(&number) { number << 4 } else { number };
    let is_known =
        matches!(number, 0 | 0x05 | 0x65) || (number % 0x10 == 0 && (0x10..=0x80).contains(&number));
    is_known.then_some(number)
}

/// A plain name of a manifest, and, if it is that of a package, of this one.
fn is_install_name(text: &str, package: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some(stem) = lower.strip_suffix(".mum").filter(|stem| !stem.is_empty()) else { return false };
    let is_plain = |letter: char| (' '..='~').contains(&letter) && !r#"\/:*?"<>|"#.contains(letter);
    lower.chars().all(is_plain) && (!stem.contains('~') || stem == package.to_ascii_lowercase())
}

fn dword(value: &Value) -> Option<u32> {
    let bytes = value.data.as_slice().try_into().ok().filter(|_| value.kind == Value::DWORD)?;
    Some(u32::from_le_bytes(bytes))
}

fn is_dword(value: &Value) -> bool {
    dword(value).is_some()
}

fn is_text(value: &Value) -> bool {
    utf16(value).is_some()
}

fn is_registered(plan: &StorePlan, name: &str) -> bool {
    plan.packages.iter().any(|package| package.name().eq_ignore_ascii_case(name))
}

pub(super) fn owners(plan: &StorePlan, key: &Key, shown: &str) -> Foretold {
    let mut found = Vec::new();
    for value in &key.values {
        let name = text(&value.name);
        let mut add = |id: &str| found.push(Expected::new(id, Subject::value(shown, &name)));
        if !is_registered(plan, &name) {
            add("cbs-owner-missing");
        }
        match dword(value) {
            None => add("cbs-value-type"),
            Some(number) if state_of(plan.profile, number & 0xFFFF).is_none() => {
                add("cbs-current-state-invalid");
            }
            Some(_) => {}
        }
    }
    Foretold::all(found)
}

/// What is found in a list of packages that names some which are not there.
pub(super) fn list(plan: &StorePlan, key: &Key, shown: &str, id: &str) -> Foretold {
    let names = key.values.iter().map(|value| text(&value.name));
    let missing = names.filter(|name| !name.is_empty() && !is_registered(plan, name));
    Foretold::all(missing.map(|name| Expected::new(id, Subject::value(shown, &name))).collect())
}

/// A version wins that is there.
pub(super) fn winner(plan: &StorePlan, key: &Key, shown: &str) -> Foretold {
    let version = value(key, "").and_then(utf16);
    let family = shown.rsplit('\\').nth(1).unwrap_or_default();
    let is_there = plan.assemblies.iter().filter(|assembly| assembly.is_registered).any(|assembly| {
        names::family_key_form(&assembly.identity) == family
            && version.as_ref() == Some(&assembly.identity.version)
    });
    if is_there { Foretold::nothing() } else { Foretold::one("winner-missing", Subject::key(shown)) }
}
