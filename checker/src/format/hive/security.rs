//! Security records: shared by all keys with the same rights, and linked into a ring.

use super::bins::{Bins, Cell, Link, position};
use super::error::{Error, Rule};
use super::key::{Key, field as key_field};
use super::used::Used;
use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{BTreeSet, HashMap};

/// The record before the descriptor.
pub(super) const SECURITY_FIXED_BYTES: usize = 20;

/// Where fields stand in the record.
pub(super) mod field {
    pub(crate) const NEXT: usize = 4;
    pub(crate) const PREVIOUS: usize = 8;
    pub(crate) const USERS: usize = 12;
    pub(crate) const DESCRIPTOR_BYTES: usize = 16;
}

/// A security record.
#[derive(Clone, Copy)]
pub(super) struct Security<'h> {
    pub(super) cell: Cell<'h>,
}

impl<'h> Security<'h> {
    pub(super) fn read(bins: Bins<'h>, link: Link) -> Result<Self, Error> {
        let cell = bins.cell(link)?;
        cell.expect(Rule::SecurityRecord, b"sk", SECURITY_FIXED_BYTES)?;
        let stated = cell.u32(field::DESCRIPTOR_BYTES) as usize;
        let room = cell.content.len() - SECURITY_FIXED_BYTES;
        if stated > room {
            let expected = format!("a descriptor of at most {room} bytes");
            let actual = stated.to_string();
            return Err(cell.error(Rule::SecurityRecord, field::DESCRIPTOR_BYTES, expected, actual));
        }
        Ok(Self { cell })
    }

    fn descriptor(&self) -> &'h [u8] {
        let length = self.cell.u32(field::DESCRIPTOR_BYTES) as usize;
        let descriptor = self.cell.content.get(SECURITY_FIXED_BYTES..).and_then(|rest| rest.get(..length));
        descriptor.unwrap_or_default()
    }
}

/// Where a self-relative security descriptor is not one ([MS-DTYP] 2.4.6): what should be there, and what is.
fn misfit(descriptor: &[u8]) -> Option<(usize, String, String)> {
    /// The revision, the flags, and the offsets of owner, group and the two lists.
    const HEADER_BYTES: usize = 20;
    /// Where the four offsets stand; 0 is the part that is not there.
    const PARTS: [usize; 4] = [4, 8, 12, 16];
    if descriptor.len() < HEADER_BYTES {
        let expected = format!("a descriptor of at least {HEADER_BYTES} bytes");
        return Some((0, expected, descriptor.len().to_string()));
    }
    if descriptor[0] != 1 {
        return Some((0, "the revision 1".to_owned(), descriptor[0].to_string()));
    }
    PARTS.into_iter().find_map(|at| {
        let part = u32::from_le_bytes(descriptor[at..at + 4].try_into().ok()?) as usize;
        let is_inside = part == 0 || (HEADER_BYTES..descriptor.len()).contains(&part);
        let expected = format!("a part of a descriptor of {} bytes", descriptor.len());
        (!is_inside).then(|| (at, expected, format!("one at {part}")))
    })
}

/// The security records that keys use.
#[derive(Default)]
pub(super) struct Users<'h> {
    /// By offset; `None` if the record cannot be read.
    records: BTreeMap<u32, Option<(Security<'h>, u32)>>,
}

impl<'h> Users<'h> {
    /// Counts a key. The error is that its record cannot be read, once for each record.
    pub(super) fn add(&mut self, key: &Key<'h>) -> Result<(), Error> {
        let link = key.cell().link(key_field::SECURITY);
        match self.records.entry(link.to) {
            Entry::Occupied(mut known) => {
                if let Some((_, count)) = known.get_mut() {
                    *count += 1;
                }
                Ok(())
            }
            Entry::Vacant(new) => {
                let security = Security::read(key.bins(), link);
                new.insert(security.as_ref().ok().map(|security| (*security, 1)));
                security.map(drop)
            }
        }
    }

    /// Checks what must hold once all keys are counted. If some keys could not be read, `complete` is
    /// not set, and their number proves nothing.
    pub(super) fn check(
        &self,
        bins: Bins<'h>,
        used: &mut Used,
        complete: bool,
        mut damaged: impl FnMut(Error),
    ) {
        let mut contents = HashMap::new();
        for (security, count) in self.records.values().flatten() {
            let cell = security.cell;
            if let Err(error) = used.claim(&cell) {
                damaged(error);
                continue;
            }
            let stated = cell.u32(field::USERS);
            if complete && stated != *count {
                let expected = format!("{count} keys");
                damaged(cell.error(Rule::SecurityCount, field::USERS, expected, stated.to_string()));
            }
            if let Some((at, expected, actual)) = misfit(security.descriptor()) {
                damaged(cell.error(Rule::SecurityRecord, SECURITY_FIXED_BYTES + at, expected, actual));
            }
            if let Some(first) = contents.insert(security.descriptor(), cell.offset()) {
                let actual = format!("that of the record at 0x{:X}", position(first as usize));
                damaged(cell.error(Rule::SecurityDuplicate, 0, "a descriptor of its own", actual));
            }
        }
        if self.records.values().all(Option::is_some)
            && let Err(error) = self.check_ring(bins, complete)
        {
            damaged(error);
        }
    }

    /// Follows the ring from the first record to itself.
    fn check_ring(&self, bins: Bins<'h>, complete: bool) -> Result<(), Error> {
        let Some((first, _)) = self.records.values().flatten().next() else { return Ok(()) };
        let mut seen = BTreeSet::new();
        let mut record = *first;
        loop {
            let offset = record.cell.offset();
            if complete && !self.records.contains_key(&offset) {
                let actual = "one that no key uses";
                return Err(record.cell.error(Rule::SecurityRing, 0, "a record that keys use", actual));
            }
            seen.insert(offset);
            let next = Security::read(bins, record.cell.link(field::NEXT))?;
            let back = next.cell.u32(field::PREVIOUS);
            if back != offset {
                let (expected, actual) = (format!("0x{offset:X} as the one before"), format!("0x{back:X}"));
                return Err(next.cell.error(Rule::SecurityRing, field::PREVIOUS, expected, actual));
            }
            if next.cell.offset() == first.cell.offset() {
                break;
            }
            // Each record has one predecessor, so a ring that does not lead to its start never gets
            // here twice.
            record = next;
        }
        match self.records.values().flatten().find(|(security, _)| !seen.contains(&security.cell.offset())) {
            None => Ok(()),
            Some((outside, _)) => {
                let expected = "a record that the others lead to";
                Err(outside.cell.error(Rule::SecurityRing, field::NEXT, expected, "one outside their ring"))
            }
        }
    }
}
