use std::thread;

use proptest::prelude::*;

use super::*;
use crate::sys::pages::map;

const OCTETS: usize = 4 << 20;

/// Its memory is never given back.
fn reserve() -> Reserve {
    let reserve = Reserve::new();
    let memory = NonNull::new(map(OCTETS)).unwrap();
    // SAFETY: the memory is new and stays.
    assert!(unsafe { reserve.take(memory, OCTETS) });
    reserve
}

fn octets(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// A block, filled with a number of its own.
struct Block<'a> {
    reserve: &'a Reserve,
    at: NonNull<u8>,
    layout: Layout,
    number: u8,
}

impl<'a> Block<'a> {
    fn new(reserve: &'a Reserve, size: usize, number: u8) -> Option<Self> {
        let layout = octets(size);
        let at = reserve.alloc(layout)?;
        assert!(reserve.has(at.as_ptr()));
        assert_eq!(at.as_ptr().align_offset(LINE), 0);
        // SAFETY: the block is this long.
        unsafe { at.as_ptr().write_bytes(number, size) };
        Some(Self {
            reserve,
            at,
            layout,
            number,
        })
    }

    fn resize(&mut self, size: usize) {
        // SAFETY: the block is of this layout, and the size is not 0.
        if unsafe { self.reserve.resize(self.at.as_ptr(), self.layout, size) } {
            self.layout = octets(size);
            // SAFETY: the block is this long by now.
            unsafe { self.at.as_ptr().write_bytes(self.number, size) };
        }
    }

    fn is_whole(&self) -> bool {
        // SAFETY: the block is this long and was written.
        let octets = unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.layout.size()) };
        octets
            .iter()
            .step_by(997)
            .all(|octet| *octet == self.number)
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        // SAFETY: the block is of this layout and not used any more.
        unsafe { self.reserve.dealloc(self.at.as_ptr(), self.layout) };
    }
}

#[test]
fn an_empty_reserve_has_no_block_and_knows_none() {
    let reserve = Reserve::new();
    assert!(reserve.alloc(octets(LEAST)).is_none());
    assert!(!reserve.has(ptr_to(&mut 0)));
}

fn ptr_to(octet: &mut u8) -> *mut u8 {
    octet
}

#[test]
fn what_is_too_small_or_too_large_is_not_of_the_reserve() {
    let reserve = reserve();
    assert!(reserve.alloc(octets(LEAST - 1)).is_none());
    assert!(reserve.alloc(octets(MOST + 1)).is_none());
    assert!(!reserve.has(ptr_to(&mut 0)));
}

#[test]
fn what_is_given_back_is_given_again() {
    let reserve = reserve();
    for round in 0..100 {
        let mut blocks: Vec<_> = (0..3)
            .map(|_| Block::new(&reserve, 1 << 20, round).unwrap())
            .collect();
        assert!(Block::new(&reserve, 1 << 20, 0).is_none());
        blocks.clear();
    }
}

#[test]
fn the_second_memory_is_refused() {
    let reserve = reserve();
    let memory = NonNull::new(map(OCTETS)).unwrap();
    // SAFETY: the memory is new and stays.
    assert!(!unsafe { reserve.take(memory, OCTETS) });
    assert!(!reserve.has(memory.as_ptr()));
}

#[test]
fn threads_share_it() {
    let reserve = reserve();
    thread::scope(|scope| {
        for number in 1..=4 {
            let reserve = &reserve;
            scope.spawn(move || {
                for size in (LEAST..8 * LEAST).step_by(999) {
                    let block = Block::new(reserve, size, number);
                    assert!(block.is_none_or(|block| block.is_whole()));
                }
            });
        }
    });
}

proptest! {
    #[test]
    fn blocks_never_overlap(
        steps in prop::collection::vec((any::<prop::sample::Index>(), LEAST..20 * LEAST, 0..3_u8), 1..80),
    ) {
        let reserve = reserve();
        let mut blocks: Vec<Block<'_>> = Vec::new();
        for (number, (which, size, step)) in (0_u8..).zip(steps) {
            match step {
                0 if !blocks.is_empty() => drop(blocks.swap_remove(which.index(blocks.len()))),
                1 if !blocks.is_empty() => {
                    let at = which.index(blocks.len());
                    blocks[at].resize(size);
                }
                _ => blocks.extend(Block::new(&reserve, size, number)),
            }
            prop_assert!(blocks.iter().all(Block::is_whole));
        }
    }
}
