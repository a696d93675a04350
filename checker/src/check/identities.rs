//! Identity texts in COMPONENTS: the values `identity` and `appid`.

use crate::finding::{Evidence, Finding, FindingId};
use crate::format::identity::{Identity, IdentityErrorClass};
use crate::registry::{self, Field};

/// What the findings on one kind of identity text are called.
pub(super) struct IdentityNames {
    /// The name of the value.
    pub(super) value: &'static str,
    pub(super) missing: FindingId,
    pub(super) wrong_type: FindingId,
    pub(super) malformed: FindingId,
    pub(super) illegal_character: FindingId,
    pub(super) duplicate: FindingId,
    pub(super) attribute_name: FindingId,
    pub(super) attribute_value: FindingId,
}

/// What is wrong with the identity of a key.
pub(super) fn judge(names: &IdentityNames, key: &str, field: &Field<Vec<u8>>) -> Option<Finding> {
    let value = registry::value(key, names.value);
    let text = match field {
        Field::Present(text) => text,
        Field::Absent => return Some(Finding::new(names.missing, value, Evidence::default())),
        Field::Wrong { found } => {
            return Some(Finding::new(names.wrong_type, value, Evidence::differs("REG_BINARY", found)));
        }
        Field::Unreadable => return None,
    };
    let error = Identity::from_text(text).err()?;
    let id = match error.kind.class() {
        IdentityErrorClass::Malformed => names.malformed,
        IdentityErrorClass::IllegalCharacter => names.illegal_character,
        IdentityErrorClass::Duplicate => names.duplicate,
        IdentityErrorClass::AttributeName => names.attribute_name,
        IdentityErrorClass::AttributeValue => names.attribute_value,
    };
    let evidence = Evidence {
        actual: Some(text.escape_ascii().to_string()),
        ..Evidence::at(error.offset as u64, error.to_string())
    };
    Some(Finding::new(id, value, evidence).finer(error.kind.finer(false)))
}
