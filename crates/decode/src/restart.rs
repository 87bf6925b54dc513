//! Restarts of an Exporter, by its `SysUptime` (aggregation §3).

use flowlog_record::Timestamp;
use serde::{Deserialize, Serialize};

/// How far `SysUptime` may run away from the export time.
const TOLERANCE_MS: i32 = 60_000;

/// Compares `SysUptime` with the export time from datagram to datagram.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RestartDetector {
    last: Option<(u32, Timestamp)>,
    /// The last datagram was beyond the tolerance: one more, and it is a restart.
    deviated: bool,
}

impl RestartDetector {
    /// Enters a datagram; whether it shows that the Exporter has restarted: the second running
    /// whose `i32(SysUptime − last − ΔX)` is beyond ±60 s.
    pub(crate) fn observe(&mut self, uptime: u32, export: Timestamp) -> bool {
        let Some((last_uptime, last_export)) = self.last else {
            self.last = Some((uptime, export));
            return false;
        };
        let uptime_passed = uptime.wrapping_sub(last_uptime);
        let deviation = uptime_passed
            .wrapping_sub(modular(export.since(last_export)))
            .cast_signed();
        // An Exporter that never sets the field has not restarted.
        let deviates = deviation.saturating_abs() > TOLERANCE_MS && (uptime, last_uptime) != (0, 0);
        if deviates && !self.deviated {
            self.deviated = true;
            return false;
        }
        self.last = Some((uptime, export));
        self.deviated = false;
        deviates
    }
}

/// Milliseconds modulo 2³², as `SysUptime` counts them.
fn modular(millis: i64) -> u32 {
    u32::try_from(millis.rem_euclid(1 << 32)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
