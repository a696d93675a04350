//! Changing a hive in place.
//!
//! What is not changed stays as it is, byte for byte: other keys with their times and rights, the order
//! of values, and whatever is unknown in records. Every step leaves a sound hive.

mod cells;
mod create;
mod keys;
mod space;
mod subkeys;
mod values;

pub use subkeys::MAX_LEAVES;
pub use values::MAX_STANDARD_VALUE_BYTES;

use super::base_block::{field, seal};
use super::bytes::put_u32;
use super::check::Damage;
use super::error::Error;
use super::key::{Key, field as key_field, key_flag};
use super::open::{Opened, State};
use super::value::ValueType;
use super::{Hive, MAX_BINS_BYTES};
use space::Space;

/// Changes a hive. Its cells are sound and stay so.
///
/// ```
/// use checker::format::hive::{Editor, ValueType, open};
/// let mut editor = Editor::new_hive(5, "ROOT", 0)?;
/// editor.create_key(r"Select\Inner")?;
/// editor.set_value("Select", "Current", ValueType::DWORD, &1_u32.to_le_bytes())?;
/// let bytes = editor.finish();
/// let hive = open(&bytes, &[])?.hive;
/// let value = hive.key("select")?.unwrap().value("current")?.unwrap();
/// assert_eq!(*value.data()?, [1, 0, 0, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Editor {
    hive: Hive<'static>,
    space: Space,
    /// The time that changed keys get.
    now: u64,
    /// The most that the bins may have.
    max_bins_bytes: u32,
}

/// Why a hive was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The hive is dirty, and no log completes it.
    #[error("the hive was not closed cleanly and its logs do not complete it")]
    Dirty,
    /// The hive is locked by a pending transaction, which is written elsewhere.
    #[error("a transaction on the hive is pending")]
    TransactionPending,
    /// The structure of the hive is damaged.
    #[error("the hive is damaged: {0}")]
    Damaged(Box<Damage>),
    /// A version that cannot be written.
    #[error("version 1.{minor}: expected 1.3 to 1.6")]
    Version {
        /// What was asked for.
        minor: u32,
    },
    /// There is no such key.
    #[error("there is no key {path}")]
    NoKey {
        /// The path that was given.
        path: String,
    },
    /// There is no such value.
    #[error("the key {path} has no value {name:?}")]
    NoValue {
        /// The path of the key.
        path: String,
        /// The name that was given; empty for the default value.
        name: String,
    },
    /// The root cannot be deleted, nor be without a name.
    #[error("the root of a hive cannot be deleted and has a name")]
    Root,
    /// The key is a predefined handle, which has no values.
    #[error("the key {path} is a predefined handle and cannot have values")]
    PredefinedHandle {
        /// The path of the key.
        path: String,
    },
    /// More than a limit of the format.
    #[error("more than {limit} {what}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Something that had been read before could not be read again. It is a mistake of this program.
    #[error("{0}")]
    Unreadable(#[from] Error),
}

fn limit<T>(what: &'static str, limit: usize) -> Result<T, EditError> {
    Err(EditError::Limit { what, limit })
}

impl Editor {
    /// An editor of a hive that was opened. `now` is the time that changed keys get, in steps of 100 ns
    /// since 1601-01-01 UTC.
    ///
    /// # Errors
    ///
    /// If the hive is dirty, locked or damaged: what is unsound is restored as a whole, never patched.
    pub fn new(opened: Opened<'_>, now: u64) -> Result<Self, EditError> {
        let Opened { hive, state, .. } = opened;
        if state == State::Dirty {
            return Err(EditError::Dirty);
        }
        if hive.block.is_locked() {
            return Err(EditError::TransactionPending);
        }
        if let Some(damage) = hive.check().found.into_iter().next() {
            return Err(EditError::Damaged(Box::new(damage)));
        }
        let space = Space::of(&hive);
        Ok(Self { hive: hive.into_owned(), space, now, max_bins_bytes: MAX_BINS_BYTES })
    }

    /// The hive as it is now.
    #[must_use]
    pub fn hive(&self) -> &Hive<'static> {
        &self.hive
    }

    /// Makes sure that a key exists, and with it every key of its path. Gives whether it had to be
    /// created. A new key has the rights of its parent.
    ///
    /// # Errors
    ///
    /// If a limit of the format is met.
    pub fn create_key(&mut self, path: &str) -> Result<bool, EditError> {
        let (mut key, mut missing) = self.resolve(path)?;
        let created = !missing.is_empty();
        for name in missing.drain(..) {
            key = self.add_subkey(key, &name)?;
        }
        Ok(created)
    }

    /// Deletes a key with its values and everything below it.
    ///
    /// # Errors
    ///
    /// If it does not exist or is the root.
    pub fn delete_key(&mut self, path: &str) -> Result<(), EditError> {
        let key = self.existing(path)?;
        if key == self.hive.block.root {
            return Err(EditError::Root);
        }
        self.remove_subkey(key)
    }

    /// Gives a value of a key this type and data, and creates it if it does not exist. The default
    /// value has an empty name.
    ///
    /// # Errors
    ///
    /// If the key does not exist or a limit of the format is met.
    pub fn set_value(
        &mut self,
        path: &str,
        name: &str,
        data_type: ValueType,
        data: &[u8],
    ) -> Result<(), EditError> {
        let key = self.with_values(path)?;
        self.write_value(key, name, data_type, data)
    }

    /// Deletes a value of a key.
    ///
    /// # Errors
    ///
    /// If the key or the value does not exist.
    pub fn delete_value(&mut self, path: &str, name: &str) -> Result<(), EditError> {
        let key = self.with_values(path)?;
        if self.remove_value(key, name)? {
            return Ok(());
        }
        Err(EditError::NoValue { path: path.to_owned(), name: name.to_owned() })
    }

    /// The changed hive, clean, with the next sequence number. Its logs are of no use any more.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let block = self.hive.block;
        let sequence = block.primary_sequence.max(block.secondary_sequence).wrapping_add(1);
        let mut bytes = self.hive.file.bytes.into_owned();
        put_u32(&mut bytes, field::PRIMARY_SEQUENCE, sequence);
        put_u32(&mut bytes, field::SECONDARY_SEQUENCE, sequence);
        put_u32(&mut bytes, field::BINS_BYTES, block.bins_bytes);
        seal(&mut bytes);
        bytes
    }

    /// The offset of a key that must exist.
    fn existing(&self, path: &str) -> Result<u32, EditError> {
        match self.resolve(path)? {
            (key, missing) if missing.is_empty() => Ok(key),
            _ => Err(EditError::NoKey { path: path.to_owned() }),
        }
    }

    /// The offset of a key that must exist and can have values.
    fn with_values(&self, path: &str) -> Result<u32, EditError> {
        let key = self.existing(path)?;
        if self.key_at(key)?.flags() & key_flag::PREDEFINED_HANDLE != 0 {
            return Err(EditError::PredefinedHandle { path: path.to_owned() });
        }
        Ok(key)
    }

    fn key_at(&self, offset: u32) -> Result<Key<'_>, EditError> {
        Ok(Key::read(self.hive.bins(), self.link_to(offset))?)
    }

    /// Marks a key as changed now.
    fn stamp(&mut self, key: u32) {
        self.put(key, key_field::LAST_WRITTEN, &self.now.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
