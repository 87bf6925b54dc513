//! Rows as flow logs have them, for the tests.

use std::sync::Arc;

use flowlog_logstore::ReadGroup;
use flowlog_logstore::batch::{Batch, Column, Group, Mask, Origin, Values};

/// A LogGroup of rows with these numbers.
pub(crate) fn group(flow_log: &str, partition: u16, time: u32, numbers: &[u64]) -> Group {
    let ints = |f: &dyn Fn(u64) -> u64| Values::Int {
        values: numbers
            .iter()
            .map(|n| i64::try_from(f(*n)).unwrap())
            .collect(),
        absent: Mask::default(),
    };
    let address = |last: &u64| {
        let last = u8::try_from(last % 250).unwrap();
        std::net::Ipv4Addr::new(10, 0, 0, last)
            .to_ipv6_mapped()
            .octets()
    };
    let srcaddr = Values::Address {
        values: numbers.iter().map(address).collect(),
        absent: Mask::default(),
    };
    let exporter = Values::Text {
        dictionary: vec!["192.0.2.1".into()],
        index: vec![0; numbers.len()],
    };
    let row_id = Values::Numbered {
        prefix: format!("0-{flow_log}-{partition}-").into(),
        numbers: numbers.to_vec(),
    };
    let columns = [
        ("srcaddr", srcaddr),
        ("packets", ints(&|n| n % 7)),
        ("bytes", ints(&|n| n)),
        ("exporter", exporter),
        ("row-id", row_id),
    ];
    Group {
        topic: "flow_log".into(),
        source: "192.0.2.1".into(),
        time: vec![time; numbers.len()],
        columns: columns
            .into_iter()
            .map(|(name, values)| Column {
                name: name.into(),
                values,
            })
            .collect(),
        numbers: numbers.to_vec(),
        ..Group::default()
    }
}

/// What one partition hands over.
pub(crate) fn batch(
    (project, logstore): (&str, &str),
    (flow_log, partition): (&str, u16),
    time: u32,
    numbers: std::ops::Range<u64>,
) -> Batch {
    let all: Vec<u64> = numbers.clone().collect();
    Batch {
        project: project.into(),
        logstore: logstore.into(),
        origin: Some(Origin {
            epoch: 0,
            flow_log: flow_log.into(),
            partition,
            first: numbers.start,
            next: numbers.end,
        }),
        groups: vec![group(flow_log, partition, time, &all)],
    }
}

/// The row ids of what was read.
pub(crate) fn ids(groups: &[ReadGroup]) -> Vec<String> {
    let mut ids = Vec::new();
    let mut scratch = Vec::new();
    for group in groups {
        let column = group.group().column("row-id").unwrap();
        for row in 0..group.group().rows() {
            let text = column.cell(row).text(&mut scratch).unwrap();
            ids.push(String::from_utf8(text.to_vec()).unwrap());
        }
    }
    ids
}

/// The ids of a lane.
pub(crate) fn lane_ids(
    flow_log: &str,
    partition: u16,
    numbers: std::ops::Range<u64>,
) -> Vec<String> {
    let id = |n| format!("0-{flow_log}-{partition}-{n}");
    numbers.map(id).collect()
}

pub(crate) fn arc(text: &str) -> Arc<str> {
    text.into()
}
