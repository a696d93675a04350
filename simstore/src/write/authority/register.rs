//! The register of the test authority: what each of its certificates says.

use crate::write::calendar::midnight;
use crate::write::certificate::{Fields, Usage};
use crate::write::hash::Hash;
use crate::write::oid;

/// The certificates of the test authority, in the order of [`REGISTER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Windows7Root,
    Windows7Pca,
    Windows7Signer,
    Windows7TimeStampPca,
    Windows7TimeStamper,
    Windows7LapsedTimeStamper,
    Windows10Root,
    Windows10Pca,
    Windows10Signer,
    Windows10ExpiredSigner,
    LifetimeExpiredSigner,
    LifetimeCurrentSigner,
    ServerOnlySigner,
    ComponentsOnlySigner,
    NotYetValidSigner,
    Windows10TimeStampPca,
    Windows10TimeStamper,
    Windows10LapsedTimeStamper,
    StrangerRoot,
    StrangerSigner,
}

/// One line of the register: a name, its issuer, and what the certificate says.
pub(super) type Entry = (Name, Option<Name>, Fields);

const PACKAGE_SIGNING: Usage = Usage::Signer(&[oid::COMPONENT_VERIFICATION, oid::CODE_SIGNING]);
const LIFETIME_SIGNING: Usage =
    Usage::Signer(&[oid::COMPONENT_VERIFICATION, oid::CODE_SIGNING, oid::LIFETIME_SIGNING]);

// The validities that several certificates share.
const WINDOWS10_ERA: (i64, i64) = (midnight(2010, 6, 23), midnight(2049, 12, 31));
const YEAR_2020: (i64, i64) = (midnight(2020, 1, 1), midnight(2021, 1, 1));
const FROM_2020: (i64, i64) = (midnight(2020, 1, 1), midnight(2049, 1, 1));

const WINDOWS7_ROOT: &str = include_str!("../keys/windows7-root.primes");
const WINDOWS7_PCA: &str = include_str!("../keys/windows7-pca.primes");
const WINDOWS7_SIGNER: &str = include_str!("../keys/windows7-signer.primes");
const WINDOWS7_TSA_PCA: &str = include_str!("../keys/windows7-tsa-pca.primes");
const WINDOWS7_TSA: &str = include_str!("../keys/windows7-tsa.primes");
const WINDOWS10_ROOT: &str = include_str!("../keys/windows10-root.primes");
const WINDOWS10_PCA: &str = include_str!("../keys/windows10-pca.primes");
const WINDOWS10_SIGNER: &str = include_str!("../keys/windows10-signer.primes");
const WINDOWS10_TSA_PCA: &str = include_str!("../keys/windows10-tsa-pca.primes");
const WINDOWS10_TSA: &str = include_str!("../keys/windows10-tsa.primes");
const STRANGER_ROOT: &str = include_str!("../keys/stranger-root.primes");
const STRANGER_SIGNER: &str = include_str!("../keys/stranger-signer.primes");

const SIGNER_SUBJECT: &str = "WSS Test Windows (TEST ONLY)";
const STAMPER_SUBJECT: &str = "WSS Test Time-Stamp Service (TEST ONLY)";

/// Every certificate; issuers come before those whom they issue.
///
/// The serial numbers of Windows 10 certificates have the top bit set, so that DER puts a zero before them.
pub(super) const REGISTER: [Entry; 20] = [
    (
        Name::Windows7Root,
        None,
        Fields {
            subject: "WSS Test Root (TEST ONLY)",
            serial: 0x5753_0001,
            validity: (midnight(2001, 5, 9), midnight(2021, 5, 9)),
            usage: Usage::Authority,
            key: WINDOWS7_ROOT,
            hash: Hash::Sha1,
        },
    ),
    (
        Name::Windows7Pca,
        Some(Name::Windows7Root),
        Fields {
            subject: "WSS Test Windows Verification PCA (TEST ONLY)",
            serial: 0x5753_0002,
            validity: (midnight(2005, 9, 15), midnight(2016, 3, 15)),
            usage: Usage::Authority,
            key: WINDOWS7_PCA,
            hash: Hash::Sha1,
        },
    ),
    (
        Name::Windows7Signer,
        Some(Name::Windows7Pca),
        Fields {
            subject: SIGNER_SUBJECT,
            serial: 0x5753_0003,
            validity: (midnight(2011, 3, 1), midnight(2012, 6, 1)),
            usage: PACKAGE_SIGNING,
            key: WINDOWS7_SIGNER,
            hash: Hash::Sha1,
        },
    ),
    (
        Name::Windows7TimeStampPca,
        Some(Name::Windows7Root),
        Fields {
            subject: "WSS Test Time-Stamp PCA (TEST ONLY)",
            serial: 0x5753_0004,
            validity: (midnight(2007, 4, 3), midnight(2021, 4, 3)),
            usage: Usage::Authority,
            key: WINDOWS7_TSA_PCA,
            hash: Hash::Sha1,
        },
    ),
    (
        Name::Windows7TimeStamper,
        Some(Name::Windows7TimeStampPca),
        Fields {
            subject: STAMPER_SUBJECT,
            serial: 0x5753_0005,
            validity: (midnight(2009, 12, 7), midnight(2013, 3, 7)),
            usage: Usage::TimeStamper,
            key: WINDOWS7_TSA,
            hash: Hash::Sha1,
        },
    ),
    (
        Name::Windows7LapsedTimeStamper,
        Some(Name::Windows7TimeStampPca),
        Fields {
            subject: STAMPER_SUBJECT,
            serial: 0x5753_0006,
            validity: (midnight(2007, 7, 1), midnight(2010, 10, 1)),
            usage: Usage::TimeStamper,
            key: WINDOWS7_TSA,
            hash: Hash::Sha1,
        },
    ),
    (
        Name::Windows10Root,
        None,
        Fields {
            subject: "WSS Test Root 2010 (TEST ONLY)",
            serial: 0xd753_0007,
            validity: WINDOWS10_ERA,
            usage: Usage::Authority,
            key: WINDOWS10_ROOT,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::Windows10Pca,
        Some(Name::Windows10Root),
        Fields {
            subject: "WSS Test Windows Production PCA 2011 (TEST ONLY)",
            serial: 0xd753_0008,
            validity: WINDOWS10_ERA,
            usage: Usage::Authority,
            key: WINDOWS10_PCA,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::Windows10Signer,
        Some(Name::Windows10Pca),
        Fields {
            subject: SIGNER_SUBJECT,
            serial: 0xd753_0009,
            validity: FROM_2020,
            usage: PACKAGE_SIGNING,
            key: WINDOWS10_SIGNER,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::Windows10ExpiredSigner,
        Some(Name::Windows10Pca),
        Fields {
            subject: SIGNER_SUBJECT,
            serial: 0xd753_000a,
            validity: YEAR_2020,
            usage: PACKAGE_SIGNING,
            key: WINDOWS10_SIGNER,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::LifetimeExpiredSigner,
        Some(Name::Windows10Pca),
        Fields {
            subject: SIGNER_SUBJECT,
            serial: 0xd753_000b,
            validity: YEAR_2020,
            usage: LIFETIME_SIGNING,
            key: WINDOWS10_SIGNER,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::LifetimeCurrentSigner,
        Some(Name::Windows10Pca),
        Fields {
            subject: SIGNER_SUBJECT,
            serial: 0xd753_000c,
            validity: FROM_2020,
            usage: LIFETIME_SIGNING,
            key: WINDOWS10_SIGNER,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::ServerOnlySigner,
        Some(Name::Windows10Pca),
        Fields {
            subject: SIGNER_SUBJECT,
            serial: 0xd753_000d,
            validity: FROM_2020,
            usage: Usage::Signer(&[oid::SERVER_AUTHENTICATION]),
            key: WINDOWS10_SIGNER,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::ComponentsOnlySigner,
        Some(Name::Windows10Pca),
        Fields {
            subject: SIGNER_SUBJECT,
            serial: 0xd753_000e,
            validity: FROM_2020,
            usage: Usage::Signer(&[oid::COMPONENT_VERIFICATION]),
            key: WINDOWS10_SIGNER,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::NotYetValidSigner,
        Some(Name::Windows10Pca),
        Fields {
            subject: SIGNER_SUBJECT,
            serial: 0xd753_000f,
            validity: (midnight(2045, 1, 1), midnight(2049, 1, 1)),
            usage: PACKAGE_SIGNING,
            key: WINDOWS10_SIGNER,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::Windows10TimeStampPca,
        Some(Name::Windows10Root),
        Fields {
            subject: "WSS Test Time-Stamp PCA 2010 (TEST ONLY)",
            serial: 0xd753_0010,
            validity: WINDOWS10_ERA,
            usage: Usage::Authority,
            key: WINDOWS10_TSA_PCA,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::Windows10TimeStamper,
        Some(Name::Windows10TimeStampPca),
        Fields {
            subject: STAMPER_SUBJECT,
            serial: 0xd753_0011,
            validity: (midnight(2015, 1, 1), midnight(2049, 1, 1)),
            usage: Usage::TimeStamper,
            key: WINDOWS10_TSA,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::Windows10LapsedTimeStamper,
        Some(Name::Windows10TimeStampPca),
        Fields {
            subject: STAMPER_SUBJECT,
            serial: 0xd753_0012,
            validity: (midnight(2015, 1, 1), midnight(2019, 1, 1)),
            usage: Usage::TimeStamper,
            key: WINDOWS10_TSA,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::StrangerRoot,
        None,
        Fields {
            subject: "WSS Test Stranger Root (TEST ONLY)",
            serial: 0x5753_0013,
            validity: WINDOWS10_ERA,
            usage: Usage::Authority,
            key: STRANGER_ROOT,
            hash: Hash::Sha256,
        },
    ),
    (
        Name::StrangerSigner,
        Some(Name::StrangerRoot),
        Fields {
            subject: "WSS Test Stranger (TEST ONLY)",
            serial: 0x5753_0014,
            validity: FROM_2020,
            usage: PACKAGE_SIGNING,
            key: STRANGER_SIGNER,
            hash: Hash::Sha256,
        },
    ),
];
