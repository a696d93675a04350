//! X.509 certificates (RFC 5280) from a few plain fields.

use super::hash::Hash;
use super::key::Key;
use super::{der, oid};

/// What a certificate says; everything else follows from these fields.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// The common name of the subject.
    pub subject: &'static str,
    /// The serial number, different for each certificate of an issuer.
    pub serial: u64,
    /// `notBefore` and `notAfter`, in Unix seconds; both moments still belong to the validity.
    pub validity: (i64, i64),
    /// What the key may be used for.
    pub usage: Usage,
    /// The subject's key, in PEM.
    pub key: &'static str,
    /// The hash under the issuer's signature.
    pub hash: Hash,
}

/// What a certificate may be used for.
#[derive(Clone, Copy, Debug)]
pub enum Usage {
    /// To issue certificates.
    Authority,
    /// To sign: the identifiers are the extended key usages.
    Signer(&'static [&'static str]),
    /// To stamp times; RFC 3161 demands that this usage is the only one and critical.
    TimeStamper,
}

/// An issued certificate with the key that belongs to it.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate itself.
    pub der: Vec<u8>,
    /// The subject's distinguished name.
    pub subject: Vec<u8>,
    /// The issuer's distinguished name.
    pub issuer: Vec<u8>,
    /// The serial number, as an INTEGER.
    pub serial: Vec<u8>,
    /// The subject's key.
    pub key: Key,
    /// The hash under the issuer's signature: the taste of its time, so its owner signs with the same.
    pub hash: Hash,
}

impl Certificate {
    /// `IssuerAndSerialNumber`: how signatures name the certificate of their signer.
    pub fn issuer_and_serial(&self) -> Vec<u8> {
        der::sequence([self.issuer.clone(), self.serial.clone()])
    }
}

/// Issues a certificate; without an issuer it is signed with its own key, as roots are.
pub fn issue(fields: &Fields, issuer: Option<&Certificate>) -> Certificate {
    let key = Key::from_primes(fields.key);
    let subject = distinguished_name(fields.subject);
    let (issuer_name, issuer_key) = match issuer {
        Some(issuer) => (issuer.subject.clone(), issuer.key.clone()),
        None => (subject.clone(), key.clone()),
    };
    let serial = der::integer(fields.serial);
    let (from, until) = fields.validity;

    let to_be_signed = der::sequence([
        der::explicit(0, &der::integer(2)), // version 3
        serial.clone(),
        fields.hash.with_rsa(),
        issuer_name.clone(),
        der::sequence([der::time(from), der::time(until)]),
        subject.clone(),
        key.public_info(),
        der::explicit(3, &extensions(fields.usage, &key, issuer.map(|issuer| &issuer.key))),
    ]);
    let signature = issuer_key.sign(fields.hash, &to_be_signed);
    let der = der::sequence([to_be_signed, fields.hash.with_rsa(), der::bit_string(&signature)]);
    Certificate { der, subject, issuer: issuer_name, serial, key, hash: fields.hash }
}

/// A distinguished name that says twice that it is for tests.
fn distinguished_name(common_name: &str) -> Vec<u8> {
    let part = |kind, text| der::set_of([der::sequence([der::oid(kind), der::printable_string(text)])]);
    der::sequence([
        part(oid::COUNTRY, "XX"),
        part(oid::ORGANIZATION, "WSS TEST ONLY"),
        part(oid::COMMON_NAME, common_name),
    ])
}

fn extensions(usage: Usage, key: &Key, issuer_key: Option<&Key>) -> Vec<u8> {
    let mut list = Vec::new();
    match usage {
        Usage::Authority => {
            let is_authority = der::sequence([der::boolean(true)]);
            // keyCertSign and cRLSign
            let key_usage = der::bit_string_with_unused(1, &[0b0000_0110]);
            list.push(critical_extension(oid::BASIC_CONSTRAINTS, &is_authority));
            list.push(critical_extension(oid::KEY_USAGE, &key_usage));
        }
        Usage::Signer(purposes) => {
            let purposes = der::sequence(purposes.iter().map(|purpose| der::oid(purpose)));
            list.push(extension(oid::EXTENDED_KEY_USAGE, &purposes));
        }
        Usage::TimeStamper => {
            let purposes = der::sequence([der::oid(oid::TIME_STAMPING)]);
            list.push(critical_extension(oid::EXTENDED_KEY_USAGE, &purposes));
        }
    }
    list.push(extension(oid::SUBJECT_KEY_IDENTIFIER, &der::octet_string(&key.identifier())));
    if let Some(issuer_key) = issuer_key {
        let identifier = der::implicit(0, der::octet_string(&issuer_key.identifier()));
        list.push(extension(oid::AUTHORITY_KEY_IDENTIFIER, &der::sequence([identifier])));
    }
    der::sequence(list)
}

/// An extension that a reader may ignore; catalogs use the same form for their own.
pub fn extension(kind: &str, value: &[u8]) -> Vec<u8> {
    der::sequence([der::oid(kind), der::octet_string(value)])
}

fn critical_extension(kind: &str, value: &[u8]) -> Vec<u8> {
    der::sequence([der::oid(kind), der::boolean(true), der::octet_string(value)])
}
