use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, InformationElementId, Version};

use crate::{FieldSpecifier, Malformed, Problem, Set, TemplateRecord, VARIABLE_LENGTH};

/// A record with its fields read.
#[derive(Debug, PartialEq)]
struct Read {
    id: u16,
    offset: usize,
    fields: Vec<FieldSpecifier>,
    scopes: u16,
    withdrawal: bool,
}

fn read(record: TemplateRecord<'_>) -> Read {
    Read {
        id: record.id.get(),
        offset: record.offset,
        fields: record.fields.iter().collect(),
        scopes: record.scope_field_count,
        withdrawal: record.is_withdrawal,
    }
}

/// The records of a Set that begins at offset 100.
fn records(version: Version, id: u16, words: &[u16]) -> Vec<Result<Read, Malformed>> {
    let body: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    records_of(version, id, &body)
}

fn records_of(version: Version, id: u16, body: &[u8]) -> Vec<Result<Read, Malformed>> {
    let length = u16::try_from(body.len() + 4).unwrap();
    let set = Set {
        id,
        offset: 100,
        length,
        body,
    };
    set.templates(version)
        .map(|record| record.map(read))
        .collect()
}

const fn field(enterprise: u32, id: u16, length: u16) -> FieldSpecifier {
    FieldSpecifier {
        enterprise: EnterpriseNumber(enterprise),
        id: InformationElementId(id),
        length,
    }
}

fn err(offset: usize, problem: Problem) -> Result<Read, Malformed> {
    Err(Malformed::at(offset, problem))
}

fn template(id: u16, offset: usize, fields: &[FieldSpecifier]) -> Result<Read, Malformed> {
    options(id, offset, fields, 0)
}

#[expect(clippy::unnecessary_wraps, reason = "stands in lists beside errors")]
fn options(id: u16, at: usize, fields: &[FieldSpecifier], scopes: u16) -> Result<Read, Malformed> {
    Ok(Read {
        id,
        offset: at,
        fields: fields.to_vec(),
        scopes,
        withdrawal: false,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "stands in lists beside errors")]
fn withdrawal(id: u16, offset: usize) -> Result<Read, Malformed> {
    Ok(Read {
        id,
        offset,
        fields: Vec::new(),
        scopes: 0,
        withdrawal: true,
    })
}

#[test]
fn netflow9_templates_have_fields_of_sixteen_bits() {
    assert_eq!(
        records(Version::V9, 0, &[256, 2, 8, 4, 40_001, 8, 257, 1, 1, 0]),
        [
            template(256, 104, &[field(0, 8, 4), field(0, 40_001, 8)]),
            template(257, 116, &[field(0, 1, 0)]),
        ]
    );
}

#[test]
fn netflow9_options_have_lengths_in_octets() {
    assert_eq!(
        records(
            Version::V9,
            1,
            &[256, 4, 8, 1, 4, 34, 4, 35, 1, 257, 0, 4, 48, 1, 0]
        ),
        [
            options(
                256,
                104,
                &[field(0, 1, 4), field(0, 34, 4), field(0, 35, 1)],
                1
            ),
            options(257, 122, &[field(0, 48, 1)], 0),
        ]
    );
}

#[test]
fn ipfix_templates_have_enterprise_numbers() {
    assert_eq!(
        records(
            Version::Ipfix,
            2,
            &[
                256,
                3,
                0x8000 | 7,
                VARIABLE_LENGTH,
                1,
                2,
                8,
                4,
                0x8001,
                2,
                0,
                9,
                300,
                1,
                1,
                8
            ],
        ),
        [
            template(
                256,
                104,
                &[
                    field(0x0001_0002, 7, VARIABLE_LENGTH),
                    field(0, 8, 4),
                    field(9, 1, 2)
                ]
            ),
            template(300, 128, &[field(0, 1, 8)]),
        ]
    );
}

#[test]
fn ipfix_options_count_their_scopes() {
    assert_eq!(
        records(
            Version::Ipfix,
            3,
            &[256, 2, 1, 149, 4, 160, 8, 257, 1, 1, 0x8001, 2, 0, 9]
        ),
        [
            options(256, 104, &[field(0, 149, 4), field(0, 160, 8)], 1),
            options(257, 118, &[field(9, 1, 2)], 1),
        ]
    );
}

#[test]
fn ipfix_withdraws_with_a_field_count_of_zero() {
    for set in [2, 3] {
        assert_eq!(
            records(Version::Ipfix, set, &[256, 0, 257, 0]),
            [withdrawal(256, 104), withdrawal(257, 108)]
        );
    }
    assert_eq!(
        records(Version::Ipfix, 3, &[256, 0, 257, 1, 1, 149, 4]),
        [
            withdrawal(256, 104),
            options(257, 108, &[field(0, 149, 4)], 1)
        ]
    );
}

#[test]
fn all_templates_are_withdrawn_by_the_id_of_the_set() {
    for id in [2_u16, 3] {
        let withdraw = |first: u16, version| {
            let body: Vec<u8> = [first, 0, 256, 0]
                .iter()
                .flat_map(|w| w.to_be_bytes())
                .collect();
            let set = Set {
                id,
                offset: 100,
                length: 12,
                body: &body,
            };
            set.withdraws_all(version)
        };
        assert!(withdraw(id, Version::Ipfix));
        assert!(!withdraw(id, Version::V9));
        assert!(!withdraw(5 - id, Version::Ipfix));
        assert!(!withdraw(256, Version::Ipfix));
        assert_eq!(records(Version::Ipfix, id, &[id, 0]), []);
        assert_eq!(
            records(Version::Ipfix, id, &[id, 0, 256, 0]),
            [withdrawal(256, 108)]
        );
        assert_eq!(
            records(Version::Ipfix, id, &[5 - id, 0]),
            [err(104, Problem::TemplateId)]
        );
    }
}

#[test]
fn ids_below_256_are_refused() {
    for id in [1, 2, 3, 255] {
        assert_eq!(
            records(Version::V9, 0, &[id, 1, 8, 4]),
            [err(104, Problem::TemplateId)]
        );
        assert_eq!(
            records(Version::Ipfix, 2, &[id, 1, 8, 4]),
            [err(104, Problem::TemplateId)]
        );
    }
    assert_eq!(
        records(Version::V9, 1, &[0, 0, 4, 8, 4]),
        [err(104, Problem::TemplateId)]
    );
}

#[test]
fn netflow9_has_no_templates_without_fields() {
    assert_eq!(
        records(Version::V9, 0, &[256, 1, 8, 4, 257, 0, 258, 1, 8, 4]),
        [
            template(256, 104, &[field(0, 8, 4)]),
            err(112, Problem::EmptyRecord)
        ]
    );
    assert_eq!(
        records(Version::V9, 1, &[256, 0, 0]),
        [err(104, Problem::EmptyRecord)]
    );
}

#[test]
fn scopes_that_do_not_fit_are_refused() {
    for lengths in [[2, 4], [4, 6], [3, 5]] {
        assert_eq!(
            records(Version::V9, 1, &[256, lengths[0], lengths[1], 1, 4, 34, 4]),
            [err(104, Problem::ScopeCount)]
        );
    }
    for scopes in [0, 3, u16::MAX] {
        assert_eq!(
            records(Version::Ipfix, 3, &[256, 2, scopes, 149, 4, 160, 8]),
            [err(104, Problem::ScopeCount)]
        );
    }
}

#[test]
fn fields_that_are_not_there_are_refused() {
    for count in [2, 1000, u16::MAX] {
        let past_end = [err(104, Problem::TemplatePastEnd)];
        assert_eq!(records(Version::V9, 0, &[256, count, 8, 4]), past_end);
        assert_eq!(records(Version::Ipfix, 2, &[256, count, 8, 4]), past_end);
        assert_eq!(records(Version::Ipfix, 3, &[256, count, 1, 8, 4]), past_end);
    }
    for lengths in [[4, 8], [8, 4], [65_532, 65_532]] {
        assert_eq!(
            records(Version::V9, 1, &[256, lengths[0], lengths[1], 1, 4, 34, 4]),
            [err(104, Problem::TemplatePastEnd)]
        );
    }
}

#[test]
fn an_enterprise_bit_needs_its_number() {
    for behind in [&[][..], &[1]] {
        let mut words = [256, 1, 0x8001, 4].to_vec();
        words.extend(behind);
        assert_eq!(
            records(Version::Ipfix, 2, &words),
            [err(104, Problem::TemplatePastEnd)]
        );
    }
}

#[test]
fn padding_is_no_record() {
    let whole = [1, 0, 0, 1, 0, 8, 0, 4];
    for (version, id) in [(Version::V9, 0), (Version::Ipfix, 2)] {
        for padding in [
            &[0; 1][..],
            &[0; 2],
            &[0; 3],
            &[0; 4],
            &[0; 50],
            &[1],
            &[1, 2, 3],
        ] {
            let body = [&whole, padding].concat();
            assert_eq!(
                records_of(version, id, &body),
                [template(256, 104, &[field(0, 8, 4)])],
                "{padding:?}"
            );
        }
    }
    let body = [&[1, 0, 0, 4, 0, 0, 0, 1, 0, 4][..], &[9; 5]].concat();
    assert_eq!(
        records_of(Version::V9, 1, &body),
        [options(256, 104, &[field(0, 1, 4)], 1)]
    );
}

#[test]
fn other_sets_have_no_templates() {
    let words = [256, 1, 8, 4];
    assert_eq!(records(Version::V9, 2, &words), []);
    assert_eq!(records(Version::Ipfix, 0, &words), []);
    assert_eq!(records(Version::Ipfix, 256, &words), []);
    assert_eq!(records(Version::V5, 0, &words), []);
}

#[test]
fn the_shortest_record_counts_variable_values_as_one_octet() {
    let shortest = |words: &[u16]| {
        let body: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let set = Set {
            id: 2,
            offset: 0,
            length: 0,
            body: &body,
        };
        let record = set.templates(Version::Ipfix).next().unwrap().unwrap();
        record.fields.shortest_record()
    };
    assert_eq!(shortest(&[256, 3, 8, 4, 82, VARIABLE_LENGTH, 1, 0]), 5);
    assert_eq!(shortest(&[256, 2, 8, 0, 1, 0]), 0);
    assert_eq!(shortest(&[256, 2, 8, 65_534, 1, 65_534]), 131_068);
}
