//! What a row is about, from its columns.

use crate::finding::{FindingId, Object, Subject};
use crate::format::servicing_log::{CORRUPT, MANIFEST_MISSING, MARKED, NOT_CBS, Row, RowKind};

/// The folders of the store as logs write them, in small letters, and as they are.
const FOLDERS: [(&str, &str); 4] = [
    (r"servicing\packages\", "Windows/servicing/Packages/"),
    (r"winsxs\manifests\", "Windows/WinSxS/Manifests/"),
    (r"winsxs\catalogs\", "Windows/WinSxS/Catalogs/"),
    (r"winsxs\", "Windows/WinSxS/"),
];

/// The path of a file that a log names by its path below `Windows`, in either casing.
pub(super) fn path_below_windows(field: &str) -> Option<String> {
    let (folder, there) = FOLDERS.into_iter().find(|(folder, _)| {
        field.get(..folder.len()).is_some_and(|start| start.replace('/', r"\").eq_ignore_ascii_case(folder))
    })?;
    Some(format!("{there}{}", field[folder.len()..].replace('\\', "/")))
}

/// What a row is about, if it is the finding that is given.
pub(super) fn of(row: &Row, id: FindingId) -> Subject {
    let field = |at: usize| row.fields.get(at).map_or("", String::as_str);
    let (first, second) = (field(0), field(1));
    if let Some(path) = path_below_windows(first) {
        return Subject::path(path);
    }
    if let Some(key) = registry_key(first, second) {
        return Subject::Key { key, member: None };
    }
    // Our own rows in the form of CBS.log name a key as a whole.
    if [r"COMPONENTS\", r"SOFTWARE\"].iter().any(|hive| first.starts_with(hive)) {
        return Subject::Key { key: first.to_owned(), member: None };
    }
    match row.category.as_str() {
        MANIFEST_MISSING | MARKED => return package_file(first, "mum"),
        NOT_CBS => return manifest(first),
        CORRUPT => return Subject::path("Windows/WinSxS"),
        _ => {}
    }
    match id.info().object {
        Object::PackageManifest if row.kind == RowKind::Present => package_file(first, "mum"),
        Object::PackageCatalog if row.kind == RowKind::Present => package_file(first, "cat"),
        Object::ComponentManifest if second.is_empty() => manifest(first),
        Object::Payload => match second {
            "" => Subject::path(format!("Windows/WinSxS/{}", first.replace('\\', "/"))),
            component => Subject::path(format!("Windows/WinSxS/{component}/{}", first.replace('\\', "/"))),
        },
        Object::ComponentsHive | Object::CbsRegistry if row.kind != RowKind::Warning => match second {
            "" => Subject::Key { key: format!(r"{}\{first}", parent_key(id)), member: None },
            key => Subject::Key { key: format!(r"{}\{key}", parent_key(id)), member: Some(first.to_owned()) },
        },
        Object::CbsRegistry => Subject::Key { key: format!(r"{}\{first}", parent_key(id)), member: None },
        _ => Subject::path(format!("Windows/{}", first.replace('\\', "/"))),
    }
}

fn package_file(package: &str, extension: &str) -> Subject {
    Subject::path(format!("Windows/servicing/Packages/{package}.{extension}"))
}

fn manifest(component: &str) -> Subject {
    Subject::path(format!("Windows/WinSxS/Manifests/{component}.manifest"))
}

/// A key by its name and the path of it or of the key that it is in, as `HKLM\Components\DerivedData\Components`.
fn registry_key(name: &str, path: &str) -> Option<String> {
    let start = path.get(..5).filter(|start| start.eq_ignore_ascii_case(r"HKLM\"))?;
    let (hive, rest) = path[start.len()..].split_once('\\')?;
    let hive = hive.to_ascii_uppercase();
    let is_whole = rest.strip_suffix(name).is_some_and(|parent| parent.ends_with('\\'));
    Some(if is_whole { format!(r"{hive}\{rest}") } else { format!(r"{hive}\{rest}\{name}") })
}

/// Where the keys are that a finding is about.
fn parent_key(id: FindingId) -> &'static str {
    let name = id.as_str();
    let starts = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    if id == FindingId::WatchlistPackageMissing {
        return r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\PackageDetect";
    }
    if id == FindingId::WatchlistComponentMissing {
        return r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\ComponentDetect";
    }
    if id == FindingId::CbsIndexTargetMissing {
        return r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\PackageIndex";
    }
    if id.info().object == Object::CbsRegistry {
        return r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages";
    }
    if starts(&["deployment-", "s-mark", "mark-"]) {
        return r"COMPONENTS\CanonicalData\Deployments";
    }
    if starts(&["catalogs-"]) {
        return r"COMPONENTS\CanonicalData\Catalogs";
    }
    if starts(&["winner-"]) {
        return r"COMPONENTS\DerivedData\VersionedIndex";
    }
    r"COMPONENTS\DerivedData\Components"
}
