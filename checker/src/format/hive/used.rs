//! Which cells a walk has reached.

use super::bins::{Cell, position};
use super::error::{Error, Rule};
use std::ops::ControlFlow;

/// One bit for each 8 bytes of the bins. A cell is claimed as a whole, so cells that overlap are
/// noticed like cells that are shared. A claim ends at the first word of which something is taken, so all claims together take as
/// many steps as there are words and claims.
pub(super) struct Used {
    words: Vec<u64>,
}

impl Used {
    pub(super) fn new(bins_bytes: usize) -> Self {
        Self { words: vec![0; bins_bytes.div_ceil(8 * 64)] }
    }

    /// Makes a cell that of one record.
    #[inline]
    pub(super) fn claim(&mut self, cell: &Cell<'_>) -> Result<(), Error> {
        let claimed = self.visit(cell.start, 4 + cell.content.len(), |word, mask| {
            let is_free = *word & mask == 0;
            *word |= mask;
            if is_free { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if claimed.is_continue() { Ok(()) } else { Err(shared(*cell)) }
    }

    /// Which part of a stretch is claimed.
    pub(super) fn part(&mut self, start: usize, length: usize) -> Part {
        let (mut all, mut none) = (true, true);
        let seen = self.visit(start, length, |word, mask| {
            all &= *word & mask == mask;
            none &= *word & mask == 0;
            if all || none { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match (seen, none) {
            (ControlFlow::Continue(()), true) => Part::Nothing,
            (ControlFlow::Continue(()), false) => Part::Everything,
            (ControlFlow::Break(()), _) => Part::Some,
        }
    }

    /// The words that have the bits of a stretch, each with a mask of these bits, until it is enough.
    #[inline]
    fn visit(
        &mut self,
        start: usize,
        length: usize,
        mut each: impl FnMut(&mut u64, u64) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (mut bit, end) = (start / 8, (start + length).div_ceil(8));
        while bit < end {
            let within = bit % 64;
            let count = (64 - within).min(end - bit);
            let mask = (u64::MAX >> (64 - count)) << within;
            if let Some(word) = self.words.get_mut(bit / 64) {
                each(word, mask)?;
            }
            bit += count;
        }
        ControlFlow::Continue(())
    }
}

/// How much of a stretch is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Nothing,
    Some,
    Everything,
}

#[cold]
fn shared(cell: Cell<'_>) -> Error {
    Error::new(
        Rule::CellShared,
        position(cell.start),
        "a cell of one record",
        "a cell that another record refers to as well, or that overlaps such a cell",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_claimed_once_cannot_be_claimed_again() {
        let content = [0; 2000];
        let cell = |start: usize, length: usize| Cell { start, content: &content[..length - 4] };
        let mut used = Used::new(4096);
        assert!(used.claim(&cell(32, 8)).is_ok());
        assert!(used.claim(&cell(40, 2000)).is_ok());
        assert!(used.claim(&cell(2040, 16)).is_ok());
        assert!(used.claim(&cell(4088, 8)).is_ok());
        for again in [cell(32, 8), cell(24, 16), cell(2032, 8), cell(1000, 8), cell(2048, 500), cell(4088, 8)]
        {
            assert_eq!(used.claim(&again).unwrap_err().rule, Rule::CellShared, "{}", again.start);
        }
        assert_eq!(used.part(3000, 1000), Part::Nothing);
        assert_eq!(used.part(40, 2000), Part::Everything);
        assert_eq!(used.part(4080, 16), Part::Some);
        // A claim ends where another one is met, and so takes no time again.
        assert!(used.claim(&cell(2040, 2000)).is_err());
        assert_eq!(used.part(3000, 1000), Part::Nothing);
        // Never more than there is.
        assert!(used.claim(&cell(8192, 8)).is_ok());
    }
}
