//! Writes that a power loss cut off: of all files of one write only the names were on the disk, or the lengths.

use super::target::{Target, assemblies_where, hives, is_base_of_manifests, packages, packages_where};
use super::workbench::Workbench;
use super::{Fault, fault, payload, store_catalogs};
use crate::build::{file_path, manifest_path, package_path, store_catalog_path};
use crate::expectation::{Expected, Subject};
use crate::plan::{AssemblyId, ManifestForm, Payload, StorePlan};
use crate::registry::Hive;
use crate::write::hive::base_block::{self, Field};
use std::collections::BTreeSet;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("pair-emptied", "a package manifest and its catalog have 0 bytes", "mum-zero-length", packages,
        |bench, target| pair(bench, target, |_| Vec::new(), "catalog-zero-length")).of_several(),
    fault("pair-zeroed", "every byte of a package manifest and its catalog is NUL", "mum-all-zeros", packages,
        |bench, target| pair(bench, target, zeroed, "catalog-undecodable")).of_several(),
    fault("catalogs-emptied", "a catalog and the store's copy of it have 0 bytes", "catalog-zero-length", store_catalogs::covering,
        |bench, target| catalogs(bench, target, |_| Vec::new(), "csi-catalog-unreadable")).of_several(),
    fault("catalogs-zeroed", "every byte of a catalog and of the store's copy of it is NUL", "catalog-undecodable", store_catalogs::covering,
        |bench, target| catalogs(bench, target, zeroed, "csi-catalog-undecodable")).of_several(),
    fault("manifests-emptied", "the manifests of a deployment and of what it installs have 0 bytes", "manifest-zero-length", |plan| deployments(plan, |_| true),
        |bench, target| manifests(bench, target, |_| Vec::new())).of_several(),
    fault("manifests-zeroed", "every byte of the manifests of a deployment and of what it installs is NUL", "manifest-all-zeros", |plan| deployments(plan, |_| true),
        |bench, target| manifests(bench, target, zeroed)).of_several(),
    fault("manifests-tails-zeroed", "the second half of the manifests of a deployment and of what it installs is NUL bytes", "manifest-nul-tail", |plan| deployments(plan, |form| form == ManifestForm::Plain),
        |bench, target| manifests(bench, target, second_half_zeroed)).of_several(),
    fault("files-zeroed", "every byte of all files of a component is NUL", "payload-corrupt", of_several_files,
        |bench, target| component_files(bench, target, zeroed)).of_several(),
    fault("files-emptied", "all files of a component have 0 bytes", "payload-corrupt", of_several_files,
        |bench, target| component_files(bench, target, |_| Vec::new())).of_several(),
    fault("update-zeroed", "every byte of all files of a package is NUL: its own, its catalogs', those of all it installs", "mum-all-zeros", updates, update_zeroed).of_several(),
    fault("hive-and-logs-zeroed", "every byte of the hive and of its logs is NUL", "hive-not-loadable", hives,
        |bench, target| hive_with_zeroed_logs(bench, target, |bytes| bytes.fill(0))),
    fault("hive-unfinished-logs-zeroed", "the hive's last write was not finished, and its logs are NUL bytes", "hive-dirty", hives,
        |bench, target| hive_with_zeroed_logs(bench, target, |bytes| {
            base_block::set_number(bytes, Field::PrimarySequence, 1000);
            base_block::seal(bytes);
        })),
];

fn zeroed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.fill(0);
    bytes
}

fn second_half_zeroed(mut bytes: Vec<u8>) -> Vec<u8> {
    let kept = bytes.len() / 2;
    bytes[kept..].fill(0);
    bytes
}

// ---- What is written at once

/// Deployments that install something, whose manifests and those of what they install have a form.
fn deployments(plan: &StorePlan, is_wanted: fn(ManifestForm) -> bool) -> Vec<Target> {
    assemblies_where(plan, |id| {
        let closure = plan.deployment_closure(id);
        closure.len() > 1 && closure.iter().all(|id| is_wanted(plan.assembly(*id).manifest_form))
    })
}

/// Components with several files, of which every one is there as it is, nothing is made from any, and none holds only NULs.
fn of_several_files(plan: &StorePlan) -> Vec<Target> {
    let plain: BTreeSet<Target> = payload::changed_by(plan, payload::zero).into_iter().collect();
    assemblies_where(plan, |id| {
        let count = plan.assembly(id).files.len();
        count > 1 && (0..count).all(|file| plain.contains(&Target::File(id, file)))
    })
}

/// Packages with everything that an update has, but for those without which no compressed manifest is known.
fn updates(plan: &StorePlan) -> Vec<Target> {
    let covering = store_catalogs::covering(plan);
    packages_where(plan, |id| {
        covering.contains(&Target::Package(id))
            && !plan.closure(id).into_iter().any(|id| is_base_of_manifests(plan, id))
    })
}

// ---- What is lost

/// How the bytes of a file are lost.
type Change = fn(Vec<u8>) -> Vec<u8>;

/// Changes a file, and tells what is found on it.
fn lost(bench: &mut Workbench<'_>, path: &str, change: Change, finding: &str) -> io::Result<Expected> {
    bench.edit(path, change)?;
    Ok(Expected::new(finding, Subject::path(path)))
}

fn pair(
    bench: &mut Workbench<'_>,
    target: Target,
    change: Change,
    finding_on_catalog: &str,
) -> io::Result<Vec<Expected>> {
    let package = bench.plan.package(target.package());
    let mum = lost(bench, &package_path(package, "mum"), change, bench.finding)?;
    let catalog = lost(bench, &package_path(package, "cat"), change, finding_on_catalog)?;
    Ok(vec![mum, catalog])
}

fn catalogs(
    bench: &mut Workbench<'_>,
    target: Target,
    change: Change,
    finding_on_copy: &str,
) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let catalog = lost(bench, &package_path(bench.plan.package(id), "cat"), change, bench.finding)?;
    let copy = store_catalog_path(&bench.built.catalogs[id.0]);
    Ok(vec![catalog, lost(bench, &copy, change, finding_on_copy)?])
}

fn manifests(bench: &mut Workbench<'_>, target: Target, change: Change) -> io::Result<Vec<Expected>> {
    let closure = bench.plan.deployment_closure(target.assembly());
    manifests_of(bench, &closure, change, bench.finding)
}

fn manifests_of(
    bench: &mut Workbench<'_>,
    assemblies: &[AssemblyId],
    change: Change,
    finding: &str,
) -> io::Result<Vec<Expected>> {
    let paths = assemblies.iter().map(|id| manifest_path(bench.plan.assembly(*id)));
    paths.map(|path| lost(bench, &path, change, finding)).collect()
}

fn component_files(bench: &mut Workbench<'_>, target: Target, change: Change) -> io::Result<Vec<Expected>> {
    let assembly = bench.plan.assembly(target.assembly());
    let paths = assembly.files.iter().map(|file| file_path(assembly, file));
    paths.map(|path| lost(bench, &path, change, bench.finding)).collect()
}

/// Nothing can be said of the files of components whose manifests say nothing any more.
fn update_zeroed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let mut found = pair(bench, target, zeroed, "catalog-undecodable")?;
    let copy = store_catalog_path(&bench.built.catalogs[id.0]);
    found.push(lost(bench, &copy, zeroed, "csi-catalog-undecodable")?);
    let closure = bench.plan.closure(id);
    found.extend(manifests_of(bench, &closure, zeroed, "manifest-all-zeros")?);
    let with_files = closure.iter().map(|id| bench.plan.assembly(*id));
    for assembly in with_files.filter(|assembly| assembly.payload == Payload::Present) {
        for path in assembly.files.iter().map(|file| file_path(assembly, file)) {
            if bench.is_there(&path)? {
                lost(bench, &path, zeroed, "payload-corrupt")?;
            }
        }
    }
    Ok(found)
}

/// Changes a hive that was closed cleanly, and puts logs of NUL bytes beside it.
fn hive_with_zeroed_logs(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&mut [u8]),
) -> io::Result<Vec<Expected>> {
    const LOG_BYTES: usize = 64 << 10;
    let hive: Hive = target.hive();
    let (mut bytes, _) = bench.registry.primary(bench.plan, hive);
    change(&mut bytes);
    for extension in ["LOG1", "LOG2"] {
        bench.write(&format!("{}.{extension}", hive.path()), &[0; LOG_BYTES])?;
    }
    bench.write(hive.path(), &bytes)?;
    bench.found(Subject::path(hive.path()))
}
