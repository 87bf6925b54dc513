//! What a worker says of trouble: structured, and at most once a minute for each kind and Exporter.

use std::io;
use std::net::IpAddr;

use flowlog_collect::ClockStep;
use flowlog_decode::Outcome;
use flowlog_record::Timestamp;
use tracing::{info, warn};

use crate::telemetry::{Verdict, WarningLimiter};

/// The warnings of one worker.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    limiter: WarningLimiter,
    receive_errors: u64,
    suppressed: u64,
}

impl Warnings {
    /// A datagram that was not accepted whole.
    pub(crate) fn datagram(&mut self, at: Timestamp, exporter: IpAddr, outcome: &Outcome) {
        let kind = match outcome {
            Outcome::Accepted { .. } => "partly malformed",
            Outcome::Duplicate => return,
            Outcome::Refused(_) => "refused",
            Outcome::Malformed(_) => "malformed",
        };
        let Verdict::Say { suppressed } = self.limiter.admit(kind, exporter, at) else {
            self.suppressed = self.suppressed.saturating_add(1);
            return;
        };
        match outcome {
            Outcome::Malformed(malformed) => warn!(
                %exporter,
                offset = malformed.offset,
                problem = malformed.problem.as_str(),
                suppressed,
                "datagram cannot be decoded"
            ),
            Outcome::Refused(reason) => {
                warn!(%exporter, ?reason, suppressed, "datagram refused");
            }
            Outcome::Accepted { .. } | Outcome::Duplicate => {
                warn!(%exporter, suppressed, "datagram is malformed in part; the rest was kept");
            }
        }
    }

    /// How many were not written so far.
    pub(crate) const fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// A receive call that failed: said at powers of two, for it may fail very often.
    pub(crate) fn receive_failed(&mut self, problem: &io::Error) {
        self.receive_errors = self.receive_errors.saturating_add(1);
        if self.receive_errors.is_power_of_two() {
            warn!(%problem, times = self.receive_errors, "cannot receive");
        }
    }

    /// The system clock was set.
    #[expect(
        clippy::unused_self,
        reason = "all that a worker says goes through its Warnings"
    )]
    pub(crate) fn clock_stepped(&self, step: &ClockStep) {
        info!(by_us = step.by_us, "{step}");
    }
}
