//! What is said of files by themselves, as a program reads it.

use crate::alike::Piecemeal;
use crate::faults::store_of;
use crate::{AT, roots};
use checker::finding::FindingId;
use checker::format::catalog::Verifier;
use checker::inspect::{FileKind, Inspection, Inspector};
use checker::report::json::InspectLine;
use checker::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use serde_json::{Value, json};
use simstore::build::{manifest_path, package_path};
use simstore::plan::{Assembly, ManifestForm, PackageId, Profile};
use simstore::store::Store;
use simstore::write::manifest::FileDigests;
use simstore::write::names::identity_text;
use simstore::write::wcp;

fn inspect(volume: &dyn Volume, path: &str) -> Inspection {
    let roots = roots();
    let inspector = Inspector::new(volume, Verifier::new(&roots, AT)).base(Some(wcp::BASE.to_vec()));
    inspector.inspect(&VolumePath::parse(path).unwrap(), "shown")
}

/// The line about a file of a store.
fn line(store: &Store, path: &str) -> Value {
    serde_json::to_value(InspectLine::new(&inspect(&store.volume, path))).unwrap()
}

/// Some fields of a line or of a part of it.
fn fields<const N: usize>(of: &Value, names: [&str; N]) -> [Value; N] {
    names.map(|name| of[name].clone())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn manifests_are_told_by_their_kind() {
    let store = store_of(1, Profile::Win10);
    for (is_deployment, form, kind) in [
        (false, ManifestForm::Plain, "component-manifest"),
        (true, ManifestForm::Plain, "deployment-manifest"),
        (false, ManifestForm::Compressed, "compressed-manifest"),
    ] {
        let has_files = |assembly: &Assembly| assembly.files.len() == usize::from(!is_deployment);
        let (index, assembly) = store
            .plan
            .assemblies
            .iter()
            .enumerate()
            .filter(|(_, assembly)| assembly.is_deployment() == is_deployment)
            .find(|(_, assembly)| assembly.manifest_form == form && has_files(assembly))
            .unwrap();
        let line = line(&store, &manifest_path(assembly));
        assert_eq!(
            fields(&line, ["kind", "keyform", "name_matches", "identity_text", "findings"]),
            [
                json!(kind),
                json!(assembly.key_form()),
                json!(true),
                json!(identity_text(&assembly.identity)),
                json!([])
            ]
        );
        assert_eq!(line["identity"]["name"], assembly.identity.name);
        let listed = assembly.files.iter().zip(&store.built.files[index]).map(|(file, digests)| {
            json!({ "name": file.name, "algorithm": "sha256", "digest": hexadecimal(&digests.sha256) })
        });
        assert_eq!(line["files"], listed.collect::<Value>());
        // The digest is that of the document, which a compressed manifest holds.
        let document = if form == ManifestForm::Plain { "sha256" } else { "document_sha256" };
        assert_eq!(line[document], hexadecimal(&store.built.manifests[index].sha256));
    }
}

#[test]
fn package_manifests_are_told_with_their_names() {
    let store = store_of(1, Profile::Win10);
    let package = store.plan.package(PackageId(0));
    let line = line(&store, &package_path(package, "mum"));
    assert_eq!(
        fields(&line, ["kind", "package_name", "name_matches", "files", "findings"]),
        [json!("package-manifest"), json!(package.name()), json!(true), Value::Null, json!([])]
    );
}

#[test]
fn catalogs_are_told_with_what_their_signatures_are_worth() {
    for (profile, format, time_stamp, kind) in [
        (Profile::Win7, "v1", "2011-07-01T00:00:00Z", "PKCS#9"),
        (Profile::Win10, "v2", "2020-07-01T00:00:00Z", "RFC 3161"),
    ] {
        let store = store_of(1, profile);
        let line = line(&store, &package_path(store.plan.package(PackageId(0)), "cat"));
        assert_eq!(
            fields(&line, ["kind", "sha256", "member_format", "name_matches", "findings"]),
            [
                json!("catalog"),
                json!(hexadecimal(&store.built.catalogs[0])),
                json!(format),
                Value::Null,
                json!([])
            ]
        );
        assert_eq!(line["members"].as_u64(), line["member_digests"].as_array().map(|all| all.len() as u64));
        assert_eq!(
            fields(&line["signature"], ["verdict", "code", "time_stamp", "time_stamp_kind", "reason"]),
            [json!("valid-by-timestamp"), json!("0x00000000"), json!(time_stamp), json!(kind), Value::Null]
        );
    }
}

/// A package manifest is named as its package, but for the first one of an update.
#[test]
fn package_manifests_of_other_names() {
    let store = store_of(1, Profile::Win10);
    let path = VolumePath::parse(&package_path(store.plan.package(PackageId(0)), "mum")).unwrap();
    let mut volume = MemoryVolume::new();
    for (name, matches, findings) in [
        ("update.mum", None, vec![]),
        ("update-bf.mum", None, vec![]),
        ("updates.mum", Some(false), vec![FindingId::MumNameMismatch]),
    ] {
        volume.write(&VolumePath::parse(name).unwrap(), store.volume.lend(&path).unwrap()).unwrap();
        let inspection = inspect(&volume, name);
        let found: Vec<FindingId> = inspection.findings.iter().map(|finding| finding.id).collect();
        assert_eq!((inspection.name_matches, found), (matches, findings), "{name}");
    }
}

/// Catalogs are known by what they begin with; other things begin in nearly the same way. However a host gives them, their
/// digests are those of the whole files.
#[test]
fn files_are_known_whatever_they_are_called() {
    let store = store_of(1, Profile::Win10);
    let path = VolumePath::parse(&package_path(store.plan.package(PackageId(0)), "cat")).unwrap();
    let catalog = store.volume.lend(&path).unwrap();
    let certificate = roots().certificates()[0].to_vec();
    let mut volume = MemoryVolume::new();
    for (content, kind) in [(catalog, FileKind::Catalog), (&certificate, FileKind::Other)] {
        volume.write(&VolumePath::parse("file").unwrap(), content).unwrap();
        for volume in [&volume as &dyn Volume, &Piecemeal { inner: &volume }] {
            let inspection = inspect(volume, "file");
            assert_eq!((inspection.kind, inspection.findings), (kind, vec![]));
            let sha256 = inspection.sha256.map(|digest| digest.to_string());
            assert_eq!(sha256, Some(hexadecimal(&FileDigests::of(content).sha256)));
        }
    }
}

/// Where damage is counts from the start of the file.
#[test]
fn damage_of_manifests_is_said_at_its_place() {
    let store = store_of(1, Profile::Win10);
    let stored = |form| {
        let mut all = store.plan.assemblies.iter();
        let has_form = |assembly: &&Assembly| assembly.manifest_form == form && !assembly.files.is_empty();
        let path = manifest_path(all.find(has_form).unwrap());
        let bytes = store.volume.lend(&VolumePath::parse(&path).unwrap()).unwrap().to_vec();
        (path.rsplit_once('/').unwrap().1.to_owned(), bytes)
    };
    let ((name, plain), (_, compressed)) = (stored(ManifestForm::Plain), stored(ManifestForm::Compressed));
    let text = String::from_utf8(plain.clone()).unwrap();
    let without_digest = text.replace("DigestValue>", "Value>");
    let cases: [(&str, &[u8], usize); 4] = [
        ("manifest-nul-tail", &[&plain[..], &[0; 7]].concat(), plain.len()),
        ("manifest-compression-trailing", &[&compressed[..], b"more"].concat(), compressed.len()),
        ("manifest-compression-damaged", b"DCM\x01no differential", 4),
        ("file-digest-undecodable", without_digest.as_bytes(), text.find("<file ").unwrap()),
    ];
    for (id, bytes, offset) in cases {
        let mut volume = MemoryVolume::new();
        volume.write(&VolumePath::parse(&name).unwrap(), bytes).unwrap();
        let findings = inspect(&volume, &name).findings;
        let found = findings.iter().find(|finding| finding.id.as_str() == id);
        let evidence = &found.unwrap_or_else(|| panic!("{id} is not among {findings:#?}")).evidence;
        assert_eq!(evidence.offset, Some(offset as u64), "{id}");
    }
}
