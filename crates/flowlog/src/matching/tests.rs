//! The rules, one by one; `naive` tries them all together.

extern crate std;

use core::fmt::Write as _;
use core::net::IpAddr;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use flowlog_record::{
    Action, ActiveTimeout, Address, Direction, Fields, FlowLogIndex, FlowRecord, ObservationDomain,
    Placed, ResourceIndex, Sampling,
};
use serde::Deserialize;

use super::{CompileError, ExporterScope, MatchTable, Mode, Warning};
use crate::{Definition, FlowLog, Inventory, Resource};

mod explain;
mod naive;

#[derive(Default, Deserialize)]
struct File {
    #[serde(default)]
    resource: Vec<Resource>,
    #[serde(default)]
    flow_log: Vec<Definition>,
}

/// A configuration, compiled.
struct World {
    inventory: Inventory,
    flow_logs: Vec<FlowLog>,
    table: MatchTable,
}

fn world(text: &str) -> World {
    let (inventory, flow_logs) = read(text);
    let table = MatchTable::compile(&inventory, &flow_logs, Mode::Open).unwrap();
    World {
        inventory,
        flow_logs,
        table,
    }
}

fn read(text: &str) -> (Inventory, Vec<FlowLog>) {
    let file: File = toml::from_str(text).unwrap();
    let inventory = Inventory::new(file.resource).unwrap();
    let valid = |definition: Definition| definition.validate(&inventory).unwrap();
    let flow_logs = file.flow_log.into_iter().map(valid).collect();
    (inventory, flow_logs)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A record with these addresses, and interfaces 0 (absent) or others.
fn record(source: &str, destination: &str, (ingress, egress): (u32, u32)) -> FlowRecord {
    let mut record = FlowRecord::EMPTY;
    for (text, address, field) in [
        (source, &mut record.source, Fields::SOURCE),
        (destination, &mut record.destination, Fields::DESTINATION),
    ] {
        if !text.is_empty() {
            *address = Address::from(ip(text));
            record.fields |= field;
            record.fields.set(Fields::IPV6, text.contains(':'));
        }
    }
    if ingress != 0 {
        record.fields |= Fields::INGRESS_INTERFACE;
        record.ingress_interface = ingress;
    }
    if egress != 0 {
        record.fields |= Fields::EGRESS_INTERFACE;
        record.egress_interface = egress;
    }
    record
}

fn directed(direction: u8) -> FlowRecord {
    let mut record = record("10.0.0.1", "10.0.0.2", (0, 0));
    record.fields |= Fields::DIRECTION;
    record.direction = direction;
    record
}

impl World {
    fn scope(&self, exporter: &str) -> ExporterScope {
        self.table.scope(ip(exporter), ObservationDomain(0))
    }

    /// `flow log: record direction resource`, a space before the next.
    fn places(&self, exporter: &str, records: &[FlowRecord]) -> Vec<String> {
        self.relayed(exporter, records, None)
    }

    fn relayed(&self, exporter: &str, records: &[FlowRecord], origin: Option<&str>) -> Vec<String> {
        let mut places = Vec::new();
        let mut origins = |_: usize| origin.map(ip);
        let mut each = |flow_log: FlowLogIndex, placed: &[Placed]| {
            places.push(self.describe(flow_log, placed));
        };
        self.scope(exporter)
            .place_batch(records, &mut origins, &mut each);
        places
    }

    fn describe(&self, flow_log: FlowLogIndex, placed: &[Placed]) -> String {
        let mut text = format!("{}:", self.flow_logs[usize::from(flow_log.0)].id());
        for place in placed {
            let resource = self.inventory.resource(place.resource).unwrap();
            let direction = match place.direction {
                Direction::In => "in",
                Direction::Out => "out",
                Direction::Unknown => "-",
            };
            write!(text, " {} {direction} {}", place.record, resource.id).unwrap();
        }
        text
    }

    fn placed(&self, exporter: &str, record: FlowRecord) -> Vec<Placed> {
        let mut all = Vec::new();
        self.scope(exporter)
            .place_batch(&[record], &mut |_| None, &mut |_, placed: &[Placed]| {
                all.extend_from_slice(placed);
            });
        all
    }
}

const VPC: &str = r#"
[[resource]]
id = "vpc-1"
kind = "vpc"
exporters = ["192.0.2.1"]
prefixes = ["10.0.0.0/8", "2001:db8::/32"]
[[resource]]
id = "vsw-1"
kind = "vswitch"
parent = "vpc-1"
prefixes = ["10.1.0.0/16"]
[[resource]]
id = "eni-1"
kind = "eni"
parent = "vsw-1"
prefixes = ["10.1.0.5"]
[[resource]]
id = "eni-2"
kind = "eni"
parent = "vsw-1"
prefixes = ["10.1.0.6", "2001:db8::6"]
[[flow_log]]
name = "v"
resource = "vpc-1"
window = "10m"
"#;

#[test]
fn without_configuration_every_record_belongs_to_the_built_in_flow_log() {
    let inventory = Inventory::default();
    let flow_logs = [FlowLog::built_in()];
    let table = MatchTable::compile(&inventory, &flow_logs, Mode::Strict).unwrap();
    assert_eq!(table.warnings(), []);
    let world = World {
        inventory,
        flow_logs: flow_logs.into(),
        table,
    };
    let places = world.placed("192.0.2.1", directed(1));
    let expected = Placed {
        path: 255,
        resource: ResourceIndex(0),
        ..Placed::default()
    };
    assert_eq!(places, [expected]);
    let three = [FlowRecord::EMPTY; 3];
    assert_eq!(
        world.places("2001:db8::1", &three),
        ["default: 0 - sag-default 1 - sag-default 2 - sag-default"]
    );
}

#[test]
fn a_row_names_the_most_specific_resource_of_each_end() {
    let world = world(VPC);
    for (source, destination, places) in [
        ("10.1.0.5", "8.8.8.8", "v: 0 out eni-1"),
        ("8.8.8.8", "10.1.0.5", "v: 0 in eni-1"),
        ("10.1.0.5", "10.1.0.6", "v: 0 in eni-2 0 out eni-1"),
        ("10.1.0.5", "10.9.0.1", "v: 0 in vpc-1 0 out eni-1"),
        ("10.1.9.9", "8.8.8.8", "v: 0 out vsw-1"),
        ("10.9.0.1", "10.9.0.2", "v: 0 in vpc-1 0 out vpc-1"),
        ("2001:db8::6", "2001:db9::", "v: 0 out eni-2"),
        ("2001:db8::7", "2001:db9::", "v: 0 out vpc-1"),
    ] {
        assert_eq!(
            world.places("192.0.2.1", &[record(source, destination, (0, 0))]),
            [places]
        );
    }
    let none: [&str; 0] = [];
    assert_eq!(
        world.places("192.0.2.1", &[record("8.8.8.8", "9.9.9.9", (0, 0))]),
        none
    );
    assert_eq!(world.places("192.0.2.1", &[record("", "", (0, 0))]), none);
    assert_eq!(
        world.places("192.0.2.2", &[record("10.1.0.5", "8.8.8.8", (0, 0))]),
        none
    );
}

#[test]
fn placements_stand_in_the_order_of_the_records() {
    let world = world(VPC);
    let batch = [
        record("10.1.0.5", "10.1.0.6", (0, 0)),
        record("8.8.8.8", "9.9.9.9", (0, 0)),
        record("10.1.0.6", "8.8.8.8", (0, 0)),
    ];
    assert_eq!(
        world.places("192.0.2.1", &batch),
        ["v: 0 in eni-2 0 out eni-1 2 out eni-2"]
    );
}

#[test]
fn a_full_batch_may_have_two_placements_each() {
    let world = world(VPC);
    let batch = [record("10.1.0.5", "10.1.0.6", (0, 0)); 64];
    let mut counts = Vec::new();
    world
        .scope("192.0.2.1")
        .place_batch(&batch, &mut |_| None, &mut |_, placed: &[Placed]| {
            counts.push((placed.len(), placed[127].record));
        });
    assert_eq!(counts, [(128, 63)]);
}

#[test]
fn records_beyond_a_batch_are_taken_in_further_goes() {
    for world in [world(VPC), world("[[flow_log]]\nname = \"s\"")] {
        let batch = std::vec![record("10.1.0.5", "8.8.8.8", (0, 0)); 150];
        let mut seen = Vec::new();
        let mut each = |_, placed: &[Placed]| seen.extend(placed.iter().map(|p| p.record));
        world
            .scope("192.0.2.1")
            .place_batch(&batch, &mut |_| None, &mut each);
        assert_eq!(seen, (0..150).collect::<Vec<u8>>());
    }
}

#[test]
fn a_flow_log_covers_its_resource_and_what_is_below_it() {
    let more = "[[flow_log]]\nname = \"s\"\nresource = \"vsw-1\"\n[[flow_log]]\nname = \"e\"\nresource = \"eni-2\"\nwindow = \"1m\"";
    let world = world(&format!("{VPC}{more}"));
    assert_eq!(
        world.places("192.0.2.1", &[record("10.1.0.5", "10.1.0.6", (0, 0))]),
        [
            "v: 0 in eni-2 0 out eni-1",
            "s: 0 in eni-2 0 out eni-1",
            "e: 0 in eni-2"
        ]
    );
    assert_eq!(
        world.places("192.0.2.1", &[record("10.9.0.1", "8.8.8.8", (0, 0))]),
        ["v: 0 out vpc-1"]
    );
}

const FACING: &str = r#"
[[resource]]
id = "eni-a"
kind = "eni"
exporters = ["192.0.2.1"]
interfaces = [1, 2]
[[resource]]
id = "eni-b"
kind = "eni"
exporters = ["192.0.2.1"]
interfaces = [3]
[[flow_log]]
name = "a"
resource = "eni-a"
[[flow_log]]
name = "b"
resource = "eni-b"
"#;

#[test]
fn a_facing_interface_decides_the_direction() {
    let world = world(FACING);
    let places =
        |interfaces| world.places("192.0.2.1", &[record("10.0.0.1", "10.0.0.2", interfaces)]);
    assert_eq!(places((1, 9)), ["a: 0 out eni-a"]);
    assert_eq!(places((9, 2)), ["a: 0 in eni-a"]);
    assert_eq!(places((1, 3)), ["a: 0 out eni-a", "b: 0 in eni-b"]);
    assert_eq!(places((1, 2)), ["a: 0 in eni-a 0 out eni-a"]);
    assert!(places((0, 9)).is_empty() && places((0, 0)).is_empty());
}

#[test]
fn prefixes_decide_before_interfaces_and_both_must_fit() {
    let world = world(
        r#"
        [[resource]]
        id = "eni-1"
        kind = "eni"
        interfaces = [1]
        prefixes = ["10.0.0.0/24"]
        [[flow_log]]
        name = "e"
        resource = "eni-1"
        "#,
    );
    let places = |source, destination, interfaces| {
        world.places("192.0.2.1", &[record(source, destination, interfaces)])
    };
    assert_eq!(places("10.0.0.1", "8.8.8.8", (1, 9)), ["e: 0 out eni-1"]);
    assert_eq!(places("10.0.0.1", "8.8.8.8", (9, 1)), ["e: 0 out eni-1"]);
    assert!(places("10.0.0.1", "8.8.8.8", (9, 8)).is_empty());
    assert!(places("8.8.8.8", "9.9.9.9", (1, 9)).is_empty());
}

#[test]
fn element_61_decides_when_the_exporter_is_the_resource() {
    let world = world(
        "[[resource]]\nid = \"eni-1\"\nkind = \"eni\"\nexporters = [\"192.0.2.1\"]\n[[flow_log]]\nname = \"e\"\nresource = \"eni-1\"",
    );
    let places = |record| world.places("192.0.2.1", &[record]);
    assert_eq!(places(directed(0)), ["e: 0 in eni-1"]);
    assert_eq!(places(directed(1)), ["e: 0 out eni-1"]);
    assert_eq!(places(directed(2)), ["e: 0 - eni-1"]);
    assert_eq!(
        places(record("10.0.0.1", "10.0.0.2", (1, 2))),
        ["e: 0 - eni-1"]
    );
}

#[test]
fn weaker_evidence_about_what_encloses_a_resource_is_no_second_end() {
    let world = world(
        r#"
        [[resource]]
        id = "vpc-1"
        kind = "vpc"
        exporters = ["192.0.2.1"]
        [[resource]]
        id = "eni-1"
        kind = "eni"
        parent = "vpc-1"
        prefixes = ["10.0.0.0/24"]
        [[resource]]
        id = "eni-2"
        kind = "eni"
        exporters = ["192.0.2.1"]
        parent = "vpc-1"
        interfaces = [2]
        [[flow_log]]
        name = "v"
        resource = "vpc-1"
        "#,
    );
    let mut into = record("8.8.8.8", "10.0.0.1", (0, 0));
    into.fields |= Fields::DIRECTION;
    into.direction = 1;
    assert_eq!(world.places("192.0.2.1", &[into]), ["v: 0 in eni-1"]);
    let between = record("10.0.0.1", "10.9.9.9", (1, 2));
    assert_eq!(
        world.places("192.0.2.1", &[between]),
        ["v: 0 in eni-2 0 out eni-1"]
    );
}

#[test]
fn of_two_equals_the_one_that_the_interface_faces_is_named() {
    let world = world(
        r#"
        [[resource]]
        id = "vpc-1"
        kind = "vpc"
        exporters = ["192.0.2.1"]
        prefixes = ["10.0.0.0/24"]
        [[resource]]
        id = "eni-1"
        kind = "eni"
        parent = "vpc-1"
        interfaces = [1]
        [[resource]]
        id = "eni-2"
        kind = "eni"
        parent = "vpc-1"
        interfaces = [2]
        [[flow_log]]
        name = "v"
        resource = "vpc-1"
        "#,
    );
    let between = record("10.0.0.2", "10.0.0.1", (2, 1));
    assert_eq!(
        world.places("192.0.2.1", &[between]),
        ["v: 0 in eni-1 0 out eni-2"]
    );
}

#[test]
fn dropped_and_denied_flows_are_rejected() {
    let world = world(FACING);
    let absent = FlowRecord {
        forwarding_status: 128,
        firewall_event: 3,
        ..record("10.0.0.1", "10.0.0.2", (1, 9))
    };
    assert_eq!(world.placed("192.0.2.1", absent)[0].action, Action::Accept);
    for (value, expected) in [
        (64, Action::Accept),
        (127, Action::Accept),
        (128, Action::Reject),
        (191, Action::Reject),
        (192, Action::Accept),
    ] {
        let mut record = record("10.0.0.1", "10.0.0.2", (1, 9));
        record.fields |= Fields::FORWARDING_STATUS;
        record.forwarding_status = value;
        assert_eq!(
            world.placed("192.0.2.1", record)[0].action,
            expected,
            "{value}"
        );
    }
    let event = |value| {
        let mut record = record("10.0.0.1", "10.0.0.2", (1, 9));
        record.fields |= Fields::FIREWALL_EVENT;
        record.firewall_event = value;
        world.placed("192.0.2.1", record)[0].action
    };
    assert_eq!((event(2), event(3)), (Action::Accept, Action::Reject));
}

#[test]
fn flow_logs_take_their_traffic_type() {
    let world = world(
        r#"
        [[resource]]
        id = "sag-1"
        kind = "sag"
        exporters = ["192.0.2.1"]
        [[flow_log]]
        name = "allow"
        resource = "sag-1"
        traffic_type = "Allow"
        [[flow_log]]
        name = "drop"
        resource = "sag-1"
        traffic_type = "Drop"
        "#,
    );
    let accepted = record("10.0.0.1", "10.0.0.2", (0, 0));
    let mut rejected = accepted;
    rejected.fields |= Fields::FIREWALL_EVENT;
    rejected.firewall_event = 3;
    assert_eq!(
        world.places("192.0.2.1", &[accepted, rejected]),
        ["allow: 0 - sag-1", "drop: 1 - sag-1"]
    );
    assert_eq!(
        world.placed("192.0.2.1", rejected)[0].action,
        Action::Accept,
        "SAG rows have no action"
    );
}

#[test]
fn an_ipv4_flow_log_takes_no_ipv6() {
    let world = world(&VPC.replace("window = \"10m\"", "ip_version = \"IPv4\""));
    assert!(
        world
            .places("192.0.2.1", &[record("2001:db8::6", "::1", (0, 0))])
            .is_empty()
    );
    assert_eq!(
        world.places("192.0.2.1", &[record("10.1.0.6", "8.8.8.8", (0, 0))]),
        ["v: 0 out eni-2"]
    );
}

const PATHS: &str = r#"
[[resource]]
id = "vpc-1"
kind = "vpc"
interfaces = [1, { index = 7, path = "natGateway" }, { index = 8, path = 12 }, { index = 9, path = 2 }]
[[resource]]
id = "eni-1"
kind = "eni"
parent = "vpc-1"
prefixes = ["10.0.0.1"]
interfaces = [{ index = 9, path = "vbr" }]
[[flow_log]]
name = "all"
resource = "vpc-1"
[[flow_log]]
name = "custom"
resource = "vpc-1"
traffic_path = ["natGateway", "ecr"]
"#;

#[test]
fn the_path_is_that_of_the_interface_away_from_the_resource() {
    let world = world(PATHS);
    let paths = |source: &str, interfaces| -> Vec<u8> {
        let placed = world.placed("192.0.2.1", record(source, "8.8.8.8", interfaces));
        placed.iter().map(|p| p.path).collect()
    };
    assert_eq!(paths("10.9.9.9", (1, 8)), [12]);
    assert_eq!(paths("10.9.9.9", (8, 1)), [12]);
    assert_eq!(paths("10.9.9.9", (1, 5)), [255]);
    assert_eq!(paths("10.9.9.9", (1, 9)), [2]);
    assert_eq!(
        paths("10.0.0.1", (1, 9)),
        [10],
        "the nearest statement counts"
    );
    assert_eq!(
        paths("10.9.9.9", (1, 7)),
        [7, 7],
        "and the custom path takes its own alone"
    );
}

#[test]
fn an_interface_with_a_path_does_not_face_the_resource() {
    let world = world(PATHS);
    assert!(
        world
            .places("192.0.2.1", &[record("10.9.9.9", "8.8.8.8", (7, 8))])
            .is_empty()
    );
}

#[test]
fn cen_rows_have_no_path_and_an_action() {
    let world = world(
        r#"
        [[resource]]
        id = "tr-attach-1"
        kind = "attachment"
        interfaces = [1, { index = 2, path = "vbr" }]
        [[flow_log]]
        name = "c"
        resource = "tr-attach-1"
        "#,
    );
    let mut rejected = record("10.0.0.1", "10.0.0.2", (1, 2));
    rejected.fields |= Fields::FIREWALL_EVENT;
    rejected.firewall_event = 3;
    let resource = world.inventory.index_of("tr-attach-1").unwrap();
    let expected = Placed {
        record: 0,
        direction: Direction::Out,
        action: Action::Reject,
        path: 255,
        resource,
    };
    assert_eq!(world.placed("192.0.2.1", rejected), [expected]);
}

const SAGS: &str = r#"
[[resource]]
id = "sag-net"
kind = "sag"
exporters = ["192.0.2.0/24"]
[[resource]]
id = "sag-one"
kind = "sag"
exporters = ["192.0.2.7"]
[[resource]]
id = "sag-domain"
kind = "sag"
exporters = [{ address = "192.0.2.7", domain = 5 }, { domain = 9 }]
[[resource]]
id = "sag-branch"
kind = "sag"
exporters = [{ address = "10.0.0.0/8", relay = "198.51.100.1" }]
[[flow_log]]
name = "s"
resource = ["sag-net", "sag-one", "sag-domain", "sag-branch"]
[[flow_log]]
name = "default"
"#;

#[test]
fn an_exporter_belongs_to_the_instance_that_names_it_best() {
    let world = world(SAGS);
    let place = |exporter: &str, domain| -> Vec<String> {
        let mut places = Vec::new();
        let scope = world.table.scope(ip(exporter), ObservationDomain(domain));
        scope.place_batch(
            &[directed(1)],
            &mut |_| None,
            &mut |flow_log, placed: &[Placed]| {
                places.push(world.describe(flow_log, placed));
            },
        );
        places
    };
    assert_eq!(place("192.0.2.1", 0), ["s: 0 - sag-net"]);
    assert_eq!(place("192.0.2.7", 0), ["s: 0 - sag-one"]);
    assert_eq!(place("192.0.2.7", 5), ["s: 0 - sag-domain"]);
    assert_eq!(place("203.0.113.1", 9), ["s: 0 - sag-domain"]);
    assert_eq!(place("203.0.113.1", 8), ["default: 0 - sag-default"]);
    assert_eq!(place("2001:db8::", 8), ["default: 0 - sag-default"]);
}

#[test]
fn only_a_trusted_relay_speaks_for_others() {
    let world = world(SAGS);
    let mut relayed = directed(0);
    relayed.fields |= Fields::RELAYED;
    let places = |exporter, record, origin| world.relayed(exporter, &[record], origin);
    assert_eq!(
        places("198.51.100.1", relayed, Some("10.1.2.3")),
        ["s: 0 - sag-branch"]
    );
    assert_eq!(
        places("198.51.100.1", relayed, Some("11.1.2.3")),
        ["default: 0 - sag-default"]
    );
    assert_eq!(
        places("198.51.100.1", relayed, None),
        ["default: 0 - sag-default"]
    );
    assert_eq!(
        places("198.51.100.1", directed(0), Some("10.1.2.3")),
        ["default: 0 - sag-default"]
    );
    assert_eq!(
        places("198.51.100.2", relayed, Some("10.1.2.3")),
        ["default: 0 - sag-default"]
    );
}

#[test]
fn a_relay_is_asked_once_per_record_that_says_something() {
    let world = world(SAGS);
    let mut relayed = directed(0);
    relayed.fields |= Fields::RELAYED;
    let mut asked = Vec::new();
    world.scope("198.51.100.1").place_batch(
        &[directed(0), relayed, relayed],
        &mut |nth| {
            asked.push(nth);
            None
        },
        &mut |_, _: &[Placed]| {},
    );
    assert_eq!(asked, [1, 2]);
}

#[test]
fn selectors_left_out_are_those_of_the_parent() {
    let world = world(
        r#"
        [[resource]]
        id = "cen-1"
        kind = "cen"
        exporters = ["192.0.2.1"]
        [[resource]]
        id = "tr-attach-1"
        kind = "attachment"
        parent = "cen-1"
        interfaces = [1]
        [[resource]]
        id = "tr-attach-2"
        kind = "attachment"
        parent = "cen-1"
        exporters = ["192.0.2.2"]
        interfaces = [1]
        [[flow_log]]
        name = "c"
        resource = "cen-1"
        "#,
    );
    let batch = [record("10.0.0.1", "10.0.0.2", (1, 9))];
    assert_eq!(world.places("192.0.2.1", &batch), ["c: 0 out tr-attach-1"]);
    assert_eq!(world.places("192.0.2.2", &batch), ["c: 0 out tr-attach-2"]);
    assert!(world.scope("192.0.2.3").is_empty());
}

#[test]
fn inactive_flow_logs_are_told_apart() {
    let world = world(&SAGS.replace("name = \"s\"", "name = \"s\"\nstatus = \"inactive\""));
    let batch = [directed(0)];
    assert!(world.places("192.0.2.1", &batch).is_empty());
    let mut inactive = Vec::new();
    let scope = world.scope("192.0.2.1");
    scope.each_inactive(&batch, &mut |_| None, &mut |flow_log, placed: &[Placed]| {
        inactive.push(world.describe(flow_log, placed));
    });
    assert_eq!(inactive, ["s: 0 - sag-net"]);
    assert!(!scope.is_empty());
}

#[test]
fn several_flow_logs_over_one_resource_each_get_the_record() {
    let world = world("[[flow_log]]\nname = \"a\"\n[[flow_log]]\nname = \"b\"\nwindow = \"5m\"");
    assert_eq!(
        world.places("192.0.2.1", &[directed(0)]),
        ["a: 0 - sag-default", "b: 0 - sag-default"]
    );
}

#[test]
fn resources_outside_the_inventory_warn_or_are_refused() {
    let (inventory, flow_logs) =
        read("[[flow_log]]\nname = \"a\"\n[[flow_log]]\nname = \"b\"\nresource = \"vpc-9\"");
    let table = MatchTable::compile(&inventory, &flow_logs, Mode::Open).unwrap();
    let resource = flow_logs[1].resources()[0].clone();
    assert_eq!(
        table.warnings(),
        [Warning::NotInInventory {
            flow_log: FlowLogIndex(1),
            resource
        }]
    );
    let error = MatchTable::compile(&inventory, &flow_logs, Mode::Strict).unwrap_err();
    assert_eq!(
        error.to_string(),
        "flow log `b`: `vpc-9` is not in the inventory; add it as a [[resource]]"
    );
}

#[test]
fn resources_that_select_nothing_warn() {
    let text = "[[resource]]\nid = \"vpc-1\"\nkind = \"vpc\"\n[[resource]]\nid = \"cen-1\"\nkind = \"cen\"\n[[resource]]\nid = \"tr-1\"\nkind = \"transit-router\"\nparent = \"cen-1\"\ninterfaces = [1]\n[[flow_log]]\nname = \"v\"\nresource = \"vpc-1\"\n[[flow_log]]\nname = \"c\"\nresource = \"cen-1\"";
    let world = world(text);
    let resource = world.flow_logs[0].resources()[0].clone();
    assert_eq!(
        world.table.warnings(),
        [Warning::SelectsNothing {
            flow_log: FlowLogIndex(0),
            resource
        }]
    );
    assert!(world.places("192.0.2.1", &[directed(0)]).is_empty());
}

#[test]
fn flow_logs_that_do_not_fit_each_other_or_the_inventory_are_refused() {
    let (inventory, flow_logs) = read("[[flow_log]]\nname = \"a\"\n[[flow_log]]\nname = \"a\"");
    let error = MatchTable::compile(&inventory, &flow_logs, Mode::Open).unwrap_err();
    assert_eq!(
        error.to_string(),
        "flow log `a`: give each flow log its own name"
    );
    let (_, flow_logs) = read("[[flow_log]]\nname = \"a\"\nresource = \"x\"\nproduct = \"vpc\"");
    let (inventory, _) = read("[[resource]]\nid = \"x\"\nkind = \"sag\"");
    let error = MatchTable::compile(&inventory, &flow_logs, Mode::Open).unwrap_err();
    assert_eq!(
        error.to_string(),
        "flow log `a`: `x` is a sag, which belongs to `sag`"
    );
    let many = std::vec![FlowLog::built_in(); 65_536];
    let error = MatchTable::compile(&inventory, &many, Mode::Open).unwrap_err();
    assert_eq!(error, CompileError::TooMany { flow_logs: 65_536 });
}

#[test]
fn an_inactive_flow_log_compiles_whatever_became_of_its_resources() {
    let text = "[[resource]]\nid = \"x\"\nkind = \"sag\"\nexporters = [\"192.0.2.1\"]\n[[flow_log]]\nname = \"a\"\nresource = \"x\"\nproduct = \"vpc\"\nstatus = \"inactive\"\n[[flow_log]]\nname = \"b\"\nresource = \"gone\"\nproduct = \"cen\"\nstatus = \"inactive\"";
    let (inventory, flow_logs) = read(text);
    let table = MatchTable::compile(&inventory, &flow_logs, Mode::Strict).unwrap();
    assert_eq!(table.warnings(), []);
    let scope = table.scope(ip("192.0.2.1"), ObservationDomain(0));
    assert!(scope.is_empty());
}

#[test]
fn profiles_come_from_the_most_specific_statement() {
    let world = world(
        r#"
        [[resource]]
        id = "sag-default"
        kind = "sag"
        keeps_start = true
        [[resource]]
        id = "sag-net"
        kind = "sag"
        exporters = ["192.0.2.0/24"]
        active_timeout = "120s"
        counts_egress = true
        sampling = { rate = 100, force = true }
        [[resource]]
        id = "vpc-1"
        kind = "vpc"
        exporters = ["192.0.2.7"]
        active_timeout = "60s"
        [[resource]]
        id = "eni-1"
        kind = "eni"
        parent = "vpc-1"
        counts_egress = false
        "#,
    );
    let profile = |exporter| world.table.profile(ip(exporter), ObservationDomain(0));
    let net = profile("192.0.2.1");
    assert_eq!(net.active_timeout, ActiveTimeout::from_millis(120_000));
    assert_eq!(
        net.sampling.map(|s| (s.sampling, s.force)),
        Some((Sampling::one_in(100).unwrap(), true))
    );
    assert!(net.counts_egress && !net.keeps_start);
    let one = profile("192.0.2.7");
    assert_eq!(one.active_timeout, ActiveTimeout::from_millis(60_000));
    assert_eq!(one.sampling, net.sampling);
    assert!(!one.counts_egress);
    let other = profile("198.51.100.1");
    assert!(other.keeps_start && other.active_timeout.is_none());
}
