//! The test authority: a fixed family of certificates, modelled on the ones that sign Windows packages.
//!
//! There are two hierarchies of trust. The *Windows 7* one uses SHA-1, and by 2022 all of it has expired, so
//! that its catalogs rest on their time stamps alone, like the genuine ones. The *Windows 10* one uses
//! SHA-256 and holds until 2049. Apart from both stands a *stranger*, whose root nobody trusts.
//!
//! Every name says TEST ONLY, and the keys are published: see `keys/README.md`.

mod register;

use super::certificate::{Certificate, issue};
use base64ct::{Base64, Encoding};
use register::{Name, REGISTER};
use std::sync::LazyLock;

/// Who signs a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// Valid from March 2011 to June 2012.
    Windows7,
    /// Valid from 2020 to 2049.
    Windows10,
    /// Like [`Signer::Windows10`], but valid only in 2020.
    Windows10Expired,
    /// Valid only in 2020, and with the lifetime usage: no time stamp extends that.
    LifetimeExpired,
    /// With the lifetime usage, valid from 2020 to 2049.
    LifetimeCurrent,
    /// May authenticate servers, and nothing else. Valid from 2020 to 2049.
    ServerOnly,
    /// May verify Windows components, but has no code signing usage. Valid from 2020 to 2049.
    ComponentsOnly,
    /// Valid from 2045 to 2049.
    NotYetValid,
    /// Issued directly by the root that nobody trusts; valid from 2020 to 2049.
    Stranger,
}

/// Who stamps the time onto a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeStamper {
    /// SHA-1, valid from December 2009 to March 2013.
    Windows7,
    /// SHA-1, valid from July 2007 to October 2010: before [`Signer::Windows7`] could sign anything.
    Windows7Lapsed,
    /// SHA-256, valid from 2015 to 2049.
    Windows10,
    /// SHA-256, valid from 2015 to 2019: before [`Signer::Windows10`] could sign anything.
    Windows10Lapsed,
}

/// A certificate followed by those above it, up to the root.
pub type Chain = Vec<&'static Certificate>;

/// The certificates of a signer: its own, its issuer's, and so on up to the root.
pub fn signer_chain(signer: Signer) -> Chain {
    chain(match signer {
        Signer::Windows7 => Name::Windows7Signer,
        Signer::Windows10 => Name::Windows10Signer,
        Signer::Windows10Expired => Name::Windows10ExpiredSigner,
        Signer::LifetimeExpired => Name::LifetimeExpiredSigner,
        Signer::LifetimeCurrent => Name::LifetimeCurrentSigner,
        Signer::ServerOnly => Name::ServerOnlySigner,
        Signer::ComponentsOnly => Name::ComponentsOnlySigner,
        Signer::NotYetValid => Name::NotYetValidSigner,
        Signer::Stranger => Name::StrangerSigner,
    })
}

/// The certificates of a time stamper, like [`signer_chain`].
pub fn time_stamper_chain(stamper: TimeStamper) -> Chain {
    chain(match stamper {
        TimeStamper::Windows7 => Name::Windows7TimeStamper,
        TimeStamper::Windows7Lapsed => Name::Windows7LapsedTimeStamper,
        TimeStamper::Windows10 => Name::Windows10TimeStamper,
        TimeStamper::Windows10Lapsed => Name::Windows10LapsedTimeStamper,
    })
}

/// The roots to trust, in PEM: those of the two hierarchies, not the stranger's.
pub fn roots_pem() -> String {
    let mut text = String::new();
    for root in [Name::Windows7Root, Name::Windows10Root] {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let base64 = Base64::encode_string(&certificate(root).der);
        for line in base64.as_bytes().chunks(64) {
            text.extend(line.iter().map(|letter| char::from(*letter)));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

static ISSUED: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let mut issued: Vec<Certificate> = Vec::new();
    for (_, issuer, fields) in &REGISTER {
        let certificate = issue(fields, issuer.map(|issuer| &issued[issuer as usize]));
        issued.push(certificate);
    }
    issued
});

fn certificate(name: Name) -> &'static Certificate {
    &ISSUED[name as usize]
}

fn chain(leaf: Name) -> Chain {
    let mut chain = vec![certificate(leaf)];
    let mut issuer = REGISTER[leaf as usize].1;
    while let Some(name) = issuer {
        chain.push(certificate(name));
        issuer = REGISTER[name as usize].1;
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_positions_in_the_register() {
        for (position, (name, issuer, _)) in REGISTER.iter().enumerate() {
            assert_eq!(*name as usize, position);
            assert!(
                issuer.is_none_or(|issuer| (issuer as usize) < position),
                "{name:?} comes before its issuer"
            );
        }
    }

    #[test]
    fn every_subject_says_that_it_is_for_tests() {
        for (name, _, fields) in &REGISTER {
            assert!(fields.subject.starts_with("WSS Test "), "{name:?}");
            assert!(fields.subject.ends_with(" (TEST ONLY)"), "{name:?}");
        }
    }

    #[test]
    fn serial_numbers_are_unique() {
        let serials: std::collections::BTreeSet<u64> =
            REGISTER.iter().map(|(_, _, fields)| fields.serial).collect();
        assert_eq!(serials.len(), REGISTER.len());
    }
}
