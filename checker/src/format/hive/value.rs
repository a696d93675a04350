//! Values and their data.

use super::bins::{Bins, Cell, Link};
use super::error::{Error, Rule};
use super::key::{Key, field as key_field};
use super::name::Name;
use std::borrow::Cow;
use std::fmt;

/// The most UTF-16 units of a value's name.
pub const MAX_VALUE_NAME_UNITS: usize = 16_383;

/// The longest data of a value that is read, in bytes. Windows has no such limit; the longest data in
/// genuine servicing hives has a few hundred kilobytes.
pub const MAX_VALUE_BYTES: usize = 64 << 20;

/// The record before the name.
pub(super) const VALUE_FIXED_BYTES: usize = 20;

/// What one segment of big data holds; longer data is big.
pub(super) const SEGMENT_BYTES: usize = 16_344;

/// The size of a segment's cell, that of the last one too.
pub(super) const SEGMENT_CELL_BYTES: usize = 16_352;

/// The record of big data.
pub(super) const BIG_DATA_BYTES: usize = 8;

/// The bit of a length that says that the data stands where its offset would.
pub(super) const INLINE: u32 = 1 << 31;

/// The longest data that stands there.
pub(super) const INLINE_BYTES: usize = 4;

pub(super) const FLAG_LATIN1_NAME: u16 = 1;
pub(super) const FLAG_TOMBSTONE: u16 = 2;

/// Where fields stand in the record.
pub(super) mod field {
    pub(crate) const NAME_BYTES: usize = 2;
    pub(crate) const DATA_BYTES: usize = 4;
    pub(crate) const DATA: usize = 8;
    pub(crate) const TYPE: usize = 12;
    pub(crate) const FLAGS: usize = 16;
}

/// The type of a value. Any number may occur; the length of the data does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueType(pub u32);

impl ValueType {
    /// No type.
    pub const NONE: Self = Self(0);
    /// UTF-16 text, nearly always with a NUL at its end.
    pub const SZ: Self = Self(1);
    /// Text with environment variables.
    pub const EXPAND_SZ: Self = Self(2);
    /// Bytes.
    pub const BINARY: Self = Self(3);
    /// A number of 32 bits.
    pub const DWORD: Self = Self(4);
    /// Several texts, each with a NUL at its end, and another NUL.
    pub const MULTI_SZ: Self = Self(7);
    /// A number of 64 bits.
    pub const QWORD: Self = Self(11);
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 12] = [
            "REG_NONE",
            "REG_SZ",
            "REG_EXPAND_SZ",
            "REG_BINARY",
            "REG_DWORD",
            "REG_DWORD_BIG_ENDIAN",
            "REG_LINK",
            "REG_MULTI_SZ",
            "REG_RESOURCE_LIST",
            "REG_FULL_RESOURCE_DESCRIPTOR",
            "REG_RESOURCE_REQUIREMENTS_LIST",
            "REG_QWORD",
        ];
        match NAMES.get(self.0 as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

/// A value.
#[derive(Clone, Copy)]
pub struct Value<'h> {
    bins: Bins<'h>,
    cell: Cell<'h>,
}

impl<'h> Value<'h> {
    #[inline]
    pub(super) fn read(bins: Bins<'h>, link: Link) -> Result<Self, Error> {
        let value = Self::unchecked(bins, bins.cell(link)?);
        value.check().map(|()| value)
    }

    /// A value that [`Value::check`] has still to accept.
    #[inline]
    pub(super) fn unchecked(bins: Bins<'h>, cell: Cell<'h>) -> Self {
        Self { bins, cell }
    }

    /// Whether its cell holds a value.
    #[inline]
    pub(super) fn check(&self) -> Result<(), Error> {
        self.cell.expect(Rule::ValueRecord, b"vk", VALUE_FIXED_BYTES)?;
        self.check_name()
    }

    #[inline]
    fn check_name(&self) -> Result<(), Error> {
        let stated: usize = self.cell.u16(field::NAME_BYTES).into();
        let room = self.cell.content.len() - VALUE_FIXED_BYTES;
        if stated > room {
            let expected = format!("a name of at most {room} bytes");
            return Err(self.cell.error(Rule::ValueRecord, field::NAME_BYTES, expected, stated.to_string()));
        }
        if !self.has_latin1_name() && !stated.is_multiple_of(2) {
            let actual = format!("{stated} bytes");
            return Err(self.cell.error(
                Rule::ValueRecord,
                field::NAME_BYTES,
                "a name of whole units",
                actual,
            ));
        }
        let units = self.name().len_units();
        if units > MAX_VALUE_NAME_UNITS {
            let at = self.cell.position(field::NAME_BYTES);
            return Err(Error::limit(at, "units in the name of a value", MAX_VALUE_NAME_UNITS, units));
        }
        Ok(())
    }

    #[inline]
    fn flags(&self) -> u16 {
        self.cell.u16(field::FLAGS)
    }

    #[inline]
    fn has_latin1_name(&self) -> bool {
        self.flags() & FLAG_LATIN1_NAME != 0
    }

    #[inline]
    pub(super) fn cell(&self) -> Cell<'h> {
        self.cell
    }

    /// Where its cell stands, in bytes from the start of the file.
    #[must_use]
    pub fn position(&self) -> u64 {
        super::bins::position(self.cell.start)
    }

    /// Its name; that of a key's default value is empty.
    #[must_use]
    #[inline]
    pub fn name(&self) -> Name<'h> {
        let length: usize = self.cell.u16(field::NAME_BYTES).into();
        let name = self.cell.content.get(VALUE_FIXED_BYTES..).and_then(|rest| rest.get(..length));
        Name { bytes: name.unwrap_or_default(), latin1: self.has_latin1_name() }
    }

    /// Its type.
    #[must_use]
    #[inline]
    pub fn data_type(&self) -> ValueType {
        ValueType(self.cell.u32(field::TYPE))
    }

    /// The length of its data as stated, in bytes.
    #[must_use]
    #[inline]
    pub fn data_length(&self) -> usize {
        (self.cell.u32(field::DATA_BYTES) & !INLINE) as usize
    }

    #[inline]
    pub(super) fn is_inline(&self) -> bool {
        self.cell.u32(field::DATA_BYTES) & INLINE != 0
    }

    /// Its data. Only that of more than 16,344 bytes is copied, and only in hives of version 1.4 and
    /// newer.
    ///
    /// # Errors
    ///
    /// If a part of it cannot be read, or it is longer than [`MAX_VALUE_BYTES`].
    pub fn data(&self) -> Result<Cow<'h, [u8]>, Error> {
        self.data_with(|_| Ok(()))
    }

    /// As [`Value::data`]; `claim` sees each cell that holds a part before it is read.
    #[inline]
    pub(super) fn data_with(
        &self,
        mut claim: impl FnMut(&Cell<'h>) -> Result<(), Error>,
    ) -> Result<Cow<'h, [u8]>, Error> {
        let length = self.data_length();
        if self.is_inline() {
            let data = self.cell.content.get(field::DATA..).and_then(|rest| rest.get(..length));
            return match data.filter(|_| length <= INLINE_BYTES) {
                Some(data) => Ok(Cow::Borrowed(data)),
                None => Err(self.beyond_record()),
            };
        }
        if length == 0 {
            return Ok(Cow::Borrowed(&[]));
        }
        if length > MAX_VALUE_BYTES {
            let at = self.cell.position(field::DATA_BYTES);
            return Err(Error::limit(at, "bytes of data of a value", MAX_VALUE_BYTES, length));
        }
        let cell = self.bins.cell(self.cell.link(field::DATA))?;
        claim(&cell)?;
        if self.is_big(&cell) {
            return self.big_data(&cell, length, claim).map(Cow::Owned);
        }
        match cell.content.get(..length) {
            Some(data) => Ok(Cow::Borrowed(data)),
            None => Err(self.beyond(cell)),
        }
    }

    #[cold]
    fn beyond_record(self) -> Error {
        let expected = format!("at most {INLINE_BYTES} bytes in the record itself");
        self.cell.error(Rule::ValueData, field::DATA_BYTES, expected, self.data_length().to_string())
    }

    #[cold]
    fn beyond(self, cell: Cell<'_>) -> Error {
        let expected = format!("at most {} bytes in the cell 0x{:X}", cell.content.len(), cell.offset());
        self.cell.error(Rule::ValueData, field::DATA_BYTES, expected, self.data_length().to_string())
    }

    /// Whether `cell` is the record of big data. Hives of version 1.3 have none, and other programs
    /// than Windows write long data into one cell in newer hives, too.
    #[inline]
    pub(super) fn is_big(&self, cell: &Cell<'_>) -> bool {
        self.bins.minor() > 3 && self.data_length() > SEGMENT_BYTES && cell.content.starts_with(b"db")
    }

    #[cold]
    fn big_data(
        &self,
        record: &Cell<'h>,
        length: usize,
        mut claim: impl FnMut(&Cell<'h>) -> Result<(), Error>,
    ) -> Result<Vec<u8>, Error> {
        let list = self.segments(record, length)?;
        claim(&list)?;
        if length > self.bins.data().len() {
            let expected = format!("at most {} bytes, the length of all bins", self.bins.data().len());
            return Err(self.cell.error(Rule::ValueData, field::DATA_BYTES, expected, length.to_string()));
        }
        let mut data = Vec::with_capacity(length);
        for segment in self.segment_cells(&list, length) {
            let segment = segment?;
            claim(&segment)?;
            let needed = SEGMENT_BYTES.min(length - data.len());
            let part = segment.content.get(..needed).ok_or_else(|| {
                let actual = format!("a cell for {}", segment.content.len());
                segment.error(Rule::BigData, 0, format!("a segment of {needed} bytes"), actual)
            })?;
            data.extend_from_slice(part);
        }
        Ok(data)
    }

    /// The list of the segments, if it has as many as the length needs.
    pub(super) fn segments(&self, record: &Cell<'h>, length: usize) -> Result<Cell<'h>, Error> {
        record.expect(Rule::BigData, b"db", BIG_DATA_BYTES)?;
        let needed = length.div_ceil(SEGMENT_BYTES);
        let stated: usize = record.u16(2).into();
        if stated != needed {
            let expected = format!("{needed} segments for {length} bytes");
            return Err(record.error(Rule::BigData, 2, expected, stated.to_string()));
        }
        let list = self.bins.cell(record.link(4))?;
        if list.content.len() < 4 * needed {
            let actual = format!("a cell for {} bytes", list.content.len());
            return Err(list.error(Rule::BigData, 0, format!("a list of {needed} segments"), actual));
        }
        Ok(list)
    }

    /// The segments that a list of [`Value::segments`] names.
    pub(super) fn segment_cells(
        &self,
        list: &Cell<'h>,
        length: usize,
    ) -> impl Iterator<Item = Result<Cell<'h>, Error>> + use<'h> {
        let (bins, list) = (self.bins, *list);
        (0..length.div_ceil(SEGMENT_BYTES)).map(move |index| bins.cell(list.link(4 * index)))
    }

    /// Whether data that can be read stands where Windows would have put it: empty and short data in
    /// the record, big data in segments of full size.
    pub(super) fn check_storage(&self) -> Result<(), Error> {
        let length = self.data_length();
        let wrong = |expected: &str, actual: String| {
            Err(self.cell.error(Rule::ValueData, field::DATA_BYTES, expected, actual))
        };
        match (self.is_inline(), length) {
            (true, 0) if self.cell.u32(field::DATA) != 0 => {
                let actual = format!("0x{:08X}", self.cell.u32(field::DATA));
                Err(self.cell.error(Rule::ValueData, field::DATA, "0, for there is no data", actual))
            }
            (true, _) => Ok(()),
            (false, 0) if self.flags() & FLAG_TOMBSTONE != 0 => Ok(()),
            (false, 0..=INLINE_BYTES) => {
                wrong("data in the record itself", format!("{length} bytes elsewhere"))
            }
            (false, _) if self.bins.minor() > 3 && length > SEGMENT_BYTES => self.check_segments(),
            (false, _) => Ok(()),
        }
    }

    fn check_segments(&self) -> Result<(), Error> {
        let length = self.data_length();
        let record = self.bins.cell(self.cell.link(field::DATA))?;
        if !self.is_big(&record) {
            let found = super::error::signature(record.content.get(..2).unwrap_or_default());
            return Err(record.error(Rule::BigData, 0, "\"db\"", found));
        }
        let list = self.segments(&record, length)?;
        for segment in self.segment_cells(&list, length) {
            let segment = segment?;
            let size = segment.content.len() + 4;
            if size != SEGMENT_CELL_BYTES {
                let at = super::bins::position(segment.start);
                let expected = format!("a segment in a cell of {SEGMENT_CELL_BYTES} bytes");
                return Err(Error::new(Rule::BigData, at, expected, size.to_string()));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "value {} at 0x{:X}", self.name(), self.position())
    }
}

/// The values of a key in the order of their list. One that cannot be read is an error; the others
/// follow.
pub struct Values<'h> {
    bins: Bins<'h>,
    list: Option<Cell<'h>>,
    /// Why there is no list.
    error: Option<Error>,
    next: u32,
    count: u32,
}

impl<'h> Values<'h> {
    #[inline]
    pub(super) fn of(key: &Key<'h>) -> Self {
        let count = key.value_count();
        let mut values = Self { bins: key.bins(), list: None, error: None, next: 0, count };
        if count > 0 {
            match value_list(key, count) {
                Ok(list) => values.list = Some(list),
                Err(error) => values.error = Some(error),
            }
        }
        values
    }

    /// The cell of the list, if there is one and it can be read.
    #[inline]
    pub(super) fn list(&self) -> Option<Cell<'h>> {
        self.list
    }
}

/// The list of a key's values, if its cell has room for so many.
#[inline]
pub(super) fn value_list<'h>(key: &Key<'h>, count: u32) -> Result<Cell<'h>, Error> {
    let list = key.bins().cell(key.cell().link(key_field::VALUE_LIST))?;
    let room = list.content.len() / 4;
    if count as usize > room {
        let expected = format!("at most {room} values in the list 0x{:X}", list.offset());
        return Err(key.cell().error(Rule::ValueList, key_field::VALUE_COUNT, expected, count.to_string()));
    }
    Ok(list)
}

impl<'h> Iterator for Values<'h> {
    type Item = Result<Value<'h>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.error.take() {
            return Some(Err(error));
        }
        let list = self.list.filter(|_| self.next < self.count)?;
        let link = list.link(4 * self.next as usize);
        self.next += 1;
        Some(Value::read(self.bins, link))
    }
}
