//! The number of a record.

use core::fmt;

/// The number of a record in its journal: consecutive, from 0 unless
/// [`Settings::first_position`](crate::Settings::first_position) says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before every record.
    pub const ZERO: Self = Self(0);

    /// The position behind this one, `None` behind the last that can be represented.
    #[inline]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }

    /// How many positions lie from `earlier` to this one; 0 when `earlier` is not earlier.
    #[inline]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
