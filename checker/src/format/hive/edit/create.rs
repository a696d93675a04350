//! Empty hives.

use super::keys::key_record;
use super::space::Space;
use super::{EditError, Editor};
use crate::format::hive::base_block::{BASE_BLOCK_BYTES, field as block_field, seal};
use crate::format::hive::bins::{File, NIL};
use crate::format::hive::bytes::{put, put_u16, put_u32};
use crate::format::hive::key::{field as key_field, key_flag};
use crate::format::hive::security::{SECURITY_FIXED_BYTES, field};
use crate::format::hive::{BaseBlock, Hive, MAX_BINS_BYTES};
use std::borrow::Cow;

/// Where the time of the base block has a copy, in the first bin.
const TIME_IN_BIN: usize = BASE_BLOCK_BYTES + 20;

/// S-1-5-18, the system itself.
const SYSTEM: &[u8] = &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
/// S-1-5-32-544, the administrators.
const ADMINISTRATORS: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
/// S-1-5-32-545, the users.
const USERS: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x21, 2, 0, 0];

/// Everything that can be done with a key.
const ALL_ACCESS: u32 = 0xF_003F;
const READ: u32 = 0x2_0019;

impl Editor {
    /// An editor of a hive that has a root only: version 1.`minor`, 3 to 6, the newest that Windows
    /// itself writes being 5. System and administrators may do everything, users may read. `now` is the
    /// time of the hive and of changed keys, in steps of 100 ns since 1601-01-01 UTC.
    ///
    /// # Errors
    ///
    /// If the version cannot be written, or the name of the root is empty or too long.
    pub fn new_hive(minor: u32, root: &str, now: u64) -> Result<Self, EditError> {
        if !(3..=6).contains(&minor) {
            return Err(EditError::Version { minor });
        }
        if root.is_empty() {
            return Err(EditError::Root);
        }
        let flags = key_flag::ROOT | key_flag::NO_DELETE;
        let root = key_record(root, flags, NIL, NIL, now)?;
        let (bytes, block) = empty_file(minor, now)?;
        let file = File::new(Cow::Owned(bytes), BASE_BLOCK_BYTES, 0, minor);
        let hive = Hive { file, block, root_bytes: root.len() };
        let mut editor = Self { hive, space: Space::default(), now, max_bins_bytes: MAX_BINS_BYTES };
        let key = editor.allocate(&root, 0)?;
        editor.hive.root_bytes = editor.cell(key)?.content.len();
        let security = editor.allocate(&security_record(), 0)?;
        editor.put_u32(security, field::NEXT, security);
        editor.put_u32(security, field::PREVIOUS, security);
        editor.put_u32(key, key_field::SECURITY, security);
        put(editor.hive.file.bytes.to_mut(), TIME_IN_BIN, &now.to_le_bytes());
        Ok(editor)
    }
}

/// A base block, and no bins yet.
fn empty_file(minor: u32, now: u64) -> Result<(Vec<u8>, BaseBlock), EditError> {
    let mut bytes = vec![0; BASE_BLOCK_BYTES];
    put(&mut bytes, 0, b"regf");
    put(&mut bytes, block_field::LAST_WRITTEN, &now.to_le_bytes());
    for (at, number) in [
        (block_field::MAJOR, 1),
        (block_field::MINOR, minor),
        (block_field::FORMAT, 1),
        (block_field::ROOT, 32),
        (block_field::BINS_BYTES, BASE_BLOCK_BYTES as u32),
        (block_field::CLUSTERING_FACTOR, 1),
    ] {
        put_u32(&mut bytes, at, number);
    }
    seal(&mut bytes);
    let block = BaseBlock { bins_bytes: 0, ..BaseBlock::of_hive(&bytes)? };
    Ok((bytes, block))
}

/// A security record with one user.
fn security_record() -> Vec<u8> {
    let descriptor = descriptor();
    let mut record = vec![0; SECURITY_FIXED_BYTES];
    put(&mut record, 0, b"sk");
    put_u32(&mut record, field::USERS, 1);
    put_u32(&mut record, field::DESCRIPTOR_BYTES, descriptor.len() as u32);
    record.extend_from_slice(&descriptor);
    record
}

/// A self-relative security descriptor: header, access list, owner, group.
fn descriptor() -> Vec<u8> {
    const HEADER_BYTES: usize = 20;
    let entries: Vec<u8> = [(SYSTEM, ALL_ACCESS), (ADMINISTRATORS, ALL_ACCESS), (USERS, READ)]
        .into_iter()
        .flat_map(allow)
        .collect();
    let mut list = vec![2, 0, 0, 0, 3, 0, 0, 0];
    list.extend_from_slice(&entries);
    let list_bytes = list.len() as u16;
    put_u16(&mut list, 2, list_bytes);
    let owner = HEADER_BYTES + list.len();
    let group = owner + ADMINISTRATORS.len();
    // Revision 1; self-relative, with an access list.
    let mut descriptor = vec![1, 0, 0x04, 0x80];
    for offset in [owner, group, 0, HEADER_BYTES] {
        descriptor.extend_from_slice(&(offset as u32).to_le_bytes());
    }
    [&list[..], ADMINISTRATORS, ADMINISTRATORS]
        .into_iter()
        .for_each(|part| descriptor.extend_from_slice(part));
    descriptor
}

/// An entry that allows something to someone, for a key and those below it.
fn allow((who, what): (&[u8], u32)) -> Vec<u8> {
    let mut entry = vec![0, 2, 0, 0];
    entry.extend_from_slice(&what.to_le_bytes());
    entry.extend_from_slice(who);
    let length = entry.len() as u16;
    put_u16(&mut entry, 2, length);
    entry
}
