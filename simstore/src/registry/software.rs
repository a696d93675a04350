//! SOFTWARE: the packages, and the winning versions.

use super::{SERVICING, WINNERS, at};
use crate::plan::{Package, PackageId, Profile, State, StorePlan, WatchList};
use crate::write::calendar::midnight;
use crate::write::hive::{FileTime, Key, Value};
use crate::write::names::{self, Identity};
use std::collections::BTreeMap;

/// The tree of the hive.
pub(super) fn tree(plan: &StorePlan) -> Key {
    let mut root = Key::new("ROOT");
    version(&mut root, plan.profile);
    let servicing = at(&mut root, SERVICING);
    servicing.values = vec![
        Value::dword("ProcessorArchitecture", plan.architecture_number()),
        Value::dword("EnableLog", 1),
        Value::sz("FeatureCategory", "{0a7f4b4c-0000-4000-8000-000000000001}"),
        Value::sz("RepairCategory", "{0a7f4b4c-0000-4000-8000-000000000002}"),
    ];
    at(servicing, "Version").values = stacks(plan);
    for name in [
        "PackagesPending",
        "SessionsPending",
        "ApplicabilityEvaluationCache",
        "DriverOperations",
        "UpdateDetect",
    ] {
        at(servicing, name);
    }
    let packages = (0..plan.packages.len()).map(|index| package_key(plan, PackageId(index))).collect();
    at(servicing, "Packages").subkeys = packages;
    at(servicing, "PackageIndex").subkeys = package_index(plan);
    for watch in &plan.watches {
        let list = match watch.list {
            WatchList::Packages => "PackageDetect",
            WatchList::Components => "ComponentDetect",
        };
        let key = Key::new(&*watch.awaited);
        let values = watch.watchers.iter().map(|id| Value::dword(plan.package(*id).name(), 1)).collect();
        at(servicing, list).subkeys.push(Key { values, ..key });
    }
    at(&mut root, WINNERS).subkeys = winners(plan);
    root
}

/// Where the newest servicing stack is.
fn stacks(plan: &StorePlan) -> Vec<Value> {
    let newest = plan.newest_stack().map(|id| plan.assembly(id));
    let version = newest.map_or(plan.profile.base_version(), |stack| &stack.identity.version);
    let folder = newest.map_or_else(|| version.to_owned(), crate::plan::Assembly::key_form);
    vec![Value::expand_sz(version, &format!("%SystemRoot%\\WinSxS\\{folder}"))]
}

/// Which Windows it is.
fn version(root: &mut Key, profile: Profile) {
    let mut parts = profile.base_version().split('.');
    let mut part = || parts.next().unwrap_or_default();
    let (major, minor, build) = (part(), part(), part());
    let key = at(root, "Microsoft\\Windows NT\\CurrentVersion");
    // Since Windows 10 this value stays at 6.3, and the real version stands beside it.
    let number = if profile >= Profile::Win10 { "6.3".to_owned() } else { format!("{major}.{minor}") };
    key.values = vec![
        Value::sz("CurrentVersion", &number),
        Value::sz("CurrentBuild", build),
        Value::sz("CurrentBuildNumber", build),
    ];
    if profile >= Profile::Win10 {
        key.values.push(Value::dword("CurrentMajorVersionNumber", major.parse().unwrap_or(10)));
        key.values.push(Value::dword("CurrentMinorVersionNumber", minor.parse().unwrap_or(0)));
    }
}

/// The number of a state: Windows Vista and 7 count in single digits.
pub(crate) fn state_number(profile: Profile, state: State) -> u32 {
    let digit = match state {
        State::Staged => 4,
        State::Superseded => 5,
        State::Installed => 7,
        State::Permanent => 8,
    };
    if profile.is_before_windows_8() { digit } else { digit << 4 }
}

fn package_key(plan: &StorePlan, id: PackageId) -> Key {
    let package = plan.package(id);
    let state = state_number(plan.profile, package.state);
    let time = FileTime::from_unix(midnight(2020, 7, 1) + 60 * i64::try_from(id.0).unwrap_or_default()).0;
    let mut key = Key::new(package.name());
    key.values = vec![
        Value::sz("InstallClient", "DISM Package Manager Provider"),
        Value::sz("InstallName", &install_name(plan.profile, package)),
        // Where the package was unpacked; the folder is long gone.
        Value::sz(
            "InstallLocation",
            &format!("\\\\?\\C:\\Windows\\SoftwareDistribution\\Download\\{:04x}\\", id.0),
        ),
        Value::dword("CurrentState", state),
        Value::dword("SelfUpdate", 0),
        Value::dword("Visibility", if package.other_owners.is_empty() { 1 } else { 2 }),
        Value::dword("InstallTimeHigh", (time >> 32) as u32),
        Value::dword("InstallTimeLow", time as u32),
        Value::sz("InstallUser", "S-1-5-18"),
    ];
    let mut owners: Vec<PackageId> = package.other_owners.clone();
    if owners.is_empty() {
        owners.push(id);
    }
    let owners =
        owners.iter().map(|owner| Value::dword(plan.package(*owner).name(), 0x0002_0000 | state)).collect();
    let updates = package.updates.iter().map(|update| Value::dword(&*update.name, state)).collect();
    key.with_subkey(Key { values: owners, ..Key::new("Owners") })
        .with_subkey(Key { values: updates, ..Key::new("Updates") })
}

/// Windows Vista and 7 keep the name that the manifest had in its package.
pub(crate) fn install_name(profile: Profile, package: &Package) -> String {
    if profile.is_before_windows_8()
        && package.other_owners.is_empty()
        && package.identifier.starts_with("KB")
    {
        return "update.mum".to_owned();
    }
    format!("{}.mum", package.name())
}

/// For each package without its version, those versions that there are.
fn package_index(plan: &StorePlan) -> Vec<Key> {
    let mut index: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for package in &plan.packages {
        let any_version = Identity { version: "0.0.0.0".to_owned(), ..package.identity.clone() };
        let value = Value::dword(package.name(), state_number(plan.profile, package.state));
        index.entry(names::package_name(&any_version)).or_default().push(value);
    }
    index.into_iter().map(|(name, values)| Key { values, ..Key::new(name) }).collect()
}

/// The versions of a family by their major and minor parts: whether they are installed, in numbers, in text.
type Branches = BTreeMap<String, Vec<(bool, Vec<u32>, String)>>;

/// For each family and each major and minor version the winner: the highest version of an installed package, else
/// the highest of all.
fn winners(plan: &StorePlan) -> Vec<Key> {
    let installed = plan.installed();
    let mut families: BTreeMap<String, Branches> = BTreeMap::new();
    for (index, assembly) in plan.assemblies.iter().enumerate().filter(|(_, assembly)| assembly.is_registered)
    {
        let version = &assembly.identity.version;
        let parts: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
        let branch = version.split('.').take(2).collect::<Vec<_>>().join(".");
        let family = names::family_key_form(&assembly.identity);
        let versions = families.entry(family).or_default().entry(branch).or_default();
        versions.push((installed[index], parts, version.clone()));
    }
    families.into_iter().map(|(family, branches)| winner_key(&family, branches)).collect()
}

fn winner_key(family: &str, branches: Branches) -> Key {
    let highest = branches.keys().next_back().cloned().unwrap_or_default();
    let mut key = Key::new(family).with_value(Value::sz("", &highest));
    for (branch, versions) in branches {
        let winner = versions.iter().max().map(|(_, _, version)| version.clone()).unwrap_or_default();
        let mut subkey = Key::new(branch).with_value(Value::sz("", &winner));
        subkey.values.extend(versions.into_iter().map(|(_, _, version)| Value::binary(version, [1])));
        key.subkeys.push(subkey);
    }
    key
}
