//! What has to do with what in a store: wounds in different regions do not touch each other's findings.

use crate::fault::{Fault, Target};
use crate::plan::{AssemblyId, PackageId, StorePlan, UpdateContent};
use crate::write::names;
use std::collections::HashMap;

/// Findings on references to something that is not there. Faults make such references to things that never were, and two
/// of them may mean the same.
const REFERENCES: [&str; 9] = [
    "c-mark-dangling",
    "catalogs-c-mark-dangling",
    "cbs-index-target-missing",
    "cbs-owner-missing",
    "closure-component-missing",
    "mark-package-missing",
    "staged-closure-missing",
    "watchlist-component-missing",
    "watchlist-package-missing",
];

/// Whether a fault may make a reference to what never was: a swarm has one of these at most.
pub(super) fn may_refer_to_nothing(fault: &Fault) -> bool {
    REFERENCES.contains(&fault.finding)
}

/// The regions of a store: each holds packages with everything that they install, consist of and belong to.
#[derive(Debug)]
pub(super) struct Regions {
    /// The region of each assembly, and after them of each package.
    of: Vec<usize>,
    assemblies: usize,
    /// The region that holds the library which compressed manifests are made from.
    base: Option<usize>,
}

impl Regions {
    pub(super) fn of(plan: &StorePlan) -> Regions {
        let assemblies = plan.assemblies.len();
        let mut joined = Joined { parents: (0..assemblies + plan.packages.len()).collect() };
        for index in 0..plan.packages.len() {
            join_package(plan, PackageId(index), &mut joined);
        }
        for foreign in &plan.foreign {
            for AssemblyId(member) in plan.deployment_closure(foreign.deployment) {
                joined.join(foreign.deployment.0, member);
            }
        }
        let mut families: HashMap<String, usize> = HashMap::new();
        for (index, assembly) in plan.assemblies.iter().enumerate() {
            let family = names::family_key_form(&assembly.identity);
            joined.join(index, *families.entry(family).or_insert(index));
            for source in assembly.files.iter().filter_map(|file| file.form.source()) {
                joined.join(index, source.0);
            }
        }
        for watch in &plan.watches {
            for pair in watch.watchers.windows(2) {
                joined.join(assemblies + pair[0].0, assemblies + pair[1].0);
            }
        }
        let of: Vec<usize> = (0..joined.parents.len()).map(|object| joined.root(object)).collect();
        let base = plan.newest_stack().map(|id| of[id.0]);
        Regions { of, assemblies, base }
    }

    /// The region in which a fault strikes; none for what concerns the store as a whole.
    pub(super) fn region(&self, plan: &StorePlan, fault: &Fault, target: Target) -> Option<usize> {
        let region = match target {
            _ if fault.strikes_several => None,
            Target::Assembly(id) | Target::File(id, _) => Some(self.of[id.0]),
            Target::Package(id) => Some(self.of[self.assemblies + id.0]),
            Target::Watch(index) => {
                plan.watches[index].watchers.first().map(|id| self.of[self.assemblies + id.0])
            }
            Target::Hive(_) | Target::Store => None,
        };
        region.filter(|region| Some(*region) != self.base)
    }
}

/// A package has to do with what it installs, with its parts and its owners, and with what it builds on.
fn join_package(plan: &StorePlan, id: PackageId, joined: &mut Joined) {
    let assemblies = plan.assemblies.len();
    let package = plan.package(id);
    let this = assemblies + id.0;
    for AssemblyId(member) in plan.closure(id) {
        joined.join(this, member);
    }
    let parts = package.updates.iter().filter_map(|update| match update.content {
        UpdateContent::Package(part) => Some(part),
        _ => None,
    });
    for PackageId(other) in parts.chain(package.other_owners.iter().copied()) {
        joined.join(this, assemblies + other);
    }
    for (other, known) in plan.packages.iter().enumerate() {
        if package.parents.iter().any(|parent| names::package_name(parent) == known.name()) {
            joined.join(this, assemblies + other);
        }
    }
}

/// Sets of objects, each known by one of its members.
struct Joined {
    parents: Vec<usize>,
}

impl Joined {
    fn root(&mut self, mut object: usize) -> usize {
        while self.parents[object] != object {
            self.parents[object] = self.parents[self.parents[object]];
            object = self.parents[object];
        }
        object
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one.max(other)] = one.min(other);
    }
}
