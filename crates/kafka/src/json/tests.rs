use flowlog_logstore::batch::Cell;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;
use crate::sample::{group, two_rows};

fn rows(group: &Group) -> Vec<String> {
    let encoder = JsonGroup::new(group);
    let rows = 0..group.rows();
    rows.map(|row| {
        let mut out = Vec::new();
        encoder.encode(row, &mut out);
        String::from_utf8(out).unwrap()
    })
    .collect()
}

#[test]
fn a_row_is_an_object_of_numbers_strings_and_nulls() {
    let rows = rows(&two_rows());
    assert_eq!(
        rows[0],
        concat!(
            r#"{"__time__":1700000060,"__topic__":"flow_log","__source__":"192.0.2.1","#,
            r#""__tag__:site":"a \"b\"","account-id":"1000000000000001","srcaddr":"10.0.0.1","#,
            r#""srcport":443,"dstaddr":"::1","dstport":65535,"protocol":6,"#,
            r#""packets":9223372036854775807,"bytes":18446744073709551615,"log-status":"OK","#,
            r#""ingressVRFID":7,"applicationName":"dns\n\u0001ü","exporter":"192.0.2.1","#,
            r#""row-id":"1-fl-9-3-41"}"#
        )
    );
    assert_eq!(
        rows[1],
        concat!(
            r#"{"__time__":1700000120,"__topic__":"flow_log","__source__":"192.0.2.1","#,
            r#""__tag__:site":"a \"b\"","account-id":"1000000000000001","srcaddr":null,"#,
            r#""srcport":null,"dstaddr":null,"dstport":null,"protocol":null,"packets":null,"#,
            r#""bytes":null,"log-status":"NODATA","ingressVRFID":null,"applicationName":null,"#,
            r#""exporter":"fleet","row-id":"1-fl-9-3-18446744073709551615"}"#
        )
    );
}

/// What a row is, said slowly.
fn expected(group: &Group, row: usize) -> Value {
    let mut object = Map::new();
    object.insert("__time__".into(), group.time[row].into());
    if let Some(ns) = group.time_ns.get(row) {
        object.insert("__time_ns_part__".into(), (*ns).into());
    }
    object.insert("__topic__".into(), (*group.topic).into());
    object.insert("__source__".into(), (*group.source).into());
    for (key, value) in &group.tags {
        object.insert(format!("__tag__:{key}"), (**value).into());
    }
    for column in &group.columns {
        let kind = known(&column.name).map(|(_, _, kind)| kind);
        let cell = column.values.cell(row);
        let mut scratch = Vec::new();
        let Some(text) = cell.text(&mut scratch) else {
            continue;
        };
        let text = String::from_utf8_lossy(text);
        let value = match (kind, cell) {
            _ if text == "-" => Value::Null,
            (None | Some(Kind::Int), Cell::Int(value)) => value.into(),
            (Some(Kind::Int), Cell::Octets(_))
                if text.parse::<u64>().is_ok_and(|n| n.to_string() == *text) =>
            {
                text.parse::<u64>().unwrap().into()
            }
            _ => (*text).into(),
        };
        object.insert((*column.name).into(), value);
    }
    Value::Object(object)
}

proptest! {
    #[test]
    fn every_row_is_read_back_as_it_was(group in group()) {
        for (row, text) in rows(&group).iter().enumerate() {
            let read: Value = serde_json::from_str(text).unwrap();
            prop_assert_eq!(read, expected(&group, row));
        }
    }
}
