//! Restarts of an Exporter, by its `SysUptime` (aggregation §3).

use flowlog_record::Timestamp;
use serde::{Deserialize, Serialize};

/// How far `SysUptime` may run away from the export time.
const TOLERANCE_MS: i32 = 60_000;

/// Compares `SysUptime` with the export time from datagram to datagram.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RestartDetector {
    last: Option<(u32, Timestamp)>,
    /// When the last datagram arrived, if it was beyond the tolerance: one more, and it is a
    /// restart.
    deviated: Option<Timestamp>,
}

impl RestartDetector {
    /// Enters a datagram that arrived at `at`. When it shows that the Exporter has restarted, the
    /// second running whose `i32(SysUptime − last − ΔX)` is beyond ±60 s: the arrival of the first.
    pub(crate) fn observe(
        &mut self,
        at: Timestamp,
        (uptime, export): (u32, Timestamp),
    ) -> Option<Timestamp> {
        let Some((last_uptime, last_export)) = self.last else {
            self.last = Some((uptime, export));
            return None;
        };
        let uptime_passed = uptime.wrapping_sub(last_uptime);
        let deviation = uptime_passed
            .wrapping_sub(modular(export.since(last_export)))
            .cast_signed();
        // An Exporter that never sets the field has not restarted.
        let deviates = deviation.saturating_abs() > TOLERANCE_MS && (uptime, last_uptime) != (0, 0);
        if deviates && self.deviated.is_none() {
            self.deviated = Some(at);
            return None;
        }
        self.last = Some((uptime, export));
        self.deviated.take().filter(|_| deviates)
    }
}

/// Milliseconds modulo 2³², as `SysUptime` counts them.
fn modular(millis: i64) -> u32 {
    u32::try_from(millis.rem_euclid(1 << 32)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
