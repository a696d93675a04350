//! Where everything in a catalog is, and what of it no signature covers.
//!
//! The parts are those of RFC 2315 and, for time stamps, of RFC 3161. A catalog as it is written here has one signer and
//! one time stamp.

use super::proof::Proof;
use crate::write::der::Node;
use crate::write::{der, oid};
use std::ops::Range;

/// The tags of an attribute certificate, of signed and of unsigned attributes, and of octets.
const ATTRIBUTE_CERTIFICATE: u8 = 0xA1;
const SIGNED_ATTRIBUTES: u8 = 0xA0;
const UNSIGNED_ATTRIBUTES: u8 = 0xA1;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// What each byte of a catalog is part of.
pub(super) struct Layout {
    parts: Vec<Part>,
    of: Vec<usize>,
    /// Whether the signature is worth nothing without its time stamp.
    needs_time_stamp: bool,
}

struct Part {
    name: &'static str,
    range: Range<usize>,
    is_of_time_stamp: bool,
}

impl Layout {
    pub(super) fn of(content: &[u8], needs_time_stamp: bool) -> Option<Layout> {
        let root = Node::read(content, 0..content.len())?.pop()?;
        let mut layout = Layout { parts: Vec::new(), of: vec![0; content.len()], needs_time_stamp };
        layout.add("envelope", 0..content.len(), false);
        layout.signed_data(root.child(1)?.child(0)?, content, false)?;
        Some(layout)
    }

    pub(super) fn structure(&self, byte: usize) -> &str {
        self.part(byte).name
    }

    pub(super) fn proof(&self, content: &[u8], bit: usize) -> Option<Proof> {
        let part = self.part(bit / 8);
        let proof = match part.name {
            "version" => Some(Proof::SyntaxVersion),
            "digest algorithms" => Some(Proof::DigestAlgorithms),
            "algorithm parameters" => Some(Proof::AlgorithmParameters),
            "attribute certificate" => Some(Proof::UnusedCertificate),
            "signature algorithm" if is_same_algorithm(content, &part.range, bit) => {
                Some(Proof::SameAlgorithm)
            }
            _ => None,
        };
        let is_not_needed = part.is_of_time_stamp && !self.needs_time_stamp;
        proof.or(is_not_needed.then_some(Proof::TimeStampNotNeeded))
    }

    fn part(&self, byte: usize) -> &Part {
        &self.parts[self.of[byte]]
    }

    /// Later parts lie within earlier ones.
    fn add(&mut self, name: &'static str, range: Range<usize>, is_of_time_stamp: bool) {
        self.of[range.clone()].fill(self.parts.len());
        self.parts.push(Part { name, range, is_of_time_stamp });
    }

    /// `SignedData`, of the catalog or of a token in it.
    fn signed_data(&mut self, data: &Node, content: &[u8], is_token: bool) -> Option<()> {
        self.add("version", data.child(0)?.whole(), is_token);
        self.add("digest algorithms", data.child(1)?.content.clone(), is_token);
        self.add(if is_token { "stamped" } else { "list" }, data.child(2)?.whole(), is_token);
        let certificates = data.child(3)?;
        self.add("certificates", certificates.whole(), is_token);
        for certificate in &certificates.children {
            if certificate.tag == ATTRIBUTE_CERTIFICATE {
                self.add("attribute certificate", certificate.whole(), is_token);
            } else {
                self.parameters(certificate.child(1)?, is_token)?;
            }
        }
        self.signer_info(data.child(4)?.child(0)?, content, is_token)
    }

    fn signer_info(&mut self, signer: &Node, content: &[u8], is_of_time_stamp: bool) -> Option<()> {
        self.add("signer", signer.whole(), is_of_time_stamp);
        self.add("version", signer.child(0)?.whole(), is_of_time_stamp);
        self.parameters(signer.child(2)?, is_of_time_stamp)?;
        let mut algorithms = signer.children.iter().skip(3).filter(|node| node.tag == SEQUENCE);
        let algorithm = algorithms.next()?;
        self.add("signature algorithm", algorithm.child(0)?.whole(), is_of_time_stamp);
        self.parameters(algorithm, is_of_time_stamp)?;
        for node in signer.children.iter().skip(3) {
            match node.tag {
                SIGNED_ATTRIBUTES => self.add("signed attributes", node.whole(), is_of_time_stamp),
                OCTETS => self.add("signature", node.whole(), is_of_time_stamp),
                UNSIGNED_ATTRIBUTES => self.time_stamp(node, content)?,
                _ => {}
            }
        }
        Some(())
    }

    /// The unsigned attributes: a time stamp.
    fn time_stamp(&mut self, attributes: &Node, content: &[u8]) -> Option<()> {
        self.add("time stamp", attributes.whole(), true);
        let attribute = attributes.child(0)?;
        let value = attribute.child(1)?.child(0)?;
        if content[attribute.child(0)?.whole()] == der::oid(oid::RFC3161_TOKEN) {
            self.signed_data(value.child(1)?.child(0)?, content, true)
        } else {
            self.signer_info(value, content, true)
        }
    }

    /// The parameters of an algorithm, where they stand.
    fn parameters(&mut self, algorithm: &Node, is_of_time_stamp: bool) -> Option<()> {
        self.add("algorithm parameters", algorithm.child(1)?.whole(), is_of_time_stamp);
        Some(())
    }
}

/// Whether a bit turns one name of RSA into another: with a hash, as is usual in certificates, or without. Which hash it
/// is stands beside it, and in what is signed.
fn is_same_algorithm(content: &[u8], name: &Range<usize>, bit: usize) -> bool {
    let mut other = content[name.clone()].to_vec();
    other[bit / 8 - name.start] ^= 1 << (bit % 8);
    let with_hash = [oid::SHA1_WITH_RSA, oid::SHA256_WITH_RSA, oid::SHA384_WITH_RSA, oid::SHA512_WITH_RSA];
    other == der::oid(oid::RSA) || with_hash.iter().any(|name| der::oid(name) == other)
}
