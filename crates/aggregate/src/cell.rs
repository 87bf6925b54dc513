//! One row of the table, packed: 64 octets for flows between IPv4 addresses, 88 for others.
//!
//! ```text
//!  octets   0        32 (56)   40 (64)   48 (72)                    56 (80)
//!          +---------+---------+---------+--------------------------+-----------------------------+
//!          | key,    | octets  | packets | start 47 | timer 8       | length 23 | threshold 23    |
//!          | flags   |         |         | spilled 1 | records 8    | presence 8 | rate 5 | marks 5 |
//!          +---------+---------+---------+--------------------------+-----------------------------+
//! ```
//! `start` is in milliseconds, biased so that times before 1970 fit; `length` is `last − start`;
//! `threshold` is what may pass behind `last` before the period counts as inactive; `timer` says
//! which of the row's timers is valid; `rate` is the code of its sampling factor.

use flowlog_record::{Fields, Present};

use crate::key::Key;
use crate::wheel::Mark;

/// Times are clamped to this many milliseconds around the epoch (± 1100 years).
pub(crate) const TIME_BOUND: i64 = 1 << 45;
const BIAS: u64 = 1 << 46;

const START_SHIFT: u32 = 17;
const TIMER_SHIFT: u32 = 9;
const SPILLED: u64 = 1 << 8;
const SMALL: u64 = 0xff;

/// `length` and `threshold` have 23 bits: 8388 s, more than any period lasts.
const SPAN: u64 = (1 << 23) - 1;
const THRESHOLD_SHIFT: u32 = 23;
const PRESENCE_SHIFT: u32 = 46;
const SAMPLING_SHIFT: u32 = 54;
const SAMPLING: u64 = 0x1f;

/// The threshold of rows without aging.
pub(crate) const NEVER: i64 = (1 << 23) - 1;
/// The sampling code of rows whose sums are kept beside the table.
pub(crate) const SUMS: u8 = 0x1f;

/// What is known of a row besides its numbers; bits of the last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks(u64);

impl Marks {
    /// The cell is in use.
    pub(crate) const LIVE: Self = Self(1 << 59);
    /// The last record said that the flow ended.
    pub(crate) const ENDED: Self = Self(1 << 60);
    /// The period is over and waits for its hold.
    pub(crate) const CLOSED: Self = Self(1 << 61);
    /// Something of it is kept beside the table: the fast way does not apply.
    pub(crate) const SIDE: Self = Self(1 << 62);
    /// The row is listed with its window.
    pub(crate) const LISTED: Self = Self(1 << 63);

    /// Both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The presence bit of a row to which not every record gave all it had.
pub(crate) const PROPORTIONAL: u8 = 1 << 7;

/// What `fields` says is present, as a row keeps it.
#[inline]
pub(crate) const fn presence_of(fields: Fields) -> u8 {
    let [low, high, ..] = fields.bits().to_le_bytes();
    (low & 0b11) | ((low >> 5) << 2) | ((high & 0b11) << 5)
}

/// The way back from [`presence_of`]: source, destination, the rest.
pub(crate) fn presence_parts(presence: u8) -> (bool, bool, Present) {
    let low = u64::from(presence & 0b0001_1100) << 3;
    let high = u64::from((presence >> 5) & 0b11) << 8;
    let fields = Fields::from_bits_retain(low | high);
    (presence & 1 != 0, presence & 2 != 0, Present::of(fields))
}

/// One row, packed.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Cell<K: Key> {
    align: [K::Align; 0],
    pub(crate) key: K,
    pub(crate) octets: u64,
    pub(crate) packets: u64,
    when: u64,
    state: u64,
}

impl<K: Key> Cell<K> {
    /// A row of `key` that starts and ends at `start`, without counters.
    pub(crate) fn new(key: K, start: i64) -> Self {
        let mut cell = Self {
            align: [],
            key,
            octets: 0,
            packets: 0,
            when: 0,
            state: Marks::LIVE.0,
        };
        cell.set_start(start);
        cell.set_timer(Mark::NONE);
        cell
    }

    /// A cell that is not in use; `next` is the number of the next such one.
    pub(crate) fn free(mut self, next: u64) -> Self {
        self.state = 0;
        self.octets = next;
        self
    }

    /// The words behind the key, for saving.
    pub(crate) const fn words(&self) -> [u64; 4] {
        [self.octets, self.packets, self.when, self.state]
    }

    /// From saved words.
    pub(crate) const fn from_words(key: K, words: [u64; 4]) -> Self {
        let [octets, packets, when, state] = words;
        Self {
            align: [],
            key,
            octets,
            packets,
            when,
            state,
        }
    }

    /// First millisecond of the period.
    #[inline]
    pub(crate) const fn start(&self) -> i64 {
        (self.when >> START_SHIFT).wrapping_sub(BIAS).cast_signed()
    }

    /// Sets the first millisecond; the length stays.
    pub(crate) fn set_start(&mut self, start: i64) {
        let biased = start.cast_unsigned().wrapping_add(BIAS);
        let below = (1 << START_SHIFT) - 1;
        self.when = (self.when & below) | biased << START_SHIFT;
    }

    /// Milliseconds from the first to the last.
    #[inline]
    pub(crate) const fn length(&self) -> i64 {
        (self.state & SPAN).cast_signed()
    }

    pub(crate) fn set_length(&mut self, length: i64) {
        let length = length.clamp(0, NEVER).cast_unsigned();
        self.state = (self.state & !SPAN) | length;
    }

    /// Last millisecond of the flow in the period; the window's end when a record reaches past it.
    #[inline]
    pub(crate) const fn last(&self) -> i64 {
        self.start().wrapping_add(self.length())
    }

    /// How long behind `last` the period ends; [`NEVER`] without aging.
    #[inline]
    pub(crate) const fn threshold(&self) -> i64 {
        ((self.state >> THRESHOLD_SHIFT) & SPAN).cast_signed()
    }

    /// Sets the threshold (0 to [`NEVER`]) and whether the flow ended.
    #[inline]
    pub(crate) fn set_threshold(&mut self, threshold: i64, ended: bool) {
        let threshold = threshold.cast_unsigned() & SPAN;
        let ended = if ended { Marks::ENDED.0 } else { 0 };
        self.state = (self.state & !(SPAN << THRESHOLD_SHIFT | Marks::ENDED.0))
            | threshold << THRESHOLD_SHIFT
            | ended;
    }

    /// The sampling code.
    #[inline]
    pub(crate) const fn sampling(&self) -> u8 {
        let [low, ..] = ((self.state >> SAMPLING_SHIFT) & SAMPLING).to_le_bytes();
        low
    }

    pub(crate) fn set_sampling(&mut self, code: u8) {
        let code = u64::from(code) & SAMPLING;
        self.state = (self.state & !(SAMPLING << SAMPLING_SHIFT)) | code << SAMPLING_SHIFT;
    }

    /// Whether any of `marks` is set.
    #[inline]
    pub(crate) const fn has(&self, marks: Marks) -> bool {
        self.state & marks.0 != 0
    }

    pub(crate) fn set(&mut self, marks: Marks) {
        self.state |= marks.0;
    }

    pub(crate) fn unset(&mut self, marks: Marks) {
        self.state &= !marks.0;
    }

    /// Which timer of the row is valid.
    #[inline]
    pub(crate) const fn timer(&self) -> Mark {
        let [low, ..] = (self.when >> TIMER_SHIFT).to_le_bytes();
        Mark::new(low)
    }

    pub(crate) fn set_timer(&mut self, mark: Mark) {
        let bits = u64::from(mark.bits()) << TIMER_SHIFT;
        self.when = (self.when & !(SMALL << TIMER_SHIFT)) | bits;
    }

    /// What is present, with [`PROPORTIONAL`].
    #[inline]
    pub(crate) const fn presence(&self) -> u8 {
        let [low, ..] = (self.state >> PRESENCE_SHIFT).to_le_bytes();
        low
    }

    #[inline]
    pub(crate) fn or_presence(&mut self, presence: u8) {
        self.state |= u64::from(presence) << PRESENCE_SHIFT;
    }

    /// Whether more records than the cell can count are counted beside the table.
    pub(crate) const fn is_spilled(&self) -> bool {
        self.when & SPILLED != 0
    }

    /// Records whose last part is here, as far as the cell counts.
    #[inline]
    pub(crate) const fn records(&self) -> u64 {
        self.when & SMALL
    }

    /// Whether the cell can count one more record.
    #[inline]
    pub(crate) const fn has_room(&self) -> bool {
        self.when & SMALL != SMALL
    }

    /// Counts one record if it is `one`; there is room.
    #[inline]
    pub(crate) fn count(&mut self, one: bool) {
        self.when = self.when.wrapping_add(u64::from(one));
    }

    /// The records so far are counted beside the table; begins again with one.
    pub(crate) fn spill(&mut self) {
        self.when = (self.when & !SMALL) | SPILLED | 1;
    }

    /// Adds to the counters; `None`, and nothing added, when they cannot hold the sum.
    #[inline]
    #[must_use]
    pub(crate) fn add(&mut self, packets: u64, octets: u64) -> Option<()> {
        let packets = self.packets.checked_add(packets)?;
        self.octets = self.octets.checked_add(octets)?;
        self.packets = packets;
        Some(())
    }

    /// The flow reaches `last`.
    #[inline]
    pub(crate) fn reach(&mut self, last: i64) {
        self.set_length(last.saturating_sub(self.start()).max(self.length()));
    }

    /// The flow reaches `last`, not before where it was; threshold and [`Marks::ENDED`] with it.
    #[inline]
    pub(crate) fn continue_to(&mut self, last: i64, threshold: i64, ended: bool) {
        let length = last.wrapping_sub(self.start()).cast_unsigned() & SPAN;
        let threshold = threshold.cast_unsigned() & SPAN;
        let ended = if ended { Marks::ENDED.0 } else { 0 };
        let kept = self.state & !(SPAN | SPAN << THRESHOLD_SHIFT | Marks::ENDED.0);
        self.state = kept | length | threshold << THRESHOLD_SHIFT | ended;
    }

    /// The flow lasts from `from` or before to `last` or behind.
    pub(crate) fn extend(&mut self, from: i64, last: i64) {
        let (start, last) = (self.start().min(from), self.last().max(last));
        self.set_start(start);
        self.set_length(last.saturating_sub(start));
    }

    /// Whether nothing was added yet.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.packets == 0 && self.octets == 0
    }

    /// Begins to count anew, with the same times.
    pub(crate) fn clear_counters(&mut self) {
        (self.packets, self.octets) = (0, 0);
        self.when &= !(SMALL | SPILLED);
        self.state &= !(SMALL << PRESENCE_SHIFT);
        self.key = self.key.without_flags();
        self.set_sampling(0);
    }
}

#[cfg(test)]
mod tests;
