//! §5: which counters of a record count, and for which direction.

use std::net::IpAddr;

use crate::flow::{Flow, Key, Present, Sampler};
use crate::split::Factor;
use crate::stream::Record;

/// The sampling rate that these elements say, in the order of §5.
pub fn rate(record: &Record) -> Option<Factor> {
    let get = |id| record.get(id).filter(|&value| value != 0);
    let one_in = |id| get(id).and_then(|interval| Factor::new(interval, 1));
    let population = || Factor::new(get(310)?, get(309)?);
    let spaced = || Factor::new(get(305)? + record.get(306)?, get(305)?);
    one_in(34)
        .or_else(|| one_in(50))
        .or_else(population)
        .or_else(spaced)
        .or_else(|| one_in(305))
}

/// The one or two directions of a record; times, rate and memory are still to be settled.
pub fn uniflows(record: &Record, exporter: IpAddr, domain: u32) -> Vec<Flow> {
    let first = |ids: &[u16]| ids.iter().find_map(|&id| record.get(id));
    let icmp = matches!(record.get(4), Some(1 | 58));
    let half = |id| u16::try_from(record.get(id).unwrap_or(0)).expect("16 bits");
    let octet = |id| u8::try_from(record.get(id).unwrap_or(0)).expect("8 bits");
    let (source_port, destination_port) = if icmp {
        let code = first(&[32, 139]).map(|code| u16::try_from(code).expect("16 bits"));
        (0, code.unwrap_or(half(11)))
    } else {
        (half(7), half(11))
    };
    let key = Key {
        source: record.source(),
        destination: record.destination(),
        source_port,
        destination_port,
        protocol: octet(4),
        tos: octet(5),
        ingress: u32::try_from(first(&[10, 252]).unwrap_or(0)).expect("32 bits"),
        egress: u32::try_from(first(&[14, 253]).unwrap_or(0)).expect("32 bits"),
    };
    let forward = Flow {
        number: 0,
        exporter,
        key,
        present: Present {
            protocol: record.has(4),
            tos: record.has(5),
            ingress: record.has(10) || record.has(252),
            egress: record.has(14) || record.has(253),
        },
        tcp_flags: record
            .get(6)
            .map(|flags| u16::try_from(flags).expect("16 bits")),
        start: 0,
        end: 0,
        packets: first(&[2, 86, 24, 298]).unwrap_or(0),
        octets: first(&[1, 85, 23, 231, 352]).unwrap_or(0),
        factor: None,
        sampler: Sampler {
            domain,
            id: first(&[48, 302]),
        },
        ended: false,
        continues: false,
        active_timeout: 0,
        baseline: false,
    };
    let mut backward = forward.clone();
    backward.key.source = key.destination;
    backward.key.destination = key.source;
    backward.key.ingress = key.egress;
    backward.key.egress = key.ingress;
    if !icmp {
        backward.key.source_port = key.destination_port;
        backward.key.destination_port = key.source_port;
    }
    backward.present.ingress = forward.present.egress;
    backward.present.egress = forward.present.ingress;
    if let Some(tos) = record.reverse(5) {
        backward.key.tos = u8::try_from(tos).expect("8 bits");
        backward.present.tos = true;
    }
    backward.tcp_flags = record
        .reverse(6)
        .map(|flags| u16::try_from(flags).expect("16 bits"));
    backward.packets = record.reverse(2).or(record.get(299)).unwrap_or(0);
    backward.octets = record.reverse(1).or(record.get(232)).unwrap_or(0);
    if backward.is_event() {
        vec![forward]
    } else {
        vec![forward, backward]
    }
}
