//! Payload and manifests in other forms than plain files.

use super::{Store, component_key, named, set, value};
use checker::check::MAX_ORIGINALS;
use checker::finding::{FindingId, Severity};
use checker::image::Image;
use checker::scan::BaseUse;
use checker::unverified::Cause;
use checker::volume::{Kind, VolumeMut};
use simstore::build::{file_path, manifest_path, package_path, store_catalog_path};
use simstore::forms::differential_path;
use simstore::plan::{Assembly, AssemblyId, Payload, Profile, Role, Size, StorePlan};
use simstore::registry::Hive;
use simstore::write::delta::{self, Delta};
use simstore::write::hive::Value;
use simstore::write::{wcp, wrapper};

/// Which of the folders of differentials there are.
fn differentials(store: &Store, assembly: &Assembly) -> Vec<&'static str> {
    let folder = format!("Windows/WinSxS/{}", assembly.key_form());
    ["f", "n", "r"].into_iter().filter(|name| store.has(&format!("{folder}/{name}"))).collect()
}

// Item 11: files that were deleted.
#[test]
fn payload_of_features_that_are_off() {
    for profile in [Profile::Win81, Profile::Win10, Profile::Win11] {
        let mut store = Store::healthy(profile);
        let deleted = store.assembly(store.component("Deleted-Payload")).clone();
        let key = component_key(&deleted);
        assert!(deleted.payload == Payload::Deleted && !deleted.files.is_empty());
        assert!(!store.has(&format!("Windows/WinSxS/{}", deleted.key_form())));
        assert_eq!(named(store.key(Hive::Components, &key), "f!").count(), 0);
        assert_eq!(value(store.key(Hive::Components, &key), "CF"), Some(&Value::dword("CF", 0x41)));
        store.is_silent();

        store.edit_key(Hive::Components, &key, |key| set(key, Value::dword("CF", 1)));
        store.raises("f-mark-missing");
        store.raises("staged-payload-missing");
    }
}

// Item 11: the folder of deleted files may stay, with whatever else is in it.
#[test]
fn folders_of_deleted_payload() {
    let mut store = Store::healthy(Profile::Win10);
    let deleted = store.assembly(store.component("Deleted-Payload")).clone();
    let folder = format!("Windows/WinSxS/{}", deleted.key_form());
    store.write(&format!("{folder}/other.log"), b"listed by nobody");
    store.says(&["payload-extra"], &[]);
    store.write(&file_path(&deleted, &deleted.files[0]), b"deleted, they said");
    store.raises("payload-deleted-present");
}

/// Only folders are of differentials, and only those of the known names.
#[test]
fn other_entries_in_the_folders_of_components() {
    let store = Store::healthy(Profile::Win10);
    let folder = format!("Windows/WinSxS/{}", store.assembly(store.component("Shared")).key_form());
    for (other, unjudged) in [("f", &[Cause::WrongKind][..]), ("d/listed-by-nobody.dll", &[])] {
        let mut store = store.clone();
        store.write(&format!("{folder}/{other}"), b"something");
        store.says(&["payload-extra"], unjudged);
    }
    // An empty folder of differentials is none of anything.
    let mut store = store.clone();
    store.volume.create_folder(&super::at(&format!("{folder}/f"))).unwrap();
    store.is_silent();
}

// Item 11: files in other forms. Healthy stores have all of them, and nothing is left unjudged.
#[test]
fn payload_in_compressed_forms() {
    for (profile, first) in [(Profile::Win81, b'N'), (Profile::Win10, b'S'), (Profile::Win11, b'S')] {
        let mut store = Store::healthy(profile);
        for letter in [first, b'N', b'D', b'H'] {
            let files = store
                .plan
                .assemblies
                .iter()
                .flat_map(|assembly| assembly.files.iter().map(|file| file_path(assembly, file)));
            let mut stored = files.filter(|path| store.has(path)).map(|path| store.read(&path));
            assert!(stored.any(|bytes| bytes.starts_with(&[b'D', b'C', letter, 1])), "{}", letter as char);
        }
        store.is_silent();
        let off = store.assembly(store.component("Compressed-Files")).clone();
        store.write(&file_path(&off, &off.files[0]), b"compressed by nobody");
        store.raises("payload-corrupt");
    }
}

// Item 11: forms that are not expanded. Each is counted for what it is, and gives a note.
#[test]
fn payload_in_forms_that_are_not_expanded() {
    let sound = Store::healthy(Profile::Win11);
    let assembly = sound.assembly(sound.component("Shared")).clone();
    let path = file_path(&assembly, &assembly.files[0]);
    let executable =
        Delta { file_type_set: 0x0F, file_type: 8, preprocess: b"\x18", ..Delta::new(b"", b"MZ") };
    let executable = delta::write(&executable);
    let mut reverse_form = Delta::new(b"", b"MZ");
    reverse_form.file_type_set = 0x101;
    for (bytes, cause) in [
        (wrapper::dcx(b"of which nothing is known"), Cause::UnknownCompression),
        (wrapper::dcn(&executable), Cause::ExecutableDelta),
        (wrapper::dcn(&delta::write(&reverse_form)), Cause::UnsupportedDelta),
    ] {
        let mut store = sound.clone();
        store.write(&path, &bytes);
        store.says(&["payload-not-verified"], &[cause]);
    }
    let (folder, name) = path.rsplit_once('/').unwrap();
    for form in ["f", "n"] {
        let mut store = sound.clone();
        store.write(&format!("{folder}/{form}/{name}"), &wrapper::checksummed(&executable));
        assert_eq!(differentials(&store, &assembly), [form]);
        // Beside the file itself it is only counted.
        let absent_reverse: &[&str] = if form == "f" { &["reverse-delta-absent"] } else { &[] };
        store.says(absent_reverse, &[Cause::ExecutableDelta]);
        store.remove(&path);
        if form == "n" {
            store.says(&["payload-not-verified"], &[Cause::ExecutableDelta]);
        } else {
            // Whatever it would make: there is nothing to make it from.
            store.raises("delta-base-missing");
        }
    }
}

// Item 11: of a file with many versions the first one is looked for among so many others.
#[test]
fn many_versions_of_a_file() {
    let others = |count: usize| {
        let mut plan = StorePlan::from_seed(5, Profile::Win10, Size::SMALL);
        let (id, first) = plan
            .assemblies
            .iter()
            .enumerate()
            .find(|(_, assembly)| assembly.files.iter().any(|file| file.name == "alone.dll"))
            .map(|(index, assembly)| (AssemblyId(index), assembly.clone()))
            .unwrap();
        assert_eq!(first.identity.version, plan.profile.base_version());
        for number in 0..count {
            // Names of these come before that of the first version.
            let mut other = first.clone();
            other.identity.version = format!("{}{number:02}", first.identity.version);
            other.files.iter_mut().for_each(|file| file.content.number += 1000 * (1 + number as u64));
            plan.assemblies.push(other);
        }
        let added = (plan.assemblies.len() - count..plan.assemblies.len()).map(AssemblyId);
        let holder = plan.assemblies.iter_mut().find_map(|assembly| match &mut assembly.role {
            Role::Deployment { installs } if installs.contains(&id) => Some(installs),
            _ => None,
        });
        holder.unwrap().extend(added);
        crate::scan(&crate::in_memory(&plan)).not_verified
    };
    assert_eq!(others(MAX_ORIGINALS - 1), []);
    let causes: Vec<Cause> = others(MAX_ORIGINALS).iter().map(|group| group.cause).collect();
    assert_eq!(causes, [Cause::DeltaWithoutSource]);
}

// Item 11: reverse differentials are there for some files and not for others.
#[test]
fn reverse_differentials_are_absent() {
    let mut store = Store::healthy(Profile::Win11);
    let assembly = store.assembly(store.component("Shared")).clone();
    let path = file_path(&assembly, &assembly.files[0]);
    let (folder, name) = path.rsplit_once('/').unwrap();
    let reverse = delta::write(&Delta::new(&store.read(&path), b"the first version"));
    store.write(&format!("{folder}/r/{name}"), &wrapper::checksummed(&reverse));
    assert_eq!(differentials(&store, &assembly), ["r"]);
    assert!(assembly.files.len() > 1);
    store.is_silent();

    // It leads from the file to another one, so that it cannot stand for it.
    store.remove(&path);
    store.raises("payload-missing");
}

// Item 11: manifests in compressed form, and plain ones beside them.
#[test]
fn compressed_manifests() {
    for profile in [Profile::Win81, Profile::Win10, Profile::Win11] {
        let store = Store::healthy(profile);
        let stored = store.plan.assemblies.iter().map(|assembly| store.read(&manifest_path(assembly)));
        let (compressed, plain): (Vec<_>, Vec<_>) = stored.partition(|bytes| bytes.starts_with(b"DCM\x01"));
        assert!(compressed.len() > plain.len() && !plain.is_empty());
        store.is_silent();
    }
}

// Item 11: without the library that holds the base, what compressed manifests list is not known. Whoever has the base can
// give it.
#[test]
fn compressed_manifests_without_base() {
    let mut store = Store::healthy(Profile::Win10);
    let stack = store.assembly(store.plan.newest_stack().unwrap()).clone();
    store.remove(&format!("Windows/WinSxS/{}", stack.key_form()));
    store.leaves_unjudged(Cause::CompressedManifest, "no library");
    let report = super::scan(&store.volume);
    let reason = "wcp.dll: it is compressed itself, as in a superseded servicing stack";
    assert!(matches!(report.base, Some(BaseUse::None(said)) if said.ends_with(reason)));

    let image = Image::open(&store.volume).unwrap();
    let report = crate::scan_of(&image).base(wcp::BASE.to_vec()).report();
    let findings: Vec<_> = report.findings.iter().map(|(_, finding)| finding).collect();
    assert_eq!(report.count(Severity::Error), 1, "{findings:#?}");
    assert_eq!(report.base, Some(BaseUse::Used { library: None, is_known: false }));
    let lost = findings.into_iter().find(|finding| finding.severity == Severity::Error).unwrap();
    assert_eq!(lost.id, FindingId::PayloadDirectoryMissing);
}

// A base of another image, which makes nothing of any manifest, does as little as none.
#[test]
fn compressed_manifests_with_a_base_that_does_not_fit() {
    let store = Store::healthy(Profile::Win10);
    let image = Image::open(&store.volume).unwrap();
    let report = crate::scan_of(&image).base(wcp::BASE[1..].to_vec()).report();
    assert_eq!(report.count(Severity::Error), 0);
    let reason = "the base document that was given fits none of them".to_owned();
    assert_eq!(report.base, Some(BaseUse::None(reason)));
    assert!(report.not_verified.iter().any(|group| group.cause == Cause::CompressedManifest));
}

// Item 12.
#[test]
fn files_that_the_host_shows_as_reparse_points() {
    let sound = Store::healthy(Profile::Win10);
    let assemblies = || sound.plan.assemblies.iter();
    let present = || assemblies().filter(|assembly| assembly.payload == Payload::Present);
    let packages = || sound.plan.packages.iter();
    let with_files = present().filter(|assembly| !assembly.files.is_empty());
    let files = present().flat_map(|assembly| assembly.files.iter().map(|file| file_path(assembly, file)));
    let files = files.filter(|path| sound.has(path));
    let differentials = present().flat_map(|assembly| {
        let files = assembly.files.iter();
        files.flat_map(move |file| ["f", "n", "r"].map(|folder| differential_path(assembly, file, folder)))
    });
    let kinds: [(&str, Vec<String>); 7] = [
        ("differentials", differentials.filter(|path| sound.has(path)).collect()),
        ("files", files.collect()),
        ("folders", with_files.map(|assembly| format!("Windows/WinSxS/{}", assembly.key_form())).collect()),
        ("manifests", assemblies().map(manifest_path).collect()),
        ("package manifests", packages().map(|package| package_path(package, "mum")).collect()),
        ("package catalogs", packages().map(|package| package_path(package, "cat")).collect()),
        ("catalogs", sound.built.foreign_catalogs.iter().map(store_catalog_path).collect()),
    ];
    for (which, paths) in &kinds {
        let mut store = sound.clone();
        assert!(!paths.is_empty(), "{which}");
        for path in paths {
            store.remove(path);
            store.volume.put_opaque(&super::at(path), Kind::Reparse).unwrap();
        }
        store.leaves_unjudged(Cause::ReparsePoint, which);
    }
    let mut store = sound.clone();
    store.write(&kinds[1].1[0], b"");
    store.raises("payload-corrupt");
}
