use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowlog_record::{EnterpriseNumber, Version, element};
use flowlog_wire::netflow5;

use super::{Layout, blast_fields};
use crate::clock::ExporterClock;
use crate::config::TimeEncoding;
use crate::flow::{EndReason, Flow, Metered};

const CLOCK: ExporterClock = ExporterClock {
    boot: 1_000_000_000,
    set: 1_000_000_000,
    offset: 0,
    drift_ppm: 0,
};

fn metered(source: IpAddr, destination: IpAddr) -> Metered {
    Metered {
        flow: Flow {
            source,
            destination,
            source_port: 0x0102,
            destination_port: 0x0304,
            protocol: 6,
            tos: 0xb8,
            input: 3,
            output: 10,
            forwarding: 64,
        },
        start: 1_005_000_000,
        end: 1_006_000_000,
        packets: 7,
        octets: 700,
        tcp_flags: 0x1b,
        reason: EndReason::Active,
    }
}

fn ipv4() -> Metered {
    metered(
        Ipv4Addr::new(10, 0, 0, 1).into(),
        Ipv4Addr::new(198, 18, 0, 2).into(),
    )
}

/// The record's values by element.
fn fields(layout: &Layout, metered: &Metered) -> Vec<(u16, Vec<u8>)> {
    let mut octets = Vec::new();
    layout.write(metered, &CLOCK, &mut octets);
    assert_eq!(octets.len(), layout.length);
    let mut rest = &octets[..];
    let split = layout.fields.iter().map(|field| {
        let (value, behind) = rest.split_at(usize::from(field.length));
        rest = behind;
        (field.id.0, value.to_vec())
    });
    split.collect()
}

#[test]
fn every_element_has_its_value() {
    let layout = Layout::new(Version::V9, TimeEncoding::SysUptime, true, false);
    let expected: [(u16, &[u8]); 21] = [
        (8, &[10, 0, 0, 1]),
        (12, &[198, 18, 0, 2]),
        (15, &[10, 0, 0, 254]),
        (10, &[0, 0, 0, 3]),
        (14, &[0, 0, 0, 10]),
        (2, &[0, 0, 0, 7]),
        (1, &[0, 0, 2, 188]),
        (22, &[0, 0, 0x13, 0x88]),
        (21, &[0, 0, 0x17, 0x70]),
        (7, &[1, 2]),
        (11, &[3, 4]),
        (6, &[0x1b]),
        (4, &[6]),
        (5, &[0xb8]),
        (16, &[0, 0, 0xfb, 0xf4]),
        (17, &[0, 0, 0xfb, 0xf5]),
        (9, &[24]),
        (13, &[24]),
        (61, &[0]),
        (89, &[64]),
        (48, &[1]),
    ];
    let expected: Vec<(u16, Vec<u8>)> = expected
        .iter()
        .map(|&(element, value)| (element, value.to_vec()))
        .collect();
    assert_eq!(fields(&layout, &ipv4()), expected);
}

#[test]
fn ipfix_says_milliseconds_reason_and_selector() {
    let layout = Layout::new(Version::Ipfix, TimeEncoding::Milliseconds, true, false);
    let fields = fields(&layout, &ipv4());
    let value = |element| &fields.iter().find(|field| field.0 == element).unwrap().1;
    assert_eq!(value(152), &1_005_000_u64.to_be_bytes());
    assert_eq!(value(153), &1_006_000_u64.to_be_bytes());
    assert_eq!(value(1), &700_u64.to_be_bytes());
    assert_eq!(value(136), &[2]);
    assert_eq!(value(302), &1_u64.to_be_bytes());
}

#[test]
fn ipv6_has_addresses_of_sixteen_octets() {
    let (source, destination) = (Ipv6Addr::from_bits(1), Ipv6Addr::from_bits(2));
    let layout = Layout::new(Version::Ipfix, TimeEncoding::SysUptime, false, true);
    let fields = fields(&layout, &metered(source.into(), destination.into()));
    assert_eq!(fields[0], (27, source.octets().to_vec()));
    assert_eq!(fields[1], (28, destination.octets().to_vec()));
    assert!(fields.iter().any(|field| field.0 == 22) && fields.iter().all(|field| field.0 != 152));
}

#[test]
fn templates_are_of_known_elements_none_twice() {
    for version in [Version::V9, Version::Ipfix] {
        for is_ipv6 in [false, true] {
            let layout = Layout::new(version, TimeEncoding::Milliseconds, true, is_ipv6);
            let mut ids: Vec<u16> = layout.fields.iter().map(|field| field.id.0).collect();
            assert!(
                layout
                    .fields
                    .iter()
                    .all(|f| element(EnterpriseNumber::IANA, f.id).is_some())
            );
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), layout.fields.len());
        }
        assert_eq!(blast_fields(version).len(), 20);
    }
}

#[test]
fn netflow5_says_the_same() {
    let octets = super::netflow5(&ipv4(), &CLOCK).to_octets();
    let record = netflow5::Record::new(&octets);
    assert_eq!(record.source(), [10, 0, 0, 1]);
    assert_eq!(record.destination(), [198, 18, 0, 2]);
    assert_eq!((record.first(), record.last()), (5_000, 6_000));
    assert_eq!((record.packets(), record.octet_count()), (7, 700));
    assert_eq!(
        (record.source_port(), record.destination_port()),
        (0x0102, 0x0304)
    );
    assert_eq!((record.input(), record.output()), (3, 10));
    assert_eq!(
        (record.protocol(), record.tos(), record.tcp_flags()),
        (6, 0xb8, 0x1b)
    );
}
