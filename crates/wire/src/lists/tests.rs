use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, InformationElementId};

use super::{BasicList, Semantic, SubTemplateList, SubTemplateMultiList};
use crate::{FieldSpecifier, Malformed, Problem, TemplateId, VARIABLE_LENGTH};

fn values(list: &[u8]) -> Vec<Result<&[u8], Malformed>> {
    BasicList::parse(list, 50).unwrap().values().collect()
}

#[test]
fn a_basic_list_has_values_of_one_length() {
    let octets = [3, 0, 7, 0, 2, 1, 2, 3, 4];
    let list = BasicList::parse(&octets, 50).unwrap();
    assert_eq!(list.semantic, Semantic::ALL_OF);
    let ports = FieldSpecifier {
        enterprise: EnterpriseNumber::IANA,
        id: InformationElementId(7),
        length: 2,
    };
    assert_eq!(list.field, ports);
    assert_eq!(values(&octets), [Ok(&[1, 2][..]), Ok(&[3, 4])]);
}

#[test]
fn a_basic_list_may_be_of_an_enterprise() {
    let octets = [255, 0x80, 1, 0, 1, 0, 0, 0, 9, 42];
    let list = BasicList::parse(&octets, 50).unwrap();
    assert_eq!(list.field.enterprise, EnterpriseNumber(9));
    assert_eq!(list.field.id, InformationElementId(1));
    assert_eq!(values(&octets), [Ok(&[42][..])]);
}

#[test]
fn a_basic_list_may_have_values_of_variable_length() {
    let [high, low] = VARIABLE_LENGTH.to_be_bytes();
    let octets = [4, 0, 82, high, low, 1, b'a', 0, 255, 0, 2, b'b', b'c'];
    assert_eq!(values(&octets), [Ok(&b"a"[..]), Ok(b""), Ok(b"bc")]);
    assert_eq!(
        values(&octets[..12]),
        [
            Ok(&b"a"[..]),
            Ok(b""),
            Err(Malformed::at(58, Problem::ListPastEnd))
        ]
    );
}

#[test]
fn a_value_that_does_not_fit_its_list_is_an_error_and_the_end() {
    assert_eq!(
        values(&[3, 0, 7, 0, 2, 1, 2, 3]),
        [
            Ok(&[1, 2][..]),
            Err(Malformed::at(57, Problem::ListPastEnd))
        ]
    );
}

#[test]
fn a_basic_list_needs_its_header() {
    let octets = [255, 0x80, 1, 0, 1, 0, 0, 0, 9];
    for length in 0..octets.len() {
        assert_eq!(
            BasicList::parse(&octets[..length], 50).unwrap_err(),
            Malformed::at(50, Problem::ListPastEnd)
        );
    }
    assert_eq!(values(&octets), []);
}

#[test]
fn values_without_octets_would_have_no_end() {
    assert_eq!(
        BasicList::parse(&[3, 0, 7, 0, 0, 1], 50).unwrap_err(),
        Malformed::at(50, Problem::EmptyRecord)
    );
    assert_eq!(values(&[3, 0, 7, 0, 0]), []);
}

#[test]
fn a_sub_template_list_has_records_of_one_template() {
    let octets = [1, 1, 0, 7, 8, 9];
    let list = SubTemplateList::parse(&octets, 50).unwrap();
    assert_eq!(list.semantic, Semantic::EXACTLY_ONE_OF);
    assert_eq!(list.template.get(), 256);
    assert_eq!((list.records, list.offset), (&[7, 8, 9][..], 53));
    for length in 0..3 {
        assert_eq!(
            SubTemplateList::parse(&octets[..length], 50).unwrap_err(),
            Malformed::at(50, Problem::ListPastEnd)
        );
    }
    assert_eq!(
        SubTemplateList::parse(&[1, 0, 255, 7], 50).unwrap_err(),
        Malformed::at(50, Problem::TemplateId)
    );
}

fn entries(list: &[u8]) -> Vec<Result<SubTemplateList<'_>, Malformed>> {
    SubTemplateMultiList::parse(list, 50)
        .unwrap()
        .entries()
        .collect()
}

#[test]
fn a_sub_template_multi_list_has_entries_of_several_templates() {
    let octets = [2, 1, 0, 0, 5, 7, 1, 1, 0, 4, 1, 0, 0, 6, 8, 9];
    let entry = |id, offset, records| {
        Ok(SubTemplateList {
            semantic: Semantic::ONE_OR_MORE_OF,
            template: TemplateId::new(id).unwrap(),
            records,
            offset,
        })
    };
    assert_eq!(
        entries(&octets),
        [
            entry(256, 55, &[7][..]),
            entry(257, 60, &[]),
            entry(256, 64, &[8, 9])
        ]
    );
    let semantic = SubTemplateMultiList::parse(&octets, 50).unwrap().semantic;
    assert_eq!(semantic, Semantic::ONE_OR_MORE_OF);
}

#[test]
fn an_entry_that_does_not_fit_is_an_error_and_the_end() {
    let past_end = Err(Malformed::at(51, Problem::ListPastEnd));
    for list in [
        &[2, 1][..],
        &[2, 1, 0, 0],
        &[2, 1, 0, 0, 3, 1, 0, 0, 4],
        &[2, 1, 0, 0, 0, 1, 0, 0, 4],
        &[2, 1, 0, 0, 6, 7],
    ] {
        assert_eq!(entries(list), [past_end], "{list:?}");
    }
    assert_eq!(
        entries(&[2, 0, 5, 0, 4, 1, 0, 0, 4]),
        [Err(Malformed::at(51, Problem::TemplateId))]
    );
}

#[test]
fn a_sub_template_multi_list_may_be_empty() {
    assert_eq!(entries(&[255]), []);
    assert_eq!(
        SubTemplateMultiList::parse(&[], 50).unwrap_err(),
        Malformed::at(50, Problem::ListPastEnd)
    );
}
