//! Numbers of a search, and ranges of them.

use core::cmp::Ordering;
use core::fmt;

use crate::index::IndexType;

use super::Bound;

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer that fits.
    Integer(i64),
    /// Any other, finite.
    Float(f64),
}

impl Number {
    /// Reads an integer or a decimal with or without an exponent; nothing else, and no infinity.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(value) = text.parse() {
            return Some(Self::Integer(value));
        }
        let plain = text
            .bytes()
            .all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
        let value: f64 = plain.then(|| text.parse().ok())??;
        value.is_finite().then_some(Self::Float(value))
    }

    fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => to_f64(value),
            Self::Float(value) => value,
        }
    }
}

impl fmt::Display for Number {
    /// Reading it again gives the same number of the same kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
        }
    }
}

/// How a number is compared with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Greater,
}

impl Comparison {
    /// The operator.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::AtLeast => ">=",
            Self::Greater => ">",
        }
    }
}

/// What a numeric condition accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NumberRange {
    low: Option<Bound>,
    high: Option<Bound>,
}

impl NumberRange {
    pub(super) const fn of(comparison: Comparison, number: Number) -> Self {
        let inclusive = Some(Bound {
            number,
            inclusive: true,
        });
        let exclusive = Some(Bound {
            number,
            inclusive: false,
        });
        match comparison {
            Comparison::Less => Self {
                low: None,
                high: exclusive,
            },
            Comparison::AtMost => Self {
                low: None,
                high: inclusive,
            },
            Comparison::Equal => Self {
                low: inclusive,
                high: inclusive,
            },
            Comparison::AtLeast => Self {
                low: inclusive,
                high: None,
            },
            Comparison::Greater => Self {
                low: exclusive,
                high: None,
            },
        }
    }

    pub(super) const fn between(low: Bound, high: Bound) -> Self {
        Self {
            low: Some(low),
            high: Some(high),
        }
    }

    pub(super) fn has_integer(&self, value: i64) -> bool {
        self.has(|bound| compare_integer(value, bound))
    }

    /// Whether the text is a number of this type and inside.
    pub(super) fn has_text(&self, text: &[u8], kind: IndexType) -> bool {
        let Ok(text) = core::str::from_utf8(text) else {
            return false;
        };
        match (Number::parse(text.trim()), kind) {
            (Some(Number::Integer(value)), _) => self.has_integer(value),
            (Some(Number::Float(value)), IndexType::Double) => self.has(|bound| {
                value
                    .partial_cmp(&bound.as_f64())
                    .unwrap_or(Ordering::Equal)
            }),
            _ => false,
        }
    }

    fn has(&self, compare: impl Fn(Number) -> Ordering) -> bool {
        let low = self.low.is_none_or(|low| match compare(low.number) {
            Ordering::Greater => true,
            Ordering::Equal => low.inclusive,
            Ordering::Less => false,
        });
        let high = self.high.is_none_or(|high| match compare(high.number) {
            Ordering::Less => true,
            Ordering::Equal => high.inclusive,
            Ordering::Greater => false,
        });
        low && high
    }

    /// The smallest and the largest integer inside, `None` when there is none.
    pub(super) fn integers(&self) -> Option<(i64, i64)> {
        let above = |value| {
            self.low
                .is_none_or(|low| Self::from_low(low).has_integer(value))
        };
        let beyond = |value| {
            self.high
                .is_some_and(|high| !Self::to_high(high).has_integer(value))
        };
        let low = first_where(above)?;
        let high = match first_where(beyond) {
            None => i64::MAX,
            Some(first) => first.checked_sub(1)?,
        };
        (low <= high).then_some((low, high))
    }

    const fn from_low(low: Bound) -> Self {
        Self {
            low: Some(low),
            high: None,
        }
    }

    const fn to_high(high: Bound) -> Self {
        Self {
            low: None,
            high: Some(high),
        }
    }
}

/// The smallest integer that fulfils a condition which, once fulfilled, stays so.
fn first_where(fulfils: impl Fn(i64) -> bool) -> Option<i64> {
    let (mut low, mut high) = (i64::MIN, i64::MAX);
    if !fulfils(high) {
        return None;
    }
    while low < high {
        // the mean, rounded down, which i64::midpoint is not
        let middle = (low & high) + ((low ^ high) >> 1);
        if fulfils(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

/// Exact between integers; a float is compared as doubles are, rounded beyond 2⁵³.
fn compare_integer(value: i64, with: Number) -> Ordering {
    match with {
        Number::Integer(other) => value.cmp(&other),
        Number::Float(other) => to_f64(value).partial_cmp(&other).unwrap_or(Ordering::Equal),
    }
}

/// The nearest double: both halves are exact, and their sum is rounded once.
fn to_f64(value: i64) -> f64 {
    let high = i32::try_from(value >> 32).unwrap_or_default();
    let low = u32::try_from(value & 0xffff_ffff).unwrap_or_default();
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}
