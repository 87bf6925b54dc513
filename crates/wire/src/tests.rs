//! What holds for all formats: round trips of what `emit` writes, and any octets at all.

use alloc::vec;
use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, InformationElementId, Version};
use proptest::prelude::*;

use crate::emit::{EmitError, MessageBuilder};
use crate::{
    FieldSpecifier, Malformed, Problem, Set, SetKind, Sets, TemplateId, ipfix, lists,
    message_version, netflow5, netflow9, variable_length,
};

/// One thing that a message says.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    Template(u16, Vec<FieldSpecifier>),
    Options(u16, Vec<FieldSpecifier>, u16),
    Withdrawal(u16),
    OptionsWithdrawal(u16),
    /// Data records of one Set, without padding.
    Data(u16, Vec<u8>),
}

const HEADER9: netflow9::Header = netflow9::Header {
    count: 0,
    sys_uptime: 1,
    unix_secs: 2,
    sequence: 3,
    source_id: 4,
};

const HEADER10: ipfix::Header = ipfix::Header {
    length: 0,
    export_time: 1,
    sequence: 2,
    observation_domain: 3,
};

fn field() -> impl Strategy<Value = FieldSpecifier> {
    let enterprise = prop_oneof![3 => Just(0), 1 => any::<u32>()];
    (enterprise, 0_u16..0x8000, any::<u16>()).prop_map(|(enterprise, id, length)| FieldSpecifier {
        enterprise: EnterpriseNumber(enterprise),
        id: InformationElementId(id),
        length,
    })
}

fn id() -> impl Strategy<Value = u16> {
    prop_oneof![3 => 256_u16..260, 1 => 256..=u16::MAX]
}

fn fields() -> impl Strategy<Value = Vec<FieldSpecifier>> {
    prop::collection::vec(field(), 1..12)
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        (id(), fields()).prop_map(|(id, fields)| Item::Template(id, fields)),
        (id(), fields(), 1_u16..4).prop_map(|(id, fields, scopes)| {
            let scopes = scopes.min(u16::try_from(fields.len()).unwrap());
            Item::Options(id, fields, scopes)
        }),
        id().prop_map(Item::Withdrawal),
        id().prop_map(Item::OptionsWithdrawal),
        (id(), prop::collection::vec(1_u8.., 1..40))
            .prop_map(|(id, octets)| Item::Data(id, octets)),
    ]
}

fn emit(builder: &mut MessageBuilder<'_>, item: &Item) -> Result<(), EmitError> {
    let template_id = |id| TemplateId::new(id).unwrap();
    match item {
        Item::Template(id, fields) => builder.template(template_id(*id), fields),
        Item::Options(id, fields, scopes) => {
            builder.options_template(template_id(*id), fields, *scopes)
        }
        Item::Withdrawal(id) => builder.withdrawal(template_id(*id)),
        Item::OptionsWithdrawal(id) => builder.options_withdrawal(template_id(*id)),
        Item::Data(id, octets) => builder.record(template_id(*id), octets),
    }
}

/// What the Sets say, the data of Sets of one id behind each other joined.
fn read(sets: Sets<'_>) -> Result<Vec<Item>, Malformed> {
    let version = sets.version();
    let mut items = Vec::new();
    for set in sets {
        let set = set?;
        if let SetKind::Data(id) = set.kind(version) {
            items.push(Item::Data(id.get(), unpadded(set.body).to_vec()));
        }
        for record in set.templates(version) {
            let record = record?;
            let id = record.id.get();
            let fields: Vec<_> = record.fields.iter().collect();
            assert_eq!(fields.len(), record.fields.len());
            items.push(match (set.kind(version), record.is_withdrawal) {
                (SetKind::Template, true) => Item::Withdrawal(id),
                (SetKind::Template, false) => Item::Template(id, fields),
                (_, true) => Item::OptionsWithdrawal(id),
                (_, false) => Item::Options(id, fields, record.scope_field_count),
            });
        }
    }
    Ok(joined(items))
}

/// Up to three zeros less; records of these tests have none.
fn unpadded(body: &[u8]) -> &[u8] {
    let padding = body.iter().rev().take_while(|&&octet| octet == 0).count();
    assert!(padding < 4);
    &body[..body.len() - padding]
}

fn joined(items: Vec<Item>) -> Vec<Item> {
    let mut joined: Vec<Item> = Vec::new();
    for item in items {
        match (joined.last_mut(), item) {
            (Some(Item::Data(last, octets)), Item::Data(id, more)) if *last == id => {
                octets.extend(more);
            }
            (_, item) => joined.push(item),
        }
    }
    joined
}

/// Everything that can be read of a datagram, and what is wrong with it.
fn read_all(octets: &[u8]) -> Vec<Malformed> {
    let mut wrong = Vec::new();
    match message_version(octets) {
        Err(malformed) => wrong.push(malformed),
        Ok(Version::V5) => match netflow5::Message::parse(octets) {
            Err(malformed) => wrong.push(malformed),
            Ok(message) => {
                wrong.extend(message.error());
                let read = message.records().len() * netflow5::RECORD_LENGTH;
                let rest = netflow5::HEADER_LENGTH + message.trailing().len();
                assert_eq!(read + rest, octets.len());
            }
        },
        Ok(Version::V9) => match netflow9::Message::parse(octets) {
            Err(malformed) => wrong.push(malformed),
            Ok(message) => read_sets(octets, message.sets(), &mut wrong),
        },
        Ok(Version::Ipfix) => match ipfix::Message::parse(octets) {
            Err(malformed) => wrong.push(malformed),
            Ok(message) => {
                wrong.extend(message.error());
                read_sets(octets, message.sets(), &mut wrong);
            }
        },
    }
    assert!(
        wrong
            .iter()
            .all(|malformed| malformed.offset <= octets.len())
    );
    wrong
}

fn read_sets(octets: &[u8], sets: Sets<'_>, wrong: &mut Vec<Malformed>) {
    let version = sets.version();
    let mut end = 0;
    for set in sets.fuse() {
        match set {
            Err(malformed) => wrong.push(malformed),
            Ok(set) => {
                assert!(set.offset >= end);
                end = set.offset + usize::from(set.length);
                assert_eq!(&octets[set.body_offset()..end], set.body);
                wrong.extend(set.error(version));
                read_templates(&set, version, wrong);
                read_values(&set);
            }
        }
    }
}

fn read_templates(set: &Set<'_>, version: Version, wrong: &mut Vec<Malformed>) {
    let mut end = set.body_offset();
    for record in set.templates(version) {
        match record {
            Err(malformed) => wrong.push(malformed),
            Ok(record) => {
                assert!(record.offset >= end);
                end = record.offset + 4 + record.fields.octets().len();
                assert!(end <= set.offset + usize::from(set.length));
                assert_eq!(record.fields.iter().count(), record.fields.len());
                assert!(usize::from(record.scope_field_count) <= record.fields.len());
            }
        }
    }
}

/// A Set's octets as values of every kind that ends where it says.
fn read_values(set: &Set<'_>) {
    let (body, offset) = (set.body, set.body_offset());
    let fits = |value: &[u8]| assert!(value.len() <= body.len());
    if let Some((start, length)) = variable_length(body) {
        fits(&body[start..start + length]);
    }
    if let Ok(list) = lists::BasicList::parse(body, offset) {
        list.values().flatten().for_each(fits);
    }
    if let Ok(list) = lists::SubTemplateMultiList::parse(body, offset) {
        list.entries()
            .flatten()
            .for_each(|entry| fits(entry.records));
    }
    if let Ok(list) = lists::SubTemplateList::parse(body, offset) {
        fits(list.records);
    }
}

/// The octets of a message, and what was accepted into it.
fn written(version: Version, items: &[Item], limit: usize) -> (Vec<u8>, Vec<Item>) {
    let before = vec![0xee; 7];
    let mut octets = before.clone();
    let mut builder = match version {
        Version::Ipfix => MessageBuilder::ipfix(&mut octets, &HEADER10, limit),
        _ => MessageBuilder::netflow9(&mut octets, &HEADER9, limit),
    };
    let accepted: Vec<Item> = items
        .iter()
        .filter(|item| emit(&mut builder, item).is_ok())
        .cloned()
        .collect();
    assert_eq!(usize::from(builder.records()), accepted.len());
    let data = accepted
        .iter()
        .filter(|item| matches!(item, Item::Data(..)));
    assert_eq!(usize::from(builder.data_records()), data.count());
    let length = builder.finish();
    let message = octets.split_off(before.len());
    assert_eq!(octets, before);
    assert_eq!(message.len(), length);
    (message, accepted)
}

proptest! {
    #[test]
    fn ipfix_messages_say_what_was_written(
        items in prop::collection::vec(item(), 0..20),
        limit in 16_usize..600,
    ) {
        let (octets, accepted) = written(Version::Ipfix, &items, limit);
        prop_assert!(octets.len() <= limit);
        let message = ipfix::Message::parse(&octets).unwrap();
        let length = u16::try_from(octets.len()).unwrap();
        prop_assert_eq!(message.header(), ipfix::Header { length, ..HEADER10 });
        prop_assert_eq!(message.error(), None);
        prop_assert_eq!(read(message.sets()), Ok(joined(accepted)));
    }

    #[test]
    fn netflow9_messages_say_what_was_written(
        items in prop::collection::vec(item(), 0..20),
        limit in 20_usize..600,
    ) {
        let (octets, accepted) = written(Version::V9, &items, limit);
        prop_assert!(octets.len() <= limit);
        let message = netflow9::Message::parse(&octets).unwrap();
        let count = u16::try_from(accepted.len()).unwrap();
        prop_assert_eq!(message.header(), netflow9::Header { count, ..HEADER9 });
        prop_assert_eq!(read(message.sets()), Ok(joined(accepted)));
    }

    #[test]
    fn a_cut_message_says_a_beginning_of_what_was_written(
        items in prop::collection::vec(item(), 1..8),
        ipfix in any::<bool>(),
    ) {
        let version = if ipfix { Version::Ipfix } else { Version::V9 };
        let (octets, _) = written(version, &items, 1400);
        let whole = read_all(&octets);
        prop_assert_eq!(whole, &[]);
        for length in 0..octets.len() {
            let wrong = read_all(&octets[..length]);
            prop_assert!(!ipfix || !wrong.is_empty(), "the message length tells");
        }
    }

    #[test]
    fn any_octets_are_read_without_panic(
        version in prop_oneof![Just(5_u16), Just(9), Just(10), any::<u16>()],
        octets in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        read_all(&[&version.to_be_bytes()[..], &octets].concat());
        read_all(&octets);
    }

    #[test]
    fn damaged_messages_are_read_without_panic(
        items in prop::collection::vec(item(), 1..8),
        ipfix in any::<bool>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let version = if ipfix { Version::Ipfix } else { Version::V9 };
        let (mut octets, _) = written(version, &items, 1400);
        for (at, value) in damage {
            let at = at.index(octets.len());
            octets[at] = value;
        }
        read_all(&octets);
    }
}

#[test]
fn a_datagram_of_empty_sets_is_read_in_one_pass() {
    let mut octets = vec![0; 20];
    octets[1] = 9;
    octets.extend([1, 0, 0, 4].repeat(16_000));
    let message = netflow9::Message::parse(&octets).unwrap();
    assert_eq!(message.sets().flatten().count(), 16_000);
}

#[test]
fn every_problem_has_a_sentence_of_its_own() {
    let problems = [
        Problem::ShortHeader,
        Problem::UnknownVersion,
        Problem::MessageLength,
        Problem::CountPastEnd,
        Problem::TrailingOctets,
        Problem::SetTooShort,
        Problem::SetPastEnd,
        Problem::ReservedSet,
        Problem::TemplatePastEnd,
        Problem::TemplateId,
        Problem::TemplateTooLarge,
        Problem::EmptyRecord,
        Problem::ScopeCount,
        Problem::RecordPastEnd,
        Problem::ListPastEnd,
    ];
    let mut sentences: Vec<_> = problems.iter().map(|problem| problem.as_str()).collect();
    sentences.sort_unstable();
    sentences.dedup();
    assert_eq!(sentences.len(), problems.len());
    let malformed = Malformed::at(7, Problem::SetPastEnd);
    assert_eq!(
        alloc::format!("{malformed}"),
        "set runs past the message at offset 7"
    );
}
