//! The same walk with the crate nt-hive, which only reads.

use crate::Content;
use nt_hive::{Hive, KeyNode, KeyValueData, NtHiveError, NtHiveNameString};

/// Reads every key and value of a hive and all data.
///
/// # Panics
///
/// If something cannot be read: then the numbers would mean nothing.
#[must_use]
pub fn walk_hive_with_nt_hive(bytes: &[u8]) -> Content {
    let hive = Hive::new(bytes).expect("the hive is sound");
    let mut content = Content::default();
    hive.root_key_node().and_then(|root| walk(&root, &mut content)).expect("the hive is sound");
    content
}

fn walk(key: &KeyNode<'_, &[u8]>, content: &mut Content) -> Result<(), NtHiveError> {
    content.count += 1;
    content.add(written(&key.name()?));
    if let Some(values) = key.values() {
        for value in values? {
            let value = value?;
            content.count += 1;
            content.add(written(&value.name()?));
            content.add(&(value.data_type()? as u32).to_le_bytes());
            match value.data()? {
                KeyValueData::Small(data) => content.add(data),
                KeyValueData::Big(slices) => {
                    content.add(&slices.collect::<Result<Vec<_>, _>>()?.concat());
                }
            }
        }
    }
    if let Some(keys) = key.subkeys() {
        for below in keys? {
            walk(&below?, content)?;
        }
    }
    Ok(())
}

fn written<'n>(name: &NtHiveNameString<'n>) -> &'n [u8] {
    match name {
        NtHiveNameString::Latin1(bytes) | NtHiveNameString::Utf16LE(bytes) => bytes,
    }
}
