//! Files that are made from other versions of a component, and what is known where those are not there.

use super::{Store, at, package_key, set};
use base64ct::{Base64, Encoding};
use checker::finding::FindingId;
use checker::format::delta::MAX_TARGET_BYTES;
use checker::unverified::Cause;
use checker::volume::Kind;
use simstore::build::{file_path, manifest_path};
use simstore::forms::differential_path;
use simstore::plan::{Assembly, AssemblyId, File, FileForm, Profile};
use simstore::registry::Hive;
use simstore::write::delta::{self, Delta};
use simstore::write::hive::Value;
use simstore::write::lzms;
use simstore::write::manifest::FileDigests;
use simstore::write::wrapper;
use std::cell::OnceCell;

/// The component of a name whose version is the base version, or the other one.
fn version_of(store: &Store, name: &str, is_first: bool) -> Assembly {
    let name = format!("Microsoft-Windows-{name}");
    let mut all = store.plan.assemblies.iter();
    let is_it = |assembly: &&Assembly| {
        let has_base_version = assembly.identity.version == store.plan.profile.base_version();
        assembly.identity.name == name && !assembly.is_deployment() && has_base_version == is_first
    };
    all.find(is_it).expect("a version of it").clone()
}

fn file_of<'a>(assembly: &'a Assembly, name: &str) -> &'a File {
    assembly.files.iter().find(|file| file.name == name).expect("a file of this name")
}

/// A store in which only a forward differential of `alone.dll` is there; and the first version of its component.
fn with_forward_alone() -> (Store, Assembly) {
    let store = Store::healthy(Profile::Win10);
    let first = version_of(&store, "Differentials", true);
    let later = version_of(&store, "Differentials", false);
    assert!(store.has(&file_path(&first, file_of(&first, "alone.dll"))));
    assert!(!store.has(&file_path(&later, file_of(&later, "alone.dll"))));
    store.is_silent();
    (store, first)
}

/// Writes a sound forward differential of a file, to nothing in particular.
fn write_forward(store: &mut Store, assembly: &Assembly, name: &str) {
    let forward = delta::write(&Delta::new(b"the first version", b"this version"));
    let path = differential_path(assembly, file_of(assembly, name), "f");
    store.write(&path, &wrapper::checksummed(&forward));
}

/// A version of a file from which a forward differential leads away is not the first one, and without a reverse one nothing
/// leads from it to the first one.
#[test]
fn a_version_without_reverse_differential_is_no_base() {
    let (mut store, first) = with_forward_alone();
    write_forward(&mut store, &first, "alone.dll");
    assert_eq!(store.errors(), ["delta-base-missing"]);
}

/// The differentials of one file say nothing of another.
#[test]
fn a_version_with_differentials_of_other_files_is_a_base() {
    let (mut store, first) = with_forward_alone();
    write_forward(&mut store, &first, "both.dll");
    assert_eq!(store.errors(), [""; 0]);
}

/// Of a version whose manifest is damaged it is not known what leads to the first version.
#[test]
fn a_version_with_damaged_manifest_may_be_a_base() {
    let (mut store, first) = with_forward_alone();
    store.write(&manifest_path(&first), b"");
    assert_eq!(store.errors(), ["manifest-zero-length"]);
}

/// What stands for a file may be in a folder that the host does not show.
#[test]
fn differentials_that_the_host_hides_may_stand_for_files() {
    let sound = Store::healthy(Profile::Win10);
    let assembly = sound.assembly(sound.component("Shared")).clone();
    for folder in ["f", "n"] {
        let mut store = sound.clone();
        let path = format!("Windows/WinSxS/{}/{folder}", assembly.key_form());
        store.volume.put_opaque(&at(&path), Kind::Reparse).unwrap();
        store.remove(&file_path(&assembly, &assembly.files[0]));
        store.leaves_unjudged(Cause::ReparsePoint, folder);
    }
}

/// Reverse differentials of executables are not expanded, and that is counted like the others.
#[test]
fn reverse_differentials_of_executables_are_counted() {
    let mut store = Store::healthy(Profile::Win10);
    let assembly = store.assembly(store.component("Shared")).clone();
    let executable =
        Delta { file_type_set: 0x0F, file_type: 8, preprocess: b"\x18", ..Delta::new(b"", b"MZ") };
    let reverse = wrapper::checksummed(&delta::write(&executable));
    store.write(&differential_path(&assembly, &assembly.files[0], "r"), &reverse);
    store.says(&[], &[Cause::ExecutableDelta]);
}

/// Damage of a compressed file is said at its place in the file, whatever stands before the differential.
#[test]
fn damage_is_said_at_its_place_in_the_file() {
    let sound = Store::healthy(Profile::Win10);
    let assembly = sound.assembly(sound.component("Shared")).clone();
    let file = &assembly.files[0];
    let null = delta::write(&Delta::new(b"", &sound.read(&file_path(&assembly, file))));
    let offset = |path: &str, bytes: &[u8], id| {
        let mut store = sound.clone();
        store.write(path, bytes);
        store.evidence(id).offset
    };
    let (path, of_null) = (file_path(&assembly, file), differential_path(&assembly, file, "n"));
    let damaged = FindingId::PayloadCompressionDamaged;
    let too_long = [&null[..], b"and more"].concat();
    let end = |bytes: &[u8]| Some((bytes.len() - b"and more".len()) as u64);
    let wrapped = wrapper::dcn(&too_long);
    assert_eq!(offset(&path, &wrapped, damaged), end(&wrapped));
    let checksummed = wrapper::checksummed(&too_long);
    assert_eq!(offset(&of_null, &checksummed, FindingId::DeltaNullCorrupt), end(&checksummed));
    assert_eq!(offset(&path, &wrapper::dcn(b"no differential"), damaged), Some(4));

    let manifest = manifest_path(&version_of(&sound, "Reduced", false));
    let wrapped_otherwise = [b"DCX\x01", &sound.read(&manifest)[4..]].concat();
    assert_eq!(offset(&manifest, &wrapped_otherwise, FindingId::ManifestCompressionDamaged), Some(0));

    let mut store = sound.clone();
    store.write(&path, &wrapped);
    let actual = store.evidence(damaged).actual;
    assert_eq!(actual.as_deref(), Some("8 more bytes"));
}

/// The numbers of a version.
fn numbers(assembly: &Assembly) -> [u16; 4] {
    let mut parts = assembly.identity.version.split('.').map(|part| part.parse().unwrap());
    std::array::from_fn(|_| parts.next().unwrap())
}

/// A differential against the file of another version is as good as that file, in whatever form it lies in the store.
#[test]
fn sources_of_differentials_may_be_compressed() {
    let sound = Store::healthy(Profile::Win10);
    let (older, newer) = (version_of(&sound, "Reduced", true), version_of(&sound, "Reduced", false));
    assert!(matches!(file_of(&older, "reduced.dll").form, FileForm::Against(_)));
    let source = file_path(&newer, file_of(&newer, "reduced.dll"));
    let content = sound.read(&source);
    let null = wrapper::dcn(&delta::write(&Delta::new(b"", &content)));
    for compressed in [null, wrapper::dcs(&content, wrapper::DCS_BLOCK_BYTES, lzms::block)] {
        let mut store = sound.clone();
        store.write(&source, &compressed);
        store.is_silent();
    }
    // Where it is damaged, the differential is not known to be. What is wrong with it by itself still is.
    let mut store = sound;
    store.write(&source, b"damaged");
    assert_eq!(store.errors(), ["payload-corrupt"]);
    let path = file_path(&older, file_of(&older, "reduced.dll"));
    store.write(&path, &wrapper::dcd(numbers(&newer), b"no differential"));
    assert_eq!(store.evidence(FindingId::PayloadCompressionDamaged).offset, Some(12));
}

/// A source of more than MAX_TARGET_BYTES is not expanded, however well it is compressed.
#[test]
fn sources_of_differentials_are_expanded_up_to_their_limit() {
    let mut store = Store::healthy(Profile::Win10);
    let (older, newer) = (version_of(&store, "Reduced", true), version_of(&store, "Reduced", false));
    let (path, source) = (
        file_path(&older, file_of(&older, "reduced.dll")),
        file_path(&newer, file_of(&newer, "reduced.dll")),
    );
    let delta = delta::write(&Delta::new(b"", b"of any source"));
    store.write(&path, &wrapper::dcd(numbers(&newer), &delta));
    assert_eq!(store.errors(), ["payload-corrupt"]);

    let block = OnceCell::new();
    let zeros = vec![0; MAX_TARGET_BYTES + wrapper::DCS_BLOCK_BYTES];
    let compress = |content: &[u8]| block.get_or_init(|| lzms::block(content)).clone();
    let listed = |content: &[u8]| Base64::encode_string(&FileDigests::of(content).sha256);
    let (former, now) = (listed(&store.read(&source)), listed(&zeros));
    let id = store.plan.assemblies.iter().position(|assembly| *assembly == newer).unwrap();
    store.resign_manifest(AssemblyId(id), |text| text.replace(&former, &now));
    store.write(&source, &wrapper::dcs(&zeros, wrapper::DCS_BLOCK_BYTES, compress));
    store.says(&["payload-not-verified"], &[Cause::DeltaWithoutSource]);
}

/// A file that stands for another one which is not there: an error where it is needed, and else a note.
#[test]
fn references_to_what_is_not_there() {
    let sound = Store::healthy(Profile::Win10);
    let (older, newer) = (version_of(&sound, "Reduced", true), version_of(&sound, "Reduced", false));
    let path = file_path(&older, file_of(&older, "reduced.dll"));
    // The file of the other version is there, and is another one.
    let mut store = sound.clone();
    store.write(&path, &wrapper::dch(numbers(&newer)));
    store.says(&["payload-not-verified"], &[Cause::VersionReference]);

    // Nothing is left of the other version.
    let mut store = sound.clone();
    let id = store.plan.assemblies.iter().position(|assembly| *assembly == newer).unwrap();
    store.remove_assembly(AssemblyId(id));
    assert_eq!(
        store.errors(),
        [
            "closure-component-missing",
            "delta-component-missing <- closure-component-missing",
            "delta-component-missing <- closure-component-missing",
            "winner-missing <- closure-component-missing",
        ]
    );

    let mut store = sound;
    store.write(&path, &wrapper::dch([1, 2, 3, 4]));
    store.raises("delta-component-missing");
    // The package that held it is gone.
    let package = store.package("Microsoft-Windows-Reduced-Older-Package").name();
    store.edit_key(Hive::Software, &package_key(&package), |key| set(key, Value::dword("CurrentState", 0)));
    store.says(&["payload-not-verified"], &[Cause::DeltaWithoutSource]);
}
