extern crate std;

use core::net::IpAddr;
use std::vec::Vec;

use flowlog_record::{FlowLogIndex, FlowRecord, ObservationDomain, Placed, ResourceIndex};

use super::{MatchTable, Mode};
use crate::{FlowLog, Inventory};

#[test]
fn without_configuration_every_record_belongs_to_the_built_in_flow_log() {
    let table =
        MatchTable::compile(&Inventory::default(), &[FlowLog::built_in()], Mode::Strict).unwrap();
    let exporter: IpAddr = "192.0.2.1".parse().unwrap();
    let scope = table.scope(exporter, ObservationDomain(7));
    let records = [FlowRecord::EMPTY; 3];
    let mut seen: Vec<(FlowLogIndex, Vec<Placed>)> = Vec::new();
    scope.place_batch(
        &records,
        &mut |_| None,
        &mut |flow_log, placed: &[Placed]| {
            seen.push((flow_log, placed.to_vec()));
        },
    );
    let placed = |record| Placed {
        record,
        path: 255,
        resource: ResourceIndex(0),
        ..Placed::default()
    };
    assert_eq!(seen, [(FlowLogIndex(0), [0, 1, 2].map(placed).to_vec())]);
}
