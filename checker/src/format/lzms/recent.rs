//! The distances that were used last.

/// The last four, the newest first.
///
/// A match says "the newest again", "the one before" or "the one before that"; but right after a match of the same
/// kind the newest is left out, since repeating it would only have made that match longer.
pub(super) struct Recent<T>([T; 4]);

impl<T: Copy> Recent<T> {
    pub(super) fn new(start: [T; 4]) -> Self {
        Self(start)
    }

    pub(super) fn add(&mut self, new: T) {
        self.0.rotate_right(1);
        self.0[0] = new;
    }

    /// Takes one of the first three of those that can be meant, and makes it the newest.
    pub(super) fn again(&mut self, rank: usize, newest_left_out: bool) -> T {
        let place = rank + usize::from(newest_left_out);
        self.0[..=place].rotate_right(1);
        self.0[0]
    }
}
