use flowlog_record::{Address, Sampling};
use proptest::prelude::*;

use super::*;

fn form(values: &[Value<'_>]) -> Values {
    let mut builder = ColumnBuilder::with_capacity(values.len());
    for value in values {
        builder.push(*value);
    }
    builder.finish()
}

/// What a reader of the column sees.
fn read(values: &[Value<'_>]) -> Vec<String> {
    let values = form(values);
    let mut scratch = Vec::new();
    (0..values.len())
        .map(|row| {
            let text = values.cell(row).text(&mut scratch).unwrap();
            String::from_utf8(text.to_vec()).unwrap()
        })
        .collect()
}

#[test]
fn numbers_and_addresses_keep_their_form_beside_absent_ones() {
    let ip = Address::from_ipv4_octets([192, 0, 2, 1]);
    let numbers = form(&[Value::Absent, Value::Unsigned(7), Value::Absent]);
    assert!(matches!(numbers, Values::Int { .. }));
    let addresses = form(&[Value::Absent, Value::Address(ip), Value::Absent]);
    assert!(matches!(addresses, Values::Address { .. }));
    assert_eq!(
        read(&[Value::Absent, Value::Signed(-7), Value::Absent]),
        ["-", "-7", "-"]
    );
}

#[test]
fn row_ids_are_a_prefix_and_numbers() {
    let id = |number| {
        Value::RowId(RowId {
            epoch: 3,
            flow_log: "default",
            partition: 17,
            number,
        })
    };
    assert!(matches!(form(&[id(4), id(5)]), Values::Numbered { .. }));
    assert_eq!(read(&[id(4), id(5)]), ["3-default-17-4", "3-default-17-5"]);
}

#[test]
fn a_number_beyond_63_bits_keeps_all_its_digits() {
    let values = [Value::Unsigned(1), Value::Unsigned(u64::MAX), Value::Absent];
    assert_eq!(read(&values), ["1", "18446744073709551615", "-"]);
    assert_eq!(read(&values[1..]), ["18446744073709551615", "-"]);
}

#[test]
fn many_distinct_texts_have_one_place_each() {
    let texts: Vec<String> = (0..100).map(|n| format!("text {}", n % 40)).collect();
    let values: Vec<Value<'_>> = texts.iter().map(|text| Value::Text(text)).collect();
    assert_eq!(read(&values), texts);
    let Values::Text { dictionary, index } = form(&values) else {
        panic!("not text");
    };
    assert_eq!((dictionary.len(), index.len()), (40, 100));
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let sampling = Sampling::one_in(10).unwrap();
    let octets = prop_oneof![
        Just([0; 16]),
        any::<[u8; 16]>(),
        any::<[u8; 4]>().prop_map(|ip| Address::from_ipv4_octets(ip).octets()),
    ];
    prop_oneof![
        3 => Just(Value::Absent),
        3 => (0_u64..5).prop_map(Value::Unsigned),
        1 => any::<u64>().prop_map(Value::Unsigned),
        1 => any::<i64>().prop_map(Value::Signed),
        3 => octets.prop_map(|octets| Value::Address(Address::from_ipv6_octets(octets))),
        3 => prop_oneof![Just("-"), Just(""), Just("a"), Just("0")].prop_map(Value::Text),
        1 => Just(Value::Sampling(sampling)),
        1 => (0_u64..5).prop_map(|number| Value::RowId(RowId {
            epoch: 1, flow_log: "f", partition: 2, number,
        })),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_reads_as_its_text(
        kinds in prop::collection::vec(value(), 0..40),
        of_one_kind in any::<bool>(),
    ) {
        let values: Vec<Value<'_>> = if of_one_kind {
            let kind = kinds.first().map(std::mem::discriminant);
            kinds.into_iter().filter(|value| {
                Some(std::mem::discriminant(value)) == kind || *value == Value::Absent
            }).collect()
        } else {
            kinds
        };
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        prop_assert_eq!(read(&values), texts);
    }
}
