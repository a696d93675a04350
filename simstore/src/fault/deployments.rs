//! Faults in the deployments' keys and the winners.

use super::components::{as_text, change_text, cut_in_architecture, cut_in_name, data, is_mark};
use super::components::{remove, remove_first, retype};
use super::packages::set;
use super::target::{Target, assemblies_where, deployments, held_deployments, packages_where, the_store};
use super::{Fault, Workbench, fault};
use crate::expectation::{Expected, Subject};
use crate::plan::{AssemblyId, PackageId, Profile, StorePlan, UpdateContent};
use crate::registry::{DEPLOYMENTS, Hive, WINNERS};
use crate::write::hive::{Key, Value};
use crate::write::names::{self, Mark};
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("deployment-key-deleted", "the deployment's key is deleted", "deployment-key-missing", deployments, key_deleted),
    fault("deployment-key-moved", "the deployment's key stands one level too high", "deployment-key-missing", deployments, key_moved),
    fault("deployment-appid-deleted", "the deployment's appid is deleted", "deployment-appid-missing", deployments,
        |bench, target| value(bench, target, "appid", |key| remove(key, "appid"))),
    fault("deployment-appid-as-text", "the deployment's appid is a text", "deployment-appid-type", deployments,
        |bench, target| value(bench, target, "appid", |key| retype(key, "appid", Value::SZ))),
    fault("deployment-appid-imported-as-text", "somebody restored the deployment's appid as a text", "deployment-appid-type", deployments,
        |bench, target| value(bench, target, "appid", |key| as_text(key, "appid"))),
    fault("deployment-appid-cut-short", "the deployment's appid ends after a comma", "deployment-appid-malformed", deployments,
        |bench, target| appid(bench, target, |text| text[..=text.rfind(',').unwrap_or(0)].to_owned())),
    fault("deployment-appid-cut-in-name", "the deployment's appid ends inside the name of an attribute", "deployment-appid-malformed", deployments,
        |bench, target| appid(bench, target, |text| cut_in_name(&text))),
    fault("deployment-appid-no-version", "the deployment's appid has no version", "deployment-appid-malformed", deployments,
        |bench, target| appid(bench, target, |text| without_version(&text))),
    fault("deployment-appid-control-character", "a bit flips in the deployment's appid and gives a control character", "deployment-appid-illegal-character", deployments,
        |bench, target| appid(bench, target, |text| text.replacen("Culture", "Cul\u{14}ure", 1))),
    fault("deployment-appid-high-byte", "a bit flips in the deployment's appid and gives a byte above 0x7F", "deployment-appid-illegal-character", deployments,
        |bench, target| value(bench, target, "appid", |key| data(key, "appid")[0] |= 0x80)),
    fault("deployment-appid-overwritten", "an attribute of the deployment's appid is overwritten with the name of another", "deployment-appid-duplicate", deployments,
        |bench, target| appid(bench, target, |text| text.replacen("PublicKeyToken=", "Culture=", 1))),
    fault("deployment-appid-twice", "the deployment's appid has one attribute twice", "deployment-appid-duplicate", deployments,
        |bench, target| appid(bench, target, |text| text + ", Version=1.0.0.0")),
    fault("deployment-appid-unknown-attribute", "an attribute of the deployment's appid is misspelt", "deployment-appid-attribute-name", deployments,
        |bench, target| appid(bench, target, |text| text.replacen("Culture", "Kulture", 1))),
    fault("deployment-appid-with-build-type", "the deployment's appid has an attribute that only manifests have", "deployment-appid-attribute-name", deployments,
        |bench, target| appid(bench, target, |text| text + ", buildType=release")),
    fault("deployment-appid-cut-in-value", "the deployment's appid ends inside the value of its architecture", "deployment-appid-attribute-value", deployments,
        |bench, target| appid(bench, target, |text| cut_in_architecture(&text))),
    fault("deployment-appid-bad-version", "the version of the deployment's appid has five parts", "deployment-appid-attribute-value", deployments,
        |bench, target| appid(bench, target, |text| text.replacen("Version=", "Version=1.", 1))),
    fault("deployment-appid-of-another", "the deployment's appid is that of another deployment", "deployment-appid-mismatch", deployments,
        |bench, target| appid(bench, target, |text| format!("Other-{text}"))),
    fault("deployment-thumbprint-deleted", "CatalogThumbprint is deleted", "deployment-thumbprint-missing",
        |plan| if plan.profile == Profile::Vista { Vec::new() } else { held_deployments(plan) },
        |bench, target| value(bench, target, "CatalogThumbprint", |key| remove(key, "CatalogThumbprint"))),
    fault("deployment-thumbprint-short", "CatalogThumbprint has 63 digits", "deployment-thumbprint-malformed", held_deployments,
        |bench, target| value(bench, target, "CatalogThumbprint", |key| set(key, Value::sz("CatalogThumbprint", &"a".repeat(63))))),
    fault("deployment-thumbprint-binary", "CatalogThumbprint is binary", "deployment-thumbprint-malformed", held_deployments,
        |bench, target| value(bench, target, "CatalogThumbprint", |key| set(key, Value::binary("CatalogThumbprint", [0xAB; 32])))),
    fault("deployment-thumbprint-stale", "CatalogThumbprint names a catalog that is not there", "deployment-thumbprint-dangling", held_deployments,
        |bench, target| value(bench, target, "CatalogThumbprint", |key| set(key, Value::sz("CatalogThumbprint", &"ab".repeat(32))))),
    fault("installed-mark-cut-short", "an i! mark has lost its end", "mark-malformed", marked_installed,
        |bench, target| mark(bench, target, "i!", |value| value.data.truncate(9))),
    fault("installed-mark-as-text", "an i! mark is a text", "mark-malformed", marked_installed,
        |bench, target| mark(bench, target, "i!", |value| value.kind = Value::SZ)),
    fault("pinned-mark-cut-short", "a p! mark has lost its end", "mark-malformed", held_deployments,
        |bench, target| as_warning(mark(bench, target, "p!", |value| value.data.truncate(9)))),
    fault("installed-mark-altered", "a bit flips in the package that an i! mark names", "mark-name-mismatch", marked_installed,
        |bench, target| mark(bench, target, "i!", |value| value.data[9] ^= 1)),
    fault("staged-mark-altered", "a bit flips in the package that an s! mark names", "mark-name-mismatch", held_deployments,
        |bench, target| as_warning(mark(bench, target, "s!", |value| value.data[9] ^= 1))),
    fault("staged-mark-deleted", "the s! mark is deleted, and its p! mark is not", "s-mark-missing", held_deployments, staged_mark_deleted),
    fault("package-staged-marks-deleted", "no deployment of a package has an s! mark any more", "s-mark-missing", of_several_deployments, staged_marks_deleted).of_several(),
    fault("mark-of-lost-package", "marks name a package that is not there", "mark-package-missing", held_deployments, mark_of_lost_package),
    fault("winner-lost", "the winning version of a family is not there", "winner-missing", deployments,
        |bench, target| winner_changed(bench, target, |key| set(key, Value::sz("", "5.0.2195.1")))),
    fault("winner-unnamed", "a family has versions, and none of them is named as the winner", "winner-missing", deployments,
        |bench, target| winner_changed(bench, target, |key| key.values.retain(|value| value.name != "".into()))),
    fault("winner-of-another-type", "the winning version of a family is not a text", "winner-missing", deployments,
        |bench, target| winner_changed(bench, target, |key| key.values[0].kind = Value::BINARY)),
    fault("winner-left-behind", "a family of components wins of which there is no version any more", "winner-missing", the_store, winner_left),
];

pub(super) fn key_path(plan: &StorePlan, id: AssemblyId) -> String {
    format!("{DEPLOYMENTS}\\{}", names::deployment_key_form(&plan.assembly(id).identity))
}

/// Deployments of installed packages.
fn marked_installed(plan: &StorePlan) -> Vec<Target> {
    let installed = plan.packages.iter().enumerate().filter(|(_, package)| package.state.is_installed());
    let held: Vec<AssemblyId> = installed.flat_map(|(index, _)| plan.closure(PackageId(index))).collect();
    assemblies_where(plan, |id| plan.assembly(id).is_deployment() && held.contains(&id))
}

fn key_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    bench.lose_key(Hive::Components, &key_path(bench.plan, target.assembly()))
}

fn key_moved(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    bench.move_key_up(&key_path(bench.plan, target.assembly()))
}

fn value(
    bench: &mut Workbench<'_>,
    target: Target,
    name: &str,
    change: fn(&mut Key),
) -> io::Result<Vec<Expected>> {
    bench.spoil_value(Hive::Components, &key_path(bench.plan, target.assembly()), name, change)
}

fn appid(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(String) -> String,
) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.assembly());
    bench.spoil_value(Hive::Components, &path, "appid", |key| change_text(key, "appid", change))
}

fn without_version(text: &str) -> String {
    let fields: Vec<&str> = text.split(", ").filter(|field| !field.starts_with("Version=")).collect();
    fields.join(", ")
}

/// Changes the first mark of a kind.
fn mark(
    bench: &mut Workbench<'_>,
    target: Target,
    kind: &str,
    change: fn(&mut Value),
) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.assembly());
    let mut name = String::new();
    bench.edit_key(Hive::Components, &path, |key| {
        let mark = key.values.iter_mut().find(|value| is_mark(value, kind));
        let mark = mark.expect("targets are chosen so that there is one");
        name = String::from_utf16_lossy(mark.name.units());
        change(mark);
    })?;
    bench.found(Subject::value(Hive::Components.shown(&path), &name))
}

/// Of p! and s! marks no genuine one was seen, so what does not fit is less sure.
fn as_warning(found: io::Result<Vec<Expected>>) -> io::Result<Vec<Expected>> {
    Ok(found?.into_iter().map(Expected::as_warning).collect())
}

fn staged_mark_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.assembly());
    let mut name = String::new();
    bench.edit_key(Hive::Components, &path, |key| {
        let mark = key.values.iter().find(|value| is_mark(value, "s!")).expect("it is there");
        name = String::from_utf16_lossy(mark.name.units());
        remove_first(key, "s!");
    })?;
    bench.found(Subject::value(Hive::Components.shown(&path), &name))
}

/// The deployments and drivers that a package installs.
fn marked_by(plan: &StorePlan, package: PackageId) -> Vec<AssemblyId> {
    let updates = plan.package(package).updates.iter();
    let installed = updates.filter_map(|update| match update.content {
        UpdateContent::Deployment(id) | UpdateContent::Driver(id) => Some(id),
        _ => None,
    });
    installed.collect()
}

fn of_several_deployments(plan: &StorePlan) -> Vec<Target> {
    packages_where(plan, |id| marked_by(plan, id).len() > 1)
}

fn staged_marks_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let deployments = marked_by(bench.plan, target.package());
    let found = deployments.into_iter().map(|id| staged_mark_deleted(bench, Target::Assembly(id)));
    Ok(found.collect::<io::Result<Vec<_>>>()?.concat())
}

fn mark_of_lost_package(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.assembly());
    let reference = names::cbs_reference("Sample-Lost-Package~31bf3856ad364e35~x86~~1.2.3.4", "Sample");
    let marks = [Mark::Pinned, Mark::Staged].map(|kind| crate::registry::components::mark(kind, &reference));
    let first = String::from_utf16_lossy(marks[0].name.units());
    bench.spoil_value(Hive::Components, &path, &first, |key| key.values.extend(marks))
}

/// Changes the branch of an assembly in the winners; the finding is on it.
fn winner_changed(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&mut Key),
) -> io::Result<Vec<Expected>> {
    let identity = &bench.plan.assembly(target.assembly()).identity;
    let branch: Vec<&str> = identity.version.split('.').take(2).collect();
    let path = format!("{WINNERS}\\{}\\{}", names::family_key_form(identity), branch.join("."));
    bench.spoil_key(Hive::Software, &path, change)
}

fn winner_left(bench: &mut Workbench<'_>, _: Target) -> io::Result<Vec<Expected>> {
    const FAMILY: &str = "x86_sample-removed_31bf3856ad364e35_none_0123456789abcdef";
    let branch = Key::new("6.1").with_value(Value::sz("", "6.1.7600.16385"));
    let family = Key::new(FAMILY).with_value(Value::sz("", "6.1")).with_subkey(branch);
    bench.edit_key(Hive::Software, WINNERS, |key| key.subkeys.push(family))?;
    bench.found(Subject::key(Hive::Software.shown(&format!("{WINNERS}\\{FAMILY}\\6.1"))))
}
