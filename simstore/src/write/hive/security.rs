//! Security: descriptors, and the cells (`sk`) through which keys share them.
//!
//! Descriptors are self-relative, as in [MS-DTYP] 2.4.6.

/// A security identifier, as the authority and the numbers below it: S-1-5-32-544 is `(5, &[32, 544])`.
pub type Sid<'a> = (u8, &'a [u32]);

/// The group of administrators.
pub const ADMINISTRATORS: Sid<'_> = (5, &[32, 544]);

/// The system itself.
pub const SYSTEM: Sid<'_> = (5, &[18]);

/// All users.
pub const USERS: Sid<'_> = (5, &[32, 545]);

/// The service that installs Windows updates.
pub const TRUSTED_INSTALLER: Sid<'_> =
    (5, &[80, 956_008_885, 3_418_522_649, 1_831_038_044, 1_853_292_631, 2_271_478_464]);

/// The right to do anything with a key.
pub const ALL_ACCESS: u32 = 0x000f_003f;

/// The right to read a key.
pub const READ: u32 = 0x0002_0019;

/// What most keys have: administrators own them and may do anything, users may read.
pub fn administrators() -> Vec<u8> {
    descriptor(ADMINISTRATORS, &[(SYSTEM, ALL_ACCESS), (ADMINISTRATORS, ALL_ACCESS), (USERS, READ)])
}

/// What the keys of the servicing stack have: only it may change them.
pub fn trusted_installer() -> Vec<u8> {
    let granted = [(TRUSTED_INSTALLER, ALL_ACCESS), (SYSTEM, READ), (ADMINISTRATORS, READ), (USERS, READ)];
    descriptor(TRUSTED_INSTALLER, &granted)
}

/// A self-relative descriptor: who owns a key, and who may do what with it and the keys below it.
pub fn descriptor(owner: Sid<'_>, granted: &[(Sid<'_>, u32)]) -> Vec<u8> {
    /// Discretionary access is controlled, and the parts follow the header.
    const CONTROL: u16 = 0x8004;
    const HEADER: usize = 20;
    let acl = access_control_list(granted);
    let owner = identifier(owner);
    let owner_at = (HEADER + acl.len()) as u32;
    let group_at = owner_at + owner.len() as u32;

    let mut bytes = vec![1, 0];
    bytes.extend(CONTROL.to_le_bytes());
    bytes.extend(owner_at.to_le_bytes());
    bytes.extend(group_at.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes()); // no list of what to audit
    bytes.extend((HEADER as u32).to_le_bytes());
    bytes.extend(acl);
    bytes.extend(&owner);
    bytes.extend(&owner); // the group is of no importance
    bytes
}

/// An ACL of entries that allow something, inherited by subkeys.
fn access_control_list(granted: &[(Sid<'_>, u32)]) -> Vec<u8> {
    const ALLOWED: u8 = 0;
    const CONTAINER_INHERIT: u8 = 2;
    let mut entries = Vec::new();
    for (sid, rights) in granted {
        let sid = identifier(*sid);
        entries.extend([ALLOWED, CONTAINER_INHERIT]);
        entries.extend((8 + sid.len() as u16).to_le_bytes());
        entries.extend(rights.to_le_bytes());
        entries.extend(sid);
    }
    let mut bytes = vec![2, 0];
    bytes.extend((8 + entries.len() as u16).to_le_bytes());
    bytes.extend((granted.len() as u16).to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(entries);
    bytes
}

fn identifier((authority, numbers): Sid<'_>) -> Vec<u8> {
    let mut bytes = vec![1, numbers.len() as u8, 0, 0, 0, 0, 0, authority];
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// A security cell that keys use.
pub(super) struct SecurityCell {
    pub(super) cell: u32,
    pub(super) descriptor: Vec<u8>,
    /// How many keys use it.
    pub(super) users: u32,
}

impl SecurityCell {
    /// Bytes of the record.
    pub(super) fn len(&self) -> usize {
        20 + self.descriptor.len()
    }

    /// The record, with its neighbours in the ring of all such cells.
    pub(super) fn record(&self, next: u32, previous: u32) -> Vec<u8> {
        let mut record = Vec::with_capacity(self.len());
        record.extend(b"sk\0\0");
        record.extend(next.to_le_bytes());
        record.extend(previous.to_le_bytes());
        record.extend(self.users.to_le_bytes());
        record.extend((self.descriptor.len() as u32).to_le_bytes());
        record.extend(&self.descriptor);
        record
    }
}
