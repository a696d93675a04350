//! Where everything in a compressed file is: a mark, and mostly a delta after it.

use super::file::Expander;
use super::proof::Proof;

/// A compressed file, and what it is expanded against.
pub(super) struct Layout {
    /// Where the delta begins, if there is one.
    pub(super) delta: Option<usize>,
    /// What a delta leads from.
    pub(super) source: Vec<u8>,
}

/// The length of the magic of a delta, and of the time behind it.
const MAGIC_BYTES: usize = 4;
const TIME_BYTES: usize = 8;

impl Layout {
    pub(super) fn structure(&self, byte: usize) -> &str {
        match self.delta {
            None => "content",
            Some(delta) if byte < delta => "mark",
            Some(delta) if byte < delta + MAGIC_BYTES => "magic",
            Some(delta) if byte < delta + MAGIC_BYTES + TIME_BYTES => "time",
            Some(_) => "patch",
        }
    }

    /// Its time is harmless wherever it lies; of the rest only the content tells.
    pub(super) fn proof(&self, content: &[u8], bit: usize, expand: &Expander<'_>) -> Option<Proof> {
        if self.structure(bit / 8) == "time" {
            return Some(Proof::DeltaTime);
        }
        let mut struck = content.to_vec();
        struck[bit / 8] ^= 1 << (bit % 8);
        let expanded = expand(&struck, &self.source)?;
        (Some(expanded) == expand(content, &self.source)).then_some(Proof::SameContent)
    }
}
