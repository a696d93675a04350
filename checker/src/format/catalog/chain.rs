//! From a signer's certificate up to an anchor.

use super::certificate::Certificate;
use super::known_roots;
use super::signature::Checked;
use crate::format::asn1;
use crate::format::time::Instant;
use base64ct::{Base64, Encoding};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The longest chain, leaf and anchor included.
pub const MAX_CHAIN_LENGTH: usize = 8;

/// The most signatures that are computed to find one chain.
pub const MAX_SIGNATURE_CHECKS: usize = 64;

/// The certificates that are trusted to begin a chain.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    certificates: Vec<Vec<u8>>,
    unreadable: usize,
}

impl Roots {
    /// The certificates, DER, in the order in which they were added.
    #[must_use]
    pub fn certificates(&self) -> Vec<&[u8]> {
        self.certificates.iter().map(Vec::as_slice).collect()
    }

    /// No roots: every signature ends without an anchor.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds the certificates of a file, PEM or DER. Files of other kinds and certificates that
    /// cannot be read add nothing: root stores are full of oddities, and one of them must not
    /// spoil the others.
    pub fn add_file(&mut self, content: &[u8]) {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let text = std::str::from_utf8(content).unwrap_or_default();
        if !text.contains(BEGIN) {
            return self.add_certificate(content.to_vec());
        }
        for block in text.split(BEGIN).skip(1) {
            let body: String = block.split(END).next().unwrap_or_default().split_whitespace().collect();
            match Base64::decode_vec(&body) {
                Ok(certificate) => self.add_certificate(certificate),
                Err(_) => self.unreadable += 1,
            }
        }
    }

    /// Adds a certificate if Microsoft is known to own it, and tells whether it does. This is how the roots of an image
    /// are trusted, which might have been added by anybody.
    pub fn add_known(&mut self, certificate: &[u8]) -> bool {
        let is_known = Certificate::parse(certificate)
            .is_ok_and(|certificate| known_roots::lookup(&certificate).is_some());
        if is_known {
            self.add_certificate(certificate.to_vec());
        }
        is_known
    }

    fn add_certificate(&mut self, certificate: Vec<u8>) {
        if Certificate::parse(&certificate).is_err() {
            self.unreadable += 1;
        } else if !self.certificates.contains(&certificate) {
            self.certificates.push(certificate);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// How many files or blocks were no certificate.
    #[must_use]
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    fn parsed(&self) -> Result<Vec<Certificate<'_>>, asn1::Error> {
        self.certificates.iter().map(|certificate| Certificate::parse(certificate)).collect()
    }
}

/// Where a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchorage {
    /// At an anchor. `microsoft`: one that Microsoft is known to own.
    Anchored { microsoft: bool },
    /// At a certificate whose issuer is at hand, but did not sign it or may not have.
    Broken,
    /// At a self-signed certificate that is there and is no anchor.
    Untrusted,
    /// At a certificate whose issuer is not at hand.
    Incomplete,
}

/// A chain from a leaf upwards; the anchor is included.
#[derive(Clone, Debug)]
pub(super) struct Chain<'c> {
    pub(super) certificates: Vec<Certificate<'c>>,
    pub(super) anchorage: Anchorage,
}

impl<'c> Chain<'c> {
    /// The first certificate from the leaf upwards that is not valid at a moment.
    pub(super) fn outside_validity(&self, moment: Instant) -> Option<&Certificate<'c>> {
        self.certificates.iter().find(|certificate| !certificate.is_valid_at(moment))
    }

    pub(super) fn is_anchored(&self) -> bool {
        matches!(self.anchorage, Anchorage::Anchored { .. })
    }

    /// How much better than nothing it is; of several chains the best one counts.
    fn rank(&self, moment: Instant) -> (u8, bool) {
        let rank = match self.anchorage {
            Anchorage::Incomplete => 0,
            Anchorage::Untrusted => 1,
            Anchorage::Broken => 2,
            Anchorage::Anchored { .. } => 3,
        };
        (rank, self.outside_validity(moment).is_none())
    }
}

/// Finds chains. Remembers which certificate signed which, so that each such signature is
/// computed once however many catalogs are signed under it.
#[derive(Debug)]
pub(super) struct ChainBuilder<'r> {
    anchors: Vec<Certificate<'r>>,
    signatures: Mutex<HashMap<[u8; 32], Checked>>,
}

/// One search.
struct Search<'s, 'c> {
    builder: &'s ChainBuilder<'c>,
    pool: &'s [Certificate<'c>],
    moment: Instant,
    checks_left: usize,
    path: Vec<Certificate<'c>>,
    best: Option<Chain<'c>>,
}

impl<'r> ChainBuilder<'r> {
    pub(super) fn new(roots: &'r Roots) -> Self {
        // Every certificate was parsed when it was added.
        Self { anchors: roots.parsed().unwrap_or_default(), signatures: Mutex::default() }
    }

    pub(super) fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    /// The best chain from `leaf` over the certificates in `pool`: one that is anchored, and if
    /// possible valid at `moment`.
    pub(super) fn build<'c>(
        &self,
        leaf: &Certificate<'c>,
        pool: &[Certificate<'c>],
        moment: Instant,
    ) -> Chain<'c>
    where
        'r: 'c,
    {
        let mut search = Search {
            builder: self,
            pool,
            moment,
            checks_left: MAX_SIGNATURE_CHECKS,
            path: Vec::new(),
            best: None,
        };
        search.step(leaf);
        search
            .best
            .unwrap_or_else(|| Chain { certificates: vec![leaf.clone()], anchorage: Anchorage::Incomplete })
    }

    fn is_signed_by(&self, certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> Checked {
        let fingerprint = certificate.signature_fingerprint(issuer);
        let remembered =
            self.signatures.lock().unwrap_or_else(PoisonError::into_inner).get(&fingerprint).copied();
        remembered.unwrap_or_else(|| {
            let checked = certificate.is_signed_by(issuer);
            self.signatures.lock().unwrap_or_else(PoisonError::into_inner).insert(fingerprint, checked);
            checked
        })
    }
}

impl<'c> Search<'_, 'c> {
    fn step(&mut self, certificate: &Certificate<'c>) {
        self.path.push(certificate.clone());
        self.extend(certificate);
        self.path.pop();
    }

    fn extend(&mut self, certificate: &Certificate<'c>) {
        if self.builder.anchors.iter().any(|anchor| anchor.encoded == certificate.encoded) {
            return self.offer_anchored(certificate);
        }
        if self.path.len() == MAX_CHAIN_LENGTH {
            return self.offer(Anchorage::Incomplete);
        }
        let builder = self.builder;
        let pool = self.pool;
        let mut anchored = false;
        let mut refused = false;
        for (issuer, is_anchor) in
            builder.anchors.iter().map(|anchor| (anchor, true)).chain(pool.iter().map(|found| (found, false)))
        {
            if !may_have_issued(issuer, certificate) || self.is_on_path(issuer) {
                continue;
            }
            if self.checks_left == 0 {
                break;
            }
            self.checks_left -= 1;
            let named = issuer.subject == certificate.issuer;
            let authorities_below = self.path.len() - 1;
            match builder.is_signed_by(certificate, issuer) {
                Checked::Good if named && issuer.may_issue(authorities_below, is_anchor) => {
                    anchored = true;
                    if is_anchor {
                        self.path.push(issuer.clone());
                        self.offer_anchored(issuer);
                        self.path.pop();
                    } else {
                        self.step(issuer);
                    }
                }
                Checked::Unsupported => {}
                Checked::Good | Checked::Bad => refused = true,
            }
        }
        if anchored {
            return;
        }
        self.offer(if refused {
            Anchorage::Broken
        } else if certificate.is_self_issued() {
            Anchorage::Untrusted
        } else {
            Anchorage::Incomplete
        });
    }

    fn is_on_path(&self, certificate: &Certificate<'_>) -> bool {
        self.path.iter().any(|earlier| earlier.encoded == certificate.encoded)
    }

    fn offer_anchored(&mut self, anchor: &Certificate<'_>) {
        self.offer(Anchorage::Anchored { microsoft: known_roots::lookup(anchor).is_some() });
    }

    fn offer(&mut self, anchorage: Anchorage) {
        let chain = Chain { certificates: self.path.clone(), anchorage };
        if self.best.as_ref().is_none_or(|best| chain.rank(self.moment) > best.rank(self.moment)) {
            self.best = Some(chain);
        }
    }
}

/// Whether names or key identifiers say that `issuer` issued `certificate`. Either is enough to try:
/// if only one of them fits, something has been changed, and the signature will tell.
fn may_have_issued(issuer: &Certificate<'_>, certificate: &Certificate<'_>) -> bool {
    let same_key =
        certificate.issuer_key_identifier.is_some_and(|wanted| issuer.key_identifier == Some(wanted));
    issuer.subject == certificate.issuer || same_key
}
