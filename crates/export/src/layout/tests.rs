use core::net::{IpAddr, Ipv6Addr};

use flowlog_record::{AbstractDataType as Type, Direction, element};

use super::{Octets, Specifiers, Times, flow, ipfix_options, netflow9_options};
use crate::record::Record;
use crate::settings::{Carries, MessageLimit};

const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Everything a record can have.
fn widest() -> Record {
    Record {
        source: Some(V6),
        destination: Some(V6),
        direction: Direction::Out,
        ..Record::of(V6)
    }
}

#[test]
fn the_widest_record_and_its_template_fit_their_room_and_the_least_message() {
    let (mut fields, mut octets) = (Specifiers::new(), Octets::new());
    flow(&widest(), Times::Epoch(0, 0), Carries::all(), &mut fields);
    flow(&widest(), Times::Epoch(0, 0), Carries::all(), &mut octets);
    let lengths = fields.as_slice().iter().map(|field| field.length);
    let length = usize::from(lengths.sum::<u16>());
    assert_eq!(fields.as_slice().len(), 18);
    assert_eq!((octets.as_slice().len(), length), (105, 105));
    let sets = 4 + 4 + 4 * 18 + 4 + length + 3;
    assert!(20 + sets <= MessageLimit::new(512).unwrap().octets());
}

#[test]
fn values_are_as_long_as_their_types_in_the_registry() {
    let mut fields = Specifiers::new();
    flow(&widest(), Times::Epoch(0, 0), Carries::all(), &mut fields);
    let mut options = Specifiers::new();
    ipfix_options(1, &mut options);
    for field in fields.as_slice().iter().chain(options.as_slice()) {
        let known = element(field.enterprise, field.id).unwrap();
        let length = match known.data_type {
            // One octet wherever they are sent (RFC 7270 §4.12, RFC 7125 §3).
            _ if ["forwardingStatus", "tcpControlBits"].contains(&known.name) => 1,
            Type::Unsigned8 => 1,
            Type::Unsigned16 => 2,
            Type::Unsigned32 => 4,
            Type::Unsigned64 | Type::DateTimeMilliseconds => 8,
            Type::Ipv6Address => 16,
            other => unreachable!("{} is {other:?}", known.name),
        };
        assert_eq!(field.length, length, "{}", known.name);
    }
}

#[test]
fn what_a_flow_log_does_not_carry_has_no_field() {
    let mut all = Specifiers::new();
    let mut fields = Specifiers::new();
    flow(&widest(), Times::Uptime(0, 0), Carries::all(), &mut all);
    flow(&widest(), Times::Uptime(0, 0), Carries::VPC, &mut fields);
    let ids = |of: &Specifiers| -> alloc::vec::Vec<u16> {
        of.as_slice().iter().map(|field| field.id.0).collect()
    };
    assert_eq!(
        ids(&fields),
        [27, 28, 7, 11, 4, 2, 1, 22, 21, 6, 89, 61, 131]
    );
    assert_eq!(
        ids(&all),
        [
            27, 28, 7, 11, 4, 2, 1, 22, 21, 6, 5, 10, 14, 16, 17, 89, 61, 131
        ]
    );
}

#[test]
fn options_of_v9_say_that_every_packet_is_metered() {
    let mut octets = Octets::new();
    netflow9_options(7, &mut octets);
    assert_eq!(octets.as_slice(), [0, 0, 0, 7, 0, 0, 0, 1, 1]);
}
