//! Catalogs (`.cat`): signed lists of file digests.
//!
//! A catalog is PKCS#7 signed data (RFC 2315) whose content is a certificate trust list with one entry or two
//! for each file. [`Catalog`] describes one as plain data; [`write()`] turns it into bytes, always the same.
//! It is sound unless its [`Signature`] lists [`Wound`]s, or its dates contradict the certificates.

mod ctl;
mod pkcs7;
mod time_stamp;

use super::authority::{Chain, Signer, TimeStamper, signer_chain};
use super::hash::{self, Hash};
use super::{der, oid};
use pkcs7::{SignerInfo, attribute};

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// How members are written.
    pub format: Format,
    /// The identifier of the list, random in genuine catalogs.
    pub list_identifier: [u8; 16],
    /// When the list was made, in Unix seconds; genuine ones are a little older than their time stamp.
    pub this_update: i64,
    /// The files that the catalog vouches for, in any order; genuine catalogs list some files twice.
    pub members: Vec<Member>,
    /// Names and values about the catalog as a whole, such as `OSAttr` or `PackageName`.
    pub name_values: Vec<NameValue>,
    /// The signature; without one the catalog is what the tool `makecat` makes.
    pub signature: Option<Signature>,
}

/// The two ways of writing members. The hash of the signature is independent of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Windows Vista to 8.1: one entry for each file, tagged with its SHA-1 in hexadecimal text.
    V1,
    /// Later ones: two entries for each file, tagged with its plain SHA-1 and its plain SHA-256.
    V2,
}

/// One file of a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What kind of file it is.
    pub kind: Kind,
    /// The SHA-1 of the file: of all its bytes, or for [`Kind::Pe`] the Authenticode digest.
    pub sha1: [u8; 20],
    /// The SHA-256, likewise; only [`Format::V2`] writes it.
    pub sha256: [u8; 32],
    /// A name instead of the digest as the tag of a [`Format::V1`] entry, as in some old catalogs.
    pub tag: Option<String>,
    /// Names and values about the file, such as `File` or `OSAttr`.
    pub name_values: Vec<NameValue>,
}

impl Member {
    /// A flat file with these bytes, with nothing more to say about it.
    pub fn flat(content: &[u8]) -> Member {
        use sha1::Digest;
        Member {
            kind: Kind::Flat,
            sha1: sha1::Sha1::digest(content).into(),
            sha256: sha2::Sha256::digest(content).into(),
            tag: None,
            name_values: Vec::new(),
        }
    }
}

/// The kinds of files that catalogs tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any file without a signature format of its own; its digest covers every byte.
    Flat,
    /// A portable executable; its digest leaves out what signing would change.
    Pe,
    /// A cabinet.
    Cabinet,
}

/// `CAT_NAMEVALUE`: something that a catalog says about a member or about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameValue {
    /// The name.
    pub name: String,
    /// A sum of flags; see [`NameValue::AUTHENTICATED_TEXT`] and [`NameValue::NOT_IN_SHA1_ENTRY`].
    pub flags: u32,
    /// The value, without the final NUL.
    pub value: String,
}

impl NameValue {
    /// The usual flags: authenticated (0x10000000), plain text (0x10000), a name with value (1).
    pub const AUTHENTICATED_TEXT: u32 = 0x1001_0001;

    /// The flag that keeps a value out of the SHA-1 entry of a [`Format::V2`] member.
    pub const NOT_IN_SHA1_ENTRY: u32 = 0x0100_0000;

    /// A value with the usual flags.
    pub fn new(name: &str, value: &str) -> NameValue {
        NameValue { name: name.to_string(), flags: Self::AUTHENTICATED_TEXT, value: value.to_string() }
    }
}

/// How a catalog is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Whose certificate signs.
    pub signer: Signer,
    /// The hash of the content and of the signed attributes.
    pub hash: Hash,
    /// The program name in the attribute `SpcSpOpusInfo`; without one the attribute is left out.
    pub program_name: Option<String>,
    /// Whether the signer's root is among the certificates; genuine catalogs leave it out.
    pub include_root: bool,
    /// The time stamp on the signature.
    pub time_stamp: Option<TimeStamp>,
    /// What is wrong with the signature, each in itself and everything else sound.
    pub wounds: Vec<Wound>,
}

/// A time stamp on a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    /// How it is written.
    pub form: TimeStampForm,
    /// Who stamps.
    pub stamper: TimeStamper,
    /// The stamped time, in Unix seconds; nothing makes it agree with the certificates.
    pub unix_seconds: i64,
    /// Milliseconds on top of it (0 to 999); only tokens can say them.
    pub milliseconds: u16,
}

/// The ways of writing a time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeStampForm {
    /// A PKCS#9 countersignature; its certificates stand among those of the catalog.
    CounterSignature,
    /// The same, but with a signature of the bare digest, as VeriSign and Symantec made them.
    /// OpenSSL refuses it.
    BareCounterSignature,
    /// An RFC 3161 token, with its certificates inside.
    Token {
        /// Whether an attribute certificate stands among the certificates, as in Microsoft's tokens.
        attribute_certificate: bool,
    },
}

/// One thing that is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wound {
    /// The attribute `messageDigest` is not the digest of the content; it is signed all the same.
    MessageDigest,
    /// The signature does not fit the signed attributes. The time stamp is on this signature.
    Signature,
    /// In the block to which the signature opens a bit is turned over, counted from the first of 2,048: in the padding, in
    /// what says which hash it is, or in the digest.
    SignatureBlock {
        /// Which one.
        bit: u16,
    },
    /// The signer's certificate is missing.
    SignerCertificateMissing,
    /// The certificates between the signer and the root are missing.
    SignerIssuersMissing,
    /// The time stamper's signature does not fit.
    TimeStampSignature,
    /// The time stamp, sound in itself, is on another signature.
    TimeStampOfAnotherSignature,
    /// The time stamper's certificate is missing.
    TimeStamperCertificateMissing,
    /// The certificates between the time stamper and the root are missing.
    TimeStamperIssuersMissing,
}

/// Writes a catalog.
pub fn write(catalog: &Catalog) -> Vec<u8> {
    let list = ctl::content_octets(catalog);
    match &catalog.signature {
        Some(signature) => sign(&list, signature),
        None => pkcs7::signed_data(1, None, content(&list), Vec::new(), Vec::new()),
    }
}

fn content(list: &[u8]) -> Vec<u8> {
    pkcs7::content_info(oid::CTL, &der::element(der::SEQUENCE, list))
}

/// A catalog around a list that is given as the octets of its content, whatever they are.
pub fn sign(list: &[u8], signature: &Signature) -> Vec<u8> {
    let chain = signer_chain(signature.signer);
    // The digest leaves out the tag and the length of the list.
    let signer_info = SignerInfo {
        signer: chain[0],
        hash: signature.hash,
        attributes: signed_attributes(signature, &signature.hash.digest(list)),
        algorithm: hash::algorithm(oid::RSA),
    };
    let bent_bit = signature.wounds.iter().find_map(|wound| match wound {
        Wound::SignatureBlock { bit } => Some(usize::from(*bit)),
        _ => None,
    });
    let octets = bent_bit.map_or_else(|| signer_info.sign(), |bit| signer_info.sign_bent(bit));
    let signature_octets = bent_if(signature.has(Wound::Signature), octets);

    let mut certificates = pick_certificates(
        &chain,
        !signature.has(Wound::SignerCertificateMissing),
        !signature.has(Wound::SignerIssuersMissing),
        signature.include_root,
    );
    let mut unsigned_attributes = Vec::new();
    if let Some(time_stamp) = &signature.time_stamp {
        let stamp = time_stamp::stamp(time_stamp, signature, &signature_octets);
        certificates.extend(stamp.certificates);
        unsigned_attributes.push(stamp.attribute);
    }
    let signer_info = signer_info.encode(&signature_octets, unsigned_attributes);
    pkcs7::signed_data(1, Some(signature.hash), content(list), certificates, vec![signer_info])
}

impl Signature {
    fn has(&self, wound: Wound) -> bool {
        self.wounds.contains(&wound)
    }
}

fn signed_attributes(signature: &Signature, digest: &[u8]) -> Vec<Vec<u8>> {
    let digest = bent_if(signature.has(Wound::MessageDigest), digest.to_vec());
    let mut attributes = vec![
        attribute(oid::CONTENT_TYPE, der::oid(oid::CTL)),
        attribute(oid::SPC_STATEMENT_TYPE, der::sequence([der::oid(oid::SPC_INDIVIDUAL)])),
        attribute(oid::MESSAGE_DIGEST, der::octet_string(&digest)),
    ];
    if let Some(name) = &signature.program_name {
        let name = der::implicit(0, der::bmp_string(name));
        attributes.push(attribute(oid::SPC_OPUS_INFO, der::sequence([der::explicit(0, &name)])));
    }
    attributes
}

/// The certificates of a chain that go into a file.
fn pick_certificates(chain: &Chain, own: bool, issuers: bool, root: bool) -> Vec<Vec<u8>> {
    let last = chain.len() - 1;
    let wanted = |position: usize| match position {
        0 => own,
        position if position == last => root,
        _ => issuers,
    };
    (0..=last).filter(|position| wanted(*position)).map(|position| chain[position].der.clone()).collect()
}

/// The octets, with the very last bit turned over if they are to be wrong.
fn bent_if(wounded: bool, mut octets: Vec<u8>) -> Vec<u8> {
    if wounded && let Some(last) = octets.last_mut() {
        *last ^= 1;
    }
    octets
}

#[cfg(test)]
mod tests;
