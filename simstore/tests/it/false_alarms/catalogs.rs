//! Catalogs: who signed them, when, and what they list.

use super::{Store, component, holder};
use crate::{AT, read_back, roots};
use checker::finding::{FindingId, Severity};
use checker::format::catalog::{Catalog, Roots, Status, Verifier};
use checker::image::Image;
use checker::scan::{Report, Scan};
use simstore::build::{catalog_of, package_path, store_catalog_path};
use simstore::expectation::Expectation;
use simstore::plan::{PackageId, Profile, Signing};
use simstore::registry::Hive;
use simstore::write::authority::{Signer, TimeStamper};
use simstore::write::calendar::midnight;
use simstore::write::catalog::{Format, Signature, TimeStampForm};
use simstore::write::hive::{Key, Value};

/// Changes the signature of a package's catalog.
fn resign(store: &mut Store, id: PackageId, change: impl FnOnce(&mut Signature)) {
    store.resign_package(id, |catalog| change(catalog.signature.as_mut().expect("a signature")));
}

fn status(store: &Store, id: PackageId) -> Status {
    let roots = roots();
    let bytes = store.read(&package_path(store.plan.package(id), "cat"));
    Verifier::new(&roots, AT).verdict(&Catalog::parse(&bytes).unwrap()).status
}

// Item 26: signer, issuer, root and time stamper have all expired.
#[test]
fn expired_certificates_with_a_time_stamp() {
    let signings = [
        (Profile::Win7, Signing::Windows7, Signer::Windows7),
        (Profile::Win7, Signing::Windows7Bare, Signer::Windows7),
        (Profile::Win81, Signing::Windows81, Signer::Windows10Expired),
        (Profile::Win10, Signing::Windows10, Signer::Windows10Expired),
    ];
    for (profile, signing, signer) in signings {
        let mut store = Store::healthy(profile);
        let signed = store.plan.packages.iter().position(|package| package.catalog.signing == signing);
        let id = PackageId(signed.unwrap());
        let signature = catalog_of(&store.plan, id, &store.built).signature.unwrap();
        assert!(signature.signer == signer && signature.time_stamp.is_some());
        assert_eq!(status(&store, id), Status::ValidByTimeStamp, "{signing:?}");
        store.is_silent();

        resign(&mut store, id, |signature| signature.time_stamp = None);
        assert_eq!(status(&store, id), Status::Expired, "{signing:?}");
        store.raises("catalog-expired");
    }
}

// Item 26: an expired root that the catalog brings along is a root all the same.
#[test]
fn expired_roots() {
    let mut store = Store::healthy(Profile::Win7);
    resign(&mut store, PackageId(0), |signature| signature.include_root = true);
    assert_eq!(status(&store, PackageId(0)), Status::ValidByTimeStamp);
    store.is_silent();

    // A time stamp helps only if it is of a time at which the certificates were valid.
    resign(&mut store, PackageId(0), |signature| {
        signature.time_stamp.as_mut().unwrap().unix_seconds = midnight(2012, 12, 1);
    });
    store.raises("catalog-timestamp-outside");
    resign(&mut store, PackageId(0), |signature| {
        let stamp = signature.time_stamp.as_mut().unwrap();
        assert_eq!(stamp.form, TimeStampForm::CounterSignature);
        stamp.stamper = TimeStamper::Windows7Lapsed;
    });
    store.raises("catalog-timestamp-broken");
}

// Item 27: members twice, and members of files that are not there.
#[test]
fn members_twice_and_members_of_nothing() {
    let mut store = Store::healthy(Profile::Win10);
    let id = holder(&store.plan, component(&store.plan, "Odd-Catalog"));
    let mut catalog = catalog_of(&store.plan, id, &store.built);
    let tags: Vec<[u8; 32]> = catalog.members.iter().map(|member| member.sha256).collect();
    assert!(tags.iter().any(|tag| tags.iter().filter(|other| *other == tag).count() > 1));
    assert!(store.plan.package(id).catalog.unmatched_member);
    // The later format has members in pairs, of which one has no indirect data.
    assert_eq!(catalog.format, Format::V2);
    store.is_silent();

    let mum = catalog.members.remove(0);
    store.resign_package(id, |catalog| catalog.members.retain(|member| *member != mum));
    store.raises("mum-not-in-catalog");
}

// Item 27: tags that are names, and a list that is younger than its time stamp.
#[test]
fn members_tagged_by_name() {
    let mut store = Store::healthy(Profile::Win7);
    let id = holder(&store.plan, component(&store.plan, "Shared"));
    let before = store.read(&package_path(store.plan.package(id), "cat"));
    store.resign_package(id, |catalog| {
        assert_eq!(catalog.format, Format::V1);
        for (number, member) in catalog.members.iter_mut().enumerate() {
            member.tag = Some(format!("member-{number}.dll"));
        }
        catalog.this_update += 2 * 60 * 60;
        let stamp = catalog.signature.as_ref().and_then(|signature| signature.time_stamp.as_ref());
        assert!(catalog.this_update > stamp.unwrap().unix_seconds);
    });
    let after = store.read(&package_path(store.plan.package(id), "cat"));
    let holds = |bytes: &[u8], text: &str| {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(units.len()).any(|window| window == units)
    };
    assert!(holds(&after, "member-1.dll") && !holds(&before, "member-1.dll"));
    store.is_silent();

    // The manifest of the shared component is in the catalog of another package, too; the deployment's is not.
    store.resign_package(id, |catalog| catalog.members.truncate(1));
    store.raises("manifest-not-in-catalog");
}

// Item 27.
#[test]
fn catalogs_of_the_store_alone() {
    let mut store = Store::healthy(Profile::Win11);
    let [catalog] = store.built.foreign_catalogs[..] else { panic!("one deployment of others") };
    assert!(store.has(&store_catalog_path(&catalog)) && !store.built.catalogs.contains(&catalog));
    store.is_silent();

    store.remove(&store_catalog_path(&catalog));
    store.raises("csi-catalog-missing");
}

/// A scan that trusts nothing.
fn scan_without_roots(store: &Store) -> Report {
    let image = Image::open(&store.volume).expect("an image");
    Scan::new(&image).roots(Roots::none()).at(AT).report()
}

// Item 28. Without roots every package has a warning, and nothing is an error.
#[test]
fn images_without_roots() {
    let mut store = Store::healthy(Profile::Win10);
    // A root that the catalog brings along is no stranger while there are no others.
    resign(&mut store, PackageId(0), |signature| signature.include_root = true);
    let roots = "Microsoft\\SystemCertificates";
    assert!(store.registry.key(Hive::Software, roots).is_none());
    let report = scan_without_roots(&store);
    assert_eq!(report.count(Severity::Error), 0, "{:#?}", report.findings);
    let warnings = report.findings.iter().filter(|(_, finding)| finding.severity == Severity::Warning);
    let ids: Vec<FindingId> = warnings.map(|(_, finding)| finding.id).collect();
    assert_eq!(
        ids,
        vec![FindingId::CatalogNotAnchored; store.plan.packages.len() + store.plan.foreign.len()]
    );
    let notes = read_back(&report).findings.into_iter().filter(|finding| finding.severity == "note");
    let mut notes: Vec<_> = notes.collect();
    let mut foretold = Expectation::of(&store.plan).notes;
    notes.sort();
    foretold.sort();
    assert_eq!(notes, foretold);
    assert!(report.not_verified.is_empty(), "{:?}", report.not_verified);
    store.is_silent();

    resign(&mut store, PackageId(0), |signature| {
        signature.signer = Signer::Stranger;
        signature.include_root = true;
    });
    store.raises("catalog-untrusted-root");
}

/// A certificate as Windows keeps it in the registry: a run of properties, of which the 32nd is the certificate.
fn blob(certificate: &[u8]) -> Vec<u8> {
    let property = |number: u32, data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap();
        [&number.to_le_bytes()[..], &1_u32.to_le_bytes(), &length.to_le_bytes(), data].concat()
    };
    [property(3, b"a digest"), property(32, certificate)].concat()
}

// Item 28. Anybody may have put a root into an image: only those of Microsoft count, and others if that is asked for.
#[test]
fn roots_of_the_image() {
    let mut store = Store::healthy(Profile::Win10);
    let trusted = roots();
    let keys = trusted.certificates().into_iter().enumerate().map(|(number, certificate)| {
        Key::new(number.to_string()).with_value(Value::binary("Blob", blob(certificate)))
    });
    let mut certificates = Key::new("Certificates");
    certificates.subkeys = keys.collect();
    let authorities = Key::new("SystemCertificates").with_subkey(Key::new("ROOT").with_subkey(certificates));
    store.edit_key(Hive::Software, "Microsoft", |key| key.subkeys.push(authorities));
    assert_eq!(scan_without_roots(&store).image_roots, 0);
    assert!(scan_without_roots(&store).count(Severity::Warning) > 0);

    let image = Image::open(&store.volume).unwrap();
    let trusting = |roots: Roots| Scan::new(&image).roots(roots).at(AT).trust_image_roots(true).report();
    let report = trusting(Roots::none());
    assert_eq!(report.image_roots, trusted.len());
    assert_eq!(report.count(Severity::Warning) + report.count(Severity::Error), 0, "{:#?}", report.findings);
    // What was given is not of the image.
    assert_eq!(trusting(roots()).image_roots, 0);
}

// Item 28.
#[test]
fn signers_of_windows_components_only() {
    let mut store = Store::healthy(Profile::Win10);
    resign(&mut store, PackageId(0), |signature| signature.signer = Signer::ComponentsOnly);
    assert_eq!(status(&store, PackageId(0)), Status::ValidByTimeStamp);
    store.is_silent();

    resign(&mut store, PackageId(0), |signature| signature.signer = Signer::ServerOnly);
    store.raises("catalog-untrusted-root");
}

// Item 28.
#[test]
fn signers_for_their_lifetime() {
    let mut store = Store::healthy(Profile::Win11);
    let id = holder(&store.plan, component(&store.plan, "Lifetime"));
    assert_eq!(store.plan.package(id).catalog.signing, Signing::Lifetime);
    assert_eq!(status(&store, id), Status::Valid);
    store.is_silent();

    // They do expire, whatever the time stamp says.
    resign(&mut store, id, |signature| signature.signer = Signer::LifetimeExpired);
    store.raises("catalog-lifetime-expired");
}
