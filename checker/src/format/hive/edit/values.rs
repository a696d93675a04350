//! Values, set and deleted.

use super::{EditError, Editor, limit};
use crate::format::hive::bins::NIL;
use crate::format::hive::bytes::{put, put_u16, put_u32};
use crate::format::hive::key::field as key_field;
use crate::format::hive::name::encode;
use crate::format::hive::value::{
    BIG_DATA_BYTES, FLAG_LATIN1_NAME, FLAG_TOMBSTONE, INLINE, INLINE_BYTES, MAX_VALUE_BYTES,
    MAX_VALUE_NAME_UNITS, SEGMENT_BYTES, SEGMENT_CELL_BYTES, VALUE_FIXED_BYTES, Value, ValueType, field,
};

/// The longest data of a value in a hive of version 1.3, in bytes.
pub const MAX_STANDARD_VALUE_BYTES: usize = 1 << 20;

/// Length and place of data, as they stand in the record of a value.
struct Stored {
    stated: u32,
    place: [u8; 4],
}

impl Editor {
    /// Gives a value this type and data, and creates it if it does not exist.
    pub(super) fn write_value(
        &mut self,
        key: u32,
        name: &str,
        data_type: ValueType,
        data: &[u8],
    ) -> Result<(), EditError> {
        let name_units = name.encode_utf16().count();
        if name_units > MAX_VALUE_NAME_UNITS {
            return limit("units in the name of a value", MAX_VALUE_NAME_UNITS);
        }
        let old = self.key_at(key)?.value(name)?.map(|value| value.cell().offset());
        let stored = self.store(data)?;
        let value = match old {
            Some(value) => {
                self.free_data(value)?;
                value
            }
            None => self.add_value(key, name)?,
        };
        self.put_u32(value, field::DATA_BYTES, stored.stated);
        self.put(value, field::DATA, &stored.place);
        self.put_u32(value, field::TYPE, data_type.0);
        let flags = self.cell(value)?.u16(field::FLAGS);
        self.put_u16(value, field::FLAGS, flags & !FLAG_TOMBSTONE);
        self.raise(key, key_field::MAX_VALUE_NAME, 2 * name_units)?;
        self.raise(key, key_field::MAX_VALUE_DATA, data.len())?;
        self.stamp(key);
        Ok(())
    }

    /// Raises an upper bound in a key.
    fn raise(&mut self, key: u32, bound: usize, needed: usize) -> Result<(), EditError> {
        let stated = self.cell(key)?.u32(bound);
        self.put_u32(key, bound, stated.max(needed as u32));
        Ok(())
    }

    /// Writes data where it belongs by its length.
    fn store(&mut self, data: &[u8]) -> Result<Stored, EditError> {
        let has_big_data = self.hive.block.minor > 3;
        let most = if has_big_data { MAX_VALUE_BYTES } else { MAX_STANDARD_VALUE_BYTES };
        if data.len() > most {
            return limit("bytes of data of a value", most);
        }
        let length = data.len() as u32;
        if data.len() <= INLINE_BYTES {
            let mut place = [0; 4];
            put(&mut place, 0, data);
            return Ok(Stored { stated: length | INLINE, place });
        }
        let cell = if has_big_data && data.len() > SEGMENT_BYTES {
            self.store_segments(data)?
        } else {
            self.allocate(data, 0)?
        };
        Ok(Stored { stated: length, place: cell.to_le_bytes() })
    }

    /// Writes big data. Gives its record.
    fn store_segments(&mut self, data: &[u8]) -> Result<u32, EditError> {
        let mut list = Vec::new();
        for segment in data.chunks(SEGMENT_BYTES) {
            let segment = self.allocate(segment, SEGMENT_CELL_BYTES - 4)?;
            list.extend_from_slice(&segment.to_le_bytes());
        }
        let list_cell = self.allocate(&list, 0)?;
        let mut record = [0; BIG_DATA_BYTES];
        put(&mut record, 0, b"db");
        put_u16(&mut record, 2, (list.len() / 4) as u16);
        put_u32(&mut record, 4, list_cell);
        // The cell has 16 bytes in all genuine hives.
        self.allocate(&record, 12)
    }

    /// Adds a value without data. Gives its offset.
    fn add_value(&mut self, key: u32, name: &str) -> Result<u32, EditError> {
        let (name, latin1) = encode(name);
        let mut record = vec![0; VALUE_FIXED_BYTES];
        put(&mut record, 0, b"vk");
        put_u16(&mut record, field::NAME_BYTES, name.len() as u16);
        // The default value has no name, so it has no Latin-1 name.
        let flags = if latin1 && !name.is_empty() { FLAG_LATIN1_NAME } else { 0 };
        put_u32(&mut record, field::DATA_BYTES, INLINE);
        put_u16(&mut record, field::FLAGS, flags);
        record.extend_from_slice(&name);
        let value = self.allocate(&record, 0)?;
        self.append_to_list(key, value)?;
        Ok(value)
    }

    fn append_to_list(&mut self, key: u32, value: u32) -> Result<(), EditError> {
        let count = self.key_at(key)?.value_count() as usize;
        let old = self.key_at(key)?.values().list();
        let (old, mut list) =
            (old.map(|cell| cell.offset()), old.map_or_else(Vec::new, |cell| cell.content.to_vec()));
        if list.len() < 4 * (count + 1) {
            // Some room for more, so that adding many values does not copy the list each time.
            list.resize(4 * (count + 1 + count / 8), 0);
            let new = self.allocate(&list, 0)?;
            self.put_u32(key, key_field::VALUE_LIST, new);
            old.map_or(Ok(()), |old| self.free(old))?;
        }
        let list = self.cell(key)?.u32(key_field::VALUE_LIST);
        self.put_u32(list, 4 * count, value);
        self.put_u32(key, key_field::VALUE_COUNT, count as u32 + 1);
        Ok(())
    }

    /// Deletes a value. Gives whether there was one.
    pub(super) fn remove_value(&mut self, key: u32, name: &str) -> Result<bool, EditError> {
        let record = self.key_at(key)?;
        let Some(value) = record.value(name)?.map(|value| value.cell().offset()) else { return Ok(false) };
        let Some(list) = record.values().list() else { return Ok(false) };
        let (count, list_cell) = (record.value_count() as usize, list.offset());
        let entries = list.content.chunks_exact(4).take(count);
        let kept: Vec<u8> =
            entries.filter(|entry| **entry != value.to_le_bytes()).flatten().copied().collect();
        if kept.is_empty() {
            self.put_u32(key, key_field::VALUE_LIST, NIL);
            self.free(list_cell)?;
        } else {
            self.put(list_cell, 0, &kept);
        }
        self.put_u32(key, key_field::VALUE_COUNT, (kept.len() / 4) as u32);
        self.free_data(value)?;
        self.free(value)?;
        self.stamp(key);
        Ok(true)
    }

    /// Frees the cells of a value's data.
    fn free_data(&mut self, value: u32) -> Result<(), EditError> {
        let mut cells = Vec::new();
        Value::read(self.hive.bins(), self.link_to(value))?.data_with(|cell| {
            cells.push(cell.offset());
            Ok(())
        })?;
        cells.into_iter().try_for_each(|cell| self.free(cell))
    }
}
