//! What a Logstore has: rows by their ids, and sums over them.

use std::collections::BTreeMap;

use flowlog_exporter_sim::Counts;
use flowlog_tests::daemon::Daemon;
use serde_json::Value;

/// A flow log in which every record is a row.
pub const EACH: &str = r#"
[[flow_log]]
name = "each"
resource = "sag-default"
project = "flow-logs"
logstore = "each"
window = "none"
"#;

/// A flow log whose rows leave when they are silent, and are open as long as they are not.
pub const AGED: &str = r#"
[[flow_log]]
name = "aged"
resource = "sag-default"
project = "flow-logs"
logstore = "aged"
active_aging = "1000s"
inactive_aging = "10s"
"#;

const SUMS: &str =
    "* | select count(*) as n, sum(packets_raw) as packets, sum(bytes_raw) as octets";
const ALL: &str = "* | select \"row-id\" as id, reason, srcaddr, dstaddr, srcport, dstport, \
                   packets_raw as packets, bytes_raw as octets limit 1000000";

/// Packets and octets.
pub type Sums = (u64, u64);

/// All rows of a Logstore by their ids, with everything that is asked for.
pub type Rows = BTreeMap<RowId, Value>;

/// `EPOCH-FLOWLOG-PARTITION-N`; the flow logs of these tests have no hyphen in their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId {
    pub epoch: u64,
    pub flow_log: String,
    pub partition: u16,
    pub number: u64,
}

pub fn of(counts: Counts) -> Sums {
    (counts.packets, counts.octets)
}

/// Waits until the rows of a Logstore have so many packets, and checks that they have no more, and
/// all octets.
pub fn come_to(daemon: &Daemon, logstore: &str, expected: Sums) {
    let rows = daemon.query_until(logstore, SUMS, |rows| sums(rows).0 >= expected.0);
    assert_eq!(sums(&rows), expected, "{logstore}\n{}", daemon.log());
}

/// Takes the flow log `aged` out of the configuration, so that its open rows leave at once, and
/// checks that they come to so many packets and octets.
pub fn aged_come_to(daemon: &Daemon, expected: Sums) {
    daemon.configure(EACH);
    daemon.signal("HUP");
    come_to(daemon, "aged", expected);
}

fn sums(rows: &[Value]) -> Sums {
    (number(&rows[0], "packets"), number(&rows[0], "octets"))
}

/// How many rows a Logstore has; 0 where it does not answer yet.
pub fn count(daemon: &Daemon, logstore: &str) -> u64 {
    number(&daemon.query(logstore, SUMS)[0], "n")
}

/// The rows of a Logstore; fails when an id is there twice.
pub fn all(daemon: &Daemon, logstore: &str) -> Rows {
    let mut rows = Rows::new();
    for row in daemon.query(logstore, ALL) {
        let id = row_id(row["id"].as_str().unwrap());
        let before = rows.insert(id, row.clone());
        assert_eq!(before, None, "a row is there twice: {row}");
    }
    rows
}

/// Fails unless the rows of each partition are numbered from 0 without a gap.
pub fn are_numbered_without_a_gap(rows: &Rows) {
    let mut next: BTreeMap<(u64, &str, u16), u64> = BTreeMap::new();
    for id in rows.keys() {
        let expected = next
            .entry((id.epoch, &id.flow_log, id.partition))
            .or_default();
        assert_eq!(id.number, *expected, "{id:?}");
        *expected += 1;
    }
}

fn row_id(text: &str) -> RowId {
    let parts: Vec<&str> = text.split('-').collect();
    let [epoch, flow_log, partition, number] = parts[..] else {
        panic!("no row id: {text}");
    };
    RowId {
        epoch: epoch.parse().unwrap(),
        flow_log: flow_log.to_owned(),
        partition: partition.parse().unwrap(),
        number: number.parse().unwrap(),
    }
}

/// A number that is written as text, as a Logstore does; `null` of an empty sum is 0.
fn number(row: &Value, key: &str) -> u64 {
    row[key]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}
