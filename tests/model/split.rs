//! §2: what of a record has passed by the end of a millisecond.

/// A factor by which sampled counters are multiplied, in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor {
    pub numerator: u128,
    pub denominator: u128,
}

impl Factor {
    /// `None` when either is 0.
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        if numerator == 0 || denominator == 0 {
            return None;
        }
        let (mut common, mut rest) = (numerator, denominator);
        while rest != 0 {
            (common, rest) = (rest, common % rest);
        }
        Some(Self {
            numerator: u128::from(numerator / common),
            denominator: u128::from(denominator / common),
        })
    }

    pub fn of(self, count: u128) -> u128 {
        (count * self.numerator + self.denominator / 2) / self.denominator
    }
}

/// What is spread over an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// First millisecond.
    pub start: i64,
    /// Last millisecond.
    pub end: i64,
    pub packets: u128,
    pub octets: u128,
}

/// What a part of an interval got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub packets: u128,
    pub octets: u128,
    /// What had passed before it.
    before: (u128, u128),
}

impl Share {
    /// Packets and octets after sampling: the difference of the scaled running sums.
    pub fn scaled(&self, by: Factor) -> (u128, u128) {
        let of = |before, count| by.of(before + count) - by.of(before);
        (
            of(self.before.0, self.packets),
            of(self.before.1, self.octets),
        )
    }

    pub fn is_nothing(&self) -> bool {
        self.packets == 0 && self.octets == 0
    }
}

impl Spread {
    /// `(N(t), O(t))` by the table of §2.
    fn passed(&self, t: i64) -> (u128, u128) {
        let duration = self.end - self.start + 1;
        let c = (t - self.start + 1).clamp(0, duration);
        let c = u128::from(c.unsigned_abs());
        let d = u128::from(duration.unsigned_abs());
        let started = u128::from(t >= self.start);
        let ended = u128::from(t >= self.end);
        match self.packets {
            0 => (0, self.octets * c / d),
            1 => (started, self.octets * started),
            packets => {
                let n = started + (packets - 2) * c / d + ended;
                (n, self.octets * n / packets)
            }
        }
    }

    /// What lies in `[from, to]`; both inclusive.
    pub fn share(&self, from: i64, to: i64) -> Share {
        let (packets_before, octets_before) = self.passed(from - 1);
        let (packets, octets) = self.passed(to);
        Share {
            packets: packets - packets_before,
            octets: octets - octets_before,
            before: (packets_before, octets_before),
        }
    }
}
