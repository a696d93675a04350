//! What scans remember of each other.
//!
//! The verdict on a catalog, what a manifest says, and what a hive holds depend on nothing but the bytes, their place and
//! what the scan was told. Whoever scans many stores that are nearly alike gives the scans one [`Memo`], and each of these
//! is worked out once.

use sha2::{Digest, Sha256};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much is remembered: the bytes of everything that was judged, together. Beyond that all of it is forgotten.
pub const MAX_MEMO_BYTES: usize = 256 << 20;

/// A memory that scans share; see [`crate::scan::Scan::memo`]. What it gives is what the scan would have worked out.
#[derive(Debug, Default)]
pub struct Memo {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    results: HashMap<Key, Arc<dyn Any + Send + Sync>>,
    judged_bytes: usize,
}

/// What a result follows from.
type Key = [u8; 32];

impl Memo {
    /// An empty memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many results it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known().results.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get<T: Any + Send + Sync>(&self, key: &Key) -> Option<Arc<T>> {
        self.known().results.get(key).cloned()?.downcast().ok()
    }

    fn put(&self, key: Key, result: Arc<dyn Any + Send + Sync>, judged_bytes: usize) {
        let mut known = self.known();
        if known.judged_bytes + judged_bytes > MAX_MEMO_BYTES {
            *known = Known::default();
        }
        known.judged_bytes += judged_bytes;
        known.results.insert(key, result);
    }
}

/// A memo in the hands of one scan, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remember<'m> {
    memo: Option<&'m Memo>,
    /// What the scan was told.
    context: Key,
}

impl<'m> Remember<'m> {
    /// `context` is everything that results depend on besides what is judged.
    pub(super) fn new(memo: Option<&'m Memo>, context: &[&[u8]]) -> Self {
        Self { memo, context: digest(context) }
    }

    /// What `judge` gives, which depends on `parts` and the context alone. The kind tells results of different types and
    /// meanings apart.
    pub(super) fn judged<T: Any + Clone + Send + Sync>(
        &self,
        kind: &str,
        parts: &[&[u8]],
        judge: impl FnOnce() -> T,
    ) -> T {
        let Some(memo) = self.memo else { return judge() };
        let key = digest(&[&[kind.as_bytes(), &self.context], parts].concat());
        if let Some(known) = memo.get::<T>(&key) {
            return T::clone(&known);
        }
        // Not locked meanwhile: two threads may judge the same, and come to the same.
        let result = judge();
        memo.put(key, Arc::new(result.clone()), parts.iter().map(|part| part.len()).sum());
        result
    }
}

/// A digest of parts, each with its length before it.
fn digest(parts: &[&[u8]]) -> Key {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_worked_out_again() {
        let memo = Memo::new();
        let remember = Remember::new(Some(&memo), &[b"one"]);
        let judged =
            |remember: Remember<'_>, parts: &[&[u8]], number: i32| remember.judged("kind", parts, || number);
        assert_eq!(judged(remember, &[b"ab", b"c"], 1), 1);
        assert_eq!(judged(remember, &[b"ab", b"c"], 2), 1);
        assert_eq!(judged(remember, &[b"a", b"bc"], 3), 3);
        assert_eq!(judged(Remember::new(Some(&memo), &[b"two"]), &[b"ab", b"c"], 4), 4);
        assert_eq!(judged(Remember::new(None, &[b"one"]), &[b"ab", b"c"], 5), 5);
        assert_eq!((remember.judged("other", &[b"ab", b"c"], || 6), memo.len()), (6, 4));
    }

    #[test]
    fn a_full_memory_forgets() {
        let memo = Memo::new();
        let remember = Remember::new(Some(&memo), &[]);
        let large = vec![0; MAX_MEMO_BYTES / 2];
        for number in 0..2_u8 {
            remember.judged("kind", &[&large[1..], &[number]], || number);
        }
        assert_eq!(memo.len(), 2);
        remember.judged("kind", &[b"one more"], || 2_u8);
        assert_eq!(memo.len(), 1);
        assert!(!memo.is_empty());
    }
}
