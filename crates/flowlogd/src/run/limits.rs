//! The daemon's limits as limits of one partition.
//!
//! A partition decides by what it holds itself, never by what others hold: else rows would depend
//! on how fast other threads are. So the limits of `[limits]` are divided beforehand, with room for
//! an uneven spread, and all partitions together may hold more than the configuration says, when
//! somebody wants them to; then `limits.memory` sheds datagrams.

use flowlog_pipeline::Settings;

use crate::config::Limits;
use crate::data_directory::Identity;

/// One partition may have so much of all rows under way: most networks have few large Exporters.
const ROWS_SHARE: u64 = 4;
/// The least of Exporters that a partition remembers, however few are asked for.
const FEW: u64 = 16;
/// Of `limits.memory`, the parts that one partition may use for Templates and for parked Sets.
const TEMPLATES_SHARE: u64 = 32;
const PARKED_SHARE: u64 = 256;

/// The limits of one partition.
pub(super) fn of_partition(limits: &Limits, identity: Identity) -> Settings {
    let partitions = u64::from(identity.partitions.max(1));
    let mut settings = Settings::with_key(identity.hash_key);
    // Exporters spread by a hash: twice the mean is beyond any chance when they are many.
    let exporters = u64::from(limits.exporters) * 2 / partitions + FEW;
    settings.exporters = size(exporters);
    settings.aggregate.exporters = settings.exporters;
    settings.aggregate.rows = (u64::from(limits.live_flows) / ROWS_SHARE).max(1);
    settings.remembered_flows = settings.remembered_flows.min(size(settings.aggregate.rows));
    let decode = &mut settings.decode.limits;
    decode.exporters = size(exporters);
    decode.templates = size(limits.templates.into());
    decode.octets_in_all = decode
        .octets_in_all
        .min(size(limits.memory.0 / TEMPLATES_SHARE));
    decode.parked_in_all = decode
        .parked_in_all
        .min(size(limits.memory.0 / PARKED_SHARE));
    settings
}

fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
