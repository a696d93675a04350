//! Work shared by several threads.

use crate::watch::{Phase, Watch};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that share work, and who watches them.
#[derive(Clone, Copy)]
pub(super) struct Workers<'w> {
    pub(super) threads: usize,
    pub(super) watch: Option<&'w Watch>,
}

impl Workers<'_> {
    /// Does `job` for every item, and gives the results in the order of the items; those of the first items, where the scan is
    /// stopped before all are done.
    pub(super) fn map<T: Sync, R: Send>(self, items: &[T], job: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
        let work = || {
            while !self.is_stopped()
                && let Some((item, result)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    items.get(index).zip(results.get(index))
                }
            {
                *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(job(item));
            }
        };
        std::thread::scope(|scope| {
            // The calling thread works, too.
            for _ in 1..self.threads.min(items.len()) {
                scope.spawn(work);
            }
            work();
        });
        results
            .into_iter()
            .filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect()
    }

    /// Does two things, side by side if there is more than one thread.
    pub(super) fn both<A: Send, B>(self, one: impl FnOnce() -> A + Send, two: impl FnOnce() -> B) -> (A, B) {
        if self.threads < 2 {
            return (one(), two());
        }
        std::thread::scope(|scope| {
            let one = scope.spawn(one);
            let two = two();
            (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), two)
        })
    }

    /// [`Workers::map`] as a phase that can be watched.
    pub(super) fn map_watched<T: Sync, R: Send>(
        self,
        phase: Phase,
        items: &[T],
        job: impl Fn(&T) -> R + Sync,
    ) -> Vec<R> {
        self.begin(phase, items.len());
        self.map(items, |item| {
            let result = job(item);
            self.one_done();
            result
        })
    }

    /// Tells whoever watches that a phase begins.
    pub(super) fn begin(self, phase: Phase, of: usize) {
        if let Some(watch) = self.watch {
            watch.begin(phase, of, None);
        }
    }

    /// Tells whoever watches that one thing of the phase is done.
    pub(super) fn one_done(self) {
        if let Some(watch) = self.watch {
            watch.one_done();
        }
    }

    pub(super) fn is_stopped(self) -> bool {
        self.watch.is_some_and(Watch::is_stopped)
    }

    /// Tells whoever watches that something was read.
    pub(super) fn add_bytes(self, bytes: usize) {
        if let Some(watch) = self.watch {
            watch.add_bytes(bytes as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 7, 2000] {
            let workers = Workers { threads, watch: None };
            let results = workers.map(&items, |item| item * 2);
            assert!(results.iter().enumerate().all(|(index, result)| *result == index * 2));
            assert_eq!(results.len(), items.len());
        }
        assert!(Workers { threads: 4, watch: None }.map(&[], |item: &usize| *item).is_empty());
    }

    #[test]
    fn two_things_give_the_same_side_by_side() {
        for threads in [1, 2] {
            let workers = Workers { threads, watch: None };
            let here = std::thread::current().id();
            let (one, two) = workers.both(|| std::thread::current().id(), || std::thread::current().id());
            assert_eq!((one == here, two), (threads == 1, here));
        }
        let panicked =
            std::panic::catch_unwind(|| Workers { threads: 2, watch: None }.both(|| panic!("one"), || "two"));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"one"));
    }

    #[test]
    fn the_first_results_are_kept_when_stopped() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 7] {
            let watch = Watch::new();
            let workers = Workers { threads, watch: Some(&watch) };
            let results = workers.map_watched(Phase::Payload, &items, |item| {
                if *item == 100 {
                    watch.stop();
                }
                *item
            });
            assert_eq!(results, items[..results.len()]);
            assert!((101..=101 + threads).contains(&results.len()), "{}", results.len());
            assert_eq!(watch.progress().done, results.len());
            assert!(workers.map_watched(Phase::Payload, &items, |item| *item).is_empty());
        }
    }
}
