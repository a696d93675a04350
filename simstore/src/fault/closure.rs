//! Faults that take away a whole: a component, a deployment, a package.

use super::components::key_path as component_key;
use super::deployments::key_path as deployment_key;
use super::packages;
use super::target::{self, Target, assemblies_where, is_base_of_manifests, packages_where};
use super::{Fault, Workbench, fault};
use crate::build::{file_path, manifest_path, package_path};
use crate::expectation::{Expected, Subject};
use crate::forms::differential_path;
use crate::plan::{Assembly, AssemblyId, FileForm, Package, PackageId, StorePlan, UpdateContent};
use crate::registry::{Hive, SERVICING, WINNERS};
use crate::write::hive::Value;
use crate::write::names;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("mum-renamed", "a package manifest has the name of another version", "mum-name-mismatch", target::packages, |bench, target| package_renamed(bench, target, &["mum"])),
    fault("package-renamed", "a package manifest and its catalog have the names of another version", "mum-name-mismatch", target::packages, |bench, target| package_renamed(bench, target, &["mum", "cat"])),
    fault("manifest-renamed", "a component manifest has the name of another version", "manifest-name-mismatch", target::assemblies, manifest_renamed),
    fault("component-removed", "a component of something installed is removed altogether", "closure-component-missing",
        |plan| assemblies(plan, false, true), component_removed),
    fault("staged-component-removed", "a component of something staged is removed altogether", "staged-closure-missing",
        |plan| assemblies(plan, false, false), component_removed),
    fault("deployment-removed", "a deployment of something installed is removed altogether", "closure-deployment-missing",
        |plan| assemblies(plan, true, true), deployment_removed),
    fault("staged-deployment-removed", "a deployment of something staged is removed altogether", "staged-closure-missing",
        |plan| assemblies(plan, true, false), deployment_removed),
    fault("deployment-dependency-altered", "a deployment names a component that does not exist", "manifest-digest-differs", installing_deployments, dependency_altered),
    fault("deployment-made-component", "a package's deployment is none, and is signed so", "closure-not-a-deployment", named_deployments, not_a_deployment),
    fault("package-removed", "a part of an installed package is removed altogether", "closure-package-missing",
        |plan| parts(plan, true), package_removed),
    fault("staged-package-removed", "a part of a staged package is removed altogether", "staged-package-missing",
        |plan| parts(plan, false), package_removed),
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

fn assemblies(plan: &StorePlan, are_deployments: bool, are_installed: bool) -> Vec<Target> {
    let installed = plan.installed();
    assemblies_where(plan, |id| {
        let is_wanted =
            plan.assembly(id).is_deployment() == are_deployments && installed[id.0] == are_installed;
        is_wanted && !is_base_of_manifests(plan, id)
    })
}

/// Removes what there is of an assembly but a deployment's key.
fn remove(bench: &mut Workbench<'_>, id: AssemblyId) -> io::Result<String> {
    let assembly = bench.plan.assembly(id);
    let manifest = manifest_path(assembly);
    bench.remove(&manifest)?;
    bench.remove_if_there(&format!("Windows/WinSxS/{}", assembly.key_form()))?;
    bench.remove_key(Hive::Components, &component_key(bench.plan, id))?;
    Ok(manifest)
}

/// The winning version is no longer there, if it was this one.
fn lost_winner(bench: &Workbench<'_>, id: AssemblyId, root: &Expected) -> Option<Expected> {
    let identity = &bench.plan.assembly(id).identity;
    let branch: Vec<&str> = identity.version.split('.').take(2).collect();
    let path = format!("{WINNERS}\\{}\\{}", names::family_key_form(identity), branch.join("."));
    let winner = bench.registry.key(Hive::Software, &path)?.values.first()?;
    let is_winner = *winner == Value::sz("", &identity.version);
    let key = Subject::key(format!("SOFTWARE\\{path}"));
    is_winner.then(|| Expected::new("winner-missing", key).caused_by(root))
}

fn component_removed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    let manifest = remove(bench, id)?;
    let root = bench.root(Subject::path(manifest));
    let winner = lost_winner(bench, id, &root);
    let sources = lost_sources(bench.plan, id, &root);
    Ok([vec![root], winner.into_iter().collect(), sources].concat())
}

/// What follows for files whose forms lead from the files of a component of which nothing is left.
fn lost_sources(plan: &StorePlan, lost: AssemblyId, root: &Expected) -> Vec<Expected> {
    let mut consequences = Vec::new();
    for assembly in &plan.assemblies {
        for file in assembly.files.iter().filter(|file| file.form.source() == Some(lost)) {
            let (id, path) = match file.form {
                FileForm::Differentials(form) if form.itself || form.null => continue,
                FileForm::Differentials(_) => ("delta-base-missing", differential_path(assembly, file, "f")),
                _ => ("delta-component-missing", file_path(assembly, file)),
            };
            consequences.push(Expected::new(id, Subject::path(path)).caused_by(root));
        }
    }
    consequences
}

fn deployment_removed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    remove(bench, id)?;
    let key = deployment_key(bench.plan, id);
    bench.remove_key(Hive::Components, &key)?;
    let root = bench.root(Subject::key(format!("COMPONENTS\\{key}")));
    let consequence = lost_winner(bench, id, &root);
    Ok([vec![root], consequence.into_iter().collect()].concat())
}

/// Deployments that packages name as such; a driver is named otherwise.
fn named_deployments(plan: &StorePlan) -> Vec<Target> {
    let updates = plan.packages.iter().flat_map(|package| &package.updates);
    let named: Vec<AssemblyId> = updates
        .filter_map(|update| match update.content {
            UpdateContent::Deployment(id) => Some(id),
            _ => None,
        })
        .collect();
    assemblies_where(plan, |id| named.contains(&id))
}

fn installing_deployments(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| plan.deployment_closure(id).len() > 1)
}

/// What the manifest says is not relied on then.
fn dependency_altered(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = bench.edit_manifest(target.assembly(), |bytes| {
        let text = String::from_utf8(bytes).expect("manifests of the simulator are UTF-8");
        let (start, dependencies) = text.split_once("<dependentAssembly").expect("it installs something");
        format!("{start}<dependentAssembly{}", dependencies.replacen(" version=\"", " version=\"9", 1))
            .into_bytes()
    })?;
    bench.found(Subject::path(path))
}

fn not_a_deployment(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    bench.reseal = true;
    let path = bench.edit_manifest(target.assembly(), |bytes| {
        let text = String::from_utf8(bytes).expect("manifests of the simulator are UTF-8");
        text.replacen("<deployment />", "", 1).into_bytes()
    })?;
    bench.found(Subject::path(path))
}

/// Packages that others consist of, of which the one that is furthest installed is or is not.
fn parts(plan: &StorePlan, is_installed: bool) -> Vec<Target> {
    let wholes = |part: PackageId| {
        let has_part = move |update: &crate::plan::Update| update.content == UpdateContent::Package(part);
        plan.packages.iter().filter(move |whole| whole.updates.iter().any(has_part))
    };
    packages_where(plan, |part| {
        wholes(part).next().is_some() && wholes(part).any(|whole| whole.state.is_installed()) == is_installed
    })
}

fn package_removed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let package = bench.plan.package(id);
    let (mum, catalog) = (package_path(package, "mum"), package_path(package, "cat"));
    bench.remove(&mum)?;
    bench.remove(&catalog)?;
    bench.remove_key(Hive::Software, &format!("{SERVICING}\\Packages\\{}", package.name()))?;
    let root = bench.root(Subject::path(mum));
    let consequences = packages::consequences(bench, id, &root);
    Ok([vec![root], consequences].concat())
}
