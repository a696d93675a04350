//! Faults in the catalogs of packages. The copy in `WinSxS\Catalogs` stays as it was.

use super::target::{Target, packages, packages_where};
use super::workbench::{Instead, Workbench};
use super::{Fault, der, fault};
use crate::build::{catalog_of, package_path};
use crate::expectation::{Expected, Subject};
use crate::plan::{PackageId, StorePlan};
use crate::write::authority::{Signer, TimeStamper, signer_chain};
use crate::write::calendar::midnight;
use crate::write::catalog::{self, Signature, TimeStamp, TimeStampForm, Wound};
use crate::write::hash::Hash;
use crate::write::{der as write_der, oid};
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("catalog-deleted", "the catalog is deleted", "catalog-missing", packages,
        |bench, target| bench.lose(&path(bench, target), Instead::Nothing)),
    fault("catalog-folder", "a folder stands in the place of the catalog", "catalog-is-directory", packages,
        |bench, target| bench.lose(&path(bench, target), Instead::Folder)),
    fault("catalog-unpacked", "a folder of the catalog's name holds the catalog", "catalog-is-directory", packages, unpacked),
    fault("catalog-emptied", "the catalog has 0 bytes", "catalog-zero-length", packages,
        |bench, target| bench.spoil(&path(bench, target), |_| Vec::new())),
    fault("catalog-zeroed", "every byte of the catalog is NUL", "catalog-undecodable", packages,
        |bench, target| bench.spoil(&path(bench, target), |bytes| vec![0; bytes.len()])),
    fault("catalog-truncated", "the second half of the catalog is lost", "catalog-undecodable", packages,
        |bench, target| bench.spoil(&path(bench, target), |bytes| bytes[..bytes.len() / 2].to_vec())),
    fault("catalog-last-sector-lost", "the catalog ends before the length that it begins with", "catalog-undecodable", packages,
        |bench, target| bench.spoil(&path(bench, target), |bytes| bytes[..(bytes.len() - 1) / 512 * 512].to_vec())),
    fault("catalog-length-altered", "a bit flips in the length that the catalog begins with", "catalog-undecodable", packages,
        |bench, target| bench.spoil(&path(bench, target), |mut bytes| { bytes[2] ^= 0x40; bytes })),
    fault("catalog-trailing-bytes", "bytes follow the end of the catalog", "catalog-undecodable", packages,
        |bench, target| bench.spoil(&path(bench, target), |bytes| [bytes.as_slice(), b"more"].concat())),
    fault("catalog-text", "another kind of file has the catalog's name", "catalog-undecodable", packages,
        |bench, target| bench.spoil(&path(bench, target), |_| b"This is no catalog.\r\n".to_vec())),
    fault("catalog-unsigned", "nobody has signed the catalog", "catalog-unsigned", packages,
        |bench, target| signed(bench, target, None)),
    fault("catalog-signature-stripped", "the signature was taken out of the catalog, and the certificates were not", "catalog-unsigned", packages,
        |bench, target| bench.spoil(&path(bench, target), |bytes| der::edited(&bytes, SIGNER_INFOS, |_| write_der::set_of([])))),
    fault("catalog-list-altered", "the signed digest is that of another list", "catalog-bad-signature", packages,
        |bench, target| wounded(bench, target, Wound::MessageDigest)),
    fault("catalog-signature-altered", "a bit of the signature is turned over", "catalog-bad-signature", packages,
        |bench, target| wounded(bench, target, Wound::Signature)),
    fault("catalog-signature-padded-otherwise", "a bit of the padding that is signed with the digest is turned over", "catalog-bad-signature", packages,
        |bench, target| wounded(bench, target, Wound::SignatureBlock { bit: 100 })),
    fault("catalog-signer-removed", "the signer's certificate is not there", "catalog-bad-signature", packages,
        |bench, target| wounded(bench, target, Wound::SignerCertificateMissing)),
    fault("catalog-identifier-altered", "a bit flips in the list that is signed", "catalog-bad-signature", packages, identifier_altered),
    fault("catalog-certificate-altered", "a bit flips in the certificate of the signer", "catalog-bad-signature", packages, certificate_altered),
    fault("catalog-by-stranger", "the signer's root is there, and nobody trusts it", "catalog-untrusted-root", packages,
        |bench, target| { let by = Signature { include_root: true, ..current(Signer::Stranger) }; signed(bench, target, Some(by)) }),
    fault("catalog-by-server", "the signer may only authenticate servers", "catalog-untrusted-root", packages,
        |bench, target| signed(bench, target, Some(current(Signer::ServerOnly)))),
    fault("catalog-root-unknown", "the signer's root is not there, and nobody knows it", "catalog-not-anchored", packages,
        |bench, target| signed(bench, target, Some(current(Signer::Stranger)))),
    fault("catalog-issuers-removed", "the certificates above the signer's are not there", "catalog-not-anchored", packages,
        |bench, target| wounded(bench, target, Wound::SignerIssuersMissing)),
    fault("catalog-expired", "there is no time stamp, and the signer has expired", "catalog-expired", packages,
        |bench, target| { let by = Signature { time_stamp: None, ..expired(bench.plan) }; signed(bench, target, Some(by)) }),
    fault("time-stamp-unknown", "a bit flips in what the time stamp is called, and the signer has expired", "catalog-expired", packages,
        |bench, target| { let by = expired(bench.plan); unknown_stamp(bench, target, by) }),
    fault("catalog-not-yet-valid", "there is no time stamp, and the signer is not valid yet", "catalog-not-yet-valid", packages,
        |bench, target| { let by = Signature { time_stamp: None, ..current(Signer::NotYetValid) }; signed(bench, target, Some(by)) }),
    fault("time-stamp-unknown-not-yet-valid", "a bit flips in what the time stamp is called, and the signer is not valid yet", "catalog-not-yet-valid", packages,
        |bench, target| unknown_stamp(bench, target, current(Signer::NotYetValid))),
    fault("time-stamp-altered", "the time stamp's signature does not fit", "catalog-timestamp-broken", packages,
        |bench, target| stamped(bench, target, Wound::TimeStampSignature)),
    fault("time-stamp-of-another", "the time stamp is on another signature", "catalog-timestamp-broken", packages,
        |bench, target| stamped(bench, target, Wound::TimeStampOfAnotherSignature)),
    fault("time-stamper-removed", "the time stamper's certificate is not there", "catalog-timestamp-broken", packages,
        |bench, target| stamped(bench, target, Wound::TimeStamperCertificateMissing)),
    fault("time-stamper-lapsed", "the time stamper's certificate had expired before", "catalog-timestamp-broken", packages,
        |bench, target| { let by = by_lapsed_stamper(bench.plan); signed(bench, target, Some(by)) }),
    fault("time-stamp-too-late", "the time stamp is from after the certificate's end", "catalog-timestamp-outside", packages,
        |bench, target| { let by = stamped_on(bench.plan, 2013, 2022); signed(bench, target, Some(by)) }),
    fault("time-stamp-too-early", "the time stamp is from before the certificate's start", "catalog-timestamp-outside", packages,
        |bench, target| { let by = stamped_on(bench.plan, 2010, 2016); signed(bench, target, Some(by)) }),
    fault("time-stamp-suspect", "the time stamp does not verify, the signer is still valid", "catalog-timestamp-suspect", packages,
        |bench, target| {
            let by = Signature { wounds: vec![Wound::TimeStampSignature], ..current(Signer::Windows10) };
            signed(bench, target, Some(by))
        }),
    fault("time-stamp-of-another-suspect", "the time stamp is on another signature, the signer is still valid", "catalog-timestamp-suspect", packages,
        |bench, target| {
            let by = Signature { wounds: vec![Wound::TimeStampOfAnotherSignature], ..current(Signer::Windows10) };
            signed(bench, target, Some(by))
        }),
    fault("catalog-lifetime-over", "the signer is for its lifetime only, and has expired", "catalog-lifetime-expired", packages,
        |bench, target| signed(bench, target, Some(current(Signer::LifetimeExpired)))),
    fault("catalog-lifetime-over-unstamped", "the signer is for its lifetime only and has expired, and there is no time stamp", "catalog-lifetime-expired", packages,
        |bench, target| { let by = Signature { time_stamp: None, ..current(Signer::LifetimeExpired) }; signed(bench, target, Some(by)) }),
    fault("catalog-of-another", "the catalog is that of another package", "mum-not-in-catalog",
        |plan| packages_where(plan, |id| other(plan, id).is_some()), of_another),
];

fn path(bench: &Workbench<'_>, target: Target) -> String {
    package_path(bench.plan.package(target.package()), "cat")
}

/// Where the signers stand in a signed message: in its content, behind version, digest methods, list and certificates.
const SIGNER_INFOS: &[usize] = &[1, 0, 4];

fn unpacked(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = path(bench, target);
    let bytes = bench.read(&path)?;
    let found = bench.lose(&path, Instead::Folder)?;
    let (_, name) = path.rsplit_once('/').expect("a catalog is in a folder");
    bench.write(&format!("{path}/{name}"), &bytes)?;
    Ok(found)
}

/// Turns over the last bit of a part of the catalog.
fn part_altered(bench: &mut Workbench<'_>, target: Target, part: &[u8]) -> io::Result<Vec<Expected>> {
    bench.spoil(&path(bench, target), |mut bytes| {
        let at =
            bytes.windows(part.len()).position(|window| window == part).expect("the catalog has this part");
        bytes[at + part.len() - 1] ^= 1;
        bytes
    })
}

fn identifier_altered(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let catalog = catalog_of(bench.plan, target.package(), &bench.built);
    part_altered(bench, target, &catalog.list_identifier)
}

fn certificate_altered(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let signature = catalog_of(bench.plan, target.package(), &bench.built).signature;
    let signer = signature.expect("catalogs of healthy stores are signed").signer;
    part_altered(bench, target, &signer_chain(signer)[0].der)
}

/// Signs in another way, and makes the type of the attribute with the time stamp one that nobody knows.
fn unknown_stamp(
    bench: &mut Workbench<'_>,
    target: Target,
    signature: Signature,
) -> io::Result<Vec<Expected>> {
    let attribute = match signature.time_stamp.as_ref().map(|stamp| stamp.form) {
        Some(TimeStampForm::Token { .. }) => oid::RFC3161_TOKEN,
        _ => oid::COUNTER_SIGNATURE,
    };
    signed(bench, target, Some(signature))?;
    part_altered(bench, target, &write_der::oid(attribute))
}

/// Signs the catalog in another way.
fn signed(
    bench: &mut Workbench<'_>,
    target: Target,
    signature: Option<Signature>,
) -> io::Result<Vec<Expected>> {
    let path = path(bench, target);
    let catalog = catalog_of(bench.plan, target.package(), &bench.built);
    bench.spoil(&path, |_| catalog::write(&catalog::Catalog { signature, ..catalog }))
}

/// Wounds the signature that is there.
fn wounded(bench: &mut Workbench<'_>, target: Target, wound: Wound) -> io::Result<Vec<Expected>> {
    let signature = catalog_of(bench.plan, target.package(), &bench.built).signature;
    let wounded = signature.map(|signature| Signature { wounds: vec![wound], ..signature });
    signed(bench, target, wounded)
}

/// Wounds the time stamp of a signature that rests on it.
fn stamped(bench: &mut Workbench<'_>, target: Target, wound: Wound) -> io::Result<Vec<Expected>> {
    let wounded = Signature { wounds: vec![wound], ..expired(bench.plan) };
    signed(bench, target, Some(wounded))
}

/// A signature with a token of July 2020.
fn current(signer: Signer) -> Signature {
    Signature {
        signer,
        hash: Hash::Sha256,
        program_name: None,
        include_root: false,
        time_stamp: Some(TimeStamp {
            form: TimeStampForm::Token { attribute_certificate: true },
            stamper: TimeStamper::Windows10,
            unix_seconds: midnight(2020, 7, 1),
            milliseconds: 0,
        }),
        wounds: Vec::new(),
    }
}

/// A signature as the profile has it, of a certificate that has expired since.
fn expired(plan: &StorePlan) -> Signature {
    if !plan.profile.is_before_windows_8() {
        return current(Signer::Windows10Expired);
    }
    let time_stamp = TimeStamp {
        form: TimeStampForm::CounterSignature,
        stamper: TimeStamper::Windows7,
        unix_seconds: midnight(2011, 7, 1),
        milliseconds: 0,
    };
    Signature { hash: Hash::Sha1, time_stamp: Some(time_stamp), ..current(Signer::Windows7) }
}

/// A signature that rests on its time stamp, of a stamper whose own time was over.
fn by_lapsed_stamper(plan: &StorePlan) -> Signature {
    let lapsed = if plan.profile.is_before_windows_8() {
        TimeStamper::Windows7Lapsed
    } else {
        TimeStamper::Windows10Lapsed
    };
    let signature = expired(plan);
    let time_stamp = signature.time_stamp.map(|stamp| TimeStamp { stamper: lapsed, ..stamp });
    Signature { time_stamp, ..signature }
}

/// The same, with the time stamp of a year: one for the older kind of certificates, and one for the newer.
fn stamped_on(plan: &StorePlan, older: i64, newer: i64) -> Signature {
    let year = if plan.profile.is_before_windows_8() { older } else { newer };
    let signature = expired(plan);
    let time_stamp =
        signature.time_stamp.map(|stamp| TimeStamp { unix_seconds: midnight(year, 2, 1), ..stamp });
    Signature { time_stamp, ..signature }
}

/// Another package, whose catalog does not list this one.
fn other(plan: &StorePlan, id: PackageId) -> Option<PackageId> {
    (0..plan.packages.len()).map(PackageId).find(|other| *other != id)
}

fn of_another(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let other = other(bench.plan, id).expect("targets are chosen so that there is one");
    let catalog = catalog::write(&catalog_of(bench.plan, other, &bench.built));
    bench.write(&path(bench, target), &catalog)?;
    bench.found(Subject::path(package_path(bench.plan.package(id), "mum")))
}
