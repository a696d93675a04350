//! What follows from what a signed document says, where that is something else than what the store was built from.

use super::document::{Digest, Listed, Said};
use super::foretold::Foretold;
use super::manifests::is_named;
use crate::build::{MANIFESTS, file_path, manifest_path};
use crate::expectation::{Expected, Subject};
use crate::plan::{Assembly, AssemblyId, Package, PackageId, StorePlan};
use crate::registry::components::listed_by;
use crate::registry::{COMPONENTS, SERVICING};
use crate::store::Store;
use crate::write::names::{self, Identity};
use std::collections::BTreeSet;

/// What is wrong with what a manifest says about its files, each by itself: if anything is, the manifest is not relied on.
pub(super) fn wrong_files(path: &str, said: &Said) -> Option<Foretold> {
    let wrong = said.files.iter().filter_map(|file| {
        let id = if is_unsafe(&file.name) {
            "file-name-unsafe"
        } else {
            match file.digest {
                Digest::Missing => "file-digest-missing",
                Digest::Undecodable => "file-digest-undecodable",
                _ => return None,
            }
        };
        Some(Expected::new(id, Subject::member(path, &file.name)))
    });
    let mut wrong: Vec<Expected> = wrong.collect();
    // Whatever has another id is evidence of the first.
    let first = wrong.first()?.id.clone();
    wrong.retain(|finding| finding.id == first);
    Some(Foretold::all(wrong))
}

/// Notes on digests that nobody can compare.
pub(super) fn unsupported(path: &str, listed: &[Listed]) -> Vec<Expected> {
    let unsupported = listed.iter().filter(|file| file.digest == Digest::Unsupported);
    unsupported
        .map(|file| Expected::new("file-digest-unsupported", Subject::member(path, &file.name)))
        .collect()
}

/// Whether a name leads out of its folder, or is none: absolute, with `..`, a stream, a device.
fn is_unsafe(name: &str) -> bool {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    let is_device = |step: &str| {
        let stem = step.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
        let number = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
        DEVICES.contains(&&*stem)
            || number.is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    name.contains(|one: char| one < ' ' || "<>\"|?*:".contains(one))
        || name.split(['\\', '/']).any(|step| matches!(step, "" | "." | "..") || is_device(step))
}

/// What follows from the manifest of a component or a deployment.
pub(super) fn manifest(store: &Store, id: AssemblyId, said: &Said) -> Foretold {
    let assembly = store.plan.assembly(id);
    let path = manifest_path(assembly);
    if let Some(wrong) = wrong_files(&path, said) {
        return wrong;
    }
    let mut found = files(store, id, &said.files);
    if said.is_deployment {
        found.extend(installs(&store.plan, id, said));
    } else if assembly.is_deployment() && is_named(&store.plan, id) {
        found.push(Expected::new("closure-not-a-deployment", Subject::path(path)));
    }
    Foretold::all(found)
}

// ---- Files

fn files(store: &Store, id: AssemblyId, listed: &[Listed]) -> Vec<Expected> {
    let assembly = store.plan.assembly(id);
    let is_installed = store.plan.installed()[id.0];
    let mut found = BTreeSet::new();
    found.extend(unsupported(&manifest_path(assembly), listed));
    for file in listed {
        found.extend(content(store, id, file, is_installed));
    }
    let folder = format!("Windows/WinSxS/{}", assembly.key_form());
    for first in assembly.files.iter().map(|file| first_step(&file.name)) {
        let is_listed = listed.iter().any(|file| first_step(&file.name).eq_ignore_ascii_case(first));
        if !is_listed {
            found.insert(Expected::new("payload-extra", Subject::path(format!("{folder}/{first}"))));
        }
    }
    found.extend(marks(assembly, listed));
    found.into_iter().collect()
}

fn first_step(name: &str) -> &str {
    name.split(['\\', '/']).next().unwrap_or_default()
}

/// What is found of the content of a listed file.
fn content(store: &Store, id: AssemblyId, file: &Listed, is_installed: bool) -> Option<Expected> {
    let assembly = store.plan.assembly(id);
    let same = |name: &str| name.replace('\\', "/").eq_ignore_ascii_case(&file.name.replace('\\', "/"));
    let Some(at) = assembly.files.iter().position(|known| same(&known.name)) else {
        let lost = if is_installed { "payload-missing" } else { "staged-payload-missing" };
        let path = format!("Windows/WinSxS/{}/{}", assembly.key_form(), file.name.replace('\\', "/"));
        return Some(Expected::new(lost, Subject::path(path)));
    };
    let (digests, path) = (&store.built.files[id.0][at], file_path(assembly, &assembly.files[at]));
    let differs = match &file.digest {
        Digest::Sha1(digest) => *digest != digests.sha1,
        Digest::Sha256(digest) => *digest != digests.sha256,
        // Where the older digest does not agree nothing is known.
        Digest::Old(digest) => {
            let agrees = *digest == digests.sha1 || *digest == digests.sha256;
            return (!agrees).then(|| Expected::new("payload-not-verified", Subject::path(path)));
        }
        Digest::Missing | Digest::Undecodable | Digest::Unsupported => false,
    };
    differs.then(|| Expected::new("payload-corrupt", Subject::path(path)))
}

/// The marks that the registry has are those of the files that there were.
fn marks(assembly: &Assembly, listed: &[Listed]) -> Vec<Expected> {
    let key = format!("COMPONENTS\\{COMPONENTS}\\{}", assembly.key_form());
    let is_plain = |name: &&str| !name.contains(['\\', '/']);
    let there = || assembly.files.iter().map(|file| file.name.as_str()).filter(is_plain);
    let is_among = |name: &str, mut names: Box<dyn Iterator<Item = &str> + '_>| {
        names.any(|other| other.eq_ignore_ascii_case(name))
    };
    let last_step = |file: &'_ Listed| file.name.rsplit(['\\', '/']).next().unwrap_or_default().to_owned();
    let last_steps: Vec<String> = listed.iter().map(last_step).collect();
    let mut found: Vec<Expected> = there()
        .filter(|name| !is_among(name, Box::new(last_steps.iter().map(String::as_str))))
        .map(|name| Expected::new("f-mark-stale", Subject::value(&key, &names::file_mark_name(name))))
        .collect();
    let mut plain = listed.iter().map(|file| file.name.as_str()).filter(is_plain);
    if plain.any(|name| !is_among(name, Box::new(there()))) {
        found.push(Expected::new("f-mark-missing", Subject::key(key)));
    }
    found
}

// ---- What belongs together

/// What is lost of what a deployment installs now, and what has no mark for it.
fn installs(plan: &StorePlan, id: AssemblyId, said: &Said) -> Vec<Expected> {
    let is_installed = plan.installed()[id.0];
    let listed_by = listed_by(plan);
    let mut found = BTreeSet::new();
    for identity in &said.installs {
        let form = wanted(identity);
        let known = plan.assemblies.iter().position(|assembly| assembly.key_form() == form);
        let expected = match known {
            None => {
                let lost = if is_installed { "closure-component-missing" } else { "staged-closure-missing" };
                Expected::new(lost, Subject::path(format!("{MANIFESTS}/{form}.manifest")))
            }
            Some(index) if listed_by[index].contains(&id) => continue,
            Some(_) => {
                Expected::new("c-mark-missing", Subject::key(format!("COMPONENTS\\{COMPONENTS}\\{form}")))
            }
        };
        found.insert(expected);
    }
    found.into_iter().collect()
}

/// The longest key form with which a manifest's name is one that a file can have: 255 characters with `.manifest`.
const MAX_KEY_FORM: usize = 246;

/// Under which name something is looked for. A version that is absent prints as `none`, like everything absent; what no
/// file could be called goes by its identity.
fn wanted(identity: &Identity) -> String {
    let form = names::component_key_form(identity);
    let mut parts: Vec<&str> = form.rsplitn(4, '_').collect();
    if identity.version.is_empty() {
        parts[2] = "none";
    }
    parts.reverse();
    let form = parts.join("_");
    if form.len() > MAX_KEY_FORM { names::identity_text(identity).to_lowercase() } else { form }
}

/// What follows from the manifest of a package. What it names that nothing in the store knows does not apply to it; what it
/// no longer names is still marked as its own.
pub(super) fn package(store: &Store, id: PackageId, said: &Said) -> Foretold {
    let plan = &store.plan;
    let mut found = Vec::new();
    let known: BTreeSet<String> = plan.packages.iter().map(|package| package.name().to_lowercase()).collect();
    let is_known = |parent: &Identity| known.contains(&names::package_name(parent).to_lowercase());
    if plan.package(id).state.is_installed() && !said.parents.is_empty() && !said.parents.iter().any(is_known)
    {
        let key = format!("SOFTWARE\\{SERVICING}\\Packages\\{}", Package::name(plan.package(id)));
        found.push(Expected::new("package-parent-absent", Subject::key(key)));
    }
    let forms: BTreeSet<String> = said.deployments.iter().map(names::component_key_form).collect();
    for assembly in plan.assemblies.iter().filter(|assembly| !assembly.is_deployment()) {
        if forms.contains(&assembly.key_form()) {
            found.push(Expected::new("closure-not-a-deployment", Subject::path(manifest_path(assembly))));
        }
    }
    Foretold::all(found)
}
