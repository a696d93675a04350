//! The walk of a hive, and a sum of what it met.

use checker::format::hive::{Error, Hive, Trail, Value, Visit, Visitor};
use std::borrow::Cow;

/// A sum of everything that a walk met, which is the same whoever walks: names, types and data.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Content {
    sum: u64,
    /// How many keys and values there were.
    pub count: u64,
}

impl Content {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        let rest = rest.iter().fold(bytes.len() as u64, |word, byte| word << 8 | u64::from(*byte));
        let words = words.iter().map(|word| u64::from_le_bytes(*word)).chain([rest]);
        self.sum =
            words.fold(self.sum, |sum, word| (sum.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
}

/// Reads every key and value of a hive and all data.
///
/// # Panics
///
/// If something cannot be read: then the numbers would mean nothing.
#[must_use]
pub fn walk_hive(hive: &Hive<'_>) -> Content {
    let mut content = Content::default();
    hive.root().visit(&mut content);
    content
}

impl<'h> Visitor<'h> for Content {
    fn key(&mut self, _: &Trail<'h>, visit: Visit<'h>) {
        self.count += 1;
        self.add(visit.key.name().bytes());
    }

    fn value(&mut self, _: &Trail<'h>, value: Value<'h>, data: Result<Cow<'h, [u8]>, Error>) {
        self.count += 1;
        self.add(value.name().bytes());
        self.add(&value.data_type().0.to_le_bytes());
        self.add(&data.expect("the data is sound"));
    }

    fn unreadable(&mut self, _: &Trail<'h>, error: Error) {
        panic!("{error}");
    }
}
