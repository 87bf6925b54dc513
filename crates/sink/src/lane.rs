//! Where rows were numbered, as their ids tell: `EPOCH-FLOWLOG-PARTITION-N`.
//!
//! All rows of a LogGroup are of one flow log and one partition, with numbers that ascend: a batch
//! carries what one partition handed over.

use flowlog_logstore::batch::Group;

/// The column of the row ids.
pub(crate) const ROW_ID: &str = "row-id";

/// Rows of one lane are delivered one after the other, so that their numbers ascend at the target
/// as they do here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// The epoch of the data directory.
    pub epoch: u64,
    /// The partition.
    pub partition: u32,
}

/// The rows of a LogGroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) lane: Lane,
    /// The number of the first row.
    pub(crate) first: u64,
    /// The number of the last row.
    pub(crate) last: u64,
}

/// The rows of a LogGroup, when they are of this flow log.
pub(crate) fn rows_of(group: &Group, flow_log: &str) -> Option<Rows> {
    let column = group.column(ROW_ID)?;
    let last = group.rows().checked_sub(1)?;
    let mut scratch = Vec::new();
    let (lane, first) = parse(column.cell(0).text(&mut scratch)?, flow_log)?;
    let (_, last) = parse(column.cell(last).text(&mut scratch)?, flow_log)?;
    Some(Rows { lane, first, last })
}

fn parse(id: &[u8], flow_log: &str) -> Option<(Lane, u64)> {
    let (epoch, rest) = std::str::from_utf8(id).ok()?.split_once('-')?;
    let (named, place) = rest.split_at_checked(flow_log.len())?;
    let (partition, number) = place.strip_prefix('-')?.split_once('-')?;
    if named != flow_log {
        return None;
    }
    let lane = Lane {
        epoch: epoch.parse().ok()?,
        partition: partition.parse().ok()?,
    };
    Some((lane, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_lane_and_number_of_the_rows_of_its_flow_log() {
        let lane = |epoch, partition| Lane { epoch, partition };
        assert_eq!(parse(b"7-fl-1-3-42", "fl-1"), Some((lane(7, 3), 42)));
        assert_eq!(parse(b"7-fl-1-3-42", "fl"), None);
        assert_eq!(parse(b"7-fl-1-3-42", "fl-1-3"), None);
        assert_eq!(
            parse(b"0-default-65535-0", "default"),
            Some((lane(0, 65_535), 0))
        );
        for id in [
            &b"-"[..],
            b"",
            b"x-fl-1-3-42",
            b"7-fl-1-x-42",
            b"7-fl-1-3-",
            b"\xff-fl-1-3-1",
        ] {
            assert_eq!(parse(id, "fl-1"), None, "{id:?}");
        }
    }
}
