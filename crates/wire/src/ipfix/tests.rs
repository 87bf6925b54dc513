use alloc::vec::Vec;

use super::{HEADER_LENGTH, Message};
use crate::{Malformed, Problem};

/// Two empty data Sets behind a header that says `length`.
fn message(length: u16) -> Vec<u8> {
    let mut octets: Vec<u8> = (0..16).collect();
    octets[2..4].copy_from_slice(&length.to_be_bytes());
    octets.extend([1, 0, 0, 4, 1, 1, 0, 4]);
    octets
}

#[test]
fn the_header_is_read_in_host_order() {
    let octets = message(24);
    let header = Message::parse(&octets).unwrap().header();
    assert_eq!(header.length, 24);
    assert_eq!(header.export_time, 0x0405_0607);
    assert_eq!(header.sequence, 0x0809_0a0b);
    assert_eq!(header.observation_domain, 0x0c0d_0e0f);
}

#[test]
fn fewer_octets_than_a_header_are_an_error() {
    let octets = message(24);
    for length in 0..HEADER_LENGTH {
        let short = Malformed::at(length, Problem::ShortHeader);
        assert_eq!(Message::parse(&octets[..length]).unwrap_err(), short);
    }
}

#[test]
fn a_length_past_the_datagram_is_an_error_beside_the_sets_that_are_there() {
    let octets = message(25);
    let message = Message::parse(&octets).unwrap();
    assert_eq!(
        message.error(),
        Some(Malformed::at(2, Problem::MessageLength))
    );
    assert_eq!(message.sets().flatten().count(), 2);
    assert!(message.trailing().is_empty());
}

#[test]
fn a_length_below_the_header_is_an_error_without_sets() {
    for length in 0..16 {
        let octets = message(length);
        let message = Message::parse(&octets).unwrap();
        assert_eq!(
            message.error(),
            Some(Malformed::at(2, Problem::MessageLength))
        );
        assert_eq!(message.sets().next(), None);
    }
}

#[test]
fn octets_behind_the_length_are_not_read() {
    let octets = message(20);
    let message = Message::parse(&octets).unwrap();
    assert_eq!(message.error(), None);
    assert_eq!(message.sets().count(), 1);
    assert_eq!(message.trailing(), &octets[20..]);
}
