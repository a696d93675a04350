//! The packages' keys in SOFTWARE, each by itself.

use super::{Outcome, StoreSubject};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::image::Place;
use crate::registry::{self, Field, PackageKey, PackageKeys, canonical};
use crate::store::{PackageEntry, PackageState};
use std::collections::HashMap;

/// The architectures that the registry has numbers for: x86, ARM, IA-64, AMD64 and ARM64.
const ARCHITECTURES: [u32; 5] = [0, 5, 6, 9, 12];

/// The highest `Visibility`.
const HIGHEST_VISIBILITY: u32 = 2;

/// Every key of a package: the package's canonical name, its entry, the key.
fn registered<'s>(
    subject: &'s StoreSubject<'_>,
) -> impl Iterator<Item = (&'s PackageKeys, &'s str, &'s PackageEntry, &'s PackageKey)> {
    let keys = subject.store.registry.packages.as_deref();
    let index = subject.index;
    let first = index.packages.iter().filter_map(|(name, entry)| Some((name, entry, entry.key?)));
    let twins = index.package_twins.iter();
    let twins = twins.filter_map(|(name, key)| Some((name, index.packages.get(name)?, *key)));
    first.chain(twins).filter_map(move |(name, entry, key)| {
        Some((keys?, name.as_str(), entry, keys?.packages.keys.get(key)?))
    })
}

pub(super) fn names(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, _, entry, key) in registered(subject) {
        let Some(error) = key.name_error() else { continue };
        let right = entry.files.map(|files| subject.store.packages[files].name.clone());
        let evidence = Evidence {
            expected: right,
            actual: Some(key.name.clone()),
            reason: Some(error.to_string()),
            ..Evidence::default()
        };
        let whole = registry::whole(registry::package(&key.name));
        outcome.findings.push(Finding::new(FindingId::PackageKeyNameInvalid, whole, evidence));
    }
}

/// Every registered package that is not absent has its manifest, be it under a wrong name.
pub(super) fn manifests(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let misnamed: HashMap<&str, Finding> = subject
        .store
        .packages
        .iter()
        .filter_map(|files| {
            let path = Subject::path(&files.mum_path);
            let finding = Finding::new(FindingId::MumNameMismatch, path, Evidence::default());
            Some((files.misnamed_as.as_deref()?, finding))
        })
        .collect();
    for (_, name, entry, key) in registered(subject) {
        let files = entry.files.map(|files| &subject.store.packages[files]);
        let is_there = files.is_some_and(|files| files.has_mum);
        let is_absent = matches!(key.current_state, Field::Present(0));
        if is_there || is_absent || key.name_error().is_some() {
            continue;
        }
        let path = files.map_or_else(
            || format!("Windows/servicing/Packages/{}.mum", key.name),
            |files| files.mum_path.clone(),
        );
        let evidence = Evidence::because(format!("registered as {}", registry::package(&key.name)));
        let finding = Finding::new(FindingId::MumMissing, Subject::path(path), evidence);
        outcome.findings.push(match misnamed.get(name) {
            Some(root) => finding.caused_by(root),
            None => finding,
        });
    }
}

pub(super) fn values_present(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, _, _, key) in registered(subject) {
        let path = registry::package(&key.name);
        for (name, is_absent) in
            [("CurrentState", key.current_state.is_absent()), ("InstallName", key.install_name.is_absent())]
        {
            if is_absent {
                let subject = registry::value(&path, name);
                outcome.findings.push(Finding::new(FindingId::CbsValueMissing, subject, Evidence::default()));
            }
        }
    }
}

pub(super) fn value_types(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    const DWORD: &str = "REG_DWORD of 4 bytes";
    const TEXT: &str = "REG_SZ";
    let mut wrong = |subject: Subject, expected: &str, found: Option<&str>| {
        if let Some(found) = found {
            let evidence = Evidence::differs(expected, found);
            outcome.findings.push(Finding::new(FindingId::CbsValueType, subject, evidence));
        }
    };
    for (_, _, _, key) in registered(subject) {
        let path = registry::package(&key.name);
        wrong(registry::value(&path, "CurrentState"), DWORD, key.current_state.wrong());
        wrong(registry::value(&path, "Visibility"), DWORD, key.visibility.wrong());
        wrong(registry::value(&path, "InstallName"), TEXT, key.install_name.wrong());
        wrong(registry::value(&path, "InstallLocation"), TEXT, key.install_location.wrong());
        for (name, found) in &key.wrong_values {
            wrong(registry::value(&path, name), "the type that Windows writes", Some(found));
        }
        for owner in &key.owners {
            wrong(registry::owner(&key.name, &owner.name), DWORD, owner.data.wrong());
        }
    }
    if let Some(keys) = &subject.store.registry.packages {
        let servicing = format!(r"SOFTWARE\{}", registry::SERVICING);
        wrong(registry::value(&servicing, "ProcessorArchitecture"), DWORD, keys.architecture.wrong());
    }
}

/// States, also those that owners give in the low word of their values.
pub(super) fn states(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (keys, _, _, key) in registered(subject) {
        let mut judge = |subject: Subject, number: u32| {
            if !PackageState::is_known(keys, number) {
                let evidence =
                    Evidence::differs("a state of Component Based Servicing", format!("0x{number:X}"));
                outcome.findings.push(Finding::new(FindingId::CbsCurrentStateInvalid, subject, evidence));
            }
        };
        if let Some(number) = key.current_state.get() {
            judge(registry::value(&registry::package(&key.name), "CurrentState"), *number);
        }
        for owner in &key.owners {
            if let Some(number) = owner.data.get() {
                judge(registry::owner(&key.name, &owner.name), number & 0xFFFF);
            }
        }
    }
}

pub(super) fn visibility(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, _, _, key) in registered(subject) {
        if let Some(number) = key.visibility.get().filter(|number| **number > HIGHEST_VISIBILITY) {
            let evidence = Evidence::differs(format!("0 to {HIGHEST_VISIBILITY}"), number.to_string());
            let value = registry::value(&registry::package(&key.name), "Visibility");
            outcome.findings.push(Finding::new(FindingId::CbsVisibilityInvalid, value, evidence));
        }
    }
}

/// The name under which the package came: `update.mum` or the like, or the name of this package.
pub(super) fn install_names(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, name, _, key) in registered(subject) {
        let Some(install_name) = key.install_name.get() else { continue };
        if is_install_name_of(install_name, name) {
            continue;
        }
        let evidence = Evidence::differs(format!("{}.mum", key.name), install_name);
        let value = registry::value(&registry::package(&key.name), "InstallName");
        outcome.findings.push(Finding::new(FindingId::CbsInstallNameInvalid, value, evidence));
    }
}

fn is_install_name_of(install_name: &str, package: &str) -> bool {
    let is_plain =
        install_name.bytes().all(|byte| (0x20..=0x7E).contains(&byte) && !br#"\/:*?"<>|"#.contains(&byte));
    let Some(at) = install_name.len().checked_sub(".mum".len()).filter(|at| *at > 0) else { return false };
    let has_extension = install_name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(".mum"));
    let stem = install_name.get(..at).unwrap_or_default();
    is_plain && has_extension && (!stem.contains('~') || canonical(stem) == package)
}

/// The architecture that SOFTWARE and COMPONENTS give.
pub(super) fn architecture(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let packages = subject.store.registry.packages.as_ref().map(|keys| &keys.architecture);
    let components = subject.store.registry.components.as_ref().map(|keys| &keys.architecture);
    let servicing = registry::value(&format!(r"SOFTWARE\{}", registry::SERVICING), "ProcessorArchitecture");
    let store = registry::value("COMPONENTS", "StoreArchitecture");
    let mut found = |subject: Subject, evidence| {
        outcome.findings.push(Finding::new(FindingId::CbsArchitectureInvalid, subject, evidence));
    };
    if let Some(actual) = components.and_then(Field::wrong) {
        return found(store, Evidence::differs("REG_BINARY of 4 bytes", actual));
    }
    let of_packages = packages.and_then(Field::get);
    let of_store = components.and_then(Field::get);
    let is_unknown = |number: &&u32| !ARCHITECTURES.contains(number);
    for (number, subject) in [(of_packages, &servicing), (of_store, &store)] {
        if let Some(number) = number.filter(is_unknown) {
            return found(subject.clone(), Evidence::differs("0, 5, 6, 9 or 12", number.to_string()));
        }
    }
    if let (Some(one), Some(other)) = (of_packages, of_store)
        && one != other
    {
        found(
            servicing,
            Evidence::differs(format!("{other}, as StoreArchitecture in COMPONENTS"), one.to_string()),
        );
    }
}

/// A package that is still being staged has the folder that it comes from, as far as that can be told: inside of Windows.
pub(super) fn install_sources(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (keys, _, _, key) in registered(subject) {
        let state = key.current_state.get().map(|number| PackageState::number_since_windows_8(keys, *number));
        let Some(location) = key.install_location.get().filter(|_| matches!(state, Some(0x10 | 0x20 | 0x30)))
        else {
            continue;
        };
        let Some(inside) = inside_windows(location) else { continue };
        if is_missing(subject, &inside) {
            let value = registry::value(&registry::package(&key.name), "InstallLocation");
            let evidence = Evidence { actual: Some(location.clone()), ..Evidence::default() };
            outcome.findings.push(Finding::new(FindingId::InstallSourceMissing, value, evidence));
        }
    }
}

/// The names below `Windows` of a path as Windows writes it, if it leads there.
fn inside_windows(location: &str) -> Option<Vec<&str>> {
    let location =
        location.strip_prefix(r"\\?\").or_else(|| location.strip_prefix(r"\??\")).unwrap_or(location);
    let mut names = location.split(['\\', '/']).filter(|name| !name.is_empty());
    let first = names.next()?;
    let is_windows = |name: &str| name.eq_ignore_ascii_case("Windows");
    let is_variable =
        ["%SystemRoot%", "%windir%", "SystemRoot"].iter().any(|known| first.eq_ignore_ascii_case(known));
    let is_drive = first.len() == 2 && first.ends_with(':') && names.next().is_some_and(is_windows);
    let names: Vec<&str> = (is_variable || is_drive).then(|| names.collect())?;
    let is_safe = !names.iter().any(|name| matches!(*name, "." | ".."));
    is_safe.then_some(names).filter(|names| !names.is_empty())
}

fn is_missing(subject: &StoreSubject<'_>, names: &[&str]) -> bool {
    let image = subject.image;
    let Some((last, folders)) = names.split_last() else { return false };
    let mut inner = None;
    for name in folders {
        match image.enter(inner.as_ref().unwrap_or_else(|| image.windows()), name) {
            Place::Folder(folder) => inner = Some(folder),
            Place::Missing => return true,
            // Whether it is there cannot be told.
            Place::Other(_) | Place::Unreadable(_) => return false,
        }
    }
    inner.as_ref().unwrap_or_else(|| image.windows()).get(last).is_none()
}

/// Notes installed packages of which no parent is registered: what they build on is not there, or another way of
/// saying it was not understood.
pub(super) fn parents(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let is_registered =
        |name: &String| subject.index.packages.get(name).is_some_and(|entry| entry.key.is_some());
    for (_, _, entry, key) in registered(subject) {
        let files = entry.files.map(|files| &subject.store.packages[files]);
        let Some(content) = files.and_then(|files| files.content.as_ref()) else { continue };
        let is_installed = entry.state() == PackageState::Installed;
        if !is_installed || content.parents.is_empty() || content.parents.iter().any(is_registered) {
            continue;
        }
        let evidence = Evidence::because(format!("builds on {}", content.parents.join(" or ")));
        let whole = registry::whole(registry::package(&key.name));
        outcome.findings.push(Finding::new(FindingId::PackageParentAbsent, whole, evidence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn install_names_are_plain_and_of_the_package() {
        let package = canonical("A~31bf3856ad364e35~amd64~~1.0.0.0");
        for good in [
            "A~31bf3856ad364e35~amd64~~1.0.0.0.mum",
            "a~31BF3856ad364e35~amd64~~1.0.0.0.MUM",
            "update.mum",
            "update-bf.mum",
        ] {
            assert!(is_install_name_of(good, &package), "{good}");
        }
        for bad in [
            "",
            ".mum",
            "update",
            "B~31bf3856ad364e35~amd64~~1.0.0.0.mum",
            r"x\update.mum",
            "upd\u{1}ate.mum",
            "update.mun",
        ] {
            assert!(!is_install_name_of(bad, &package), "{bad}");
        }
    }

    #[test]
    fn only_locations_inside_of_windows_are_looked_at() {
        assert_eq!(inside_windows(r"\\?\C:\Windows\Temp\x\"), Some(vec!["Temp", "x"]));
        assert_eq!(inside_windows(r"%WINDIR%\Temp"), Some(vec!["Temp"]));
        assert_eq!(inside_windows(r"\SystemRoot\Temp"), Some(vec!["Temp"]));
        for other in [
            r"C:\Users\x",
            r"C:\Windows",
            r"\\server\Windows\x",
            "",
            r"C:\Windows\..\x",
            r"E:\x",
            r"cd\Windows\x",
            r"::\x\y",
        ] {
            assert_eq!(inside_windows(other), None, "{other}");
        }
    }
}
