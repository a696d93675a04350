//! What a source would have to hold for what is left, as far as logs tell: names and places, but no digests.

use super::{Log, subject};
use crate::finding::{Mends, Subject};
use crate::format::servicing_log::Run;
use crate::scan::{Wanted, WantedKind, WantedPackage};
use std::collections::{BTreeMap, BTreeSet};

/// What the last reports of some logs leave wanting, each thing once.
#[must_use]
pub fn wanted(logs: &[Log]) -> Vec<Wanted> {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for log in logs {
        let runs = &log.log.runs[log.current.min(log.log.runs.len())..];
        for (report, run) in log.current().iter().zip(runs) {
            let of_rows = report.rows.iter().filter(|row| row.is_error());
            let findings = of_rows.filter_map(|row| row.finding.as_ref());
            let mendable = findings.filter(|finding| finding.id.info().mends != Mends::Not);
            let of_list = unavailable(run, &fixed(report));
            for one in mendable.filter_map(|finding| of_subject(&finding.subject)).chain(of_list) {
                wanted.entry(one.path.to_lowercase()).or_insert(one);
            }
        }
    }
    let sorted: BTreeSet<Wanted> = wanted.into_values().collect();
    sorted.into_iter().collect()
}

/// What the rows of a report say was fixed.
fn fixed(report: &super::Report) -> BTreeSet<String> {
    let fixed = report.rows.iter().filter(|row| row.is_fixed).filter_map(|row| row.finding.as_ref());
    fixed.filter_map(|finding| Some(of_subject(&finding.subject)?.path.to_lowercase())).collect()
}

/// The list that CheckSUR ends with.
fn unavailable(run: &Run, fixed: &BTreeSet<String>) -> Vec<Wanted> {
    let paths = run.unavailable.iter().filter_map(|file| subject::path_below_windows(file));
    let wanted = paths.filter_map(|path| of_path(&path));
    wanted.filter(|wanted| !fixed.contains(&wanted.path.to_lowercase())).collect()
}

fn of_subject(subject: &Subject) -> Option<Wanted> {
    match subject {
        Subject::Path { path, .. } => of_path(path),
        Subject::Key { key, .. } => Some(one(WantedKind::Registry, key.clone())),
    }
}

fn of_path(path: &str) -> Option<Wanted> {
    if let Some(file) = path.strip_prefix("Windows/servicing/Packages/") {
        let package = file.rsplit_once('.').map_or(file, |(package, _)| package);
        // The manifest and the catalog go together.
        let pair = one(WantedKind::Package, format!("Windows/servicing/Packages/{package}.mum"));
        return Some(Wanted { packages: vec![WantedPackage::of(package)], ..pair });
    }
    let below = path.strip_prefix("Windows/WinSxS/")?;
    let path = path.to_owned();
    Some(match below.split_once('/') {
        Some(("Manifests", _)) => one(WantedKind::Manifest, path),
        Some(("Catalogs", file)) => {
            let digest =
                file.split('.').next().filter(|stem| stem.len() == 64).map(|stem| format!("sha256:{stem}"));
            Wanted { digest, ..one(WantedKind::Catalog, path) }
        }
        _ => one(WantedKind::Payload, path),
    })
}

const fn one(kind: WantedKind, path: String) -> Wanted {
    Wanted { kind, path, digest: None, packages: Vec::new() }
}
