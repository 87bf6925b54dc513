use super::*;

/// Allocates through [`HugePages`] and gives back on drop.
struct Block {
    octets: *mut u8,
    layout: Layout,
}

impl Block {
    fn new(size: usize, align: usize, zeroed: bool) -> Self {
        let layout = Layout::from_size_align(size, align).unwrap();
        // SAFETY: the size is not 0.
        let octets = unsafe {
            if zeroed {
                HugePages.alloc_zeroed(layout)
            } else {
                HugePages.alloc(layout)
            }
        };
        assert!(!octets.is_null());
        Self { octets, layout }
    }

    fn octets(&mut self) -> &mut [u8] {
        // SAFETY: the block is this long; every test has written it, or it was zeroed.
        unsafe { std::slice::from_raw_parts_mut(self.octets, self.layout.size()) }
    }

    fn resize(&mut self, size: usize) {
        // SAFETY: the block is of this layout, and the size is not 0.
        self.octets = unsafe { HugePages.realloc(self.octets, self.layout, size) };
        self.layout = Layout::from_size_align(size, self.layout.align()).unwrap();
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: the block is of this layout and not used any more.
        unsafe { HugePages.dealloc(self.octets, self.layout) };
    }
}

#[test]
fn a_large_block_begins_at_a_huge_page_and_is_zero() {
    for size in [HUGE, HUGE + 1, 3 * HUGE - 4096, 5 * HUGE + 12_345] {
        let mut block = Block::new(size, 64, true);
        assert_eq!(block.octets.align_offset(HUGE), 0);
        assert!(block.octets().iter().all(|octet| *octet == 0));
        block.octets().fill(0xa5);
    }
}

#[test]
fn a_small_block_is_as_the_system_gives_it() {
    let mut block = Block::new(1000, 64, true);
    assert_eq!(block.octets.align_offset(64), 0);
    block.octets().fill(7);
}

#[test]
fn what_is_in_a_block_stays_in_it_when_it_grows_and_shrinks() {
    let mut block = Block::new(1000, 8, true);
    for (at, octet) in (0_u8..=255).cycle().zip(block.octets()) {
        *octet = at;
    }
    for size in [100_000, HUGE, HUGE + 17, 4 * HUGE, 9000, 1000] {
        block.resize(size);
        let kept = (0_u8..=255).cycle().zip(block.octets()).take(1000);
        assert!(kept.into_iter().all(|(at, octet)| at == *octet), "{size}");
    }
}

#[test]
fn memory_that_cannot_be_had_is_null() {
    assert!(map(usize::MAX - 4096).is_null());
    assert!(map(1 << 62).is_null());
}
