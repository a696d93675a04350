//! Work shared by several threads.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `job` for every item on so many threads, and gives the results in the order of the items.
pub(super) fn map<T: Sync, R: Send>(threads: usize, items: &[T], job: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some((item, result)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            items.get(index).zip(results.get(index))
        } {
            *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(job(item));
        }
    };
    std::thread::scope(|scope| {
        // The calling thread works, too.
        for _ in 1..threads.min(items.len()) {
            scope.spawn(work);
        }
        work();
    });
    results
        .into_iter()
        .filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 7, 2000] {
            let results = super::map(threads, &items, |item| item * 2);
            assert!(results.iter().enumerate().all(|(index, result)| *result == index * 2));
            assert_eq!(results.len(), items.len());
        }
        assert!(super::map(4, &[], |item: &usize| *item).is_empty());
    }
}
