//! Faults in the store's own catalogs and their keys.

use super::target::{Target, packages_where};
use super::workbench::{Instead, Workbench};
use super::{Fault, fault};
use crate::build::{catalog_of, foreign_catalog, store_catalog_path};
use crate::expectation::{Expected, Subject};
use crate::plan::{AssemblyId, PackageId, StorePlan};
use crate::registry::components::holders;
use crate::registry::{CATALOGS, Hive, hexadecimal};
use crate::write::authority::Signer;
use crate::write::catalog::{self, Catalog, Signature};
use crate::write::hive::Value;
use crate::write::manifest::FileDigests;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("store-catalog-deleted", "the store's catalog is deleted", "csi-catalog-missing", covering,
        |bench, target| bench.lose(&path(bench, target), Instead::Nothing)),
    fault("store-catalog-renamed", "the store's catalog has another name", "csi-catalog-missing", covering, renamed),
    fault("store-catalog-removed", "the store's catalog is removed, and its key", "deployment-thumbprint-dangling", covering_one, removed),
    fault("store-catalog-folder", "a folder stands in the place of the store's catalog", "csi-catalog-unreadable", covering,
        |bench, target| bench.lose(&path(bench, target), Instead::Folder)),
    fault("store-catalog-emptied", "the store's catalog has 0 bytes", "csi-catalog-unreadable", covering,
        |bench, target| bench.spoil(&path(bench, target), |_| Vec::new())),
    fault("store-catalog-zeroed", "every byte of the store's catalog is NUL", "csi-catalog-undecodable", covering,
        |bench, target| bench.spoil(&path(bench, target), |bytes| vec![0; bytes.len()])),
    fault("store-catalog-truncated", "the second half of the store's catalog is lost", "csi-catalog-undecodable", covering,
        |bench, target| bench.spoil(&path(bench, target), |bytes| bytes[..bytes.len() / 2].to_vec())),
    fault("store-catalog-altered", "the last bit of the store's catalog is turned over", "csi-catalog-content-differs", covering,
        |bench, target| bench.spoil(&path(bench, target), |mut bytes| { if let Some(last) = bytes.last_mut() { *last ^= 1; } bytes })),
    fault("store-catalog-of-another", "the store's catalog is another one", "csi-catalog-content-differs", covering, of_another),
    fault("store-catalog-extra", "there is a catalog that nothing knows", "csi-catalog-orphan", covering, extra),
    fault("store-catalog-by-stranger", "a foreign deployment's catalog is signed under a root that nobody knows", "catalog-not-anchored", foreign, by_stranger),
    fault("catalog-key-deleted", "the catalog's key is deleted", "catalogs-key-missing", covering, key_deleted),
    fault("catalog-mark-stale", "the catalog's key names a deployment that never was", "catalogs-c-mark-dangling", covering, mark_stale),
];

/// Packages whose catalog covers deployments.
pub(super) fn covering(plan: &StorePlan) -> Vec<Target> {
    packages_where(plan, |id| !covered(plan, id).is_empty())
}

/// The deployments that a package's catalog covers: those of which no package before it is a holder.
fn covered(plan: &StorePlan, package: PackageId) -> Vec<AssemblyId> {
    let is_first = |id| holders(plan, id).first().is_some_and(|(first, _)| *first == package);
    plan.closure(package).into_iter().filter(|id| is_first(*id)).collect()
}

fn covering_one(plan: &StorePlan) -> Vec<Target> {
    packages_where(plan, |id| covered(plan, id).len() == 1)
}

fn foreign(plan: &StorePlan) -> Vec<Target> {
    if plan.foreign.is_empty() { Vec::new() } else { vec![Target::Store] }
}

fn name(bench: &Workbench<'_>, target: Target) -> String {
    hexadecimal(&bench.built.catalogs[target.package().0])
}

fn path(bench: &Workbench<'_>, target: Target) -> String {
    store_catalog_path(&bench.built.catalogs[target.package().0])
}

/// A sound catalog that is not in the store: that of the package, with another identifier.
fn another(bench: &Workbench<'_>, target: Target) -> Vec<u8> {
    let catalog = catalog_of(bench.plan, target.package(), &bench.built);
    catalog::write(&Catalog { list_identifier: [0xA5; 16], ..catalog })
}

/// Under its other name nothing knows the catalog.
fn renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let mut digest = bench.built.catalogs[target.package().0];
    let path = store_catalog_path(&digest);
    digest[0] ^= 0xFF;
    let other = store_catalog_path(&digest);
    bench.rename(&path, &other)?;
    let left_over = Expected::new("csi-catalog-orphan", Subject::path(other));
    Ok(vec![bench.root(Subject::path(path)), left_over])
}

fn removed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.package();
    bench.remove(&path(bench, target))?;
    let key = format!("{CATALOGS}\\{}", name(bench, target));
    bench.remove_key(Hive::Components, &key)?;
    let deployment = super::deployments::key_path(bench.plan, covered(bench.plan, id)[0]);
    bench.found(Subject::value(Hive::Components.shown(&deployment), "CatalogThumbprint"))
}

fn of_another(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let another = another(bench, target);
    bench.spoil(&path(bench, target), |_| another)
}

fn extra(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let another = another(bench, target);
    let path = store_catalog_path(&FileDigests::of(&another).sha256);
    bench.write(&path, &another)?;
    bench.found(Subject::path(path))
}

fn by_stranger(bench: &mut Workbench<'_>, _: Target) -> io::Result<Vec<Expected>> {
    let catalog = foreign_catalog(bench.plan, &bench.plan.foreign[0], &bench.built);
    let signature = catalog.signature.map(|signature| Signature { signer: Signer::Stranger, ..signature });
    let path = bench.put_foreign_catalog(0, &Catalog { signature, ..catalog })?;
    bench.rebuild_components()?;
    bench.found(Subject::path(path))
}

fn key_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let key = format!("{CATALOGS}\\{}", name(bench, target));
    bench.lose_key(Hive::Components, &key)
}

fn mark_stale(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    const MARK: &str = "c!never-was..deployment_31bf3856ad364e35_1.2.3.4_0123456789abcdef";
    let key = format!("{CATALOGS}\\{}", name(bench, target));
    bench.spoil_value(Hive::Components, &key, MARK, |key| key.values.push(Value::binary(MARK, [])))
}
