//! A batch as one record of the journal: version, first cursor, receive time, then the groups.
//!
//! The caller's thread encodes; cursor and time are known only to the writer, who fills them in.

use serde::{Deserialize, Serialize};

use super::{Group, Origin};

/// The octets before the groups.
pub(crate) const HEADER: usize = 13;
const VERSION: u8 = 1;

/// What one record of the journal holds.
#[derive(Debug, PartialEq)]
pub(crate) struct Record {
    /// The cursor of the first group; the others follow.
    pub(crate) cursor: i64,
    /// When the batch was received, seconds of the epoch.
    pub(crate) received: u32,
    /// See [`super::Batch::origin`].
    pub(crate) origin: Option<Origin>,
    /// See [`super::Batch::groups`].
    pub(crate) groups: Vec<Group>,
}

#[derive(Serialize)]
struct Outgoing<'a> {
    origin: Option<&'a Origin>,
    groups: &'a [Group],
}

#[derive(Deserialize)]
struct Incoming {
    origin: Option<Origin>,
    groups: Vec<Group>,
}

/// The record of a batch, its header still empty.
pub(crate) fn encode(origin: Option<&Origin>, groups: &[Group]) -> Option<Vec<u8>> {
    let octets: usize = groups.iter().map(Group::octets).sum();
    let mut record = Vec::with_capacity(HEADER + octets / 2);
    record.resize(HEADER, 0);
    postcard::to_extend(&Outgoing { origin, groups }, record).ok()
}

/// Fills in the header.
pub(crate) fn seal_header(record: &mut [u8], cursor: i64, received: u32) {
    let header = [VERSION]
        .into_iter()
        .chain(cursor.to_le_bytes())
        .chain(received.to_le_bytes());
    for (to, from) in record.iter_mut().zip(header) {
        *to = from;
    }
}

/// The record back, or `None` when it is not one of ours.
pub(crate) fn decode(record: &[u8]) -> Option<Record> {
    let ([version], rest) = record.split_first_chunk::<1>()?;
    let (cursor, rest) = rest.split_first_chunk::<8>()?;
    let (received, rest) = rest.split_first_chunk::<4>()?;
    if *version != VERSION {
        return None;
    }
    let Incoming { origin, groups } = postcard::from_bytes(rest).ok()?;
    if groups.iter().any(|group| group.validate().is_err()) {
        return None;
    }
    let (cursor, received) = (i64::from_le_bytes(*cursor), u32::from_le_bytes(*received));
    Some(Record {
        cursor,
        received,
        origin,
        groups,
    })
}
