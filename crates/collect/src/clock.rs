//! The time that is handed out: the system clock's, without its jumps.
//!
//! Arrival times come from the system clock, which administrators and time daemons set. A *step*
//! shows as a change of its distance to the clock that counts from boot (suspension included);
//! gradual corrections move both clocks alike and are no steps.
//!
//! - The distance is looked at with every [`Clock::read`]; a step is returned, to be an input of
//!   its own before any time that it has changed.
//! - *Forward*: the time handed out follows at once.
//! - *Back*: it does not go back. It goes on at half speed until the system clock has caught up, so
//!   that nothing that waits for time stands still.

use std::fmt;

use crate::sys;

/// Changes of the distance up to this are not steps: reading two clocks takes time.
const TOLERANCE_US: i64 = 10_000;
/// Two clocks are read within this time of each other, if the machine lets us.
const CLOSE_US: i64 = 200;

/// Hands out time in microseconds of the epoch. One per thread.
//
// All fields are microseconds.
#[derive(Clone, Debug)]
pub struct Clock {
    /// System clock − clock since boot.
    distance: i64,
    /// So much was the time handed out ahead of the system clock at `lead_at` since boot.
    lead: i64,
    lead_at: i64,
    /// The time since boot when the clocks were last read.
    boot: i64,
    /// No time before this is handed out any more.
    last: i64,
}

/// The system clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStep {
    /// The time handed out before it was noticed, microseconds of the epoch.
    pub at_us: i64,
    /// By how much it was set, in microseconds; negative: back.
    pub by_us: i64,
}

impl fmt::Display for ClockStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system clock changed by {} ms", self.by_us / 1000)
    }
}

impl Clock {
    /// A clock that shows what the system clock shows now.
    pub fn start() -> Self {
        let (system_us, boot_us, _) = read_clocks();
        Self::at(system_us, boot_us)
    }

    /// Reads the system's clocks; says whether the system clock was set since the last time. To be
    /// called after each [`Receiver::receive`](crate::Receiver::receive).
    #[must_use = "a step is an input"]
    pub fn read(&mut self) -> Option<ClockStep> {
        let (system_us, boot_us, apart_us) = read_clocks();
        self.observe(system_us, boot_us, apart_us)
    }

    /// The time when the clocks were last read. Never less than any time handed out before.
    pub fn now_us(&mut self) -> i64 {
        let now = self.at_boot_us(self.boot);
        self.hand_out(now)
    }

    /// The kernel's receive time of a datagram, by this clock: not after [`now_us`](Self::now_us)
    /// and not before any time handed out.
    pub fn arrival_us(&mut self, kernel_us: i64) -> i64 {
        // A datagram may have been stamped before a step and be read after it: its stamp is then
        // off by the step, and held between the last time handed out and now.
        let boot_us = kernel_us.saturating_sub(self.distance).min(self.boot);
        let arrival = self.at_boot_us(boot_us);
        self.hand_out(arrival)
    }

    fn at(system_us: i64, boot_us: i64) -> Self {
        Self {
            distance: system_us.saturating_sub(boot_us),
            lead: 0,
            lead_at: boot_us,
            boot: boot_us,
            last: i64::MIN,
        }
    }

    /// Takes note of both clocks, which were read `apart_us` apart.
    fn observe(&mut self, system_us: i64, boot_us: i64, apart_us: i64) -> Option<ClockStep> {
        self.boot = self.boot.max(boot_us);
        let by_us = system_us
            .saturating_sub(boot_us)
            .saturating_sub(self.distance);
        if by_us.saturating_abs() <= TOLERANCE_US.saturating_add(apart_us) {
            return None;
        }
        let at_us = self.now_us();
        self.lead = self.ahead(self.boot).saturating_sub(by_us).max(0);
        self.lead_at = self.boot;
        self.distance = self.distance.saturating_add(by_us);
        Some(ClockStep { at_us, by_us })
    }

    fn at_boot_us(&self, boot_us: i64) -> i64 {
        boot_us
            .saturating_add(self.distance)
            .saturating_add(self.ahead(boot_us))
    }

    /// By how much the time handed out is ahead of the system clock.
    fn ahead(&self, boot_us: i64) -> i64 {
        let passed = boot_us.saturating_sub(self.lead_at).max(0);
        self.lead.saturating_sub(passed / 2).max(0)
    }

    fn hand_out(&mut self, time_us: i64) -> i64 {
        self.last = self.last.max(time_us);
        self.last
    }
}

/// The system clock, the clock since boot, and how far apart they were read.
fn read_clocks() -> (i64, i64, i64) {
    let mut closest = (0, 0, i64::MAX);
    for _ in 0..3 {
        let before = sys::clock_us(libc::CLOCK_BOOTTIME);
        let system = sys::clock_us(libc::CLOCK_REALTIME);
        let after = sys::clock_us(libc::CLOCK_BOOTTIME);
        let apart = after.saturating_sub(before);
        if apart < closest.2 {
            closest = (system, before.saturating_add(apart / 2), apart);
        }
        if apart <= CLOSE_US {
            break;
        }
    }
    closest
}

#[cfg(test)]
mod tests;
