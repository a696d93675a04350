//! Keys, created and deleted.

use super::{EditError, Editor, limit};
use crate::format::hive::bins::NIL;
use crate::format::hive::bytes::{put, put_u16, put_u32};
use crate::format::hive::key::{KEY_FIXED_BYTES, Key, MAX_KEY_NAME_UNITS, field, key_flag};
use crate::format::hive::name::encode;
use crate::format::hive::security::field as security_field;
use crate::format::hive::subkeys::{Leaves, MAX_SUBKEYS};
use crate::format::hive::walk::MAX_KEY_DEPTH;

impl Editor {
    /// Adds a subkey that does not exist yet. Gives its offset.
    pub(super) fn add_subkey(&mut self, parent: u32, name: &str) -> Result<u32, EditError> {
        let key = self.key_at(parent)?;
        let (count, security) = (key.subkey_count(), key.cell().u32(field::SECURITY));
        let longest = key.cell().u16(field::MAX_SUBKEY_NAME);
        if count as usize >= MAX_SUBKEYS {
            return limit("subkeys of one key", MAX_SUBKEYS);
        }
        if self.depth(parent)? >= MAX_KEY_DEPTH {
            return limit("levels of keys", MAX_KEY_DEPTH);
        }
        let record = key_record(name, 0, parent, security, self.now)?;
        let subkey = self.allocate(&record, 0)?;
        if let Err(error) = self.insert(parent, name, subkey) {
            self.free(subkey)?;
            return Err(error);
        }
        let users = self.cell(security)?.u32(security_field::USERS);
        self.put_u32(security, security_field::USERS, users.saturating_add(1));
        self.put_u32(parent, field::SUBKEY_COUNT, count + 1);
        let name_bytes = 2 * self.key_at(subkey)?.name().len_units() as u16;
        self.put_u16(parent, field::MAX_SUBKEY_NAME, longest.max(name_bytes));
        self.stamp(parent);
        Ok(subkey)
    }

    /// On which level a key is; the root is on the first.
    fn depth(&self, key: u32) -> Result<usize, EditError> {
        let (mut key, mut depth) = (key, 1);
        while key != self.hive.block.root && depth < MAX_KEY_DEPTH {
            key = self.cell(key)?.u32(field::PARENT);
            depth += 1;
        }
        Ok(depth)
    }

    /// Deletes a key other than the root, and everything below it.
    pub(super) fn remove_subkey(&mut self, key: u32) -> Result<(), EditError> {
        let parent = self.cell(key)?.u32(field::PARENT);
        let mut doomed = vec![key];
        let mut next = 0;
        while let Some(offset) = doomed.get(next) {
            for subkey in self.key_at(*offset)?.subkeys() {
                doomed.push(subkey?.offset());
            }
            next += 1;
        }
        self.take_out(parent, key)?;
        let count = self.key_at(parent)?.subkey_count();
        self.put_u32(parent, field::SUBKEY_COUNT, count.saturating_sub(1));
        self.stamp(parent);
        doomed.into_iter().try_for_each(|key| self.free_key(key))
    }

    /// Frees the cells of one key, whose subkeys are no concern here.
    fn free_key(&mut self, offset: u32) -> Result<(), EditError> {
        let key = self.key_at(offset)?;
        let security = key.cell().u32(field::SECURITY);
        let mut cells = value_cells(&key)?;
        cells.extend(key.class_cell()?.map(|cell| cell.offset()));
        let leaves = Leaves::of(&key);
        cells.extend(leaves.index().map(|cell| cell.offset()));
        cells.extend(leaves.offsets());
        cells.push(offset);
        cells.into_iter().try_for_each(|cell| self.free(cell))?;
        self.drop_user(security)
    }

    /// Counts one user less of a security record, and deletes a record without users.
    fn drop_user(&mut self, record: u32) -> Result<(), EditError> {
        let cell = self.cell(record)?;
        let users = cell.u32(security_field::USERS).saturating_sub(1);
        let (next, previous) = (cell.u32(security_field::NEXT), cell.u32(security_field::PREVIOUS));
        if users > 0 {
            self.put_u32(record, security_field::USERS, users);
            return Ok(());
        }
        self.put_u32(previous, security_field::NEXT, next);
        self.put_u32(next, security_field::PREVIOUS, previous);
        self.free(record)
    }
}

/// The cells of a key's values: their list, their records, their data.
fn value_cells(key: &Key<'_>) -> Result<Vec<u32>, EditError> {
    let mut cells: Vec<u32> = key.values().list().map(|list| list.offset()).into_iter().collect();
    for value in key.values() {
        let value = value?;
        cells.push(value.cell().offset());
        value.data_with(|cell| {
            cells.push(cell.offset());
            Ok(())
        })?;
    }
    Ok(cells)
}

/// The record of a key without subkeys and values.
pub(super) fn key_record(
    name: &str,
    flags: u16,
    parent: u32,
    security: u32,
    now: u64,
) -> Result<Vec<u8>, EditError> {
    let (name_bytes, latin1) = encode(name);
    if name.encode_utf16().count() > MAX_KEY_NAME_UNITS {
        return limit("units in the name of a key", MAX_KEY_NAME_UNITS);
    }
    let mut record = vec![0; KEY_FIXED_BYTES];
    put(&mut record, 0, b"nk");
    put_u16(&mut record, field::FLAGS, flags | if latin1 { key_flag::LATIN1_NAME } else { 0 });
    put(&mut record, field::LAST_WRITTEN, &now.to_le_bytes());
    put_u32(&mut record, field::PARENT, parent);
    for none in [field::SUBKEY_LIST, field::VOLATILE_SUBKEY_LIST, field::VALUE_LIST, field::CLASS] {
        put_u32(&mut record, none, NIL);
    }
    put_u32(&mut record, field::SECURITY, security);
    put_u16(&mut record, field::NAME_BYTES, name_bytes.len() as u16);
    record.extend_from_slice(&name_bytes);
    Ok(record)
}
