//! Registry hives (`regf`): reading, checking, and changing in place.
//!
//! A hive is a base block, then bins, then cells in the bins; records in cells refer to each other and
//! make up keys, values and their data. [`open`] brings a hive up to date with its logs, as Windows
//! does when it loads it. From the root, keys are read one by one ([`Key`]) or all at once ([`Hive::walk`]);
//! [`Hive::check`] tells everything that is wrong with the structure; [`Editor`] changes a sound hive.
//!
//! Cells may be garbage, refer to each other in circles, or be shared. Every reference is checked
//! where it is followed; a walk reads the content of no cell twice, and calls itself for each level of keys, of which there are at
//! most [`MAX_KEY_DEPTH`]; nothing else recurses. What cannot be read is an
//! [`Error`] with its place; everything else can still be read.
//!
//! Sources: the public specification of the format by Maxim Suhanov, \[MS-UCODEREF\], and "Registry
//! Element Size Limits" in Microsoft's documentation.

mod base_block;
mod bins;
mod bytes;
mod check;
mod edit;
mod error;
mod key;
mod log;
mod marvin32;
mod name;
mod open;
mod security;
mod subkeys;
mod upcase;
mod used;
mod value;
mod walk;

pub use base_block::{BaseBlock, MAX_BINS_BYTES};
pub use check::{Damage, Damages, MAX_DAMAGES};
pub use edit::{EditError, Editor, MAX_LEAVES, MAX_STANDARD_VALUE_BYTES};
pub use error::{Broken, Error, Rule};
pub use key::{Key, MAX_KEY_NAME_UNITS, key_flag};
pub use log::{LogUse, MAX_CLUSTERING_FACTOR};
pub use name::Name;
pub use open::{OpenError, Opened, State, open};
pub use subkeys::{MAX_SUBKEYS, Subkeys};
pub use value::{MAX_VALUE_BYTES, MAX_VALUE_NAME_UNITS, Value, ValueType, Values};
pub use walk::{Event, MAX_DAMAGE_PATH_BYTES, MAX_KEY_DEPTH, Trail, Visit, Visitor};

use base_block::BASE_BLOCK_BYTES;
use bins::{Bins, Cell, File, Link};
use std::borrow::Cow;
use std::fmt;

/// A hive whose root can be reached.
pub struct Hive<'a> {
    file: File<'a>,
    block: BaseBlock,
    /// The length of the root's cell without its size.
    root_bytes: usize,
}

impl<'a> Hive<'a> {
    /// Reads a hive as it is, without logs.
    fn new(bytes: Cow<'a, [u8]>) -> Result<Self, Error> {
        let block = BaseBlock::of_hive(&bytes)?;
        let file = File::new(bytes, BASE_BLOCK_BYTES, block.bins_bytes as usize, block.minor);
        let link = Link { at: base_block::field::ROOT as u64, to: block.root };
        let root_bytes = Key::read(file.bins(), link)?.cell().content.len();
        Ok(Self { file, block, root_bytes })
    }

    /// The same hive, with bytes of its own.
    #[must_use]
    pub fn into_owned(self) -> Hive<'static> {
        Hive { file: self.file.into_owned(), ..self }
    }

    /// The bins, as far as the file has them.
    fn data(&self) -> &[u8] {
        self.bins().data()
    }

    fn bins(&self) -> Bins<'_> {
        self.file.bins()
    }

    /// What its base block says.
    #[must_use]
    pub fn base_block(&self) -> &BaseBlock {
        &self.block
    }

    /// Its bytes after the logs, with whatever stands behind the last bin.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.file.bytes
    }

    /// Its root key.
    #[must_use]
    pub fn root(&self) -> Key<'_> {
        let content =
            self.data().get(self.block.root as usize + 4..).and_then(|rest| rest.get(..self.root_bytes));
        let cell = Cell { start: self.block.root as usize, content: content.unwrap_or_default() };
        Key::unchecked(self.bins(), cell)
    }

    /// The key of a path from the root: names with backslashes between them; letter case does not count.
    ///
    /// # Errors
    ///
    /// As [`Key::subkey`].
    pub fn key(&self, path: &str) -> Result<Option<Key<'_>>, Error> {
        self.root().descendant(path)
    }

    /// Tells of every key and value: see [`Key::walk`].
    pub fn walk<'h>(&'h self, visit: impl FnMut(&Trail<'h>, Event<'h>)) {
        self.root().walk(visit);
    }

    /// Everything that is wrong with its structure.
    #[must_use]
    pub fn check(&self) -> Damages {
        check::check(self)
    }
}

impl fmt::Debug for Hive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hive").field("bytes", &self.file.bytes.len()).field("block", &self.block).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests;
