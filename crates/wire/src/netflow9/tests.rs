use super::{HEADER_LENGTH, Message};
use crate::{Malformed, Problem};

#[test]
fn the_header_is_read_in_host_order() {
    let octets: [u8; HEADER_LENGTH] = core::array::from_fn(|i| u8::try_from(i).unwrap());
    let header = Message::parse(&octets).unwrap().header();
    assert_eq!(header.count, 0x0203);
    assert_eq!(header.sys_uptime, 0x0405_0607);
    assert_eq!(header.unix_secs, 0x0809_0a0b);
    assert_eq!(header.sequence, 0x0c0d_0e0f);
    assert_eq!(header.source_id, 0x1011_1213);
}

#[test]
fn fewer_octets_than_a_header_are_an_error() {
    let octets = [0; HEADER_LENGTH];
    for length in 0..HEADER_LENGTH {
        let short = Malformed::at(length, Problem::ShortHeader);
        assert_eq!(Message::parse(&octets[..length]).unwrap_err(), short);
    }
}

#[test]
fn a_message_of_a_header_has_no_sets() {
    let message = Message::parse(&[0; HEADER_LENGTH]).unwrap();
    assert_eq!(message.sets().next(), None);
}

#[test]
fn the_count_does_not_limit_the_sets() {
    let mut octets = [0; HEADER_LENGTH + 8];
    octets[HEADER_LENGTH..].copy_from_slice(&[1, 0, 0, 4, 1, 1, 0, 4]);
    assert_eq!(Message::parse(&octets).unwrap().sets().count(), 2);
}
