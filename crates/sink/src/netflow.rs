//! Another NetFlow collector: rows become messages of V5, V9 or IPFIX again.
//!
//! Over UDP nobody says whether a datagram arrives: rows count as delivered when the system has taken
//! them. Datagrams leave in small bursts, so that a window's rows do not overrun the far socket. Over
//! TCP what was under way when a connection broke is sent again on the next.

mod connection;
mod own;
mod rows;

use std::net::SocketAddr;
use std::ops::Range;

use flowlog_export::{Carries, ExportingProcess, NotCarried, Protocol, Settings};
use flowlog_logstore::ReadGroup;
use flowlog_record::{ObservationDomain, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::error::DeliveryError;
use crate::target::Arrived;
use crate::window::Shipment;
use connection::Connection;
pub use own::OwnSockets;

/// Rows whose messages are made and sent together.
const STEP_ROWS: usize = 2048;

/// What another collector is spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speech {
    /// NetFlow V5 in datagrams.
    V5,
    /// NetFlow V9 in datagrams.
    V9,
    /// IPFIX in datagrams.
    V10,
    /// IPFIX on a connection.
    V10Tcp,
}

/// Which optional values the rows of a flow log have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// TCP flags, and the action.
    Vpc,
    /// None.
    Cen,
    /// TCP flags, class of service, interfaces.
    Sag,
}

/// Another collector, and how it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collector {
    /// Where it listens.
    pub server: SocketAddr,
    /// What it is spoken to in.
    pub speech: Speech,
    /// The Observation Domain (V5: engine) of the flow log.
    pub domain: u32,
    /// What the rows have.
    pub layout: Layout,
}

/// A flow log on its way to a collector.
#[derive(Debug)]
pub(crate) struct NetflowTarget {
    line: Mutex<Line>,
    now: fn() -> Timestamp,
}

#[derive(Debug)]
struct Line {
    process: ExportingProcess,
    connection: Connection,
}

/// The rows of a shipment that have not been sent.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// `LogGroup`s, and which of their rows are left.
    groups: Vec<(ReadGroup, Range<usize>)>,
    /// Messages of the rows before those, not sent yet.
    messages: Vec<Vec<u8>>,
    /// What becomes known when they are.
    arrived: Arrived,
    /// The rows that they were made of, where they have to be made again for another connection.
    made_of: Vec<(ReadGroup, Range<usize>)>,
}

impl Collector {
    fn settings(&self) -> Settings {
        let protocol = match self.speech {
            Speech::V5 => Protocol::Netflow5,
            Speech::V9 => Protocol::Netflow9,
            Speech::V10 => Protocol::IpfixUdp,
            Speech::V10Tcp => Protocol::IpfixTcp,
        };
        let carries = match self.layout {
            Layout::Vpc => Carries::VPC,
            Layout::Cen => Carries::CEN,
            Layout::Sag => Carries::SAG,
        };
        Settings::new(protocol, ObservationDomain(self.domain), carries)
    }
}

impl NetflowTarget {
    /// Goes on where `saved` says, if it is of this collector.
    pub(crate) fn new(
        collector: &Collector,
        saved: Option<&str>,
        own: OwnSockets,
        now: fn() -> Timestamp,
    ) -> Self {
        let settings = collector.settings();
        let restored = saved.and_then(octets_of);
        let restored = restored.and_then(|it| ExportingProcess::restore(&it, settings).ok());
        Self {
            line: Mutex::new(Line {
                process: restored.unwrap_or_else(|| ExportingProcess::new(settings)),
                connection: Connection::new(collector, own),
            }),
            now,
        }
    }

    pub(crate) fn prepare(shipment: &Shipment) -> Waiting {
        let groups = shipment.groups.iter();
        Waiting {
            groups: groups
                .map(|group| (group.clone(), 0..group.group().rows()))
                .rev()
                .collect(),
            messages: Vec::new(),
            arrived: Arrived::default(),
            made_of: Vec::new(),
        }
    }

    /// Sends the messages of the next rows. `None` when none are left.
    pub(crate) async fn attempt(
        &self,
        waiting: &mut Waiting,
    ) -> Option<Result<Arrived, DeliveryError>> {
        let mut line = self.line.lock().await;
        let Line {
            process,
            connection,
        } = &mut *line;
        match connection.ensure().await {
            Err(problem) => return Some(Err(problem)),
            Ok(true) => {
                process.handle_connection();
                waiting.unmake();
            }
            Ok(false) => {}
        }
        if waiting.made_of.is_empty() && !waiting.make(process, (self.now)()) {
            return None;
        }
        if let Err(problem) = connection.send(&mut waiting.messages).await {
            return Some(Err(problem));
        }
        waiting.made_of.clear();
        Some(Ok(std::mem::take(&mut waiting.arrived)))
    }

    /// What has to be known after a planned end.
    pub(crate) async fn save(&self) -> String {
        let line = self.line.lock().await;
        let octets = line.process.save();
        flowlog_access::percent::hex_lower(&octets)
    }
}

impl Waiting {
    /// Makes the messages of the next rows; `false` when none are left.
    fn make(&mut self, process: &mut ExportingProcess, now: Timestamp) -> bool {
        let mut room = STEP_ROWS;
        while room > 0
            && let Some((group, rows)) = self.groups.last_mut()
        {
            let end = rows.end.min(rows.start.saturating_add(room));
            self.made_of.push((group.clone(), rows.start..end));
            room -= end - rows.start;
            rows.start = end;
            if rows.start == rows.end {
                self.groups.pop();
            }
        }
        if self.made_of.is_empty() {
            return false;
        }
        let records = self.made_of.iter();
        let records = records.flat_map(|(group, rows)| rows::records(group.group(), rows.clone()));
        let messages = &mut self.messages;
        let tally = process.export(now, records, |message| {
            messages.push(message.octets.to_vec());
        });
        let left_out = |reason| tally.not_carried(reason).records;
        let left_out: u64 = NotCarried::ALL.into_iter().map(left_out).sum();
        self.arrived = Arrived {
            rows: usize::try_from(tally.carried.records).unwrap_or(usize::MAX),
            left_out: usize::try_from(left_out).unwrap_or(usize::MAX),
        };
        // Sent from the end.
        self.messages.reverse();
        true
    }

    /// The messages were made for another connection.
    fn unmake(&mut self) {
        self.messages.clear();
        self.arrived = Arrived::default();
        self.groups.extend(self.made_of.drain(..).rev());
    }

    /// Leaves out the rows that are next; how many.
    pub(crate) fn reject(&mut self) -> usize {
        self.messages.clear();
        let rows = self.made_of.drain(..).map(|(_, rows)| rows.len()).sum();
        self.arrived = Arrived::default();
        rows
    }
}

/// Opens a way to a collector and closes it again.
pub(crate) async fn check(collector: &Collector) -> Result<(), DeliveryError> {
    let mut connection = Connection::new(collector, OwnSockets::default());
    connection.ensure().await.map(|_| ())
}

fn octets_of(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(octet).collect()
}

#[cfg(test)]
mod tests;
