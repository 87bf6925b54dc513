use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, InformationElementId, Version};

use super::MessageBuilder;
use crate::emit::EmitError;
use crate::{FieldSpecifier, TemplateId, ipfix, netflow9};

const fn field(enterprise: u32, id: u16, length: u16) -> FieldSpecifier {
    FieldSpecifier {
        enterprise: EnterpriseNumber(enterprise),
        id: InformationElementId(id),
        length,
    }
}

fn id(id: u16) -> TemplateId {
    TemplateId::new(id).unwrap()
}

fn netflow9(out: &mut Vec<u8>) -> MessageBuilder<'_> {
    MessageBuilder::netflow9(out, &netflow9::Header::default(), 1400)
}

fn ipfix(out: &mut Vec<u8>) -> MessageBuilder<'_> {
    MessageBuilder::ipfix(out, &ipfix::Header::default(), 1400)
}

/// Id and length of each Set.
fn sets(octets: &[u8]) -> Vec<(u16, u16)> {
    let sets = match octets[1] {
        9 => netflow9::Message::parse(octets).unwrap().sets(),
        _ => ipfix::Message::parse(octets).unwrap().sets(),
    };
    sets.map(|set| set.unwrap())
        .map(|set| (set.id, set.length))
        .collect()
}

#[test]
fn records_of_one_kind_share_a_set_until_it_is_closed() {
    let mut octets = Vec::new();
    let mut builder = ipfix(&mut octets);
    builder.template(id(256), &[field(0, 8, 4)]).unwrap();
    builder.template(id(257), &[field(0, 8, 4)]).unwrap();
    builder.record(id(256), &[1; 4]).unwrap();
    builder.record(id(256), &[1; 4]).unwrap();
    builder.record(id(257), &[1; 4]).unwrap();
    builder.close_set();
    builder.record(id(257), &[1; 4]).unwrap();
    builder.finish();
    assert_eq!(sets(&octets), [(2, 20), (256, 12), (257, 8), (257, 8)]);
}

#[test]
fn sets_are_padded_to_four_octets_unless_told_otherwise() {
    for length in 4..8 {
        let mut octets = Vec::new();
        let mut builder = netflow9(&mut octets);
        builder.record(id(256), &[1; 8][..length]).unwrap();
        builder.finish();
        assert_eq!(sets(&octets), [(256, if length == 4 { 8 } else { 12 })]);

        let mut octets = Vec::new();
        let mut builder = netflow9(&mut octets).without_padding();
        builder.record(id(256), &[1; 8][..length]).unwrap();
        builder.finish();
        assert_eq!(sets(&octets), [(256, u16::try_from(4 + length).unwrap())]);
    }
}

#[test]
fn padding_is_zeros() {
    let mut octets = Vec::new();
    let mut builder = ipfix(&mut octets);
    builder.record(id(256), &[1; 5]).unwrap();
    builder.finish();
    assert_eq!(octets[16..], [1, 0, 0, 12, 1, 1, 1, 1, 1, 0, 0, 0]);
}

#[test]
fn padding_is_shorter_than_the_shortest_record() {
    let length_of = |records: &[&[u8]]| {
        let mut octets = Vec::new();
        let mut builder = netflow9(&mut octets);
        for record in records {
            builder.record(id(256), record).unwrap();
        }
        builder.finish();
        sets(&octets)[0].1
    };
    assert_eq!(length_of(&[&[1]]), 5);
    assert_eq!(length_of(&[&[1; 2]]), 6);
    assert_eq!(length_of(&[&[1; 3]]), 8);
    assert_eq!(length_of(&[&[1; 9]]), 16);
    assert_eq!(length_of(&[&[1; 9], &[1; 2]]), 16);
    assert_eq!(length_of(&[&[1; 9], &[1; 1], &[1; 1]]), 15);
}

#[test]
fn a_full_message_takes_no_more() {
    for limit in 16..60 {
        let mut octets = Vec::new();
        let mut builder = MessageBuilder::ipfix(&mut octets, &ipfix::Header::default(), limit);
        while builder.record(id(256), &[1; 5]).is_ok() {}
        assert_eq!(builder.record(id(257), &[1; 50]), Err(EmitError::Full));
        assert!(builder.finish() <= limit);
        let room = limit - 16;
        let records = if room < 12 { 0 } else { (room / 4 * 4 - 4) / 5 };
        let expected = if records == 0 {
            0
        } else {
            (4 + records * 5).next_multiple_of(4)
        };
        assert_eq!(octets.len(), 16 + expected, "limit {limit}");
    }
}

#[test]
fn a_message_ends_at_65535_octets() {
    let mut octets = Vec::new();
    let mut builder = MessageBuilder::ipfix(&mut octets, &ipfix::Header::default(), usize::MAX);
    while builder.record(id(256), &[1; 1000]).is_ok() {}
    assert_eq!(builder.data_records(), 65);
    assert_eq!(builder.finish(), 16 + 4 + 65_000);
    assert_eq!(ipfix::Message::parse(&octets).unwrap().error(), None);
}

#[test]
fn netflow9_has_no_enterprise_numbers_and_no_withdrawals() {
    let mut octets = Vec::new();
    let mut builder = netflow9(&mut octets);
    let refused = Err(EmitError::NotInFormat);
    assert_eq!(builder.template(id(256), &[field(9, 1, 4)]), refused);
    assert_eq!(
        builder.options_template(id(256), &[field(9, 1, 4)], 1),
        refused
    );
    assert_eq!(builder.withdrawal(id(256)), refused);
    assert_eq!(builder.options_withdrawal(id(256)), refused);
    assert_eq!(builder.withdraw_all(), refused);
    assert_eq!(builder.withdraw_all_options(), refused);
    assert_eq!(builder.template(id(256), &[field(0, 40_001, 8)]), Ok(()));
    assert_eq!(builder.records(), 1);
}

#[test]
fn what_would_mean_something_else_is_refused() {
    let mut octets = Vec::new();
    let mut builder = ipfix(&mut octets);
    let refused = Err(EmitError::NotInFormat);
    assert_eq!(builder.template(id(256), &[]), refused);
    assert_eq!(builder.template(id(256), &[field(0, 0x8001, 4)]), refused);
    assert_eq!(
        builder.options_template(id(256), &[field(0, 1, 4)], 0),
        refused
    );
    assert_eq!(
        builder.options_template(id(256), &[field(0, 1, 4)], 2),
        refused
    );
    assert_eq!(builder.record(id(256), &[]), refused);
    assert_eq!(builder.finish(), 16);
}

#[test]
fn all_templates_are_withdrawn_in_a_set_of_their_own() {
    let mut octets = Vec::new();
    let mut builder = ipfix(&mut octets);
    builder.template(id(256), &[field(0, 8, 4)]).unwrap();
    builder.withdraw_all().unwrap();
    builder.withdraw_all_options().unwrap();
    builder.template(id(257), &[field(0, 8, 4)]).unwrap();
    builder.finish();
    assert_eq!(sets(&octets), [(2, 12), (2, 8), (3, 8), (2, 12)]);
    let withdraws: Vec<bool> = ipfix::Message::parse(&octets)
        .unwrap()
        .sets()
        .map(|set| set.unwrap().withdraws_all(Version::Ipfix))
        .collect();
    assert_eq!(withdraws, [false, true, true, false]);
}
