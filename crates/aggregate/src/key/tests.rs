use flowlog_record::{
    Action, Address, Direction, ExporterId, FlowKey, FlowRecord, HashKey, Placed, ResourceIndex,
};
use proptest::prelude::*;

use super::{Key, Packed, pack, unpack};
use crate::rules::KeyLayout;

fn record() -> FlowRecord {
    FlowRecord {
        source: Address::from_ipv4_octets([10, 0, 0, 1]),
        destination: Address::from_ipv4_octets([10, 0, 0, 2]),
        source_port: 1,
        destination_port: 2,
        protocol: 17,
        tos: 3,
        ingress_interface: 4,
        egress_interface: u32::MAX,
        ..FlowRecord::EMPTY
    }
}

fn placed() -> Placed {
    Placed {
        record: 0,
        direction: Direction::Out,
        action: Action::Reject,
        path: 17,
        resource: ResourceIndex(9),
    }
}

fn unpacked(packed: Packed, layout: KeyLayout) -> (FlowKey, ExporterId) {
    match packed {
        Packed::V4(key) => (unpack(&key, layout), key.exporter()),
        Packed::V6(key) => (unpack(&key, layout), key.exporter()),
    }
}

#[test]
fn gateways_have_tos_and_interfaces_in_the_key() {
    let packed = pack(&record(), placed(), ExporterId(5), KeyLayout::Gateway);
    let expected = FlowKey {
        source: record().source,
        destination: record().destination,
        source_port: 1,
        destination_port: 2,
        protocol: 17,
        tos: 3,
        direction: Direction::Unknown,
        action: Action::Accept,
        path: 255,
        ingress_interface: 4,
        egress_interface: u32::MAX,
        resource: ResourceIndex(9),
    };
    assert_eq!(
        unpacked(packed, KeyLayout::Gateway),
        (expected, ExporterId(5))
    );
}

#[test]
fn connections_have_direction_action_and_path_in_the_key() {
    let packed = pack(&record(), placed(), ExporterId(5), KeyLayout::Connection);
    let (key, _) = unpacked(packed, KeyLayout::Connection);
    assert_eq!(
        (key.direction, key.action, key.path),
        (Direction::Out, Action::Reject, 17)
    );
    assert_eq!(
        (key.tos, key.ingress_interface, key.egress_interface),
        (0, 0, 0)
    );
}

#[test]
fn tcp_flags_are_beside_the_key() {
    let Packed::V4(key) = pack(&record(), placed(), ExporterId(5), KeyLayout::Gateway) else {
        panic!("an IPv4 flow");
    };
    let mut flagged = key;
    flagged.or_flags(0x8001);
    flagged.or_flags(0x0010);
    assert_eq!(flagged.flags(), 0x8011);
    assert!(flagged.same(&key));
    assert_eq!(
        flagged.hash(&HashKey::PUBLIC, 60),
        key.hash(&HashKey::PUBLIC, 60)
    );
    assert_eq!(flagged.without_flags(), key);
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(Address::from_ipv4_octets),
        any::<[u8; 16]>().prop_map(Address::from_ipv6_octets),
        Just(Address::UNSPECIFIED),
    ]
}

proptest! {
    #[test]
    fn keys_are_unpacked_as_they_were_packed(
        (source, destination) in (address(), address()),
        (source_port, destination_port) in any::<(u16, u16)>(),
        (protocol, tos, path) in any::<(u8, u8, u8)>(),
        (ingress_interface, egress_interface, exporter, resource) in any::<(u32, u32, u32, u32)>(),
        direction in prop_oneof![Just(Direction::Unknown), Just(Direction::In), Just(Direction::Out)],
        action in prop_oneof![Just(Action::Accept), Just(Action::Reject)],
    ) {
        let record = FlowRecord {
            source, destination, source_port, destination_port, protocol, tos,
            ingress_interface, egress_interface, ..FlowRecord::EMPTY
        };
        let resource = ResourceIndex(resource);
        let placed = Placed { record: 0, direction, action, path, resource };
        let (source_port, destination_port) = record.row_ports();
        let common = FlowKey {
            source, destination, source_port, destination_port, protocol, resource,
            path: 255, ..FlowKey::default()
        };
        let gateway = FlowKey { tos, ingress_interface, egress_interface, ..common };
        let connection = FlowKey { direction, action, path, ..common };
        for (layout, expected) in [
            (KeyLayout::Gateway, gateway),
            (KeyLayout::Connection, connection),
        ] {
            let packed = pack(&record, placed, ExporterId(exporter), layout);
            let narrow = source.ipv4_octets().is_some() && destination.ipv4_octets().is_some();
            prop_assert_eq!(matches!(packed, Packed::V4(_)), narrow);
            prop_assert_eq!(unpacked(packed, layout), (expected, ExporterId(exporter)));
        }
    }

    #[test]
    fn every_bit_of_a_key_and_the_window_and_the_secret_move_the_hash(
        bit in 0..128usize,
        window in any::<i64>(),
    ) {
        let hash = |record: &FlowRecord, exporter, window, secret: &HashKey| {
            match pack(record, placed(), ExporterId(exporter), KeyLayout::Gateway) {
                Packed::V4(key) => key.hash(secret, window),
                Packed::V6(key) => key.hash(secret, window),
            }
        };
        let mut record = record();
        record.source = Address::from_ipv6_octets([1; 16]);
        let known = hash(&record, 1, window, &HashKey::PUBLIC);
        prop_assert_ne!(known, hash(&record, 2, window, &HashKey::PUBLIC));
        prop_assert_ne!(known, hash(&record, 1, window ^ 1, &HashKey::PUBLIC));
        prop_assert_ne!(known, hash(&record, 1, window, &HashKey([1, 2, 3, 4])));
        let flipped = u128::from_be_bytes(record.source.octets()) ^ (1 << bit);
        record.source = Address::from_ipv6_octets(flipped.to_be_bytes());
        prop_assert_ne!(known, hash(&record, 1, window, &HashKey::PUBLIC));
    }
}
