//! Names and values as `inspect` prints them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, InformationElementId, Version};
use flowlog_wire::{FieldSpecifier, TemplateId};

use super::{FieldName, List, ListEntry, ListKind, Renderer, Value};
use crate::template::{Template, Templates};

fn field(enterprise: u32, id: u16) -> FieldSpecifier {
    FieldSpecifier {
        enterprise: EnterpriseNumber(enterprise),
        id: InformationElementId(id),
        length: 4,
    }
}

fn text(id: u16, octets: &[u8]) -> String {
    let templates = Templates::default();
    let renderer = Renderer::new(Version::Ipfix, &templates);
    renderer.value(field(0, id), false, octets).to_string()
}

#[test]
fn names_say_whose_element_it_is() {
    let templates = Templates::default();
    let name = |version, field, is_scope| {
        Renderer::new(version, &templates)
            .name(field, is_scope)
            .to_string()
    };
    assert_eq!(name(Version::V9, field(0, 8), false), "sourceIPv4Address");
    assert_eq!(name(Version::V9, field(0, 33_002), false), "v9/33002");
    assert_eq!(name(Version::Ipfix, field(0, 33_002), false), "0/33002");
    assert_eq!(name(Version::Ipfix, field(0, 0), false), "0/0");
    assert_eq!(name(Version::Ipfix, field(29_305, 1), false), "29305/1");
    assert_eq!(name(Version::V9, field(0, 2), true), "scope:Interface");
    assert_eq!(name(Version::V9, field(0, 9), true), "scope:9");
    assert_eq!(
        name(Version::Ipfix, field(0, 149), true),
        "observationDomainId"
    );
}

#[test]
fn values_are_shown_by_their_type() {
    assert_eq!(text(1, &[1, 0]), "256");
    assert_eq!(text(1, &[0; 9]), "0x000000000000000000");
    assert_eq!(text(1, &[]), "0x");
    assert_eq!(text(8, &[192, 0, 2, 1]), "192.0.2.1");
    assert_eq!(text(8, &[192, 0, 2]), "0xc00002");
    assert_eq!(text(27, &[0; 16]), "::");
    assert_eq!(text(56, &[0, 1, 2, 3, 4, 255]), "00:01:02:03:04:ff");
    assert_eq!(text(82, b"eth0\0\0"), "eth0");
    assert_eq!(text(82, &[0xff]), "0xff");
    assert_eq!(text(434, &[0xff, 0xff]), "-1", "mibObjectValueInteger");
    assert_eq!(text(95, &[0, 1]), "0x0001", "octets stay octets");
}

#[test]
fn ntp_times_are_nanoseconds_of_the_epoch() {
    let seconds = (1_700_000_000_u64 + 2_208_988_800) << 32;
    let octets = (seconds | 0x8000_07ff).to_be_bytes();
    assert_eq!(
        text(154, &octets),
        "1700000000500000000",
        "eleven bits mean nothing"
    );
    assert_eq!(text(156, &octets), "1700000000500000476");
}

#[test]
fn an_ipv6_address_that_holds_one_of_ipv4_is_shown_in_hex() {
    let mut octets = [0; 16];
    octets[10..].copy_from_slice(&[255, 255, 203, 0, 113, 24]);
    assert_eq!(text(27, &octets), "::ffff:cb00:7118");
}

#[test]
fn a_basic_list_has_values_of_one_element() {
    let templates = Templates::default();
    let renderer = Renderer::new(Version::Ipfix, &templates);
    let octets = [3, 0, 7, 0, 2, 0, 80, 1, 187];
    let expected = Value::List(List {
        kind: ListKind::Basic,
        semantic: 3,
        entries: Vec::from([ListEntry::Values(
            FieldName::Named("sourceTransportPort"),
            Vec::from([Value::Unsigned(80), Value::Unsigned(443)]),
        )]),
    });
    assert_eq!(renderer.value(field(0, 291), false, &octets), expected);
}

#[test]
fn lists_of_records_name_their_template_and_lists_in_lists_end() {
    let mut templates = Templates::default();
    let id = TemplateId::new(300).unwrap();
    // A record that holds nothing but a list of such records.
    let fields = [FieldSpecifier {
        length: u16::MAX,
        ..field(0, 292)
    }];
    let template = Template::new(Version::Ipfix, fields.into(), None).unwrap();
    templates.insert(id, template);
    let renderer = Renderer::new(Version::Ipfix, &templates);
    let mut octets = Vec::from([255_u8, 1, 44]);
    for _ in 0..20 {
        let length = u8::try_from(octets.len()).unwrap();
        octets = [&[255, 1, 44, length][..], &octets[..]].concat();
    }
    let mut value = renderer.value(field(0, 292), false, &octets);
    let mut depth = 0;
    while let Value::List(List { entries, .. }) = &value {
        let Some(ListEntry::Records(template, records)) = entries.first() else {
            panic!("{value:?}");
        };
        assert_eq!(*template, id);
        let Some((_, inner)) = records.first().and_then(|record| record.first()) else {
            break;
        };
        value = inner.clone();
        depth += 1;
    }
    assert_eq!(depth, 4, "deeper ones stay octets");
}
