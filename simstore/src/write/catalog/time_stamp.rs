//! Time stamps: unsigned attributes in which somebody else vouches that a signature existed at some time.

use super::pkcs7::{self, SignerInfo, attribute};
use super::{Signature, TimeStamp, TimeStampForm, Wound, bent_if, pick_certificates};
use crate::write::authority::{Chain, time_stamper_chain};
use crate::write::certificate::Certificate;
use crate::write::hash::{self, Hash};
use crate::write::{der, oid};

/// What a time stamp adds to a catalog.
pub(super) struct Stamp {
    /// The unsigned attribute.
    pub(super) attribute: Vec<u8>,
    /// Certificates for the catalog's own set; tokens have theirs inside.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// Stamps the signature octets of a catalog, with the wounds that its description asks for.
pub(super) fn stamp(time_stamp: &TimeStamp, catalog: &Signature, signature_octets: &[u8]) -> Stamp {
    let chain = time_stamper_chain(time_stamp.stamper);
    let stamped = bent_if(catalog.has(Wound::TimeStampOfAnotherSignature), signature_octets.to_vec());
    let wrong_signature = catalog.has(Wound::TimeStampSignature);
    let certificates = pick_certificates(
        &chain,
        !catalog.has(Wound::TimeStamperCertificateMissing),
        !catalog.has(Wound::TimeStamperIssuersMissing),
        false,
    );
    match time_stamp.form {
        TimeStampForm::CounterSignature | TimeStampForm::BareCounterSignature => {
            let counter_signature = counter_signature(time_stamp, chain[0], &stamped, wrong_signature);
            Stamp { attribute: attribute(oid::COUNTER_SIGNATURE, counter_signature), certificates }
        }
        TimeStampForm::Token { attribute_certificate } => {
            let mut certificates = certificates;
            if attribute_certificate {
                certificates.push(attribute_certificate_of(time_stamp, &chain));
            }
            let token = token(time_stamp, chain[0], &stamped, certificates, wrong_signature);
            Stamp { attribute: attribute(oid::RFC3161_TOKEN, token), certificates: Vec::new() }
        }
    }
}

/// A PKCS#9 countersignature: a `SignerInfo` whose content is the signature octets (RFC 2985, 5.3.6).
fn counter_signature(time_stamp: &TimeStamp, stamper: &Certificate, stamped: &[u8], wrong: bool) -> Vec<u8> {
    let hash = stamper.hash;
    let bare = time_stamp.form == TimeStampForm::BareCounterSignature;
    let signer_info = SignerInfo {
        signer: stamper,
        hash,
        attributes: vec![
            attribute(oid::CONTENT_TYPE, der::oid(oid::DATA)),
            attribute(oid::SIGNING_TIME, der::time(time_stamp.unix_seconds)),
            attribute(oid::MESSAGE_DIGEST, der::octet_string(&hash.digest(stamped))),
        ],
        // Genuine countersignatures often name the hash a second time here.
        algorithm: if bare { hash::algorithm(oid::RSA) } else { hash.with_rsa() },
    };
    let signature =
        if bare { stamper.key.sign_bare(hash, &signer_info.message()) } else { signer_info.sign() };
    signer_info.encode(&bent_if(wrong, signature), Vec::new())
}

/// An RFC 3161 token: signed data whose content says what was stamped and when.
fn token(
    time_stamp: &TimeStamp,
    stamper: &Certificate,
    stamped: &[u8],
    certificates: Vec<Vec<u8>>,
    wrong: bool,
) -> Vec<u8> {
    let hash = stamper.hash;
    let info = tst_info(time_stamp, stamper, stamped);
    let signer_info = SignerInfo {
        signer: stamper,
        hash,
        attributes: vec![
            attribute(oid::CONTENT_TYPE, der::oid(oid::TST_INFO)),
            attribute(oid::MESSAGE_DIGEST, der::octet_string(&hash.digest(&info))),
            attribute(oid::SIGNING_CERTIFICATE_V2, signing_certificate(stamper)),
        ],
        algorithm: hash::algorithm(oid::RSA),
    };
    let signature = bent_if(wrong, signer_info.sign());
    let signer_info = signer_info.encode(&signature, Vec::new());
    let content = pkcs7::content_info(oid::TST_INFO, &der::octet_string(&info));
    pkcs7::signed_data(3, Some(hash), content, certificates, vec![signer_info])
}

/// `TSTInfo` (RFC 3161, 2.4.2), with the same optional fields as Microsoft's.
fn tst_info(time_stamp: &TimeStamp, stamper: &Certificate, stamped: &[u8]) -> Vec<u8> {
    let hash = stamper.hash;
    let digest = hash.digest(stamped);
    let accuracy_one_second = der::sequence([der::integer(1)]);
    der::sequence([
        der::integer(1),
        der::oid(oid::TEST_POLICY),
        hash.digest_info(&digest),
        // A stamper counts its tokens; the digest makes a number that differs as surely.
        der::unsigned_integer(&digest[..8]),
        der::generalized_time(time_stamp.unix_seconds, time_stamp.milliseconds),
        accuracy_one_second,
        der::explicit(0, &directory_name(&stamper.subject)),
    ])
}

/// `SigningCertificateV2` (RFC 5035): ties the token to one certificate, by SHA-256 if it names no hash.
fn signing_certificate(stamper: &Certificate) -> Vec<u8> {
    let issuer_serial =
        der::sequence([der::sequence([directory_name(&stamper.issuer)]), stamper.serial.clone()]);
    let certificate_hash = der::octet_string(&Hash::Sha256.digest(&stamper.der));
    let identifier = der::sequence([certificate_hash, issuer_serial]);
    der::sequence([der::sequence([identifier])])
}

/// The attribute certificate in Microsoft's tokens: somebody certifies the stamper's clock for a day.
///
/// It is of version 2 (RFC 3281), but stands under the tag `[1]`, which CMS sets aside for version 1.
/// Readers must step over it.
fn attribute_certificate_of(time_stamp: &TimeStamp, chain: &Chain) -> Vec<u8> {
    let (stamper, issuer) = (chain[0], chain[1]);
    let stamper_name = der::sequence([directory_name(&stamper.subject)]);
    let certificate_digest = der::sequence([
        der::enumerated(1), // what follows is the digest of a public key certificate
        hash::algorithm(oid::SHA1),
        der::bit_string(&Hash::Sha1.digest(&stamper.der)),
    ]);
    let issuer_name = der::sequence([der::sequence([directory_name(&issuer.subject)])]);
    let half_a_day_before = time_stamp.unix_seconds - 12 * 60 * 60;
    let half_a_day_after = time_stamp.unix_seconds + 12 * 60 * 60;
    let to_be_signed = der::sequence([
        der::integer(1),
        der::sequence([der::implicit(1, stamper_name), der::implicit(2, certificate_digest)]),
        der::implicit(0, issuer_name),
        issuer.hash.with_rsa(),
        stamper.serial.clone(),
        der::sequence([
            der::generalized_time(half_a_day_before, 0),
            der::generalized_time(half_a_day_after, 0),
        ]),
        der::sequence([attribute(oid::TEST_CLOCK_AUDIT, der::null())]),
    ]);
    let signature = issuer.key.sign(issuer.hash, &to_be_signed);
    let certificate = der::sequence([to_be_signed, issuer.hash.with_rsa(), der::bit_string(&signature)]);
    der::implicit(1, certificate)
}

/// `GeneralName`: the choice of a distinguished name.
fn directory_name(name: &[u8]) -> Vec<u8> {
    der::explicit(4, name)
}
