//! Documents with a wrong identity.

use super::edits::{merged, twice, with, without};
use super::{manifest_identity, mum_identity};
use crate::fault::target::{assemblies, packages};
use crate::fault::{Fault, fault};

#[rustfmt::skip]
macro_rules! identity_faults {
    ($kind:literal $what:literal $targets:ident $strike:ident) => {
        rows! { $kind $what $targets $strike;
            "identity-without-name" "identity-malformed" "the identity in the " " has no name" |tag| without(tag, "name"),
            "identity-without-version" "identity-malformed" "the identity in the " " has no version" |tag| without(tag, "version"),
            "identity-empty-token" "identity-malformed" "the token in the " " is empty" |tag| with(tag, "publicKeyToken", ""),
            "identity-twice" "identity-duplicate" "the version stands in the " " twice, once with a prefix" twice,
            "identity-merged" "identity-duplicate" "two identities in the " " became one" merged,
            "identity-unknown-attribute" "identity-attribute-name" "an attribute in the " " is misspelt" |tag| tag.replacen(" language=", " langauge=", 1),
            "identity-attribute-case" "identity-attribute-name" "a bit flips in the " " and makes a letter of an attribute's name a capital" |tag| tag.replacen(" publicKeyToken=", " PublicKeyToken=", 1),
            "identity-culture" "identity-attribute-name" "the language in the " " stands under its name in the registry" |tag| tag.replacen(" language=", " Culture=", 1),
            "identity-bad-version" "identity-attribute-value" "the version in the " " has three parts" |tag| with(tag, "version", "6.1.7601"),
            "identity-bad-token" "identity-attribute-value" "the token in the " " has 15 digits" |tag| with(tag, "publicKeyToken", "31bf3856ad364e3"),
            "identity-bad-architecture" "identity-attribute-value" "the architecture in the " " is none" |tag| with(tag, "processorArchitecture", "amd46"),
            "identity-bad-language" "identity-attribute-value" "the language in the " " is written with an underscore" |tag| with(tag, "language", "en_US"),
        }
    };
}

#[rustfmt::skip]
pub(super) const OF_MUMS: &[Fault] = identity_faults! { "mum" "package manifest" packages mum_identity };

#[rustfmt::skip]
pub(super) const OF_MANIFESTS: &[Fault] = identity_faults! { "manifest" "component manifest" assemblies manifest_identity };
