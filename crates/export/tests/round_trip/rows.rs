//! Rows: as a flow log makes them, and as nobody should.

use std::net::IpAddr;

use flowlog_export::Record;
use flowlog_record::{Action, Direction, Timestamp};
use proptest::prelude::*;

pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_250);

/// A row with a value in every place that every version can say.
pub(crate) fn plain() -> Record {
    let address = |last| IpAddr::from([192, 0, 2, last]);
    Record {
        source: Some(address(1)),
        destination: Some(address(2)),
        source_port: 1_234,
        destination_port: 443,
        protocol: 6,
        packets: 10,
        octets: 9_000,
        first: NOW.plus(-60_000),
        last: NOW.plus(-1),
        tcp_flags: 0x1b,
        tos: 0x10,
        ingress_interface: 1,
        egress_interface: 2,
        source_as: 64_500,
        destination_as: 64_501,
        ..Record::of(address(3))
    }
}

/// A row whose values fit every version, between ten days before the first batch and that batch.
/// Only the family of its addresses may be beyond V5.
pub(crate) fn settled_row() -> impl Strategy<Value = Record> {
    let day = 86_400_000;
    let times = (NOW.millis() - 10 * day..NOW.millis()).prop_flat_map(move |first| {
        let latest = NOW.millis().min(first + day);
        (Just(first), first..=latest)
    });
    let counters = (1..=u64::from(u32::MAX), 1..=u64::from(u32::MAX));
    (any_row(), some_address(), some_address(), times, counters).prop_map(
        |(row, source, destination, (first, last), (packets, octets))| Record {
            source: Some(source),
            destination: Some(destination),
            first: Timestamp(first),
            last: Timestamp(last),
            packets,
            octets,
            tcp_flags: row.tcp_flags & 0xff,
            ingress_interface: row.ingress_interface & 0xffff,
            egress_interface: row.egress_interface & 0xffff,
            source_as: row.source_as & 0xffff,
            destination_as: row.destination_as & 0xffff,
            ..row
        },
    )
}

/// Any row at all.
pub(crate) fn any_row() -> impl Strategy<Value = Record> {
    let address = || prop::option::weighted(0.8, some_address());
    let direction = prop_oneof![
        Just(Direction::Unknown),
        Just(Direction::In),
        Just(Direction::Out)
    ];
    let action = prop_oneof![Just(Action::Accept), Just(Action::Reject)];
    let key = (
        (address(), address(), some_address()),
        any::<(u16, u16, u8)>(),
        (direction, action),
    );
    let values = (
        (counter(), counter()),
        (any_time(), any_time()),
        any::<(u16, u8)>(),
        any::<((u32, u32), (u32, u32))>(),
    );
    (key, values).prop_map(|(key, values)| {
        let ((source, destination, exporter), ports, (direction, action)) = key;
        let ((packets, octets), (first, last), (tcp_flags, tos), numbers) = values;
        let ((ingress_interface, egress_interface), (source_as, destination_as)) = numbers;
        Record {
            source,
            destination,
            source_port: ports.0,
            destination_port: ports.1,
            protocol: ports.2,
            packets,
            octets,
            first: Timestamp(first),
            last: Timestamp(last),
            exporter,
            direction,
            action,
            tcp_flags,
            tos,
            ingress_interface,
            egress_interface,
            source_as,
            destination_as,
        }
    })
}

fn some_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        4 => any::<[u8; 4]>().prop_map(IpAddr::from),
        1 => any::<[u8; 16]>().prop_map(IpAddr::from),
    ]
}

/// Mostly small, sometimes at the edges of 32 bits, of what V5 splits, and of 64 bits.
fn counter() -> impl Strategy<Value = u64> {
    let long = u64::from(u32::MAX);
    prop_oneof![
        40 => 0..100_000_u64,
        4 => long - 1..long * 40,
        1 => Just(long * 4_096 + 1),
        1 => any::<u64>(),
    ]
}

fn any_time() -> impl Strategy<Value = i64> {
    let now = NOW.millis();
    prop_oneof![
        8 => now - 3_000_000_000..now + 1_000_000,
        1 => any::<i64>(),
    ]
}
