//! Work on several chunks at once, in a deterministic order.
//!
//! A query's own thread always works; helpers join it as far as the queries of this process together
//! have not taken all of them, so that what collects rows keeps its processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The threads that may help queries.
#[derive(Debug)]
pub(crate) struct Helpers {
    free: AtomicUsize,
}

/// Chunks that are worked on before their results are put together, for each thread.
const TURNS: usize = 4;

impl Helpers {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            free: AtomicUsize::new(most),
        }
    }

    /// How many pieces of work are worth having at once.
    pub(crate) fn window(&self) -> usize {
        TURNS * (1 + self.free.load(Ordering::Relaxed))
    }

    /// Does the work on every item; the results are in the order of the items.
    pub(crate) fn each<T: Send, R: Send>(
        &self,
        items: Vec<T>,
        work: impl Fn(T) -> R + Sync,
    ) -> Vec<R> {
        let helpers = self.take(items.len().saturating_sub(1));
        let queue = Mutex::new(items.into_iter().enumerate());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let run = || {
            let mut done = Vec::new();
            while let Some((at, item)) = next() {
                done.push((at, work(item)));
            }
            done
        };
        let mut done = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..helpers.0).map(|_| scope.spawn(run)).collect();
            let mut done = run();
            for thread in threads {
                match thread.join() {
                    Ok(more) => done.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        done.sort_unstable_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, result)| result).collect()
    }

    fn take(&self, most: usize) -> Taken<'_> {
        let less = |free: usize| Some(free - free.min(most));
        let order = Ordering::Relaxed;
        let free = self.free.fetch_update(order, order, less);
        Taken(free.unwrap_or(0).min(most), self)
    }
}

/// Helpers that are at work.
struct Taken<'a>(usize, &'a Helpers);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.1.free.fetch_add(self.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
