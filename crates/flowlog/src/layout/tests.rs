extern crate std;

use core::fmt::Write as _;
use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use flowlog_record::{
    Action, Address, Direction, Distribution, Fields, FlowKey, FlowLogIndex, LogStatus, Present,
    Reason, Row, RowSampling, Sampling, Timestamp, element_named,
};
use serde::Deserialize;

use super::column::{CEN, OWN, SAG, VPC};
use super::{CEN_NAMED, ColumnType, Layout, Names, RowId, Value, row_source, row_time};
use crate::{Definition, FlowLog, Inventory, Resource};

#[derive(Deserialize)]
struct File {
    resource: Vec<Resource>,
}

const RESOURCES: &str = r#"
[[resource]]
id = "vpc-1"
kind = "vpc"
region = "cn-hangzhou"
account = "2000000000000002"
[[resource]]
id = "vsw-1"
kind = "vswitch"
parent = "vpc-1"
[[resource]]
id = "eni-1"
kind = "eni"
parent = "vsw-1"
vm_id = "i-1"
[[resource]]
id = "cen-1"
kind = "cen"
[[resource]]
id = "tr-1"
kind = "transit-router"
parent = "cen-1"
region = "cn-hangzhou"
[[resource]]
id = "tr-attach-vbr"
kind = "attachment"
attachment = "vbr"
parent = "tr-1"
[[resource]]
id = "tr-attach-peer"
kind = "attachment"
attachment = "peer"
parent = "tr-1"
far_region = "cn-shanghai"
[[resource]]
id = "sag-1"
kind = "sag"
serial_number = "sn-1"
"#;

fn inventory() -> Inventory {
    Inventory::new(toml::from_str::<File>(RESOURCES).unwrap().resource).unwrap()
}

fn flow_log(text: &str) -> FlowLog {
    let definition: Definition = toml::from_str(&format!("name = \"fl-1\"\n{text}")).unwrap();
    definition.validate(&inventory()).unwrap()
}

fn ip(text: &str) -> Address {
    Address::from(text.parse::<core::net::IpAddr>().unwrap())
}

/// A row with a value in every place, about the resource of that id.
fn row(inventory: &Inventory, resource: &str) -> Row {
    Row {
        flow_log: FlowLogIndex(0),
        exporter: ip("192.0.2.1"),
        key: FlowKey {
            source: ip("10.0.0.1"),
            destination: ip("198.51.100.2"),
            source_port: 49152,
            destination_port: 443,
            protocol: 6,
            tos: 8,
            direction: Direction::Out,
            action: Action::Accept,
            path: 7,
            ingress_interface: 3,
            egress_interface: 4,
            resource: inventory.index_of(resource).unwrap(),
        },
        has_source: true,
        has_destination: true,
        present: Present::of(Fields::all()),
        start: Timestamp(1_700_000_000_999),
        end: Timestamp(1_700_000_060_000),
        window: Some(Timestamp(1_700_000_000_000)),
        packets: 30,
        octets: 30_000,
        packets_raw: 3,
        octets_raw: 3_000,
        sampling: RowSampling::Factor(Sampling::one_in(10).unwrap()),
        tcp_flags: 0x12,
        distribution: Distribution::Proportional,
        late: false,
        reason: Reason::Window,
        status: LogStatus::Ok,
        left_at: Timestamp(1_700_000_120_000),
        number: 41,
        records: 1,
        extra: None,
    }
}

fn text(layout: &Layout, inventory: &Inventory, row: &Row) -> String {
    let names = Names {
        inventory,
        account: "1000000000000001",
        epoch: 5,
        partition: 17,
        flow_log: "fl-1",
    };
    let mut text = String::new();
    layout.render(row, &names, |column, value| {
        writeln!(text, "{}={value}", column.name()).unwrap();
    });
    text
}

const OWN_TEXT: &str = "\
exporter=192.0.2.1
window=1700000000
packets_raw=3
bytes_raw=3000
sampling=10
distribution=proportional
late=false
reason=window
row-id=5-fl-1-17-41
";

#[test]
fn a_vpc_row_has_the_columns_of_the_documentation_in_their_order() {
    let inventory = inventory();
    let layout = Layout::for_flow_log(&flow_log("resource = \"vpc-1\""));
    let expected = "\
version=1
vswitch-id=vsw-1
vm-id=i-1
vpc-id=vpc-1
account-id=2000000000000002
eni-id=eni-1
region=cn-hangzhou
srcaddr=10.0.0.1
srcport=49152
dstaddr=198.51.100.2
dstport=443
protocol=6
direction=out
packets=30
bytes=30000
start=1700000000
end=1700000060
log-status=OK
action=ACCEPT
tcp-flags=18
traffic_path=7
type=IPv4
";
    let row = row(&inventory, "eni-1");
    assert_eq!(
        text(&layout, &inventory, &row),
        format!("{expected}{OWN_TEXT}")
    );
}

#[test]
fn a_row_without_a_flow_says_nothing_but_whom_and_when() {
    let inventory = inventory();
    let layout = Layout::for_flow_log(&flow_log("resource = \"vpc-1\""));
    let expected = "\
version=1
vswitch-id=vsw-1
vm-id=i-1
vpc-id=vpc-1
account-id=2000000000000002
eni-id=eni-1
region=cn-hangzhou
srcaddr=-
srcport=-
dstaddr=-
dstport=-
protocol=-
direction=-
packets=-
bytes=-
start=1700000000
end=1700000060
log-status=STATUS
action=-
tcp-flags=-
traffic_path=-
type=-
exporter=-
window=1700000000
packets_raw=-
bytes_raw=-
sampling=-
distribution=-
late=false
reason=window
row-id=5-fl-1-17-41
";
    let skipped = LogStatus::SkipData { lost_records: 0 };
    for (status, more) in [(LogStatus::NoData, ""), (skipped, "lost_records=0\n")] {
        let row = Row {
            status,
            ..row(&inventory, "eni-1")
        };
        let expected = expected.replace("STATUS", status.as_str());
        assert_eq!(text(&layout, &inventory, &row), format!("{expected}{more}"));
        assert_eq!(row_source(&row), Value::Absent);
    }
}

#[test]
fn a_sag_row_has_the_columns_of_the_documentation_in_their_order() {
    let inventory = inventory();
    let layout = Layout::for_flow_log(&flow_log("resource = \"sag-1\""));
    let expected = "\
Instance_id=sag-1
snid=sn-1
ali-uid=1000000000000001
start=1700000000
end=1700000060
protocol=6
srcaddr=10.0.0.1
srcport=49152
dstaddr=198.51.100.2
dstport=443
packets=30
bytes=30000
tcp-flags=18
tos=8
inport=3
outport=4
";
    let row = row(&inventory, "sag-1");
    assert_eq!(
        text(&layout, &inventory, &row),
        format!("{expected}{OWN_TEXT}")
    );
}

#[test]
fn a_cen_row_has_the_columns_of_the_documentation_in_their_order() {
    let inventory = inventory();
    let layout = Layout::for_flow_log(&flow_log("resource = \"cen-1\""));
    let expected = "\
account-id=1000000000000001
attachment-id=tr-attach-vbr
cen-id=cen-1
src-region-id=cn-hangzhou
srcaddr=10.0.0.1
srcport=49152
dst-region-id=-
dstaddr=198.51.100.2
dstport=443
protocol=6
packets=30
bytes=30000
start=1700000000
end=1700000060
direction=out
";
    let row = row(&inventory, "tr-attach-vbr");
    assert_eq!(
        text(&layout, &inventory, &row),
        format!("{expected}{OWN_TEXT}")
    );
}

#[test]
fn a_cen_row_has_what_its_format_names() {
    let inventory = inventory();
    let format = "${srcaddr}${dstaddr}${bytes}${log-status}${attachment-id}";
    let definition = flow_log(&std::format!(
        "resource = \"cen-1\"\nlog_format = \"{format}\""
    ));
    let layout = Layout::for_flow_log(&definition);
    let expected = "\
srcaddr=10.0.0.1
dstaddr=198.51.100.2
bytes=30000
log-status=OK
attachment-id=-
";
    let row = row(&inventory, "tr-1");
    assert_eq!(
        text(&layout, &inventory, &row),
        std::format!("{expected}{OWN_TEXT}")
    );
}

fn values(resource: &str, change: impl FnOnce(&mut Row), columns: &[&str]) -> Vec<String> {
    let inventory = inventory();
    let mut row = row(&inventory, resource);
    change(&mut row);
    let product = if resource.starts_with("sag") {
        "sag-1"
    } else if resource.contains("tr") {
        "cen-1"
    } else {
        "vpc-1"
    };
    let layout = Layout::for_flow_log(&flow_log(&format!("resource = \"{product}\"")));
    let lent = Names {
        inventory: &inventory,
        account: "",
        epoch: 0,
        partition: 0,
        flow_log: "fl-1",
    };
    let named = |name: &&str| {
        let column = layout.columns().iter().find(|c| c.name() == *name).unwrap();
        column.value(&row, &lent).to_string()
    };
    columns.iter().map(named).collect()
}

#[test]
fn absent_ports_are_0_and_other_absent_values_are_dashes() {
    let absent = |row: &mut Row| {
        row.key = FlowKey {
            resource: row.key.resource,
            path: 255,
            ..FlowKey::default()
        };
        row.has_source = false;
        row.has_destination = false;
        row.present = Present::default();
        row.window = None;
        row.tcp_flags = 0;
        row.sampling = RowSampling::UnknownOrMixed;
    };
    assert_eq!(values("sag-1", absent, &["srcport", "dstport"]), ["0", "0"]);
    let dashes = [
        "srcaddr",
        "dstaddr",
        "protocol",
        "tcp-flags",
        "tos",
        "inport",
        "outport",
        "window",
        "sampling",
        "ali-uid",
    ];
    assert_eq!(values("sag-1", absent, &dashes), ["-"; 10]);
    let dashes = ["direction", "traffic_path", "type", "protocol", "tcp-flags"];
    assert_eq!(values("vpc-1", absent, &dashes), ["-"; 5]);
}

#[test]
fn zeros_that_were_sent_are_zeros() {
    let zero = |row: &mut Row| {
        row.key = FlowKey {
            resource: row.key.resource,
            ..FlowKey::default()
        };
        row.tcp_flags = 0;
    };
    let names = [
        "srcaddr",
        "protocol",
        "tcp-flags",
        "tos",
        "inport",
        "outport",
    ];
    assert_eq!(
        values("sag-1", zero, &names),
        ["::", "0", "0", "0", "0", "0"]
    );
}

#[test]
fn a_vpc_row_names_what_its_resource_is_part_of() {
    let names = [
        "eni-id",
        "vswitch-id",
        "vpc-id",
        "vm-id",
        "region",
        "account-id",
    ];
    let of = |resource| values(resource, |_| {}, &names);
    assert_eq!(
        of("eni-1"),
        [
            "eni-1",
            "vsw-1",
            "vpc-1",
            "i-1",
            "cn-hangzhou",
            "2000000000000002"
        ]
    );
    assert_eq!(
        of("vsw-1"),
        [
            "-",
            "vsw-1",
            "vpc-1",
            "-",
            "cn-hangzhou",
            "2000000000000002"
        ]
    );
    assert_eq!(
        of("vpc-1"),
        ["-", "-", "vpc-1", "-", "cn-hangzhou", "2000000000000002"]
    );
}

#[test]
fn regions_of_a_peer_attachment_follow_the_direction() {
    let regions = |resource, direction| {
        let turn = |row: &mut Row| row.key.direction = direction;
        values(resource, turn, &["src-region-id", "dst-region-id"])
    };
    assert_eq!(
        regions("tr-attach-peer", Direction::Out),
        ["cn-hangzhou", "cn-shanghai"]
    );
    assert_eq!(
        regions("tr-attach-peer", Direction::In),
        ["cn-shanghai", "cn-hangzhou"]
    );
    assert_eq!(regions("tr-attach-peer", Direction::Unknown), ["-", "-"]);
    assert_eq!(
        regions("tr-attach-vbr", Direction::In),
        ["cn-hangzhou", "-"]
    );
}

#[test]
fn the_family_is_that_of_the_addresses() {
    let family = |change: fn(&mut Row)| values("vpc-1", change, &["type"]);
    assert_eq!(family(|row| row.key.source = ip("2001:db8::1")), ["IPv6"]);
    assert_eq!(family(|row| row.has_source = false), ["IPv4"]);
    assert_eq!(
        family(|row| {
            row.has_source = false;
            row.key.destination = ip("2001:db8::1");
        }),
        ["IPv6"]
    );
}

#[test]
fn words_are_those_of_the_contract() {
    let rejected_in = |row: &mut Row| {
        row.key.action = Action::Reject;
        row.key.direction = Direction::In;
        row.late = true;
        row.distribution = Distribution::Direct;
        row.reason = Reason::Forced;
        row.sampling = RowSampling::Factor(Sampling::ratio(3, 2).unwrap());
    };
    let names = [
        "action",
        "direction",
        "late",
        "distribution",
        "reason",
        "sampling",
    ];
    assert_eq!(
        values("vpc-1", rejected_in, &names),
        ["REJECT", "in", "true", "direct", "forced", "3/2"]
    );
    let unknown = |row: &mut Row| row.sampling = RowSampling::Factor(Sampling::UNKNOWN);
    assert_eq!(values("vpc-1", unknown, &["sampling"]), ["-"]);
    let unsampled = |row: &mut Row| row.sampling = RowSampling::Factor(Sampling::NONE);
    assert_eq!(values("vpc-1", unsampled, &["sampling"]), ["1"]);
}

#[test]
fn further_elements_stand_behind_our_own() {
    let inventory = inventory();
    let definition = flow_log(
        "columns = [\"bgpSourceAsNumber\", \"applicationName\", \"vlanId\", \"mibObjectValueInteger\"]",
    );
    let layout = Layout::for_flow_log(&definition);
    let behind: Vec<_> = layout
        .columns()
        .iter()
        .skip(SAG.len() + OWN.len())
        .collect();
    let types: Vec<_> = behind
        .iter()
        .map(|c| (c.name(), c.column_type().as_str()))
        .collect();
    assert_eq!(
        types,
        [
            ("bgpSourceAsNumber", "long"),
            ("applicationName", "text"),
            ("vlanId", "long"),
            ("mibObjectValueInteger", "long")
        ]
    );
    let mut row = row(&inventory, "sag-1");
    let texts = ["64500", "12", "-", "-3"].map(String::from);
    row.extra = Some(Box::new(texts));
    let names = Names {
        inventory: &inventory,
        account: "",
        epoch: 0,
        partition: 0,
        flow_log: "fl-1",
    };
    let values: Vec<_> = behind
        .iter()
        .map(|column| column.value(&row, &names))
        .collect();
    assert_eq!(
        values,
        [
            Value::Unsigned(64500),
            Value::Text("12"),
            Value::Absent,
            Value::Signed(-3)
        ]
    );
    let unfilled = Row {
        extra: None,
        ..row.clone()
    };
    assert!(
        behind
            .iter()
            .all(|column| column.value(&unfilled, &names) == Value::Absent)
    );
}

#[test]
fn columns_without_our_own_are_those_of_the_service() {
    let layout = Layout::for_flow_log(&flow_log("columns = [\"vlanId\"]"));
    let names: Vec<_> = layout.product_columns().map(super::Column::name).collect();
    assert_eq!(names.len(), SAG.len() + 1);
    assert_eq!(
        (names.first(), names.last()),
        (Some(&"Instance_id"), Some(&"vlanId"))
    );
}

#[test]
fn counters_and_times_are_indexed_as_numbers() {
    for name in [
        "packets",
        "bytes",
        "start",
        "end",
        "packets_raw",
        "bytes_raw",
        "window",
        "tcp-flags",
        "srcport",
        "dstport",
        "protocol",
    ] {
        let found = VPC.iter().chain(OWN).find(|c| c.name() == name).unwrap();
        assert_eq!(found.column_type(), ColumnType::Long, "{name}");
    }
    for name in [
        "srcaddr",
        "direction",
        "sampling",
        "row-id",
        "exporter",
        "account-id",
    ] {
        let found = VPC.iter().chain(OWN).find(|c| c.name() == name).unwrap();
        assert_eq!(found.column_type(), ColumnType::Text, "{name}");
    }
    assert_eq!(Value::Unsigned(u64::MAX).long(), Some(i64::MAX));
    assert_eq!(Value::Signed(-1).long(), Some(-1));
    assert_eq!(Value::Absent.long(), None);
}

#[test]
fn no_information_element_is_called_like_a_column() {
    for column in [VPC, CEN, SAG, OWN, CEN_NAMED].into_iter().flatten() {
        assert_eq!(element_named(column.name()), None);
    }
}

#[test]
fn row_ids_are_epoch_flow_log_partition_and_number() {
    let id = RowId {
        epoch: u64::MAX,
        flow_log: "fl-m5e8",
        partition: 63,
        number: 0,
    };
    assert_eq!(id.to_string(), "18446744073709551615-fl-m5e8-63-0");
}

#[test]
fn row_times_are_clamped_to_what_simple_log_service_accepts() {
    let mut row = row(&inventory(), "sag-1");
    let now = 1_700_000_000_i64;
    for (end, seconds, clamped) in [
        (now, now, false),
        (now - 7 * 86_400, now - 7 * 86_400, false),
        (now - 7 * 86_400 - 1, now - 7 * 86_400, true),
        (now + 900, now + 900, false),
        (now + 901, now + 900, true),
    ] {
        row.end = Timestamp(end * 1000 + 999);
        let time = row_time(&row, Timestamp(now * 1000 + 1));
        assert_eq!((time.seconds, time.clamped), (seconds, clamped));
    }
}
