//! The stages that package manifests and component manifests have in common.

use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::assembly::DocumentErrors;
use crate::format::identity::IdentityErrorClass;
use crate::format::xml::ErrorClass;

/// What the findings of one kind of document are called.
pub(super) struct Names {
    pub(super) zero_length: FindingId,
    pub(super) all_zeros: FindingId,
    pub(super) illegal_character: FindingId,
    pub(super) not_well_formed: FindingId,
    pub(super) encoding_mismatch: FindingId,
    pub(super) bad_structure: FindingId,
    pub(super) identity_malformed: FindingId,
    pub(super) identity_duplicate: FindingId,
    pub(super) identity_attribute_name: FindingId,
    pub(super) identity_attribute_value: FindingId,
}

/// A file without a byte of content.
pub(super) fn content(names: &Names, path: &str, bytes: &[u8]) -> Option<Finding> {
    let id = if bytes.is_empty() {
        names.zero_length
    } else if bytes.iter().all(|byte| *byte == 0) {
        names.all_zeros
    } else {
        return None;
    };
    let evidence = Evidence { actual: Some(format!("{} bytes", bytes.len())), ..Evidence::default() };
    Some(Finding::new(id, Subject::path(path), evidence))
}

/// The first XML error. A document beyond a limit is for the caller to count as not verified.
pub(super) fn xml(names: &Names, path: &str, errors: &DocumentErrors) -> Option<Finding> {
    let error = errors.xml.as_ref()?;
    let id = match error.class() {
        ErrorClass::IllegalCharacter => names.illegal_character,
        ErrorClass::NotWellFormed => names.not_well_formed,
        ErrorClass::Encoding => names.encoding_mismatch,
        ErrorClass::Limit => return None,
    };
    let evidence = Evidence::at(error.offset as u64, error.to_string());
    Some(Finding::new(id, Subject::path(path), evidence).finer(error.finer()))
}

pub(super) fn structure(names: &Names, path: &str, errors: &DocumentErrors) -> Option<Finding> {
    let error = errors.structure.as_ref()?;
    let evidence = Evidence::at(error.offset as u64, error.to_string());
    Some(Finding::new(names.bad_structure, Subject::path(path), evidence))
}

pub(super) fn identity(names: &Names, path: &str, errors: &DocumentErrors) -> Option<Finding> {
    let error = errors.identity.as_ref()?;
    let id = match error.kind.class() {
        IdentityErrorClass::Malformed => names.identity_malformed,
        IdentityErrorClass::Duplicate => names.identity_duplicate,
        IdentityErrorClass::AttributeName => names.identity_attribute_name,
        IdentityErrorClass::AttributeValue => names.identity_attribute_value,
        // In XML such a character is found by the stage before.
        IdentityErrorClass::IllegalCharacter => names.illegal_character,
    };
    let evidence = Evidence::at(error.offset as u64, error.to_string());
    Some(Finding::new(id, Subject::member(path, "assemblyIdentity"), evidence).finer(error.kind.finer(true)))
}
