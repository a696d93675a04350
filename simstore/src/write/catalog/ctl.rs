//! The certificate trust list inside a catalog: its members and what the catalog says about itself.
//!
//! The structure is `CTL_INFO` of Microsoft's documentation of CryptoAPI; its parts follow genuine catalogs.

use super::pkcs7::attribute;
use super::{Catalog, Format, Kind, Member, NameValue};
use crate::write::certificate::extension;
use crate::write::hash::{self, Hash};
use crate::write::{der, oid};

/// The content octets of the list: what a catalog's signature covers.
pub(super) fn content_octets(catalog: &Catalog) -> Vec<u8> {
    let member_form = match catalog.format {
        Format::V1 => oid::CATALOG_MEMBER_V1,
        Format::V2 => oid::CATALOG_MEMBER_V2,
    };
    let mut parts = vec![
        der::sequence([der::oid(oid::CATALOG_LIST)]),
        der::octet_string(&catalog.list_identifier),
        der::time(catalog.this_update),
        hash::algorithm(member_form),
        der::sequence(sorted_entries(catalog)),
    ];
    if !catalog.name_values.is_empty() {
        let extensions =
            catalog.name_values.iter().map(|pair| extension(oid::CAT_NAME_VALUE, &name_value(pair)));
        parts.push(der::explicit(0, &der::sequence(extensions)));
    }
    der::concatenate(parts)
}

/// A member's entry in the list: the octets that tag it, and its attributes.
struct Entry {
    tag: Vec<u8>,
    attributes: Vec<Vec<u8>>,
}

/// The entries in ascending order of their tags, not of their encodings, which begin with a length.
fn sorted_entries(catalog: &Catalog) -> Vec<Vec<u8>> {
    let mut entries: Vec<Entry> = match catalog.format {
        Format::V1 => catalog.members.iter().map(v1_entry).collect(),
        Format::V2 => catalog.members.iter().flat_map(v2_entries).collect(),
    };
    entries.sort_by(|a, b| a.tag.cmp(&b.tag));
    entries
        .into_iter()
        .map(|entry| der::sequence([der::octet_string(&entry.tag), der::set_of(entry.attributes)]))
        .collect()
}

fn v1_entry(member: &Member) -> Entry {
    let tag = match &member.tag {
        Some(name) => name.clone(),
        None => member.sha1.iter().map(|octet| format!("{octet:02X}")).collect(),
    };
    let mut attributes = vec![
        attribute(oid::SPC_INDIRECT_DATA, indirect_data(member.kind, Hash::Sha1, &member.sha1)),
        attribute(
            oid::CAT_MEMBER_INFO,
            der::sequence([der::bmp_string(subject(member.kind)), der::integer(0x200)]),
        ),
    ];
    attributes.extend(member.name_values.iter().map(name_value_attribute));
    Entry { tag: utf16_with_nul(&tag), attributes }
}

fn v2_entries(member: &Member) -> [Entry; 2] {
    let in_sha1_entry = |pair: &&NameValue| pair.flags & NameValue::NOT_IN_SHA1_ENTRY == 0;
    let mut sha1_attributes = vec![v2_member_info(member.kind)];
    sha1_attributes.extend(member.name_values.iter().filter(in_sha1_entry).map(name_value_attribute));

    let mut sha256_attributes = vec![
        v2_member_info(member.kind),
        attribute(oid::SPC_INDIRECT_DATA, indirect_data(member.kind, Hash::Sha256, &member.sha256)),
    ];
    sha256_attributes.extend(member.name_values.iter().map(name_value_attribute));
    [
        Entry { tag: member.sha1.to_vec(), attributes: sha1_attributes },
        Entry { tag: member.sha256.to_vec(), attributes: sha256_attributes },
    ]
}

/// The GUID of the Windows component that knows how to take the digest of such a file.
fn subject(kind: Kind) -> &'static str {
    match kind {
        Kind::Flat => "{DE351A42-8E59-11D0-8C47-00C04FC295EE}",
        Kind::Pe => "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}",
        Kind::Cabinet => "{C689AABA-8E78-11D0-8C47-00C04FC295EE}",
    }
}

/// `CAT_MEMBERINFO2`: an empty element whose tag is the kind of file.
fn v2_member_info(kind: Kind) -> Vec<u8> {
    let number = match kind {
        Kind::Pe => 0,
        Kind::Flat | Kind::Cabinet => 2,
    };
    attribute(oid::CAT_MEMBER_INFO_2, der::implicit(number, der::null()))
}

/// `SpcIndirectDataContent`: a digest and what it is a digest of.
fn indirect_data(kind: Kind, hash: Hash, digest: &[u8]) -> Vec<u8> {
    // `SpcLink`, the choice of a file, whose name is empty.
    let no_file_name = der::explicit(2, &der::implicit(0, der::bmp_string("")));
    let (subject, about) = match kind {
        Kind::Flat | Kind::Cabinet => (oid::SPC_FLAT, no_file_name),
        Kind::Pe => {
            let flags = der::bit_string_with_unused(5, &[0b1010_0000]);
            (oid::SPC_PE_IMAGE, der::sequence([flags, der::explicit(0, &no_file_name)]))
        }
    };
    der::sequence([der::sequence([der::oid(subject), about]), hash.digest_info(digest)])
}

fn name_value_attribute(pair: &NameValue) -> Vec<u8> {
    attribute(oid::CAT_NAME_VALUE, name_value(pair))
}

/// `CAT_NAMEVALUE`. The name is big-endian as in any BMPString, the value little-endian as in memory.
fn name_value(pair: &NameValue) -> Vec<u8> {
    der::sequence([
        der::bmp_string(&pair.name),
        der::integer(u64::from(pair.flags)),
        der::octet_string(&utf16_with_nul(&pair.value)),
    ])
}

fn utf16_with_nul(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
