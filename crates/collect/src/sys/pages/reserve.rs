//! Memory that is there before it is needed.
//!
//! New pages cost most where they are wanted least: when the first window ends, every row of it and
//! every column wants some, while datagrams come in. So a daemon takes a part of its memory at the
//! start, touches it once, and gives it out from then on; all threads share it. When it is all given
//! out, blocks come from where they otherwise would.

use std::alloc::Layout;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::Manual;

/// Blocks from here on are worth a lock.
const LEAST: usize = 32 << 10;
/// Larger ones would leave too little to others.
const MOST: usize = 8 << 20;

/// A cache line: cells of a table lie in one each, if the first does.
const LINE: usize = 64;

type Pool = Talc<Manual, DefaultBinning>;

/// What a program has reserved.
pub(super) struct Reserve {
    pool: Mutex<Pool>,
    /// Where it lies; equal, while nothing is reserved.
    first: AtomicUsize,
    end: AtomicUsize,
}

impl Reserve {
    pub(super) const fn new() -> Self {
        Self {
            pool: Mutex::new(Talc::new(Manual)),
            first: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
        }
    }

    /// Gives `memory` out from now on; `false`, and nothing happens, from the second call on.
    ///
    /// # Safety
    /// The memory is this long, writable, nobody else uses it, and it stays for ever.
    pub(super) unsafe fn take(&self, memory: NonNull<u8>, octets: usize) -> bool {
        let mut pool = self.lock();
        if self.end.load(Ordering::Acquire) != 0 {
            return false;
        }
        // SAFETY: the caller's promise, handed on.
        if unsafe { pool.claim(memory.as_ptr(), octets) }.is_none() {
            return false;
        }
        let first = memory.as_ptr().addr();
        self.first.store(first, Ordering::Release);
        self.end
            .store(first.saturating_add(octets), Ordering::Release);
        true
    }

    /// A block out of the reserve, if it has one of that size; it begins at a cache line.
    pub(super) fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        if !self.wants(layout) {
            return None;
        }
        let layout = layout.align_to(LINE).ok()?;
        // SAFETY: the size is not 0.
        unsafe { self.lock().try_allocate(layout) }
    }

    /// Whether blocks of that size are worth a look here.
    pub(super) fn wants(&self, layout: Layout) -> bool {
        (LEAST..=MOST).contains(&layout.size()) && self.end.load(Ordering::Relaxed) != 0
    }

    /// Whether a block is of the reserve.
    pub(super) fn has(&self, block: *mut u8) -> bool {
        let at = block.addr();
        at >= self.first.load(Ordering::Acquire) && at < self.end.load(Ordering::Acquire)
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// The block is of the reserve and of this layout, and nobody uses it any more.
    pub(super) unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let layout = layout.align_to(LINE).unwrap_or(layout);
        // SAFETY: the caller's promise, handed on; it was given at this alignment.
        unsafe { self.lock().deallocate(block, layout) }
    }

    /// Makes a block longer or shorter where it is; whether that was possible.
    ///
    /// # Safety
    /// The block is of the reserve and of this layout, and the size is not 0.
    pub(super) unsafe fn resize(&self, block: *mut u8, layout: Layout, size: usize) -> bool {
        let layout = layout.align_to(LINE).unwrap_or(layout);
        // SAFETY: the caller's promise, handed on; it was given at this alignment.
        unsafe { self.lock().try_realloc_in_place(block, layout, size) }
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
