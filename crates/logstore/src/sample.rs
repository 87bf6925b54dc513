//! Flow rows, a clock and a Logstore for tests.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flowlog_sls::index::{IndexConfig, KeyIndex, LineIndex};
use flowlog_sls::{GetLogsRequest, GetLogsResponse};

use crate::batch::{Batch, Column, Group, Mask, Origin, Values};
use crate::{Clock, Logstore, Settings};

pub(crate) const PROJECT: &str = "flow-logs";
pub(crate) const LOGSTORE: &str = "default";
/// 2023-11-14T22:13:20Z
pub(crate) const NOW: u32 = 1_700_000_000;

/// A clock that moves when a test says so.
#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn clock(&self) -> Clock {
        let hands = Arc::clone(&self.0);
        Clock::new(move || Duration::from_secs(u64::from(NOW) + hands.load(Ordering::SeqCst)))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        clock: Hands::default().clock(),
        row_group_rows: 50,
        seal_age: Duration::from_secs(1_000_000),
        ..Settings::default()
    }
}

pub(crate) fn index() -> IndexConfig {
    let mut keys = std::collections::BTreeMap::new();
    for key in ["srcaddr", "dstaddr", "action", "row-id", "log-status"] {
        keys.insert(key.to_owned(), KeyIndex::text());
    }
    for key in [
        "srcport", "dstport", "protocol", "bytes", "packets", "window",
    ] {
        keys.insert(key.to_owned(), KeyIndex::long());
    }
    let index = IndexConfig {
        line: Some(LineIndex::usual()),
        keys,
        ..IndexConfig::default()
    };
    IndexConfig {
        max_text_len: 2048,
        ..index
    }
}

pub(crate) fn open(dir: &Path) -> Logstore {
    open_with(dir, settings())
}

pub(crate) fn open_with(dir: &Path, settings: Settings) -> Logstore {
    let (logstore, _) = Logstore::open(dir, settings).unwrap();
    logstore
        .ensure_logstore(PROJECT, LOGSTORE, index())
        .unwrap();
    logstore
}

/// Rows with the numbers `first..next` of partition `partition`, in two groups.
pub(crate) fn batch(partition: u16, first: u64, next: u64) -> Batch {
    let numbers: Vec<u64> = (first..next).collect();
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let groups = [("192.0.2.1", left), ("192.0.2.2", right)];
    let groups = groups
        .into_iter()
        .filter(|(_, numbers)| !numbers.is_empty());
    Batch {
        project: PROJECT.into(),
        logstore: LOGSTORE.into(),
        origin: Some(Origin {
            epoch: 0,
            flow_log: "default".into(),
            partition,
            first,
            next,
        }),
        groups: groups
            .map(|(source, numbers)| group(source, partition, numbers))
            .collect(),
    }
}

/// The row `n` is at second `NOW + n`, with `n` bytes from 10.0.0.(n mod 250).
pub(crate) fn group(source: &str, partition: u16, numbers: &[u64]) -> Group {
    let columns = columns(partition, numbers).into_iter();
    Group {
        topic: "flow_log".into(),
        source: source.into(),
        tags: vec![("host".into(), source.into())],
        time: numbers
            .iter()
            .map(|n| NOW + u32::try_from(*n).unwrap())
            .collect(),
        columns: columns
            .map(|(name, values)| Column {
                name: name.into(),
                values,
            })
            .collect(),
        numbers: numbers.to_vec(),
        ..Group::default()
    }
}

fn columns(partition: u16, numbers: &[u64]) -> [(&'static str, Values); 10] {
    let ints = |f: &dyn Fn(u64) -> u64| Values::Int {
        values: numbers
            .iter()
            .map(|n| i64::try_from(f(*n)).unwrap())
            .collect(),
        absent: Mask::default(),
    };
    let address = |c: u8| {
        let octets = |n: &u64| {
            let d = u8::try_from(n % 250).unwrap();
            Ipv4Addr::new(10, 0, c, d).to_ipv6_mapped().octets()
        };
        Values::Address {
            values: numbers.iter().map(octets).collect(),
            absent: Mask::default(),
        }
    };
    let mut absent = Mask::default();
    let without = numbers.iter().enumerate().filter(|(_, n)| *n % 7 == 0);
    without.for_each(|(row, _)| absent.insert(row));
    let action = Values::Text {
        dictionary: vec!["ACCEPT".into(), "REJECT".into()],
        index: numbers.iter().map(|n| u32::from(n % 10 == 9)).collect(),
    };
    let row_id = Values::Numbered {
        prefix: format!("0-default-{partition}-").into(),
        numbers: numbers.to_vec(),
    };
    [
        ("srcaddr", address(0)),
        ("dstaddr", address(1)),
        ("srcport", ints(&|n| n % 60_000)),
        ("dstport", ints(&|n| if n % 2 == 0 { 443 } else { 53 })),
        ("protocol", ints(&|n| if n % 2 == 0 { 6 } else { 17 })),
        ("packets", ints(&|_| 1)),
        ("bytes", ints(&|n| n)),
        (
            "window",
            Values::Int {
                values: vec![60; numbers.len()],
                absent,
            },
        ),
        ("action", action),
        ("row-id", row_id),
    ]
}

/// Asks for everything in the sample's time.
pub(crate) fn ask(logstore: &Logstore, query: &str) -> GetLogsResponse {
    let request = GetLogsRequest::new(i64::from(NOW), i64::from(NOW) + 1_000_000, query);
    logstore.query(PROJECT, LOGSTORE, &request).unwrap()
}

/// The numbers of the rows that a query finds, page by page.
pub(crate) fn row_ids(logstore: &Logstore, query: &str) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let mut request = GetLogsRequest::new(i64::from(NOW), i64::from(NOW) + 1_000_000, query);
        request.offset = i64::try_from(ids.len()).unwrap();
        let answer = logstore.query(PROJECT, LOGSTORE, &request).unwrap();
        assert_eq!(answer.meta.progress, flowlog_sls::Progress::Complete);
        if answer.data.is_empty() {
            return ids;
        }
        ids.extend(
            answer
                .data
                .iter()
                .map(|row| row.get("row-id").unwrap().to_owned()),
        );
    }
}
