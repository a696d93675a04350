//! Files under wrong names: renamed, or overwritten with another of their kind.

use super::target::{Target, assemblies, assemblies_where, deployments, packages, packages_where};
use super::{Fault, Workbench, fault};
use crate::build::{catalog_of, manifest_document, manifest_path, package_path};
use crate::expectation::{Expected, Subject};
use crate::forms::stored_manifest;
use crate::plan::{Assembly, AssemblyId, Package, PackageId, StorePlan, UpdateContent};
use crate::write::{catalog, names, package};
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("mum-renamed", "a package manifest has the name of another version", "mum-name-mismatch", packages, |bench, target| package_renamed(bench, target, &["mum"])),
    fault("package-renamed", "a package manifest and its catalog have the names of another version", "mum-name-mismatch", packages, |bench, target| package_renamed(bench, target, &["mum", "cat"])),
    fault("catalog-renamed", "a catalog has the name of another version", "catalog-missing", packages, catalog_renamed),
    fault("manifest-renamed", "a component manifest has the name of another version", "manifest-name-mismatch", assemblies, manifest_renamed),
    fault("mum-overwritten", "a package manifest is overwritten with that of its part or its whole", "mum-name-mismatch", related_packages, |bench, target| package_overwritten(bench, target, &["mum"])),
    fault("pair-overwritten", "a package manifest and its catalog are overwritten with those of its part or its whole", "mum-name-mismatch", related_packages, |bench, target| package_overwritten(bench, target, &["mum", "cat"])),
    fault("manifest-overwritten", "a component manifest is overwritten with another one of its deployment", "manifest-name-mismatch", related_assemblies, manifest_overwritten),
];

/// A version that no package and no component of the store has.
const OTHER_VERSION: &str = "5.0.2195.1";

/// That the registered manifest is missing merely follows, and so does the lack of a catalog beside the renamed one.
fn package_renamed(
    bench: &mut Workbench<'_>,
    target: Target,
    extensions: &[&str],
) -> io::Result<Vec<Expected>> {
    let package = bench.plan.package(target.package());
    let renamed = Package {
        identity: names::Identity { version: OTHER_VERSION.to_owned(), ..package.identity.clone() },
        ..package.clone()
    };
    for extension in extensions {
        bench.rename(&package_path(package, extension), &package_path(&renamed, extension))?;
    }
    let root = bench.root(Subject::path(package_path(&renamed, "mum")));
    let mut found =
        vec![Expected::new("mum-missing", Subject::path(package_path(package, "mum"))).caused_by(&root)];
    if !extensions.contains(&"cat") {
        let catalog = Subject::path(package_path(&renamed, "cat"));
        found.push(Expected::new("catalog-missing", catalog).caused_by(&root));
    }
    found.push(root);
    Ok(found)
}

fn manifest_renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let assembly = bench.plan.assembly(target.assembly());
    let renamed = Assembly {
        identity: names::Identity { version: OTHER_VERSION.to_owned(), ..assembly.identity.clone() },
        ..assembly.clone()
    };
    bench.rename(&manifest_path(assembly), &manifest_path(&renamed))?;
    let root = bench.root(Subject::path(manifest_path(&renamed)));
    let missing = Expected::new("manifest-missing", Subject::path(manifest_path(assembly)));
    Ok(vec![missing.caused_by(&root), root])
}

/// What lies under the other name is a catalog of nothing.
fn catalog_renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let package = bench.plan.package(target.package());
    let renamed = Package {
        identity: names::Identity { version: OTHER_VERSION.to_owned(), ..package.identity.clone() },
        ..package.clone()
    };
    let path = package_path(package, "cat");
    bench.rename(&path, &package_path(&renamed, "cat"))?;
    bench.found(Subject::path(path))
}

// ---- One of a kind for another

/// Another package that came in the same file, where the manifests of both are called `update.mum`: a part or a whole.
fn related_package(plan: &StorePlan, id: PackageId) -> Option<PackageId> {
    let consists_of = |whole: PackageId, part: PackageId| {
        plan.package(whole).updates.iter().any(|update| update.content == UpdateContent::Package(part))
    };
    let mut others = (0..plan.packages.len()).map(PackageId);
    others.find(|other| consists_of(id, *other) || consists_of(*other, id))
}

fn related_packages(plan: &StorePlan) -> Vec<Target> {
    packages_where(plan, |id| related_package(plan, id).is_some())
}

fn package_overwritten(
    bench: &mut Workbench<'_>,
    target: Target,
    extensions: &[&str],
) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let other = related_package(bench.plan, id).expect("targets are chosen so that there is one");
    for extension in extensions {
        let bytes = match *extension {
            "mum" => package::write(bench.plan.package(other), bench.plan),
            _ => catalog::write(&catalog_of(bench.plan, other, &bench.built)),
        };
        bench.write(&package_path(bench.plan.package(id), extension), &bytes)?;
    }
    bench.found(Subject::path(package_path(bench.plan.package(id), "mum")))
}

/// Another assembly of the same deployment.
fn related_assembly(plan: &StorePlan, id: AssemblyId) -> Option<AssemblyId> {
    let deployments = deployments(plan).into_iter().map(Target::assembly);
    let closures = deployments.map(|deployment| plan.deployment_closure(deployment));
    closures.filter(|closure| closure.contains(&id)).flatten().find(|other| *other != id)
}

fn related_assemblies(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| related_assembly(plan, id).is_some())
}

fn manifest_overwritten(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    let other = related_assembly(bench.plan, id).expect("targets are chosen so that there is one");
    let assembly = bench.plan.assembly(other);
    let document = manifest_document(bench.plan, assembly, &bench.built.files[other.0]);
    let bytes = stored_manifest(assembly, document);
    let path = manifest_path(bench.plan.assembly(id));
    bench.write(&path, &bytes)?;
    bench.found(Subject::path(path))
}
