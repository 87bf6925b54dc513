//! What became of rows on their way elsewhere, published when somebody asks.

use flowlog_sink::Figures;

use crate::run::system_time;
use crate::telemetry::metrics as names;

/// Publishes what became of rows on their way elsewhere.
pub(in crate::run) fn publish(streams: &[Figures]) {
    let now = system_time().seconds();
    for stream in streams {
        let labels = [
            ("target", stream.spec.to.kind().to_owned()),
            ("flow_log", stream.spec.flow_log.to_string()),
        ];
        names::SINK_DELIVERED_ROWS.count(&labels, stream.delivered);
        names::SINK_ATTEMPTS.count(&labels, stream.attempts);
        for (class, failures) in &stream.failures {
            let [target, flow_log] = labels.clone();
            let labels = [target, flow_log, ("class", (*class).to_owned())];
            names::SINK_FAILURES.count(&labels, *failures);
        }
        let attempting = stream.attempting.as_millis();
        names::SINK_ATTEMPT_TIME.count(&labels, u64::try_from(attempting).unwrap_or(u64::MAX));
        names::SINK_REJECTED_ROWS.count(&labels, stream.rejected);
        names::SINK_GIVEN_UP_ROWS.count(&labels, stream.given_up);
        names::SINK_MISSED_GROUPS.count(&labels, stream.missed_groups);
        names::SINK_BACKLOG_ROWS.measure(&labels, stream.backlog_rows);
        names::SINK_BACKLOG_OCTETS.measure(&labels, stream.backlog_octets);
        let age = (stream.backlog_since).map_or(0, |since| now.saturating_sub(i64::from(since)));
        names::SINK_BACKLOG_AGE.measure(&labels, u64::try_from(age).unwrap_or(0));
        names::SINK_FAILING.measure(&labels, u64::from(stream.failing));
    }
}
