//! Any file may be anything: the scan reports and goes on.

use checker::finding::Severity;
use checker::format::catalog::MAX_CATALOG_BYTES;
use checker::format::manifest::MAX_MANIFEST_BYTES;
use checker::format::package::MAX_PACKAGE_BYTES;
use checker::image::Image;
use checker::scan::{Report, Scan, Skip};
use checker::unverified::Cause;
use checker::volume::{FailingVolume, Kind, MemoryVolume, Volume, VolumeMut, VolumePath};

const MANIFESTS: &str = "Windows/WinSxS/Manifests";
const PACKAGES: &str = "Windows/servicing/Packages";
const KEYFORM: &str = "amd64_sample_31bf3856ad364e35_1.0.0.0_none_";

fn path(text: &str) -> VolumePath {
    VolumePath::parse(text).unwrap()
}

/// A volume with these files; folders are made as needed.
fn volume(files: &[(&str, &[u8])]) -> MemoryVolume {
    let mut volume = MemoryVolume::new();
    volume.create_folder(&path(MANIFESTS)).unwrap();
    volume.create_folder(&path(PACKAGES)).unwrap();
    for (name, content) in files {
        let file = path(name);
        volume.create_folder(&file.parent().unwrap()).unwrap();
        volume.write(&file, content).unwrap();
    }
    volume
}

fn scan_with(volume: &dyn Volume, skip: Skip) -> Report {
    let image = Image::open(volume).unwrap();
    Scan::new(&image).skip(Skip { registry: true, ..skip }).threads(2).report()
}

fn scan(volume: &dyn Volume) -> Report {
    scan_with(volume, Skip { catalogs: true, ..Skip::default() })
}

/// Findings as `id subject`, then what could not be judged as `cause subject`.
fn said(report: &Report) -> Vec<String> {
    let findings =
        report.findings.iter().map(|(_, finding)| format!("{} {}", finding.id, finding.subject.name()));
    let gaps = report
        .not_verified
        .iter()
        .flat_map(|group| group.examples.iter().map(|example| format!("{} {example}", group.cause.as_str())));
    findings.chain(gaps).collect()
}

fn cause_of(report: &Report) -> Vec<Cause> {
    report.not_verified.iter().map(|group| group.cause).collect()
}

/// A sound manifest of a component with one file, and its key form.
fn manifest(file_name: &str) -> (String, String) {
    use checker::format::identity::{Attribute, Identity};
    let identity = Identity::default()
        .with(Attribute::Name, "Sample")
        .with(Attribute::Version, "1.0.0.0")
        .with(Attribute::ProcessorArchitecture, "amd64")
        .with(Attribute::PublicKeyToken, "31bf3856ad364e35");
    let document = format!(
        "<assembly xmlns='urn:schemas-microsoft-com:asm.v3'><assemblyIdentity name='Sample' version='1.0.0.0' \
         processorArchitecture='amd64' publicKeyToken='31bf3856ad364e35'/><file name='{file_name}'>\
         <hash xmlns='urn:schemas-microsoft-com:asm.v2' xmlns:d='http://www.w3.org/2000/09/xmldsig#'><d:DigestMethod \
         Algorithm='http://www.w3.org/2000/09/xmldsig#sha256'/>\
         <d:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</d:DigestValue></hash></file></assembly>"
    );
    (checker::format::keyform::component(&identity).unwrap().to_string(), document)
}

#[test]
fn empty_and_zero_filled_files_are_found() {
    let report = scan(&volume(&[
        (&format!("{PACKAGES}/a.mum"), b""),
        (&format!("{PACKAGES}/b.mum"), b"\0\0\0"),
        (&format!("{MANIFESTS}/c.manifest"), b""),
        (&format!("{MANIFESTS}/d.manifest"), b"\0\0\0"),
    ]));
    let ids: Vec<&str> = report.findings.iter().map(|(_, finding)| finding.id.as_str()).collect();
    assert_eq!(ids, ["mum-zero-length", "mum-all-zeros", "manifest-zero-length", "manifest-all-zeros"]);
    // A stage that an earlier one already decided is evidence, not a finding.
    assert_eq!(report.findings[0].1.evidence.also.len(), 1);
}

#[test]
fn a_file_is_read_up_to_its_limit() {
    for (name, limit, catalogs) in [
        (format!("{PACKAGES}/a.mum"), MAX_PACKAGE_BYTES, false),
        (format!("{PACKAGES}/a.cat"), MAX_CATALOG_BYTES, true),
        (format!("{MANIFESTS}/a.manifest"), MAX_MANIFEST_BYTES, false),
    ] {
        let skip = Skip { catalogs: !catalogs, ..Skip::default() };
        let at_limit = scan_with(&volume(&[(&name, &vec![0; limit])]), skip);
        assert!(!cause_of(&at_limit).contains(&Cause::TooLong), "{name}");
        assert_eq!(at_limit.findings.len(), 1, "{name}");
        let beyond = scan_with(&volume(&[(&name, &vec![0; limit + 1])]), skip);
        assert_eq!(cause_of(&beyond), [Cause::TooLong], "{name}");
        assert_eq!(beyond.exit_code(), 8);
    }
}

#[test]
fn things_of_the_wrong_kind_are_said_and_not_opened() {
    for kind in [Kind::Link, Kind::Reparse, Kind::Special] {
        let mut volume = volume(&[]);
        for name in [format!("{PACKAGES}/a.mum"), format!("{MANIFESTS}/{KEYFORM}0.manifest")] {
            volume.put_opaque(&path(&name), kind).unwrap();
        }
        volume.create_folder(&path(&format!("{MANIFESTS}/{KEYFORM}1.manifest"))).unwrap();
        let report = scan(&volume);
        assert!(report.findings.is_empty(), "{:?}", said(&report));
        assert_eq!(report.not_verified.iter().map(|group| group.count).sum::<usize>(), 3);
        assert_eq!(report.exit_code(), 8);
    }
}

#[test]
fn a_file_where_a_folder_should_be_is_said() {
    let mut volume = MemoryVolume::new();
    volume.create_folder(&path("Windows/WinSxS")).unwrap();
    volume.create_folder(&path("Windows/servicing")).unwrap();
    volume.write(&path(MANIFESTS), b"no folder").unwrap();
    volume.put_opaque(&path(PACKAGES), Kind::Link).unwrap();
    let report = scan(&volume);
    assert_eq!(said(&report), [format!("link {PACKAGES}"), format!("wrong-kind {MANIFESTS}")]);
}

#[test]
fn names_that_lead_out_of_the_folder_are_found_and_not_followed() {
    let (keyform, document) = manifest("..\\..\\..\\secret");
    let report = scan(&volume(&[
        (&format!("{MANIFESTS}/{keyform}.manifest"), document.as_bytes()),
        (&format!("Windows/WinSxS/{keyform}/x"), b""),
        ("secret", b"not the listed digest"),
    ]));
    let first = &report.findings[0].1;
    assert_eq!(
        (first.id.as_str(), first.subject.member_name()),
        ("file-name-unsafe", Some("..\\..\\..\\secret"))
    );
    assert!(said(&report).iter().all(|line| !line.contains("payload-")), "{:?}", said(&report));
}

#[test]
fn payload_of_any_kind_is_judged_or_said() {
    let (keyform, document) = manifest("sub\\file.dll");
    let manifest_path = format!("{MANIFESTS}/{keyform}.manifest");
    let folder = format!("Windows/WinSxS/{keyform}");
    let file = format!("{folder}/sub/file.dll");
    let with = |content: &[u8]| volume(&[(&manifest_path, document.as_bytes()), (&file, content)]);
    let ids = |volume: &MemoryVolume| {
        scan(volume).findings.iter().map(|(_, finding)| finding.id.as_str()).collect::<Vec<_>>()
    };
    assert!(ids(&with(b"")).is_empty());
    assert_eq!(ids(&with(b"changed")), ["payload-corrupt"]);
    assert_eq!(ids(&with(b"DCX\x01 compressed")), ["payload-not-verified"]);

    let mut reparse = with(b"");
    reparse.put_opaque(&path(&file), Kind::Reparse).unwrap();
    assert_eq!(ids(&reparse), ["payload-not-verified"]);

    let mut extra = with(b"");
    extra.write(&path(&format!("{folder}/other")), b"").unwrap();
    assert_eq!(ids(&extra), ["payload-extra"]);

    let mut folded = with(b"");
    folded.rename(&path(&format!("{folder}/sub")), &path(&format!("{folder}/SUB"))).unwrap();
    assert!(ids(&folded).is_empty());

    let mut linked = with(b"");
    linked.remove(&path(&format!("{folder}/sub"))).unwrap();
    linked.put_opaque(&path(&format!("{folder}/sub")), Kind::Link).unwrap();
    assert_eq!(cause_of(&scan(&linked)), [Cause::Link]);

    // Nothing installs the component, so nothing is missed without its folder, whatever stands there.
    let mut in_its_place = with(b"");
    in_its_place.remove(&path(&folder)).unwrap();
    in_its_place.write(&path(&folder), b"").unwrap();
    assert!(ids(&in_its_place).is_empty());
    let mut absent = with(b"");
    absent.remove(&path(&folder)).unwrap();
    assert!(ids(&absent).is_empty());
}

#[test]
fn names_that_fold_alike_are_found() {
    let report = scan(&volume(&[(&format!("{PACKAGES}/a.mum"), b""), (&format!("{PACKAGES}/A.mum"), b"\0")]));
    assert!(said(&report).contains(&format!("names-fold-alike {PACKAGES}/a.mum")), "{:?}", said(&report));
    // Only the first in the order of bytes is looked at.
    assert!(said(&report).contains(&format!("mum-all-zeros {PACKAGES}/A.mum")), "{:?}", said(&report));
    assert!(cause_of(&report).contains(&Cause::HiddenByCase));
}

#[cfg(unix)]
#[test]
fn names_that_are_no_unicode_are_said() {
    use std::os::unix::ffi::OsStringExt;
    let mut volume = volume(&[]);
    let name = std::ffi::OsString::from_vec(b"\xFF.mum".to_vec());
    volume.write(&path(PACKAGES).child(name).unwrap(), b"").unwrap();
    assert_eq!(said(&scan(&volume)), [format!("undecodable-name {PACKAGES}/\u{FFFD}.mum")]);
}

#[test]
fn documents_beyond_the_limits_are_said() {
    let deep = "<a>".repeat(1000) + &"</a>".repeat(1000);
    let report = scan(&volume(&[
        (&format!("{PACKAGES}/a.mum"), deep.as_bytes()),
        (&format!("{MANIFESTS}/a.manifest"), deep.as_bytes()),
    ]));
    assert!(cause_of(&report).contains(&Cause::BeyondLimits));
}

/// A long list is cut, and says by how much: MAX_SHOWN_OF_A_GROUP findings, MAX_HOLDERS deployments.
#[test]
fn long_lists_are_cut_and_counted() {
    use checker::report::text::{self, MAX_SHOWN_OF_A_GROUP};
    use checker::report::{Paint, Scanned};
    let many: Vec<(String, &[u8])> = (0..MAX_SHOWN_OF_A_GROUP + 5)
        .map(|number| (format!("{PACKAGES}/{number:02}.mum"), &b""[..]))
        .collect();
    let files: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let report = scan(&volume(&files));
    let at = checker::format::time::Instant::from_unix_seconds(0);
    let scanned = Scanned { skipped: vec!["registry"], ..Scanned::new("image", at) };
    let mut written = Vec::new();
    text::write(&mut written, &scanned, &report, Paint::Plain).unwrap();
    let written = String::from_utf8(written).unwrap();
    let expected =
        format!("error[mum-zero-length] 0x800705B9: The package manifest is empty: {} times.", many.len());
    assert_eq!(written.matches(&expected).count(), 1, "{written}");
    assert_eq!(written.matches("--> ").count(), MAX_SHOWN_OF_A_GROUP, "{written}");
    assert!(written.contains("  and 5 more in 1 place; --format json has them all\n"), "{written}");

    let deployments: Vec<(String, String)> = (0..5).map(deployment).collect();
    let files: Vec<(&str, &[u8])> =
        deployments.iter().map(|(name, document)| (name.as_str(), document.as_bytes())).collect();
    let report = scan(&volume(&files));
    let missing = &report.findings[0].1;
    assert_eq!(missing.id.as_str(), "closure-component-missing");
    assert!(missing.evidence.reason.as_deref().unwrap_or_default().ends_with(" and 2 more"), "{missing:?}");
}

/// A deployment that requires a component which is not there.
fn deployment(number: usize) -> (String, String) {
    use checker::format::identity::{Attribute, Identity};
    let name = format!("Deployment-{number}");
    let identity =
        Identity::default().with(Attribute::Name, name.as_str()).with(Attribute::Version, "1.0.0.0");
    let keyform = checker::format::keyform::component(&identity).unwrap();
    let document = format!(
        "<assembly xmlns='urn:schemas-microsoft-com:asm.v3'><assemblyIdentity name='{name}' version='1.0.0.0'/>\
         <deployment/><dependency><dependentAssembly dependencyType='install'><assemblyIdentity name='Absent' \
         version='1.0.0.0'/></dependentAssembly></dependency></assembly>"
    );
    (format!("{MANIFESTS}/{keyform}.manifest"), document)
}

#[test]
fn pending_work_is_a_warning() {
    let report = scan(&volume(&[("Windows/WinSxS/pending.xml", b"<a/>")]));
    assert_eq!(said(&report), ["pending-operations Windows/WinSxS/pending.xml"]);
    assert_eq!((report.count(Severity::Warning), report.exit_code()), (1, 0));
}

/// Whatever the host refuses, the scan ends, and says so.
#[test]
fn every_refusal_of_the_host_is_survived_and_said() {
    let (keyform, document) = manifest("file.dll");
    let sound = volume(&[
        (&format!("{MANIFESTS}/{keyform}.manifest"), document.as_bytes()),
        (&format!("Windows/WinSxS/{keyform}/file.dll"), b""),
        (&format!("{PACKAGES}/a.mum"), b"<a/>"),
        (&format!("{PACKAGES}/a.cat"), b"none"),
    ]);
    let whole = said(&scan_with(&sound, Skip::default()));
    let mut refused = 0;
    for fails_at in 0.. {
        let failing = FailingVolume::new(&sound, fails_at);
        let Ok(image) = Image::open(&failing) else {
            refused += 1;
            continue;
        };
        let report = Scan::new(&image).skip(Skip { registry: true, ..Skip::default() }).threads(1).report();
        if !failing.has_failed() {
            assert_eq!(said(&report), whole);
            assert!(fails_at > 10, "{fails_at}");
            break;
        }
        assert_ne!(said(&report), whole, "operation {fails_at} failed in silence");
    }
    assert!(refused > 0);
}
