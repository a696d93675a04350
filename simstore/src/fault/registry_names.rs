//! One bit that flips in a name in the registry: of a key, or of a value.
//!
//! Most such names mean nothing any more. Then what they stood for is missing, and where they still mean something,
//! that is nothing that there is.

use super::packages::{index_path, key_path as package_key, key_renamed, watch_path, watches};
use super::target::{Target, assemblies, components, components_with_files, deployments, held_deployments};
use super::target::{packages, packages_where};
use super::{Fault, Workbench, components, deployments, fault, store_catalogs};
use crate::build::store_catalog_path;
use crate::expectation::{Expected, Subject};
use crate::plan::{Profile, StorePlan, WatchList};
use crate::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, Hive, hexadecimal};
use crate::write::names;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("package-key-architecture-flipped", "a bit flips in the architecture of the name of a package's key", "package-key-name-invalid", of_an_architecture,
        |bench, target| key_renamed(bench, target.package(), |name| flipped_at(name, field_at(name, 2), 0x10))),
    fault("package-key-token-flipped", "a bit flips in the token of the name of a package's key", "package-key-name-invalid", packages,
        |bench, target| key_renamed(bench, target.package(), |name| flipped_at(name, field_at(name, 1), 0x40))),
    fault("package-state-name-flipped", "a bit flips in the name of CurrentState", "cbs-value-missing", packages,
        |bench, target| { let path = package_key(bench.plan, target.package()); value_lost(bench, Hive::Software, &path, "CurrentState") }),
    fault("package-owner-name-flipped", "a bit flips in the name of an owner", "cbs-owner-missing", packages,
        |bench, target| { let path = format!("{}\\Owners", package_key(bench.plan, target.package())); leads_nowhere(bench, &path) }),
    fault("package-index-name-flipped", "a bit flips in a name in PackageIndex", "cbs-index-target-missing", packages,
        |bench, target| { let path = index_path(bench.plan, target.package()); leads_nowhere(bench, &path) }),
    fault("package-watch-name-flipped", "a bit flips in the name of a package that waits for another", "watchlist-package-missing", |plan| watches(plan, WatchList::Packages), watch_flipped),
    fault("component-watch-name-flipped", "a bit flips in the name of a package that waits for a component", "watchlist-component-missing", |plan| watches(plan, WatchList::Components), watch_flipped),
    fault("component-key-name-high-byte", "a bit flips in the name of a component's key and gives a character above 0x7E", "component-key-name-illegal", assemblies, component_renamed),
    fault("component-identity-name-flipped", "a bit flips in the name of the component's identity", "component-identity-missing", assemblies,
        |bench, target| component_value_lost(bench, target, "identity")),
    fault("component-digest-name-flipped", "a bit flips in the name of S256H", "component-s256h-missing", |plan| measured(plan, assemblies),
        |bench, target| component_value_lost(bench, target, "S256H")),
    fault("component-mark-flipped", "a bit flips in a c! mark of a component", "c-mark-dangling", components,
        |bench, target| mark_flipped(bench, target, "c!", "c-mark-missing")),
    fault("file-mark-flipped", "a bit flips in an f! mark of a component", "f-mark-stale", with_plain_names,
        |bench, target| mark_flipped(bench, target, "f!", "f-mark-missing")),
    fault("deployment-key-name-flipped", "a bit flips in the name of a deployment's key", "deployment-appid-mismatch", deployments, deployment_renamed),
    fault("deployment-appid-name-flipped", "a bit flips in the name of the deployment's appid", "deployment-appid-missing", deployments,
        |bench, target| deployment_value_lost(bench, target, "appid")),
    fault("deployment-thumbprint-name-flipped", "a bit flips in the name of CatalogThumbprint", "deployment-thumbprint-missing", |plan| measured(plan, held_deployments),
        |bench, target| deployment_value_lost(bench, target, "CatalogThumbprint")),
    fault("staged-mark-flipped", "a bit flips in the name of an s! mark", "s-mark-missing", held_deployments, staged_mark_flipped),
    fault("catalog-key-name-flipped", "a bit flips in the name of a catalog's key", "catalogs-key-missing", store_catalogs::covering, catalog_renamed),
    fault("catalog-mark-flipped", "a bit flips in a c! mark of a catalog", "catalogs-c-mark-dangling", store_catalogs::covering, catalog_mark_flipped),
];

/// A name with bits of one of its characters turned over, which is in ASCII.
fn flipped_at(name: &str, at: usize, bits: u8) -> String {
    let flipped = char::from(name.as_bytes()[at] ^ bits);
    format!("{}{flipped}{}", &name[..at], &name[at + 1..])
}

/// A name with the lowest bit of its last character turned over: digits stay digits.
fn flipped(name: &str) -> String {
    flipped_at(name, name.len() - 1, 1)
}

/// Where a field of a package's name begins.
fn field_at(name: &str, number: usize) -> usize {
    name.split('~').take(number).map(|field| field.len() + 1).sum()
}

// ---- Targets

/// What has a value of which Windows Vista is not known to have it.
fn measured(plan: &StorePlan, targets: fn(&StorePlan) -> Vec<Target>) -> Vec<Target> {
    if plan.profile == Profile::Vista { Vec::new() } else { targets(plan) }
}

/// Packages whose names tell an architecture.
fn of_an_architecture(plan: &StorePlan) -> Vec<Target> {
    packages_where(plan, |id| {
        plan.package(id).name().split('~').nth(2).is_some_and(|field| !field.is_empty())
    })
}

/// Components of whose first file the registry has a mark that is its name.
fn with_plain_names(plan: &StorePlan) -> Vec<Target> {
    let mut components = components_with_files(plan);
    components.retain(|target| {
        let first = &plan.assembly(target.assembly()).files[0].name;
        !first.contains('\\') && names::file_mark_name(first) == format!("f!{first}")
    });
    components
}

// ---- Names of keys

/// Renames a key of COMPONENTS; the finding is on what it is called now, or on a value of that.
fn renamed(
    bench: &mut Workbench<'_>,
    parent: &str,
    (old, new): (&str, &str),
    value: Option<&str>,
) -> io::Result<Vec<Expected>> {
    bench.edit_key(Hive::Components, &format!("{parent}\\{old}"), |key| key.name = new.into())?;
    let path = Hive::Components.shown(&format!("{parent}\\{new}"));
    bench.found(match value {
        Some(value) => Subject::value(path, value),
        None => Subject::key(path),
    })
}

fn component_renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let name = bench.plan.assembly(target.assembly()).key_form();
    let flipped = flipped_at(&name, name.len() - 1, 0x80);
    renamed(bench, COMPONENTS, (&name, &flipped), None)
}

/// Whose key it is, its identity tells.
fn deployment_renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let name = names::deployment_key_form(&bench.plan.assembly(target.assembly()).identity);
    renamed(bench, DEPLOYMENTS, (&name, &flipped(&name)), Some("appid"))
}

/// Two catalogs, one that is not registered and one that is not there: nothing tells that they are one.
fn catalog_renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let mut digest = bench.built.catalogs[target.package().0];
    let name = hexadecimal(&digest);
    digest[31] ^= 1;
    renamed(bench, CATALOGS, (&name, &hexadecimal(&digest)), None)?;
    let root = bench.root(Subject::key(Hive::Components.shown(&format!("{CATALOGS}\\{name}"))));
    let missing = Subject::path(store_catalog_path(&digest));
    Ok(vec![root, Expected::new("csi-catalog-missing", missing)])
}

// ---- Names of values

/// Turns over a bit at the end of the name of the first value whose name begins so, and gives the old and the new name.
fn value_renamed(
    bench: &mut Workbench<'_>,
    hive: Hive,
    path: &str,
    start: &str,
) -> io::Result<(String, String)> {
    let (mut old, mut new) = (String::new(), String::new());
    bench.edit_key(hive, path, |key| {
        let mut values = key.values.iter_mut();
        let value = values.find(|value| components::is_mark(value, start)).expect("there is such a value");
        old = String::from_utf16_lossy(value.name.units());
        new = flipped(&old);
        value.name = new.as_str().into();
    })?;
    Ok((old, new))
}

/// A value of a name that means nothing is none.
fn value_lost(bench: &mut Workbench<'_>, hive: Hive, path: &str, name: &str) -> io::Result<Vec<Expected>> {
    value_renamed(bench, hive, path, name)?;
    bench.found(Subject::value(hive.shown(path), name))
}

fn component_value_lost(bench: &mut Workbench<'_>, target: Target, name: &str) -> io::Result<Vec<Expected>> {
    let path = components::key_path(bench.plan, target.assembly());
    value_lost(bench, Hive::Components, &path, name)
}

fn deployment_value_lost(bench: &mut Workbench<'_>, target: Target, name: &str) -> io::Result<Vec<Expected>> {
    let path = deployments::key_path(bench.plan, target.assembly());
    value_lost(bench, Hive::Components, &path, name)
}

/// The first name in a list of packages is that of one which is not there.
fn leads_nowhere(bench: &mut Workbench<'_>, path: &str) -> io::Result<Vec<Expected>> {
    let (_, new) = value_renamed(bench, Hive::Software, path, "")?;
    bench.found(Subject::value(Hive::Software.shown(path), &new))
}

fn watch_flipped(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let Target::Watch(index) = target else { panic!("{target:?} is no watch") };
    let watch = &bench.plan.watches[index];
    leads_nowhere(bench, &format!("{}\\{}", watch_path(watch.list), watch.awaited))
}

/// A mark that names nothing, and the lack of the one that it was.
fn mark_flipped(
    bench: &mut Workbench<'_>,
    target: Target,
    mark: &str,
    finding_on_lack: &str,
) -> io::Result<Vec<Expected>> {
    let path = components::key_path(bench.plan, target.assembly());
    let (_, new) = value_renamed(bench, Hive::Components, &path, mark)?;
    let key = Hive::Components.shown(&path);
    let lack = Expected::new(finding_on_lack, Subject::key(&key));
    Ok(vec![bench.root(Subject::value(key, &new)), lack])
}

fn catalog_mark_flipped(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = format!("{CATALOGS}\\{}", hexadecimal(&bench.built.catalogs[target.package().0]));
    let (_, new) = value_renamed(bench, Hive::Components, &path, "c!")?;
    bench.found(Subject::value(Hive::Components.shown(&path), &new))
}

/// The mark's data still tells the package, and so that the name is wrong.
fn staged_mark_flipped(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = deployments::key_path(bench.plan, target.assembly());
    let (old, new) = value_renamed(bench, Hive::Components, &path, "s!")?;
    let key = Hive::Components.shown(&path);
    let misnamed = Expected::new("mark-name-mismatch", Subject::value(&key, &new)).as_warning();
    Ok(vec![bench.root(Subject::value(key, &old)), misnamed])
}
