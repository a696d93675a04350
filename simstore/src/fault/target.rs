//! What a fault can strike.

use crate::build::file_path;
use crate::plan::{AssemblyId, FileForm, LIBRARY, PackageId, Payload, StorePlan, UpdateContent};
use crate::registry::Hive;

/// One thing in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A package.
    Package(PackageId),
    /// A component or a deployment.
    Assembly(AssemblyId),
    /// A file of a component, by its position.
    File(AssemblyId, usize),
    /// A watch list's key, by its position in the plan.
    Watch(usize),
    /// A hive.
    Hive(Hive),
    /// The store as a whole.
    Store,
}

impl Target {
    /// The name by which people choose it.
    pub fn name(self, plan: &StorePlan) -> String {
        match self {
            Target::Package(id) => plan.package(id).name(),
            Target::Assembly(id) => plan.assembly(id).key_form(),
            Target::File(id, file) => file_path(plan.assembly(id), &plan.assembly(id).files[file]),
            Target::Watch(index) => plan.watches[index].awaited.clone(),
            Target::Hive(hive) => hive.path().to_owned(),
            Target::Store => "the store".to_owned(),
        }
    }

    /// The package that is struck.
    ///
    /// # Panics
    ///
    /// If something else is: the rows of the catalogue pair targets with what strikes them.
    pub(super) fn package(self) -> PackageId {
        let Target::Package(id) = self else { panic!("{self:?} is no package") };
        id
    }

    /// The assembly that is struck; panics as [`Target::package`] does.
    pub(super) fn assembly(self) -> AssemblyId {
        let (Target::Assembly(id) | Target::File(id, _)) = self else { panic!("{self:?} is no assembly") };
        id
    }

    /// The hive that is struck; panics as [`Target::package`] does.
    pub(super) fn hive(self) -> Hive {
        let Target::Hive(hive) = self else { panic!("{self:?} is no hive") };
        hive
    }
}

// ---- Lists of targets

pub(super) fn the_store(_: &StorePlan) -> Vec<Target> {
    vec![Target::Store]
}

/// Every hive.
pub(super) fn hives(_: &StorePlan) -> Vec<Target> {
    Hive::ALL.map(Target::Hive).to_vec()
}

pub(super) fn packages(plan: &StorePlan) -> Vec<Target> {
    packages_where(plan, |_| true)
}

pub(super) fn packages_where(plan: &StorePlan, is_wanted: impl Fn(PackageId) -> bool) -> Vec<Target> {
    (0..plan.packages.len()).map(PackageId).filter(|id| is_wanted(*id)).map(Target::Package).collect()
}

pub(super) fn assemblies_where(plan: &StorePlan, is_wanted: impl Fn(AssemblyId) -> bool) -> Vec<Target> {
    let registered = (0..plan.assemblies.len()).filter(|index| plan.assemblies[*index].is_registered);
    registered.map(AssemblyId).filter(|id| is_wanted(*id)).map(Target::Assembly).collect()
}

/// Components and deployments that the registry knows.
pub(super) fn assemblies(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |_| true)
}

pub(super) fn components(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| !plan.assembly(id).is_deployment())
}

pub(super) fn components_with_files(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| {
        let assembly = plan.assembly(id);
        assembly.payload == Payload::Present && !assembly.files.is_empty()
    })
}

/// Every deployment, drivers included.
pub(super) fn deployments(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| plan.assembly(id).is_deployment())
}

/// Deployments that packages hold.
pub(super) fn held_deployments(plan: &StorePlan) -> Vec<Target> {
    let held: Vec<AssemblyId> = plan
        .packages
        .iter()
        .flat_map(|package| &package.updates)
        .filter_map(|update| match update.content {
            UpdateContent::Deployment(id) | UpdateContent::Driver(id) => Some(id),
            _ => None,
        })
        .collect();
    assemblies_where(plan, |id| held.contains(&id))
}

/// Whether compressed manifests are made from a library of this component: without it nothing is known of what they say.
pub(super) fn is_base_of_manifests(plan: &StorePlan, id: AssemblyId) -> bool {
    plan.newest_stack() == Some(id)
}

/// Whether the form of another file leads from this one.
fn is_source(plan: &StorePlan, id: AssemblyId, name: &str) -> bool {
    let mut files = plan.assemblies.iter().flat_map(|assembly| &assembly.files);
    let is_source = files.any(|file| file.name == name && file.form.source() == Some(id));
    is_source || (is_base_of_manifests(plan, id) && name == LIBRARY)
}

/// Files that are there as they are, that are not empty, and that nothing else is made from.
pub(super) fn files(plan: &StorePlan) -> Vec<Target> {
    files_where(plan, |_| true)
}

/// Files of components that something installed holds, or that nothing but staged packages does.
pub(super) fn files_of(plan: &StorePlan, is_installed: bool) -> Vec<Target> {
    let installed = plan.installed();
    files_where(plan, |id| installed[id.0] == is_installed)
}

/// Files in some forms, which have content.
pub(super) fn files_in_form(plan: &StorePlan, is_wanted: impl Fn(FileForm) -> bool) -> Vec<Target> {
    let assemblies = components_with_files(plan).into_iter().map(Target::assembly);
    let files = assemblies.flat_map(|id| {
        let count = plan.assembly(id).files.len();
        (0..count).map(move |file| (id, file))
    });
    files
        .filter(|(id, file)| {
            let file = &plan.assembly(*id).files[*file];
            // What leads from another file is as long as that.
            let source = file.form.source().and_then(|source| plan.file_named(source, &file.name));
            source.unwrap_or(file).content.length_bytes > 0 && is_wanted(file.form)
        })
        .map(|(id, file)| Target::File(id, file))
        .collect()
}

fn files_where(plan: &StorePlan, is_wanted: impl Fn(AssemblyId) -> bool) -> Vec<Target> {
    let mut files = Vec::new();
    for id in components_with_files(plan).into_iter().map(Target::assembly).filter(|id| is_wanted(*id)) {
        for (index, file) in plan.assembly(id).files.iter().enumerate() {
            if file.content.length_bytes > 0
                && file.form == FileForm::Plain
                && !is_source(plan, id, &file.name)
            {
                files.push(Target::File(id, index));
            }
        }
    }
    files
}
