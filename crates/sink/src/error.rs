//! What became of an attempt, and what is to be done about it.

use flowlog_record::Timestamp;

/// Why rows did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct DeliveryError {
    /// The kind of trouble.
    pub class: Class,
    /// What the target, or the system, said.
    pub message: String,
}

/// Kinds of trouble, as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Nobody answers, or not to the end.
    Unreachable,
    /// The target has trouble of its own.
    Busy,
    /// More than the target takes in this time.
    Quota,
    /// The target's clock shows another time: this one.
    Clock(Timestamp),
    /// The target does not know us, or does not let us.
    Denied,
    /// What rows are to go to is not there.
    Missing,
    /// More than the target takes at once.
    TooLarge,
    /// One of the rows, or more, is none that the target takes.
    Invalid,
    /// The target will never take this.
    Refused,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The same again, a while later.
    Retry,
    /// The same again at once, by the target's clock.
    FixClock(Timestamp),
    /// Nothing helps but somebody who looks at it: rarely the same again, and say it aloud.
    Hold,
    /// The same in smaller parts; what cannot be parted is left out, and counted.
    Split,
    /// Leave these rows out, and count them.
    Reject,
}

impl Class {
    /// Every kind, as it is called in metrics.
    pub const NAMES: [&'static str; 9] = [
        "unreachable",
        "busy",
        "quota",
        "clock",
        "denied",
        "missing",
        "too_large",
        "invalid",
        "refused",
    ];

    /// What it is called in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Busy => "busy",
            Self::Quota => "quota",
            Self::Clock(_) => "clock",
            Self::Denied => "denied",
            Self::Missing => "missing",
            Self::TooLarge => "too_large",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
        }
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl DeliveryError {
    pub(crate) fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }

    /// What is to be done.
    pub const fn disposition(&self) -> Disposition {
        match self.class {
            Class::Unreachable | Class::Busy | Class::Quota => Disposition::Retry,
            Class::Clock(server) => Disposition::FixClock(server),
            Class::Denied | Class::Missing => Disposition::Hold,
            Class::TooLarge | Class::Invalid => Disposition::Split,
            Class::Refused => Disposition::Reject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_name_and_the_list_has_all() {
        let classes = [
            Class::Unreachable,
            Class::Busy,
            Class::Quota,
            Class::Clock(Timestamp(0)),
            Class::Denied,
            Class::Missing,
            Class::TooLarge,
            Class::Invalid,
            Class::Refused,
        ];
        assert_eq!(classes.map(Class::name), Class::NAMES);
    }
}
