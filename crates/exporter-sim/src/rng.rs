//! Random numbers that never change.

/// `SplitMix64` (Steele, Lea, Flood 2014): tiny, fast, the same on every machine for ever.
///
/// Not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

/// Parts of a million, the unit of probabilities here.
pub(crate) const MILLION: u32 = 1_000_000;

impl Rng {
    /// A sequence for that seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A sequence of its own for part `number` of what `seed` drives: adding parts changes no
    /// other part.
    pub fn part(seed: u64, number: u64) -> Self {
        let mut mixed = Self(seed ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
        Self(mixed.next_u64())
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        u32::try_from(self.next_u64() >> 32).unwrap_or_default()
    }

    /// 16 random bits.
    pub fn next_u16(&mut self) -> u16 {
        u16::try_from(self.next_u64() >> 48).unwrap_or_default()
    }

    /// 8 random bits.
    pub fn next_u8(&mut self) -> u8 {
        u8::try_from(self.next_u64() >> 56).unwrap_or_default()
    }

    /// A number below `end`; 0 for an `end` of 0.
    pub fn below(&mut self, end: u32) -> u32 {
        let scaled = u64::from(self.next_u32()) * u64::from(end);
        u32::try_from(scaled >> 32).unwrap_or_default()
    }

    /// A number of `low..=high`; `low` if there is none.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// An index below `length`; 0 for a `length` of 0.
    pub fn index(&mut self, length: usize) -> usize {
        let end = u32::try_from(length).unwrap_or(u32::MAX);
        usize::try_from(self.below(end)).unwrap_or_default()
    }

    /// One of them; `None` of nothing.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.index(from.len())).copied()
    }

    /// Whether something happens that happens `ppm` times in a million.
    pub fn chance(&mut self, ppm: u32) -> bool {
        self.below(MILLION) < ppm
    }
}

#[cfg(test)]
mod tests;
