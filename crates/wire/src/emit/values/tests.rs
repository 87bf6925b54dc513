use alloc::vec;
use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, InformationElementId};
use proptest::prelude::*;

use super::{basic_list, sub_template_list, sub_template_multi_list};
use crate::emit::{self, EmitError};
use crate::lists::{BasicList, Semantic, SubTemplateList, SubTemplateMultiList};
use crate::{FieldSpecifier, TemplateId, VARIABLE_LENGTH, variable_length};

const fn field(enterprise: u32, id: u16, length: u16) -> FieldSpecifier {
    FieldSpecifier {
        enterprise: EnterpriseNumber(enterprise),
        id: InformationElementId(id),
        length,
    }
}

#[test]
fn the_short_form_ends_at_254_octets() {
    for (length, start) in [(0, 1), (1, 1), (254, 1), (255, 3), (256, 3), (65_535, 3)] {
        let mut out = Vec::new();
        emit::variable_length(&mut out, &vec![7; length]).unwrap();
        assert_eq!(variable_length(&out), Some((start, length)));
        assert_eq!(out.len(), start + length);
    }
    let mut out = Vec::new();
    assert_eq!(
        emit::variable_length(&mut out, &vec![7; 65_536]),
        Err(EmitError::Full)
    );
    assert_eq!(out, []);
}

proptest! {
    #[test]
    fn basic_lists_are_read_as_they_were_written(
        semantic in any::<u8>(),
        enterprise in prop_oneof![Just(0), any::<u32>()],
        id in 0_u16..0x8000,
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
        fixed in 0_u16..3,
    ) {
        let length = if fixed == 0 { VARIABLE_LENGTH } else { fixed };
        let field = field(enterprise, id, length);
        let values: Vec<Vec<u8>> = values
            .into_iter()
            .map(|mut value| {
                if fixed > 0 {
                    value.resize(usize::from(fixed), 0);
                }
                value
            })
            .collect();
        let mut out = Vec::new();
        basic_list(&mut out, Semantic(semantic), field, values.iter().map(Vec::as_slice)).unwrap();
        let list = BasicList::parse(&out, 0).unwrap();
        prop_assert_eq!(list.semantic, Semantic(semantic));
        prop_assert_eq!(list.field, field);
        prop_assert_eq!(list.values().collect::<Result<Vec<_>, _>>().unwrap(), values);
    }

    #[test]
    fn multi_lists_are_read_as_they_were_written(
        semantic in any::<u8>(),
        entries in prop::collection::vec((256_u16.., prop::collection::vec(any::<u8>(), 0..50)), 0..5),
    ) {
        let entries: Vec<(TemplateId, Vec<u8>)> = entries
            .into_iter()
            .map(|(id, records)| (TemplateId::new(id).unwrap(), records))
            .collect();
        let mut out = Vec::new();
        let lent = entries.iter().map(|(id, records)| (*id, records.as_slice()));
        sub_template_multi_list(&mut out, Semantic(semantic), lent).unwrap();
        let list = SubTemplateMultiList::parse(&out, 0).unwrap();
        let read: Vec<(TemplateId, Vec<u8>)> = list
            .entries()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.template, entry.records.to_vec()))
            .collect();
        prop_assert_eq!(list.semantic, Semantic(semantic));
        prop_assert_eq!(read, entries);
    }

    #[test]
    fn sub_template_lists_are_read_as_they_were_written(
        semantic in any::<u8>(),
        id in 256_u16..,
        records in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let template = TemplateId::new(id).unwrap();
        let mut out = Vec::new();
        sub_template_list(&mut out, Semantic(semantic), template, &records);
        let list = SubTemplateList::parse(&out, 0).unwrap();
        prop_assert_eq!((list.semantic, list.template), (Semantic(semantic), template));
        prop_assert_eq!(list.records, &records);
    }
}

#[test]
fn a_refused_list_leaves_nothing_behind() {
    let mut out = vec![1];
    let refused = Err(EmitError::NotInFormat);
    let port = field(0, 7, 2);
    assert_eq!(
        basic_list(&mut out, Semantic::ALL_OF, port, [&[1, 2][..], &[1]]),
        refused
    );
    let nothing = field(0, 7, 0);
    assert_eq!(
        basic_list(&mut out, Semantic::ALL_OF, nothing, [&[][..]]),
        refused
    );
    let bit = field(0, 0x8007, 2);
    assert_eq!(basic_list(&mut out, Semantic::ALL_OF, bit, []), refused);
    let long = vec![0; 65_532];
    let id = TemplateId::new(256).unwrap();
    let full = Err(EmitError::Full);
    assert_eq!(
        sub_template_multi_list(&mut out, Semantic::ALL_OF, [(id, &long[..])]),
        full
    );
    assert_eq!(out, [1]);
}
