//! Faults that take away a whole: a component, a deployment, a package.

use super::components::key_path as component_key;
use super::deployments::key_path as deployment_key;
use super::documents::before_end;
use super::packages;
use super::target::{Target, assemblies_where, is_base_of_manifests, packages_where};
use super::{Fault, Workbench, fault};
use crate::build::{MANIFESTS, file_path, manifest_path, package_path};
use crate::expectation::{Expected, Subject};
use crate::forms::differential_path;
use crate::plan::{Assembly, AssemblyId, FileForm, PackageId, StorePlan, UpdateContent};
use crate::registry::components::holders;
use crate::registry::{Hive, SERVICING, WINNERS};
use crate::write::hive::Value;
use crate::write::names;
use crate::write::xml::identity_tag;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("component-removed", "a component of something installed is removed altogether", "closure-component-missing",
        |plan| assemblies(plan, false, true), component_removed),
    fault("staged-component-removed", "a component of something staged is removed altogether", "staged-closure-missing",
        |plan| assemblies(plan, false, false), component_removed),
    fault("deployment-removed", "a deployment of something installed is removed altogether", "closure-deployment-missing",
        |plan| assemblies(plan, true, true), deployment_removed),
    fault("staged-deployment-removed", "a deployment of something staged is removed altogether", "staged-closure-missing",
        |plan| assemblies(plan, true, false), deployment_removed),
    fault("deployment-key-left-behind", "of a deployment of something installed only the deployment's key is left", "closure-deployment-missing",
        |plan| assemblies(plan, true, true), deployment_key_left),
    fault("staged-deployment-key-left-behind", "of a deployment of something staged only the deployment's key is left", "staged-closure-missing",
        |plan| assemblies(plan, true, false), deployment_key_left),
    fault("deployment-of-absent-component", "a deployment of something installed lists a component that never came, and is signed so", "closure-component-missing",
        |plan| assemblies(plan, true, true), absent_component_listed),
    fault("staged-deployment-of-absent-component", "a deployment of something staged lists a component that never came, and is signed so", "staged-closure-missing",
        |plan| assemblies(plan, true, false), absent_component_listed),
    fault("deployment-dependency-altered", "a deployment names a component that does not exist", "manifest-digest-differs", installing_deployments, dependency_altered),
    fault("deployment-made-component", "a package's deployment is none, and is signed so", "closure-not-a-deployment", named_deployments, not_a_deployment),
    fault("component-in-place-of-deployment", "a package names a component where it should name a deployment, and is signed so", "closure-not-a-deployment", whole_deployments, component_named),
    fault("package-removed", "a part of an installed package is removed altogether", "closure-package-missing",
        |plan| parts(plan, true), package_removed),
    fault("package-removed-and-unlisted", "a part of an installed package is removed, and PackageIndex does not list it any more", "closure-package-missing",
        |plan| still_marked(plan, parts(plan, true)), package_unlisted),
    fault("staged-package-removed", "a part of a staged package is removed altogether", "staged-package-missing",
        |plan| parts(plan, false), package_removed),
    fault("staged-package-removed-and-unlisted", "a part of a staged package is removed, and PackageIndex does not list it any more", "staged-package-missing",
        |plan| still_marked(plan, parts(plan, false)), package_unlisted),
    fault("package-uninstalled-by-half", "a package is removed, and the marks of its deployments are not", "mark-package-missing", of_one_deployment, marks_left),
];

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

/// The key alone does not make a deployment.
fn deployment_key_left(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    remove(bench, id)?;
    let key = deployment_key(bench.plan, id);
    let root = bench.root(Subject::key(Hive::Components.shown(&key)));
    let consequence = lost_winner(bench, id, &root);
    Ok([vec![root], consequence.into_iter().collect()].concat())
}

/// The deployment lists one component more, which nobody has.
fn absent_component_listed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let identity = &bench.plan.assembly(target.assembly()).identity;
    let absent = names::Identity { name: "Sample-Never-Came".to_owned(), kind: None, ..identity.clone() };
    let tag = identity_tag("assemblyIdentity", &absent, "");
    let dependency = format!(
        "<dependency discoverable=\"false\"><dependentAssembly dependencyType=\"install\"><{tag} />\
         </dependentAssembly></dependency>"
    );
    bench.reseal = true;
    bench.edit_manifest(target.assembly(), |bytes| before_end(bytes, dependency.as_bytes()))?;
    let path = format!("{MANIFESTS}/{}.manifest", names::component_key_form(&absent));
    bench.found(Subject::path(path))
}

/// Deployments that packages name as such and that install something.
fn whole_deployments(plan: &StorePlan) -> Vec<Target> {
    let mut deployments = named_deployments(plan);
    deployments.retain(|target| plan.deployment_closure(target.assembly()).len() > 1);
    deployments
}

/// The package names the first component of the deployment instead.
fn component_named(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    let component = bench.plan.assembly(bench.plan.deployment_closure(id)[1]);
    let (package, _) = holders(bench.plan, id)[0];
    let tag =
        |assembly: &Assembly| format!("<{} />", identity_tag("assemblyIdentity", &assembly.identity, ""));
    let (from, to) = (tag(bench.plan.assembly(id)), tag(component));
    bench.reseal = true;
    bench.edit_mum(package, |bytes| {
        let text = String::from_utf8(bytes).expect("package manifests of the simulator are UTF-8");
        text.replace(&from, &to).into_bytes()
    })?;
    bench.found(Subject::path(manifest_path(component)))
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
    let consequences = packages::references_to(bench.plan, id, &root);
    Ok([vec![root], consequences].concat())
}

/// Those that something but PackageIndex names: their deployments do.
fn still_marked(plan: &StorePlan, mut packages: Vec<Target>) -> Vec<Target> {
    let is_named_otherwise = |id: PackageId| {
        plan.packages.iter().any(|other| other.other_owners.contains(&id))
            || plan.watches.iter().any(|watch| watch.watchers.contains(&id))
    };
    packages.retain(|target| {
        let id = target.package();
        marked_deployments(plan, id).count() == 1 && !is_named_otherwise(id)
    });
    packages
}

/// The deployments that a package marks, with the updates that do.
fn marked_deployments(plan: &StorePlan, package: PackageId) -> impl Iterator<Item = (AssemblyId, &str)> {
    plan.package(package).updates.iter().filter_map(|update| match update.content {
        UpdateContent::Deployment(id) | UpdateContent::Driver(id) => Some((id, update.name.as_str())),
        _ => None,
    })
}

/// Packages of one deployment that are part of no other, and that nothing names but their index and their marks. There are
/// others: a hive that registers none is one that Windows has just made.
fn of_one_deployment(plan: &StorePlan) -> Vec<Target> {
    let is_part = |id| {
        let mut updates = plan.packages.iter().flat_map(|package| &package.updates);
        updates.any(|update| update.content == UpdateContent::Package(id))
    };
    let is_parent = |id| plan.packages.iter().any(|other| other.parents.contains(&plan.package(id).identity));
    let is_alone = plan.packages.len() == 1;
    let removable = packages_where(plan, |id| !is_alone && !is_part(id) && !is_parent(id));
    still_marked(plan, removable)
}

/// Removes a package from everywhere but the marks of its deployment, and gives the first of these.
fn unlisted(bench: &mut Workbench<'_>, id: PackageId) -> io::Result<Subject> {
    let package = bench.plan.package(id);
    for extension in ["mum", "cat"] {
        bench.remove(&package_path(package, extension))?;
    }
    let (key, index, name) =
        (packages::key_path(bench.plan, id), packages::index_path(bench.plan, id), package.name());
    bench.remove_key(Hive::Software, &key)?;
    bench.edit_key(Hive::Software, &index, |key| super::components::remove(key, &name))?;
    let (deployment, update) = marked_deployments(bench.plan, id).next().expect("targets are chosen so");
    let pinned = names::cbs_mark_name(names::Mark::Pinned, &names::cbs_reference(&name, update));
    Ok(Subject::value(Hive::Components.shown(&deployment_key(bench.plan, deployment)), &pinned))
}

fn package_unlisted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let mark = unlisted(bench, target.package())?;
    let root = bench.root(Subject::path(package_path(bench.plan.package(target.package()), "mum")));
    let mark = Expected::new("mark-package-missing", mark).caused_by(&root);
    Ok(vec![root, mark])
}

fn marks_left(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let mark = unlisted(bench, target.package())?;
    bench.found(mark)
}
