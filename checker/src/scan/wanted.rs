//! What a source would have to hold for the damage to be mended, and who carries it.

use crate::digest::Digest;
use crate::finding::{Finding, Mends, Severity, Subject};
use crate::image::Image;
use crate::registry::canonical;
use crate::store::{FileRecord, Index, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Something that a source would have to hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wanted {
    /// What it is.
    pub kind: WantedKind,
    /// Where it belongs, from the folder that holds `Windows`.
    pub path: String,
    /// Its digest as `sha256:` or `sha1:` and hexadecimal digits, if the image tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The packages that carry it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<WantedPackage>,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WantedKind {
    /// A package manifest and its catalog.
    Package,
    /// A component manifest.
    Manifest,
    /// A catalog of `WinSxS\Catalogs`.
    Catalog,
    /// A file of a component.
    Payload,
    /// Keys and values of a registry hive.
    Registry,
}

/// A package by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WantedPackage {
    /// Its whole name.
    pub name: String,
    /// Its version; empty if its name has none.
    pub version: String,
    /// The number of the article that describes it, such as `KB2919355`, if the name has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kb: Option<String>,
}

impl WantedPackage {
    /// A package by its name, `name~token~architecture~language~version`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let version = name.rsplit_once('~').map_or("", |(_, version)| version).to_owned();
        let digits_at = |at: usize| name[at..].bytes().take_while(u8::is_ascii_digit).count();
        let mut places = name.match_indices("KB").chain(name.match_indices("kb"));
        // Articles have six or seven digits.
        let kb = places.find_map(|(at, _)| match digits_at(at + 2) {
            count @ 6..=7 => Some(format!("KB{}", &name[at + 2..at + 2 + count])),
            _ => None,
        });
        Self { name: name.to_owned(), version, kb }
    }
}

/// What a scan has read.
pub(super) struct Known<'k> {
    pub(super) image: &'k Image<'k>,
    pub(super) store: &'k Store,
    pub(super) index: &'k Index,
}

/// What is wanted for everything that is wrong by itself.
pub(super) fn of<'f>(known: &Known<'_>, findings: impl Iterator<Item = &'f Finding>) -> Vec<Wanted> {
    let open = findings.filter(|finding| finding.severity == Severity::Error && finding.caused_by.is_none());
    let wanted: BTreeSet<Wanted> = open
        .filter(|finding| finding.id.info().mends != Mends::Not)
        .flat_map(|finding| wants(known, finding))
        .collect();
    wanted.into_iter().collect()
}

fn wants(known: &Known<'_>, finding: &Finding) -> Vec<Wanted> {
    let Subject::Path { path, .. } = &finding.subject else {
        let key = finding.subject.name().to_owned();
        return vec![Wanted { kind: WantedKind::Registry, path: key, digest: None, packages: Vec::new() }];
    };
    let names: Vec<&str> = path.split('/').collect();
    let is_in = |folder: &str| {
        names.get(1..).is_some_and(|rest| rest.join("/").to_ascii_lowercase().starts_with(folder))
    };
    let file = names.last().copied().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let one = |kind, digest, packages| vec![Wanted { kind, path: path.clone(), digest, packages }];
    if is_in("servicing/packages/") {
        return one(WantedKind::Package, None, vec![WantedPackage::of(stem)]);
    }
    if is_in("winsxs/manifests/") {
        return one(WantedKind::Manifest, registered_digest(known, stem), carriers(known, stem));
    }
    if is_in("winsxs/catalogs/") {
        return one(WantedKind::Catalog, Some(format!("sha256:{stem}")), Vec::new());
    }
    match names.get(2) {
        Some(component) if is_in("winsxs/") => files(known, path, component, &names[3..]),
        _ => one(WantedKind::Registry, None, Vec::new()),
    }
}

/// The file of a component, or all of its files where its folder is not there.
fn files(known: &Known<'_>, path: &str, component: &str, names: &[&str]) -> Vec<Wanted> {
    let packages = carriers(known, component);
    let document =
        known.store.manifest(&component.to_ascii_lowercase()).and_then(|index| known.store.document(index));
    let listed = document.map_or(&[][..], |document| &document.files);
    let wanted = |file: &FileRecord, path: String| Wanted {
        kind: WantedKind::Payload,
        path,
        digest: file.digest.known().map(|digest| digest_text(&digest)),
        packages: packages.clone(),
    };
    if names.is_empty() {
        let paths = listed.iter().map(|file| (file, format!("{path}/{}", file.name.replace('\\', "/"))));
        return paths
            .filter(|(_, path)| known.image.find(path).is_none())
            .map(|(file, path)| wanted(file, path))
            .collect();
    }
    let name = names.join("\\");
    match listed.iter().find(|file| file.name.eq_ignore_ascii_case(&name)) {
        Some(file) => vec![wanted(file, path.to_owned())],
        None => vec![Wanted { kind: WantedKind::Payload, path: path.to_owned(), digest: None, packages }],
    }
}

fn digest_text(digest: &Digest) -> String {
    format!("{}:{digest}", digest.algorithm().as_str())
}

fn registered_digest(known: &Known<'_>, component: &str) -> Option<String> {
    let keys = known.store.registry.components.as_ref()?;
    let entry = known.index.components.get(&component.to_ascii_lowercase())?;
    let digest = Digest::from_bytes(keys.components.keys.get(entry.key?)?.s256h.get()?)?;
    Some(digest_text(&digest))
}

/// The packages that hold a component: those whose manifests name one of its deployments, and those that its deployments'
/// marks name.
fn carriers(known: &Known<'_>, component: &str) -> Vec<WantedPackage> {
    let index = &known.index;
    let Some(entry) = index.components.get(&component.to_ascii_lowercase()) else { return Vec::new() };
    let keys = known.store.registry.components.as_ref();
    let marked =
        entry.key.and_then(|key| keys?.components.keys.get(key)).into_iter().flat_map(|key| &key.deployments);
    let marked = marked.map(|name| name.to_ascii_lowercase());
    let names = marked.chain(entry.required_by.iter().chain(&entry.deployment).cloned());
    let deployments: Vec<_> = names.filter_map(|name| index.deployments.get(&name)).collect();
    let mut packages: BTreeSet<String> =
        deployments.iter().flat_map(|entry| entry.named_by.iter().cloned()).collect();
    for deployment in deployments.iter().filter_map(|entry| keys?.deployments.keys.get(entry.key?)) {
        packages.extend(deployment.marks.iter().filter_map(|mark| mark.package()).map(canonical));
    }
    packages.iter().map(|canonical| WantedPackage::of(spelled(known, canonical))).collect()
}

/// The name of a package as its files or its key spell it.
fn spelled<'s>(known: &'s Known<'_>, canonical: &'s str) -> &'s str {
    let entry = known.index.packages.get(canonical);
    let keys = known.store.registry.packages.as_ref();
    let key = entry.and_then(|entry| keys?.packages.keys.get(entry.key?)).map(|key| key.name.as_str());
    let files = entry.and_then(|entry| entry.files).map(|files| known.store.packages[files].name.as_str());
    key.or(files).unwrap_or(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_tells_its_version_and_its_article() {
        let package = WantedPackage::of("Package_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14");
        assert_eq!((package.version.as_str(), package.kb.as_deref()), ("6.3.1.14", Some("KB2919355")));
        assert_eq!(WantedPackage::of("no-package").version, "");
        for (name, kb) in [
            ("Package_1_for_KB976932~t~x86~~6.1.1.17514", Some("KB976932")),
            ("Package_for_kb1000001_sp1~t~x86~~1.0.0.0", Some("KB1000001")),
            ("Microsoft-Windows-KB12~t~x86~~1.0.0.0", None),
            ("Microsoft-Windows-Foundation-Package~t~x86~~1.0.0.0", None),
        ] {
            assert_eq!(WantedPackage::of(name).kb.as_deref(), kb, "{name}");
        }
    }
}
