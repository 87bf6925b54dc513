//! `inspect --peer`: what `netflow_parser` reads of the same datagrams.
//!
//! One parser per Exporter, so that Templates meet their data as they do here. Its objects are
//! printed as its own serialisation has them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use netflow_parser::NetflowParser;
use serde_json::{Value, json};

use crate::capture::Captured;

/// Parsers by Exporter.
#[derive(Default)]
pub(super) struct Peer {
    parsers: BTreeMap<IpAddr, NetflowParser>,
}

impl Peer {
    /// Its reading of datagram `n`.
    pub(super) fn read(&mut self, n: u64, captured: &Captured) -> Value {
        let parser = self.parsers.entry(captured.exporter).or_default();
        let result = parser.parse_bytes(&captured.payload);
        json!({
            "kind": "peer",
            "n": n,
            "packets": serde_json::to_value(&result.packets).unwrap_or_default(),
            "error": result.error.map(|error| error.to_string()),
        })
    }
}
