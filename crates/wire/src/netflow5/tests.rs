use alloc::vec::Vec;

use super::{HEADER_LENGTH, Message, RECORD_LENGTH, Record};
use crate::{Malformed, Problem};

/// A message whose octets are all different from their neighbours.
fn message(count: u16, records: usize) -> Vec<u8> {
    let mut octets: Vec<u8> = (0..=255)
        .cycle()
        .take(HEADER_LENGTH + records * RECORD_LENGTH)
        .collect();
    octets[0..2].copy_from_slice(&5_u16.to_be_bytes());
    octets[2..4].copy_from_slice(&count.to_be_bytes());
    octets
}

#[test]
fn the_header_is_read_in_host_order() {
    let octets = message(1, 1);
    let header = Message::parse(&octets).unwrap().header();
    assert_eq!(header.count, 1);
    assert_eq!(header.sys_uptime, 0x0405_0607);
    assert_eq!(header.unix_secs, 0x0809_0a0b);
    assert_eq!(header.unix_nsecs, 0x0c0d_0e0f);
    assert_eq!(header.flow_sequence, 0x1011_1213);
    assert_eq!((header.engine_type, header.engine_id), (0x14, 0x15));
    assert_eq!(header.sampling_interval, 0x1617);
}

#[test]
fn each_field_of_a_record_has_its_place() {
    let octets: [u8; RECORD_LENGTH] = core::array::from_fn(|i| u8::try_from(i).unwrap());
    let record = Record::new(&octets);
    assert_eq!(record.source(), [0, 1, 2, 3]);
    assert_eq!(record.destination(), [4, 5, 6, 7]);
    assert_eq!(record.next_hop(), [8, 9, 10, 11]);
    assert_eq!((record.input(), record.output()), (0x0c0d, 0x0e0f));
    assert_eq!(record.packets(), 0x1011_1213);
    assert_eq!(record.octet_count(), 0x1415_1617);
    assert_eq!((record.first(), record.last()), (0x1819_1a1b, 0x1c1d_1e1f));
    assert_eq!(record.source_port(), 0x2021);
    assert_eq!(record.destination_port(), 0x2223);
    assert_eq!((record.pad1(), record.tcp_flags()), (0x24, 0x25));
    assert_eq!((record.protocol(), record.tos()), (0x26, 0x27));
    assert_eq!(record.source_as(), 0x2829);
    assert_eq!(record.destination_as(), 0x2a2b);
    assert_eq!(
        (record.source_mask(), record.destination_mask()),
        (0x2c, 0x2d)
    );
    assert_eq!(record.pad2(), 0x2e2f);
    assert_eq!(record.octets(), &octets);
}

#[test]
fn fewer_octets_than_a_header_are_an_error() {
    let octets = message(1, 1);
    for length in 0..HEADER_LENGTH {
        let short = Malformed::at(length, Problem::ShortHeader);
        assert_eq!(Message::parse(&octets[..length]).unwrap_err(), short);
    }
}

#[test]
fn a_cut_message_gives_the_records_that_are_whole() {
    let octets = message(3, 3);
    for length in HEADER_LENGTH..octets.len() {
        let message = Message::parse(&octets[..length]).unwrap();
        let whole = (length - HEADER_LENGTH) / RECORD_LENGTH;
        assert_eq!(message.records().len(), whole);
        assert_eq!(message.record_octets().len(), whole * RECORD_LENGTH);
        assert_eq!(
            message.error(),
            Some(Malformed::at(2, Problem::CountPastEnd))
        );
        assert_eq!(
            message.trailing().len(),
            (length - HEADER_LENGTH) % RECORD_LENGTH
        );
    }
    assert_eq!(Message::parse(&octets).unwrap().error(), None);
}

#[test]
fn octets_behind_the_count_are_no_records_and_no_error() {
    let octets = message(1, 3);
    let message = Message::parse(&octets).unwrap();
    assert_eq!(message.records().len(), 1);
    assert_eq!(message.error(), None);
    assert_eq!(message.trailing(), &octets[HEADER_LENGTH + RECORD_LENGTH..]);
}

#[test]
fn records_and_their_octets_are_the_same() {
    let octets = message(2, 2);
    let message = Message::parse(&octets).unwrap();
    let joined: Vec<u8> = message.records().flat_map(|r| *r.octets()).collect();
    assert_eq!(joined, message.record_octets());
    assert_eq!(joined, &octets[HEADER_LENGTH..]);
}

#[test]
fn a_count_of_zero_has_no_records() {
    let octets = message(0, 1);
    let message = Message::parse(&octets).unwrap();
    assert_eq!(message.records().next(), None);
    assert_eq!(message.error(), None);
}
