//! When the next datagram is due.

use std::time::Duration;

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unlimited,
    /// So many datagrams per second, at least 1.
    Rate(u32),
    /// With the pauses between the times of the capture.
    AsRecorded,
}

/// Due times since the beginning; they never go back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    kind: Kind,
    sent: u64,
    latest: Duration,
    /// The first time of the file, and what was due when it began.
    file: Option<(i64, Duration)>,
}

impl Pace {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            sent: 0,
            latest: Duration::ZERO,
            file: None,
        }
    }

    /// A file begins when the one before it has ended, whatever year it is from.
    pub(super) fn begin_file(&mut self) {
        self.file = None;
    }

    /// When the datagram that was captured at `at_us` is due.
    pub(super) fn due(&mut self, at_us: i64) -> Duration {
        let due = match self.kind {
            Kind::Unlimited => Duration::ZERO,
            Kind::Rate(rate) => {
                let nanos = u128::from(self.sent) * 1_000_000_000 / u128::from(rate.max(1));
                Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
            Kind::AsRecorded => {
                let &mut (first, began) = self.file.get_or_insert((at_us, self.latest));
                let since = u64::try_from(at_us.saturating_sub(first)).unwrap_or(0);
                began.saturating_add(Duration::from_micros(since))
            }
        };
        self.sent = self.sent.saturating_add(1);
        self.latest = self.latest.max(due);
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(pace: &mut Pace, at_us: i64) -> u128 {
        pace.due(at_us).as_micros()
    }

    #[test]
    fn a_rate_spaces_datagrams_evenly() {
        let mut pace = Pace::new(Kind::Rate(1000));
        assert_eq!([7, 7, 7].map(|at| due(&mut pace, at)), [0, 1000, 2000]);
    }

    #[test]
    fn as_recorded_keeps_the_pauses_and_never_goes_back() {
        let mut pace = Pace::new(Kind::AsRecorded);
        assert_eq!(
            [5, 105, 55, 205].map(|at| due(&mut pace, at)),
            [0, 100, 100, 200]
        );
        pace.begin_file();
        assert_eq!([-9_000, -8_990].map(|at| due(&mut pace, at)), [200, 210]);
        assert!(due(&mut pace, i64::MAX) > due(&mut Pace::new(Kind::AsRecorded), i64::MIN));
    }

    #[test]
    fn without_a_limit_everything_is_due_at_once() {
        let mut pace = Pace::new(Kind::Unlimited);
        assert_eq!(
            [5, i64::MAX, i64::MIN].map(|at| due(&mut pace, at)),
            [0, 0, 0]
        );
    }
}
