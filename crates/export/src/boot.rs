//! The clock of V5 and V9: times count from a boot, and the header ties it to the epoch.

use flowlog_record::Timestamp;

use crate::tally::{Narrowed, Tally};

const DAY_MS: i64 = 86_400_000;
/// How long before the first message the boot was. Rows that waited that long for their collector
/// still have their times.
const LEAD_MS: i64 = 12 * DAY_MS;
/// The longest `SysUptime`: below half of the 49.7 days after which it wraps, so that no collector
/// can take a time for one of another round, however it reckons.
const LONGEST_MS: i64 = 24 * DAY_MS;

/// A time of the epoch as headers can say it: whole seconds of V9 are rounded up, so that no record
/// of the present second is later than its header.
pub(crate) fn header_time(now: Timestamp, whole_seconds: bool) -> Timestamp {
    let latest = i64::from(u32::MAX) * 1000;
    let millis = now.millis().clamp(0, latest);
    if whole_seconds {
        let seconds = millis.saturating_add(999).div_euclid(1000);
        return Timestamp(seconds * 1000);
    }
    Timestamp(millis)
}

/// Seconds of a header's time.
pub(crate) fn seconds(header: Timestamp) -> u32 {
    u32::try_from(header.seconds()).unwrap_or_default()
}

/// The boot that holds for a header at that time: the one before, unless `SysUptime` would be
/// negative or too long.
///
/// The new one looks like a restart to a collector; that happens every twelve days.
pub(crate) fn boot_for(header: Timestamp, before: Option<Timestamp>) -> Timestamp {
    let holds = |boot: &Timestamp| (0..=LONGEST_MS).contains(&header.since(*boot));
    before.filter(holds).unwrap_or(header.plus(-LEAD_MS))
}

/// What turns times of rows into values of `SysUptime`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uptimes {
    pub(crate) boot: Timestamp,
    pub(crate) header: Timestamp,
}

impl Uptimes {
    /// `SysUptime` of the header.
    pub(crate) fn now(self) -> u32 {
        self.at(self.header)
    }

    /// First and last time of a record, from the boot to the header.
    ///
    /// A time behind the header's could be said, but some collectors take it for one of the round of
    /// `SysUptime` before; likewise a last time before the first for one after a wrap.
    pub(crate) fn of(self, first: Timestamp, last: Timestamp, tally: &mut Tally) -> (u32, u32) {
        let near_first = first.clamp(self.boot, self.header);
        let near_last = last.clamp(near_first, self.header);
        if (near_first, near_last) != (first, last) {
            tally.narrow(Narrowed::Time);
        }
        (self.at(near_first), self.at(near_last))
    }

    fn at(self, time: Timestamp) -> u32 {
        u32::try_from(time.since(self.boot)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
