use std::net::{IpAddr, Ipv4Addr};

use flowlog_export::Record;
use flowlog_logstore::batch::{Column, Group, Mask, Values};
use flowlog_record::{Action, Direction};

use super::*;
use crate::sample::group;

fn records_of(group: &Group) -> Vec<Record> {
    rows::records(group, 0..group.rows()).collect()
}

fn with(mut group: Group, name: &str, values: Values) -> Group {
    group.columns.retain(|column| &*column.name != name);
    group.columns.push(Column {
        name: name.into(),
        values,
    });
    group
}

fn ints(values: &[i64]) -> Values {
    Values::Int {
        values: values.to_vec(),
        absent: Mask::default(),
    }
}

fn texts(values: &[&str]) -> Values {
    Values::Text {
        dictionary: values.iter().map(|text| (*text).into()).collect(),
        index: (0..u32::try_from(values.len()).unwrap()).collect(),
    }
}

#[test]
fn a_row_is_read_as_what_its_columns_say() {
    let row = group("fl", 0, 1_700_000_060, &[9]);
    let row = with(row, "dstaddr", texts(&["2001:db8::1"]));
    let row = with(row, "srcport", ints(&[70_000]));
    let row = with(row, "dstport", ints(&[443]));
    let row = with(row, "protocol", ints(&[6]));
    let row = with(row, "start", ints(&[1_700_000_001]));
    let row = with(row, "end", ints(&[1_700_000_030]));
    let row = with(row, "direction", texts(&["out"]));
    let row = with(row, "action", texts(&["REJECT"]));
    let row = with(row, "tcp-flags", ints(&[27]));
    let [record] = records_of(&row)[..] else {
        panic!("one record")
    };
    let exporter = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!(
        record,
        Record {
            source: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9))),
            destination: Some("2001:db8::1".parse().unwrap()),
            source_port: u16::MAX,
            destination_port: 443,
            protocol: 6,
            packets: 2,
            octets: 9,
            first: Timestamp(1_700_000_001_000),
            last: Timestamp(1_700_000_030_000),
            direction: Direction::Out,
            action: Action::Reject,
            tcp_flags: 27,
            ..Record::of(exporter)
        }
    );
}

#[test]
fn an_end_behind_a_window_or_a_period_is_its_last_millisecond() {
    let row = || {
        let row = group("fl", 0, 1, &[1]);
        let row = with(row, "start", ints(&[1_700_000_040]));
        with(row, "end", ints(&[1_700_000_100]))
    };
    let last = |group: &Group| records_of(group)[0].last.millis();
    assert_eq!(last(&row()), 1_700_000_100_000);
    let windowed = with(row(), "window", ints(&[1_700_000_040]));
    assert_eq!(last(&windowed), 1_700_000_099_999);
    let within = with(row(), "window", ints(&[1_700_000_041]));
    assert_eq!(last(&within), 1_700_000_100_000);
    let cut = with(row(), "reason", texts(&["active"]));
    assert_eq!(last(&cut), 1_700_000_099_999);
    let moment = with(cut, "end", ints(&[1_700_000_040]));
    assert_eq!(last(&moment), 1_700_000_040_000);
}

#[test]
fn rows_that_stand_for_no_flow_are_left_out() {
    let rows = group("fl", 0, 1, &[1, 2, 3]);
    let rows = with(rows, "log-status", texts(&["OK", "NODATA", "SKIPDATA"]));
    let records = records_of(&rows);
    assert_eq!(records.iter().map(|it| it.octets).collect::<Vec<_>>(), [1]);
}

#[test]
fn what_was_saved_is_read_again_and_nothing_else() {
    assert_eq!(octets_of("00ff10"), Some(vec![0, 255, 16]));
    assert_eq!(octets_of("0g"), None);
    assert_eq!(octets_of("é"), None);
}
