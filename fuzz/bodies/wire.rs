//! The views of `wire`: everything lies inside the datagram, everything ends, and what was read can
//! be written and read again.

use flowlog_record::Version;
use flowlog_wire::{
    FieldSpecifier, Malformed, Set, SetKind, Sets, emit, ipfix, lists, message_version, netflow5,
    netflow9, variable_length,
};

/// How deep lists are followed; `decode` bounds it likewise.
const DEPTH: usize = 4;

/// Records and what stands behind them tile a V5 packet; a record's values are its octets.
pub fn wire_v5(octets: &[u8]) {
    let _ = message_version(octets);
    let message = match netflow5::Message::parse(octets) {
        Ok(message) => message,
        Err(malformed) => return inside(malformed, octets),
    };
    let promised = usize::from(message.header().count);
    let records = message.records().len();
    assert_eq!(records, message.records().count());
    assert_eq!(
        message.record_octets().len(),
        records * netflow5::RECORD_LENGTH
    );
    assert_eq!(
        netflow5::HEADER_LENGTH + message.record_octets().len() + message.trailing().len(),
        octets.len(),
    );
    assert_eq!(
        message.error().is_some(),
        promised > records,
        "an error is a count too large"
    );
    assert!(records == promised || message.trailing().len() < netflow5::RECORD_LENGTH);
    for record in message.records() {
        let mut expected = *record.octets();
        expected[36] = 0;
        expected[46..].fill(0);
        assert_eq!(
            written(record).to_octets(),
            expected,
            "every value is read from its place"
        );
    }
}

/// A record as the emission has it, value by value.
fn written(record: netflow5::Record<'_>) -> emit::Netflow5Record {
    emit::Netflow5Record {
        source: record.source(),
        destination: record.destination(),
        next_hop: record.next_hop(),
        input: record.input(),
        output: record.output(),
        packets: record.packets(),
        octet_count: record.octet_count(),
        first: record.first(),
        last: record.last(),
        source_port: record.source_port(),
        destination_port: record.destination_port(),
        tcp_flags: record.tcp_flags(),
        protocol: record.protocol(),
        tos: record.tos(),
        source_as: record.source_as(),
        destination_as: record.destination_as(),
        source_mask: record.source_mask(),
        destination_mask: record.destination_mask(),
    }
}

/// The Sets of a V9 packet tile it; every iterator ends.
pub fn wire_v9(octets: &[u8]) {
    match netflow9::Message::parse(octets) {
        Ok(message) => sets(message.sets(), netflow9::HEADER_LENGTH, octets),
        Err(malformed) => inside(malformed, octets),
    }
}

/// The Sets of an IPFIX message tile it; every iterator ends.
pub fn wire_ipfix(octets: &[u8]) {
    let message = match ipfix::Message::parse(octets) {
        Ok(message) => message,
        Err(malformed) => return inside(malformed, octets),
    };
    let length = usize::from(message.header().length);
    let sound = (ipfix::HEADER_LENGTH..=octets.len()).contains(&length);
    assert_eq!(
        message.error().is_none(),
        sound,
        "an error is a length that cannot be"
    );
    let end = octets.len() - message.trailing().len();
    assert!(message.trailing().is_empty() || end == length.max(ipfix::HEADER_LENGTH));
    sets(message.sets(), ipfix::HEADER_LENGTH, &octets[..end]);
}

/// What is wrong stands inside the datagram, or right behind it.
fn inside(malformed: Malformed, octets: &[u8]) {
    assert!(
        malformed.offset <= octets.len(),
        "{malformed} of {}",
        octets.len()
    );
}

fn sets(mut sets: Sets<'_>, begin: usize, octets: &[u8]) {
    let version = sets.version();
    let mut end = begin;
    while let Some(set) = sets.next() {
        let set = match set {
            Ok(set) => set,
            Err(malformed) => {
                assert_eq!(malformed.offset, end, "the first Set that is none");
                assert!(sets.next().is_none(), "finished after an error");
                return;
            }
        };
        assert_eq!(set.offset, end, "Sets lie behind each other");
        end = set.offset + usize::from(set.length);
        assert_eq!(set.body, &octets[set.body_offset()..end]);
        match set.kind(version) {
            SetKind::Template | SetKind::OptionsTemplate => templates(&set, version, octets),
            SetKind::Data(id) => {
                assert_eq!(id.get(), set.id);
                values(set.body, set.body_offset(), 0);
            }
            SetKind::Reserved => assert!(set.error(version).is_some()),
        }
        if !matches!(
            set.kind(version),
            SetKind::Template | SetKind::OptionsTemplate
        ) {
            assert!(
                set.templates(version).next().is_none(),
                "no Templates in other Sets"
            );
        }
    }
    assert!(
        octets[end..].iter().all(|&octet| octet == 0),
        "what is left is padding"
    );
}

fn templates(set: &Set<'_>, version: Version, octets: &[u8]) {
    let mut records = set.templates(version);
    let mut offset = set.body_offset();
    while let Some(record) = records.next() {
        let record = match record {
            Ok(record) => record,
            Err(malformed) => {
                inside(malformed, octets);
                assert!(malformed.offset >= offset);
                assert!(records.next().is_none(), "finished after an error");
                return;
            }
        };
        assert!(record.offset >= offset, "records lie behind each other");
        let fields: Vec<FieldSpecifier> = record.fields.iter().collect();
        assert_eq!(fields.len(), record.fields.len());
        assert_eq!(fields.is_empty(), record.is_withdrawal);
        assert!(usize::from(record.scope_field_count) <= fields.len());
        offset = record.offset + 4 + record.fields.octets().len();
        assert!(
            offset <= set.body_offset() + set.body.len(),
            "a record lies in its Set"
        );
        let shortest = record.fields.shortest_record();
        let sum = |field: &FieldSpecifier| match field.length {
            u16::MAX => 1,
            length => u32::from(length),
        };
        assert_eq!(shortest, fields.iter().map(sum).sum::<u32>());
        if !record.is_withdrawal {
            let scopes =
                (set.kind(version) == SetKind::OptionsTemplate).then_some(record.scope_field_count);
            announced_again(version, record.id, &fields, scopes);
        }
    }
}

/// A Template that was read can be written, and is read the same.
fn announced_again(
    version: Version,
    id: flowlog_wire::TemplateId,
    fields: &[FieldSpecifier],
    scopes: Option<u16>,
) {
    let mut out = Vec::new();
    let v9 = netflow9::Header::default();
    let v10 = ipfix::Header::default();
    let mut builder = match version {
        Version::Ipfix => emit::MessageBuilder::ipfix(&mut out, &v10, usize::MAX),
        _ => emit::MessageBuilder::netflow9(&mut out, &v9, usize::MAX),
    };
    let emitted = match scopes {
        Some(scopes) => builder.options_template(id, fields, scopes),
        None => builder.template(id, fields),
    };
    if emitted == Err(emit::EmitError::Full) {
        return assert!(
            fields.len() > 8_000,
            "a Template of a datagram fits in a datagram"
        );
    }
    emitted.expect("a Template that was read can be written");
    builder.finish();
    let mut sets = match version {
        Version::Ipfix => ipfix::Message::parse(&out).expect("a message").sets(),
        _ => netflow9::Message::parse(&out).expect("a message").sets(),
    };
    let set = sets.next().expect("a Set").expect("a sound one");
    let mut records = set.templates(version);
    let again = records.next().expect("a Template").expect("a sound one");
    assert!(again.fields.iter().eq(fields.iter().copied()));
    assert_eq!(
        (again.id, again.scope_field_count),
        (id, scopes.unwrap_or(0))
    );
    assert!(records.next().is_none() && sets.next().is_none());
}

/// Any octets may claim to be a value of variable length, or a list.
fn values(octets: &[u8], offset: usize, depth: usize) {
    if depth > DEPTH {
        return;
    }
    if let Some((start, length)) = variable_length(octets) {
        assert!((start == 1 || start == 3) && start + length <= octets.len());
        values(&octets[start..start + length], offset + start, depth + 1);
    }
    let end = offset + octets.len();
    if let Ok(list) = lists::BasicList::parse(octets, offset) {
        let mut sum = 0;
        let mut iterator = list.values();
        while let Some(value) = iterator.next() {
            match value {
                Ok(value) => {
                    assert!(
                        !value.is_empty() || list.field.length == u16::MAX,
                        "progress"
                    );
                    sum += value.len();
                }
                Err(malformed) => {
                    assert!((offset..=end).contains(&malformed.offset));
                    assert!(iterator.next().is_none(), "finished after an error");
                }
            }
        }
        assert!(sum <= octets.len());
    }
    if let Ok(list) = lists::SubTemplateList::parse(octets, offset) {
        assert_eq!(list.offset + list.records.len(), end);
    }
    if let Ok(list) = lists::SubTemplateMultiList::parse(octets, offset) {
        let mut behind = offset + 1;
        let mut iterator = list.entries();
        while let Some(entry) = iterator.next() {
            match entry {
                Ok(entry) => {
                    assert_eq!(entry.offset, behind + 4, "entries lie behind each other");
                    behind = entry.offset + entry.records.len();
                    values(entry.records, entry.offset, depth + 2);
                }
                Err(malformed) => {
                    assert_eq!(malformed.offset, behind);
                    assert!(iterator.next().is_none(), "finished after an error");
                    return;
                }
            }
        }
        assert_eq!(behind, end);
    }
}
