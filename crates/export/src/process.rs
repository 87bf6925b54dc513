//! The state machine: one flow log on its way to one collector.

use alloc::vec::Vec;

use flowlog_record::Timestamp;

use crate::boot::{self, Uptimes};
use crate::record::Record;
use crate::settings::{Protocol, Settings};
use crate::tally::Tally;
use crate::templates::Templates;
use crate::{netflow5, templated};

/// A message, lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its octets: one datagram, or the next of a connection.
    pub octets: &'a [u8],
    /// Flow Records in it; 0 where there was room for Templates alone.
    pub flow_records: u32,
}

/// Turns the rows of one flow log into messages to one collector: its sequence numbers, its clock,
/// and the Templates that the collector has.
///
/// Rows come in batches, and a batch leaves in whole messages: between two batches nothing is held
/// back, and a batch that was sent can be acknowledged. A batch that must be sent again over UDP may
/// be sent as the same octets.
///
/// ```
/// use core::net::{IpAddr, Ipv4Addr};
///
/// use flowlog_export::{Carries, ExportingProcess, Protocol, Record, Settings};
/// use flowlog_record::{ObservationDomain, Timestamp};
///
/// let settings = Settings::new(Protocol::Netflow9, ObservationDomain(7), Carries::VPC);
/// let mut process = ExportingProcess::new(settings);
/// let row = Record {
///     packets: 10,
///     octets: 5_000,
///     first: Timestamp(1_700_000_040_000),
///     last: Timestamp(1_700_000_100_000),
///     ..Record::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)))
/// };
/// let mut datagrams = Vec::new();
/// let tally = process.export(Timestamp(1_700_000_101_250), [row], |message| {
///     datagrams.push(message.octets.to_vec());
/// });
/// assert_eq!((datagrams.len(), tally.carried.octets), (1, 5_000));
/// ```
#[derive(Clone, Debug)]
pub struct ExportingProcess {
    pub(crate) settings: Settings,
    /// The number of the next message, in the unit of its version: V5 Flow Records, V9 messages,
    /// IPFIX data records.
    pub(crate) sequence: u32,
    /// V5, V9: from when `SysUptime` counts, once something was sent.
    pub(crate) boot: Option<Timestamp>,
    pub(crate) templates: Templates,
    /// The message that is being made.
    pub(crate) buffer: Vec<u8>,
    pub(crate) total: Tally,
}

impl ExportingProcess {
    /// One that has sent nothing: number 0, a new boot, no Templates at the collector.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            sequence: 0,
            boot: None,
            templates: Templates::unknown(),
            buffer: Vec::with_capacity(settings.limit.octets()),
            total: Tally::default(),
        }
    }

    /// Makes messages of a batch of rows and lends them, in order. The tally is of this batch.
    ///
    /// All are of the time `now`. A batch of which nothing can be carried makes no message, Templates
    /// included: they go out with the next that has a record.
    pub fn export(
        &mut self,
        now: Timestamp,
        records: impl IntoIterator<Item = Record>,
        each: impl FnMut(Message<'_>),
    ) -> Tally {
        let records = records.into_iter();
        let tally = match self.settings.protocol {
            Protocol::Netflow5 => netflow5::export(self, now, records, each),
            Protocol::Netflow9 | Protocol::IpfixUdp | Protocol::IpfixTcp => {
                templated::export(self, now, records, each)
            }
        };
        self.total += tally;
        tally
    }

    /// The collector knows nothing of before: a new connection, or one that is known to have begun
    /// anew. Templates and options are sent again; over TCP numbers begin at 0 (RFC 7011 §3.1: each
    /// connection counts for itself).
    ///
    /// A batch that was on its way when the connection broke is exported again: its old octets have
    /// numbers of the old connection.
    pub fn handle_connection(&mut self) {
        self.templates = Templates::unknown();
        if self.settings.protocol == Protocol::IpfixTcp {
            self.sequence = 0;
        }
    }

    /// What became of all records so far; not saved.
    pub const fn total(&self) -> Tally {
        self.total
    }

    /// What it speaks.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock of V5 and V9 for a header, and whether it begins anew with it.
    pub(crate) fn uptimes(&mut self, header: Timestamp) -> (Uptimes, bool) {
        let boot = boot::boot_for(header, self.boot);
        let has_booted = self.boot.replace(boot) != Some(boot);
        (Uptimes { boot, header }, has_booted)
    }

    /// Counts and lends the message in the buffer.
    pub(crate) fn lend(
        &self,
        flow_records: u32,
        announced: u32,
        tally: &mut Tally,
        mut each: impl FnMut(Message<'_>),
    ) {
        tally.flow_records += u64::from(flow_records);
        tally.announced += u64::from(announced);
        tally.messages += 1;
        tally.message_octets += u64::try_from(self.buffer.len()).unwrap_or_default();
        each(Message {
            octets: &self.buffer,
            flow_records,
        });
    }
}

#[cfg(test)]
mod tests;
