//! Faults in documents: package manifests, and the manifests of components and deployments. Both go wrong in the same
//! ways, under names of their own.

/// The faults of one kind of document, from rows: a name, the finding that it leads to, the title around what the
/// document is called, and what is changed.
macro_rules! rows {
    (
        $kind:literal $what:literal $targets:ident $strike:ident;
        $($id:literal $finding:literal $before:literal $after:literal $change:expr,)*
    ) => {
        &[$(fault(
            concat!($kind, "-", $id),
            concat!($before, $what, $after),
            concat!($kind, "-", $finding),
            $targets,
            |bench, target| $strike(bench, target, $change),
        )
        .resealable(),)*]
    };
}

mod content;
mod edits;
mod identities;

use super::target::{Target, assemblies, packages};
use super::workbench::{Instead, Workbench};
use super::{Fault, fault};
use crate::build::{manifest_path, package_path};
use crate::expectation::{Expected, Subject};
pub(super) use edits::before_end;
use std::io;

/// The faults of package manifests.
pub(super) const MUM_FAULTS: &[&[Fault]] = &[LOST_MUMS, content::OF_MUMS, identities::OF_MUMS];

/// The faults of manifests of components and deployments.
pub(super) const MANIFEST_FAULTS: &[&[Fault]] =
    &[LOST_MANIFESTS, content::OF_MANIFESTS, identities::OF_MANIFESTS];

#[rustfmt::skip]
const LOST_MUMS: &[Fault] = &[
    fault("mum-deleted", "the package manifest is deleted", "mum-missing", packages, |bench, target| remove_mum(bench, target, Instead::Nothing)),
    fault("mum-folder", "a folder stands in the place of the package manifest", "mum-missing", packages, |bench, target| remove_mum(bench, target, Instead::Folder)),
    fault("mum-altered", "the package manifest is altered", "mum-not-in-catalog", packages, |bench, target| altered(bench, target, mum)).resealable(),
];

#[rustfmt::skip]
const LOST_MANIFESTS: &[Fault] = &[
    fault("manifest-deleted", "the component manifest is deleted", "manifest-missing", assemblies, |bench, target| remove_manifest(bench, target, Instead::Nothing)),
    fault("manifest-folder", "a folder stands in the place of the component manifest", "manifest-missing", assemblies, |bench, target| remove_manifest(bench, target, Instead::Folder)),
    fault("manifest-altered", "the component manifest is altered", "manifest-digest-differs", assemblies, |bench, target| altered(bench, target, manifest)).resealable(),
];

/// How a document of one kind is changed.
type Strike = fn(&mut Workbench<'_>, Target, fn(Vec<u8>) -> Vec<u8>) -> io::Result<Vec<Expected>>;

/// A sound document that is signed anew is a sound document.
fn altered(bench: &mut Workbench<'_>, target: Target, strike: Strike) -> io::Result<Vec<Expected>> {
    let found = strike(bench, target, |bytes| before_end(bytes, b"<!-- altered -->"))?;
    Ok(if bench.reseal { Vec::new() } else { found })
}

fn mum(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(Vec<u8>) -> Vec<u8>,
) -> io::Result<Vec<Expected>> {
    let path = bench.edit_mum(target.package(), change)?;
    bench.found(Subject::path(path))
}

/// Changes the identity of a package manifest; the finding is on that.
fn mum_identity(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&str) -> String,
) -> io::Result<Vec<Expected>> {
    let path = bench.edit_mum(target.package(), |bytes| edits::identity(bytes, change))?;
    bench.found(Subject::member(path, "assemblyIdentity"))
}

fn manifest(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(Vec<u8>) -> Vec<u8>,
) -> io::Result<Vec<Expected>> {
    let path = bench.edit_manifest(target.assembly(), change)?;
    bench.found(Subject::path(path))
}

/// Changes the identity of a manifest; the finding is on that.
fn manifest_identity(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&str) -> String,
) -> io::Result<Vec<Expected>> {
    let path = bench.edit_manifest(target.assembly(), |bytes| edits::identity(bytes, change))?;
    bench.found(Subject::member(path, "assemblyIdentity"))
}

fn remove_mum(bench: &mut Workbench<'_>, target: Target, instead: Instead) -> io::Result<Vec<Expected>> {
    bench.lose(&package_path(bench.plan.package(target.package()), "mum"), instead)
}

fn remove_manifest(bench: &mut Workbench<'_>, target: Target, instead: Instead) -> io::Result<Vec<Expected>> {
    bench.lose(&manifest_path(bench.plan.assembly(target.assembly())), instead)
}
