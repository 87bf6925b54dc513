//! Memory for large tables, in huge pages.
//!
//! A table of flows is read at random places. With pages of 4 KiB nearly every look also has to find
//! its page, which in a virtual machine costs as much as the look; with pages of 2 MiB it does not.
//! Kernels give huge pages to those who ask (`transparent_hugepage/enabled` is `madvise` nearly
//! everywhere), so what is large enough asks for them. Where the kernel has none, it is memory like
//! any other.

mod reserve;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::{self, NonNull};

use libc::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE};

use reserve::Reserve;

/// A huge page.
const HUGE: usize = 2 << 20;

/// What the program has reserved.
static RESERVE: Reserve = Reserve::new();

/// The allocator of a program with large tables: what is at least 2 MiB comes in huge pages of the
/// kernel's own, the rest from the system's allocator; both from what was reserved, while that lasts.
#[derive(Clone, Copy, Debug, Default)]
pub struct HugePages;

// SAFETY: each block goes back to where it came from. The reserve knows its own by their addresses;
// for the others their layout says it: large ones are the kernel's, the rest the system's
// allocator's, whose contract is this one.
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(block) = RESERVE.alloc(layout) {
            return block.as_ptr();
        }
        if is_large(layout) {
            return map(layout.size());
        }
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if let Some(block) = RESERVE.alloc(layout) {
            // SAFETY: the block is this long, and ours.
            unsafe { block.as_ptr().write_bytes(0, layout.size()) };
            return block.as_ptr();
        }
        if is_large(layout) {
            // New pages are zeros.
            return map(layout.size());
        }
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if RESERVE.has(block) {
            // SAFETY: the caller's promise, handed on.
            return unsafe { RESERVE.dealloc(block, layout) };
        }
        if is_large(layout) {
            return unmap(block, layout.size());
        }
        // SAFETY: the caller's promise, handed on: it was `System` that gave this block.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size, rounded up to the alignment, is no overflow.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if RESERVE.has(block) {
            // SAFETY: the caller's promise, handed on.
            if unsafe { RESERVE.resize(block, layout, size) } {
                return block;
            }
        } else if is_large(layout) {
            if is_large(new) && pages(size) == pages(layout.size()) {
                return block;
            }
        } else if !RESERVE.wants(new) && !is_large(new) {
            // SAFETY: the caller's promise, handed on: it was `System` that gave this block.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the size is not 0, as the caller promises.
        let moved = unsafe { self.alloc(new) };
        if !moved.is_null() {
            // SAFETY: both blocks are this long, and they are not the same.
            unsafe { ptr::copy_nonoverlapping(block, moved, layout.size().min(size)) };
            // SAFETY: the block is of this layout and nobody uses it any more.
            unsafe { self.dealloc(block, layout) };
        }
        moved
    }
}

impl HugePages {
    /// Takes so much memory from the kernel, touches all of it, and gives it out from then on; to be
    /// called once. Whether there was so much; nothing is always there.
    pub fn reserve(self, octets: usize) -> bool {
        if octets == 0 {
            return true;
        }
        let octets = octets.next_multiple_of(HUGE);
        let Some(memory) = NonNull::new(map(octets)) else {
            return false;
        };
        // SAFETY: the memory is this long, and nobody else's.
        unsafe { memory.as_ptr().write_bytes(0, octets) };
        // SAFETY: it is new and is never given back, but here, when it was refused whole.
        let taken = unsafe { RESERVE.take(memory, octets) };
        if !taken {
            unmap(memory.as_ptr(), octets);
        }
        taken
    }

    /// Lets the system's allocator keep what is freed for what is allocated next: batches come and go
    /// by the second, and new pages are dear. To be called once, at the start.
    pub fn keep_freed(self) {
        #[cfg(target_env = "gnu")]
        for (what, octets) in [
            // What is larger does not come from there.
            (libc::M_MMAP_THRESHOLD, HUGE),
            (libc::M_TRIM_THRESHOLD, 16 * HUGE),
            (libc::M_TOP_PAD, HUGE / 4),
        ] {
            let octets = libc::c_int::try_from(octets).unwrap_or(libc::c_int::MAX);
            // SAFETY: no pointers; what it does not understand, it leaves alone.
            let _understood = unsafe { libc::mallopt(what, octets) };
        }
    }
}

/// Whether a block comes from the kernel. Layouts that want more than a huge page's alignment do not
/// occur; they would go to the system's allocator.
const fn is_large(layout: Layout) -> bool {
    layout.size() >= HUGE && layout.align() <= HUGE
}

/// Octets of a large block: whole small pages.
const fn pages(size: usize) -> usize {
    size.next_multiple_of(4096)
}

/// New pages, the first of them at a multiple of a huge page; null when there are none.
fn map(size: usize) -> *mut u8 {
    let size = pages(size);
    let Some(room) = size.checked_add(HUGE) else {
        return ptr::null_mut();
    };
    // SAFETY: asks for new memory, wherever there is some.
    let mapped = unsafe {
        libc::mmap(
            ptr::null_mut(),
            room,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if mapped == libc::MAP_FAILED {
        return ptr::null_mut();
    }
    let mapped = mapped.cast::<u8>();
    let before = mapped.align_offset(HUGE).min(HUGE);
    // `before` is at most a huge page, so that `size` octets and the rest lie behind it.
    let block = mapped.wrapping_add(before);
    if before > 0 {
        unmap(mapped, before);
    }
    if before < HUGE {
        unmap(block.wrapping_add(size), HUGE.wrapping_sub(before));
    }
    // SAFETY: the range lies within what was mapped. A refusal changes nothing.
    let _refused = unsafe { libc::madvise(block.cast(), size, libc::MADV_HUGEPAGE) };
    block
}

/// Gives pages back.
fn unmap(block: *mut u8, size: usize) {
    // SAFETY: the caller has mapped them, and nobody uses them any more.
    let _done = unsafe { libc::munmap(block.cast(), pages(size)) };
}

#[cfg(test)]
mod tests;
