use flowlog_flowlog::Column;
use flowlog_logstore::Settings;
use flowlog_record::{
    Action, Direction, Distribution, Fields, FlowKey, LogStatus, Present, Reason, RowSampling,
    Sampling,
};

use super::*;
use crate::config::Sources;

const PARTITION: u16 = 17;
const NOW: Timestamp = Timestamp(1_700_000_100_000);

/// A flow log of each layout, and one whose rows have further elements.
const CONFIG: &str = r#"
[[resource]]
id = "vpc-1"
kind = "vpc"
region = "cn-hangzhou"
prefixes = ["10.0.0.0/8"]
[[resource]]
id = "cen-1"
kind = "cen"
[[resource]]
id = "tr-attach-peer"
kind = "attachment"
attachment = "peer"
parent = "cen-1"
region = "cn-hangzhou"
far_region = "cn-shanghai"
interfaces = [1]
[[resource]]
id = "sag-1"
kind = "sag"
serial_number = "sn-1"
exporters = ["192.0.2.1"]

[[flow_log]]
name = "sag"
resource = "sag-1"
columns = ["bgpSourceAsNumber", "applicationName"]
[[flow_log]]
name = "vpc"
resource = "vpc-1"
[[flow_log]]
name = "cen"
resource = "cen-1"
logstore = "other"
[[flow_log]]
name = "cen-format"
resource = "cen-1"
log_format = "${srcaddr}${dstaddr}${bytes}${log-status}"
[[flow_log]]
name = "off"
resource = "sag-1"
logstore = "unused"
status = "Inactive"
"#;

fn config() -> Config {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), CONFIG).unwrap();
    Sources::default().file(Some(file.path())).load().unwrap()
}

fn delivery(config: &Config) -> (Delivery, Numbered) {
    let numbered = Numbered::new(config, Vec::new(), Vec::new()).unwrap();
    (Delivery::new(config, 5, &numbered), numbered)
}

/// A row of a flow log; its `number` decides what is absent in it.
fn row(numbered: &Numbered, flow_log: u16, number: u64) -> Row {
    let has = |bit: u64| number >> bit & 1 == 0;
    let all = numbered.flow_logs[usize::from(flow_log)].resources();
    let resource = numbered.inventory.index_of(all[0].as_str()).unwrap();
    let [a, b, ..] = number.to_le_bytes();
    Row {
        flow_log: FlowLogIndex(flow_log),
        exporter: Address::from_ipv4_octets([192, 0, 2, u8::from(has(3))]),
        key: FlowKey {
            source: Address::from_ipv4_octets([10, 0, b, a]),
            destination: Address::from_ipv6_octets([a; 16]),
            source_port: 49152,
            destination_port: 443,
            protocol: 6,
            tos: 8,
            direction: if has(1) {
                Direction::Out
            } else {
                Direction::Unknown
            },
            action: if has(2) {
                Action::Accept
            } else {
                Action::Reject
            },
            path: if has(0) { 7 } else { 255 },
            ingress_interface: 3,
            egress_interface: 4,
            resource,
        },
        has_source: has(0),
        has_destination: has(1),
        present: if has(2) {
            Present::of(Fields::all())
        } else {
            Present::default()
        },
        start: Timestamp(1_700_000_000_999),
        end: NOW.plus(if has(4) { -40_000 } else { 20 * 60_000 }),
        window: has(1).then_some(Timestamp(1_700_000_040_000)),
        packets: 30 + number,
        octets: 30_000,
        packets_raw: 3,
        octets_raw: 3_000,
        sampling: if has(0) {
            RowSampling::Factor(Sampling::one_in(10).unwrap())
        } else {
            RowSampling::UnknownOrMixed
        },
        tcp_flags: 0x12,
        distribution: Distribution::Proportional,
        late: has(1),
        reason: Reason::Window,
        status: LogStatus::Ok,
        left_at: NOW,
        number,
        records: 1,
        extra: (flow_log == 0 && has(3)).then(|| extra(has(2))),
    }
}

/// Further elements, the first of them perhaps absent.
fn extra(has_number: bool) -> Box<[String]> {
    let number = if has_number { "64512" } else { "-" };
    [number.to_owned(), format!("app {}", number.len())].into()
}

/// What a reader of the batch sees of each row, by its number.
fn read(batch: &Batch) -> BTreeMap<u64, Vec<(String, String)>> {
    let mut rows = BTreeMap::new();
    let mut scratch = Vec::new();
    for group in &batch.groups {
        for (at, number) in group.numbers.iter().enumerate() {
            let columns = group.columns.iter().map(|column| {
                let text = column.values.cell(at).text(&mut scratch).unwrap();
                (
                    column.name.to_string(),
                    String::from_utf8(text.to_vec()).unwrap(),
                )
            });
            rows.insert(*number, columns.collect());
        }
    }
    rows
}

#[test]
fn batches_of_every_layout_read_as_the_layout_renders() {
    let config = config();
    let (delivery, numbered) = delivery(&config);
    for (flow_log, definition) in (0..).zip(&numbered.flow_logs) {
        let rows: Vec<Row> = (0..64).map(|n| row(&numbered, flow_log, n)).collect();
        let (batches, clamped) = delivery.batches(PARTITION, rows.iter(), NOW);
        let [batch] = &batches[..] else {
            panic!("{} batches", batches.len())
        };
        batch.validate().unwrap();
        assert_eq!(clamped, 32, "those that end 20 minutes ahead");
        let layout = Layout::for_flow_log(definition);
        let names = Names {
            inventory: &numbered.inventory,
            account: &config.account,
            epoch: 5,
            partition: PARTITION.into(),
            flow_log: definition.id().as_str(),
        };
        let rendered: BTreeMap<u64, Vec<(String, String)>> = rows
            .iter()
            .map(|row| {
                let mut columns = Vec::new();
                layout.render(row, &names, |column: &Column, text| {
                    columns.push((column.name().to_owned(), text.to_owned()));
                });
                (row.number, columns)
            })
            .collect();
        assert_eq!(read(batch), rendered, "{}", definition.id());
        for group in &batch.groups {
            assert_eq!(&*group.topic, SLS_TOPIC);
            assert!(
                group
                    .time
                    .iter()
                    .all(|time| { *time == 1_700_000_060 || *time == 1_700_001_000 })
            );
        }
    }
}

#[test]
fn one_batch_per_flow_log_carries_the_numbers_in_order_and_says_their_range() {
    let config = config();
    let (delivery, numbered) = delivery(&config);
    let rows: Vec<Row> = (100..140)
        .map(|number| row(&numbered, u16::try_from(number % 2).unwrap(), number / 2))
        .collect();
    let (batches, _) = delivery.batches(PARTITION, rows.iter(), NOW);
    assert_eq!(batches.len(), 2);
    for (batch, name) in batches.iter().zip(["sag", "vpc"]) {
        let origin = batch.origin.as_ref().unwrap();
        assert_eq!((origin.first, origin.next), (50, 70));
        assert_eq!((origin.epoch, origin.partition), (5, PARTITION));
        assert_eq!(&*origin.flow_log, name);
        let sources: Vec<&str> = batch.groups.iter().map(|group| &*group.source).collect();
        assert_eq!(
            sources,
            ["192.0.2.0", "192.0.2.1"],
            "one LogGroup per Exporter"
        );
        for group in &batch.groups {
            assert!(group.numbers.is_sorted());
        }
        let numbers: Vec<u64> = read(batch).into_keys().collect();
        assert_eq!(numbers, (50..70).collect::<Vec<_>>());
    }
}

#[test]
fn logstores_are_made_for_active_flow_logs_with_an_index_for_all_that_write_there() {
    let config = config();
    let (delivery, _) = delivery(&config);
    let dir = tempfile::tempdir().unwrap();
    let (logstore, _) = Logstore::open(dir.path(), Settings::default()).unwrap();
    delivery.make_logstores(&logstore).unwrap();
    assert!(logstore.logstore("flow-logs", "unused").is_none());
    let keys = |name| {
        let index = logstore.logstore("flow-logs", name).unwrap().index.unwrap();
        index.keys.keys().cloned().collect::<Vec<_>>()
    };
    let default = keys("default");
    for key in [
        "Instance_id",
        "vswitch-id",
        "bgpSourceAsNumber",
        "row-id",
        "log-status",
    ] {
        assert!(
            default.iter().any(|known| known == key),
            "{key}: {default:?}"
        );
    }
    assert!(!default.iter().any(|known| known == "src-region-id"));
    assert!(keys("other").iter().any(|known| known == "src-region-id"));
    assert_eq!(
        logstore.logstore("flow-logs", "other").unwrap().ttl_days,
        30
    );
}

#[test]
fn an_index_that_somebody_has_changed_is_kept() {
    let config = config();
    let (delivery, _) = delivery(&config);
    let dir = tempfile::tempdir().unwrap();
    let (logstore, _) = Logstore::open(dir.path(), Settings::default()).unwrap();
    delivery.make_logstores(&logstore).unwrap();
    let index = || {
        logstore
            .logstore("flow-logs", "default")
            .unwrap()
            .index
            .unwrap()
    };
    let mut changed = (*index()).clone();
    changed.keys.insert("bytes".to_owned(), KeyIndex::whole());
    changed.keys.remove("packets");
    logstore
        .set_index("flow-logs", "default", Some(changed.clone()))
        .unwrap();
    delivery.make_logstores(&logstore).unwrap();
    assert_eq!(index().keys.get("bytes"), changed.keys.get("bytes"));
    assert_eq!(index().keys.get("packets"), Some(&KeyIndex::long()));
}

#[test]
fn a_logstore_that_was_deleted_is_made_again_for_rows_that_need_it() {
    let config = config();
    let (delivery, _) = delivery(&config);
    let dir = tempfile::tempdir().unwrap();
    let (logstore, _) = Logstore::open(dir.path(), Settings::default()).unwrap();
    delivery
        .make_logstore(&logstore, ("flow-logs", "unused"))
        .unwrap();
    assert!(logstore.logstore("flow-logs", "unused").is_some());
    assert!(logstore.logstore("flow-logs", "default").is_none());
}
