//! The match table against the rules applied to every resource of the inventory, one after another.

extern crate std;

use core::cmp::Reverse;
use core::net::IpAddr;
use std::collections::BTreeSet;
use std::string::{String, ToString};
use std::vec::Vec;

use flowlog_record::{
    Action, Direction, Fields, FlowLogIndex, FlowRecord, ObservationDomain, Placed,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{MatchTable, Mode};
use super::record;
use crate::{
    Definition, ExporterSelector, FlowLog, FlowLogId, Interface, InterfacePath, Inventory,
    IpVersion, Prefix, Product, Resource, ResourceId, ResourceKind, Resources, SAG_DEFAULT, Status,
    TrafficPaths, TrafficType,
};

/// (flow log, record, direction, action, path, resource), by name.
type Place = (String, u8, Direction, Action, u8, String);

/// What makes one candidate better than another; the greatest wins.
type Rank = (u8, bool, u8, Specificity, Reverse<String>);

/// Behind a relay, length of the prefix, domain stated.
type Specificity = (bool, Option<u8>, bool);

struct Seen<'a> {
    inventory: &'a Inventory,
    exporter: IpAddr,
    domain: ObservationDomain,
    record: &'a FlowRecord,
    origin: Option<IpAddr>,
}

#[derive(Clone)]
struct Candidate {
    rank: Rank,
    method: u8,
    line: Vec<String>,
    path: u8,
}

impl Seen<'_> {
    fn places(&self, flow_log: &FlowLog) -> Vec<(Direction, Action, u8, String)> {
        let r = self.record;
        if flow_log.ip_version() == IpVersion::Ipv4 && r.fields.contains(Fields::IPV6) {
            return Vec::new();
        }
        let has = |field| r.fields.contains(field);
        let dropped = has(Fields::FORWARDING_STATUS) && r.forwarding_status >> 6 == 2;
        let denied = has(Fields::FIREWALL_EVENT) && r.firewall_event == 3;
        let action = if dropped || denied {
            Action::Reject
        } else {
            Action::Accept
        };
        if !flow_log.traffic_type().takes(action) {
            return Vec::new();
        }
        let mut ends: [Option<Candidate>; 3] = [None, None, None];
        for (index, resource) in self.inventory.iter() {
            let line: Vec<&Resource> = self.inventory.lineage(index).collect();
            if !line.iter().any(|r| flow_log.resources().contains(&r.id)) {
                continue;
            }
            for (direction, candidate) in self.candidates(resource, &line) {
                let end = match direction {
                    Direction::In => &mut ends[0],
                    Direction::Out => &mut ends[1],
                    Direction::Unknown => &mut ends[2],
                };
                if end.as_ref().is_none_or(|best| candidate.rank > best.rank) {
                    *end = Some(candidate);
                }
            }
        }
        choose(flow_log, action, ends)
    }

    fn candidates(&self, resource: &Resource, line: &[&Resource]) -> Vec<(Direction, Candidate)> {
        let Some(specificity) = self.sees(resource, line) else {
            return Vec::new();
        };
        let r = self.record;
        let facing = facing(line);
        let prefixes = line.iter().map(|r| &r.prefixes).find(|own| !own.is_empty());
        let prefixes = prefixes.cloned().unwrap_or_default();
        let there = |field: Fields, value: u32| r.fields.contains(field).then_some(value);
        let ingress = there(Fields::INGRESS_INTERFACE, r.ingress_interface);
        let egress = there(Fields::EGRESS_INTERFACE, r.egress_interface);
        let faces = |interface: Option<u32>| interface.is_some_and(|i| facing.contains(&i));
        if !facing.is_empty() && !faces(ingress) && !faces(egress) {
            return Vec::new();
        }
        let longest = |there, address| {
            let holding = prefixes.iter().filter(|p| p.contains(address));
            holding
                .map(|p| p.length())
                .max()
                .filter(|_| r.fields.contains(there))
        };
        let candidate = |faced: bool, length, method, away: Option<u32>| Candidate {
            rank: (
                resource.kind.level(),
                faced,
                length,
                specificity,
                Reverse(resource.id.to_string()),
            ),
            method,
            line: line.iter().map(|r| r.id.to_string()).collect(),
            path: path(line, away),
        };
        let (into, from) = (
            longest(Fields::DESTINATION, r.destination),
            longest(Fields::SOURCE, r.source),
        );
        let mut found = Vec::new();
        if !prefixes.is_empty() {
            let into = into.map(|length| candidate(faces(egress), length, 2, ingress));
            let from = from.map(|length| candidate(faces(ingress), length, 2, egress));
            found.extend(into.map(|c| (Direction::In, c)));
            found.extend(from.map(|c| (Direction::Out, c)));
        } else if !facing.is_empty() {
            if faces(egress) {
                found.push((Direction::In, candidate(true, 0, 1, ingress)));
            }
            if faces(ingress) {
                found.push((Direction::Out, candidate(true, 0, 1, egress)));
            }
        } else {
            let (direction, away) = match (r.fields.contains(Fields::DIRECTION), r.direction) {
                (true, 0) => (Direction::In, ingress),
                (true, 1) => (Direction::Out, egress),
                _ => (Direction::Unknown, None),
            };
            found.push((direction, candidate(false, 0, 0, away)));
        }
        found
    }

    /// Whether the resource's selectors of Exporters fit, and how well.
    fn sees(&self, resource: &Resource, line: &[&Resource]) -> Option<Specificity> {
        if resource.id.as_str() == SAG_DEFAULT {
            let mut others = self.inventory.iter();
            let claimed = others.any(|(_, r)| r.exporters.iter().any(|s| self.fits(s)));
            return (!claimed).then_some((false, None, false));
        }
        let selectors = line
            .iter()
            .map(|r| &r.exporters)
            .find(|own| !own.is_empty());
        let Some(selectors) = selectors else {
            let others = line.iter().any(|r| {
                let facing = r.interfaces.iter().any(|i| i.facing);
                !r.prefixes.is_empty() || facing
            });
            return others.then_some((false, None, false));
        };
        let fitting = selectors.iter().filter(|selector| self.fits(selector));
        let specificity = |s: &ExporterSelector| {
            let length = s.address.map(Prefix::length);
            (s.relay.is_some(), length, s.domain.is_some())
        };
        fitting.map(specificity).max()
    }

    fn fits(&self, selector: &ExporterSelector) -> bool {
        let holds =
            |prefix: Option<Prefix>, ip: IpAddr| prefix.is_none_or(|p| p.contains(ip.into()));
        let domain = selector.domain.is_none_or(|domain| domain == self.domain);
        let address = match (selector.relay, self.origin) {
            (None, _) => holds(selector.address, self.exporter),
            (Some(relay), Some(origin)) => {
                relay.contains(self.exporter.into())
                    && self.record.fields.contains(Fields::RELAYED)
                    && holds(selector.address, origin)
            }
            (Some(_), None) => false,
        };
        domain && address
    }
}

fn choose(
    flow_log: &FlowLog,
    action: Action,
    [mut inward, mut outward, unknown]: [Option<Candidate>; 3],
) -> Vec<(Direction, Action, u8, String)> {
    if flow_log.product() == Product::Sag {
        let all = [inward, outward, unknown].into_iter().flatten();
        let best = all.max_by(|a, b| a.rank.cmp(&b.rank));
        let place = |c: Candidate| (Direction::Unknown, Action::Accept, 255, c.line[0].clone());
        return best.map(place).into_iter().collect();
    }
    if let (Some(a), Some(b)) = (&inward, &outward) {
        let below = |strong: &Candidate, weak: &Candidate| {
            strong.method > weak.method && strong.line[1..].contains(&weak.line[0])
        };
        if below(a, b) {
            outward = None;
        } else if below(b, a) {
            inward = None;
        }
    }
    let unknown = unknown.filter(|_| inward.is_none() && outward.is_none());
    let all = [
        (Direction::In, inward),
        (Direction::Out, outward),
        (Direction::Unknown, unknown),
    ];
    let mut placed = Vec::new();
    for (direction, candidate) in all {
        let Some(candidate) = candidate else {
            continue;
        };
        let is_vpc = flow_log.product() == Product::Vpc;
        let path = if is_vpc { candidate.path } else { 255 };
        let wanted = flow_log.traffic_path().paths();
        if wanted.is_empty() || wanted.iter().any(|p| p.numbers().contains(&path)) {
            placed.push((direction, action, path, candidate.line[0].clone()));
        }
    }
    placed
}

fn facing(line: &[&Resource]) -> Vec<u32> {
    let facing = |r: &&Resource| -> Vec<u32> {
        let facing = r.interfaces.iter().filter(|i| i.facing);
        facing.map(|i| i.index).collect()
    };
    let mut stated = line.iter().map(facing).filter(|own| !own.is_empty());
    stated.next().unwrap_or_default()
}

fn path(line: &[&Resource], away: Option<u32>) -> u8 {
    let mut interfaces = line.iter().flat_map(|r| &r.interfaces);
    let stated = interfaces.find(|i| Some(i.index) == away && i.path.is_some());
    stated
        .and_then(|i| i.path)
        .map_or(255, InterfacePath::number)
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    select(texts.to_vec())
}

fn address() -> impl Strategy<Value = &'static str> {
    one_of(&[
        "10.0.0.1",
        "10.0.0.2",
        "10.0.1.1",
        "10.1.0.1",
        "8.8.8.8",
        "2001:db8::1",
        "2001:db8:1::1",
        "",
    ])
}

fn prefix() -> impl Strategy<Value = Prefix> {
    one_of(&[
        "10.0.0.0/8",
        "10.0.0.0/24",
        "10.0.0.1",
        "10.0.0.2",
        "10.1.0.0/16",
        "0.0.0.0/0",
        "2001:db8::/32",
        "2001:db8::1",
        "::/0",
    ])
    .prop_map(|text| text.parse().unwrap())
}

fn exporter() -> impl Strategy<Value = IpAddr> {
    one_of(&["192.0.2.1", "192.0.2.2", "198.51.100.1"]).prop_map(|text| text.parse().unwrap())
}

fn domain() -> impl Strategy<Value = ObservationDomain> + Clone {
    (0_u32..2).prop_map(ObservationDomain)
}

fn selector() -> impl Strategy<Value = ExporterSelector> {
    let source = one_of(&["192.0.2.0/24", "192.0.2.1", "192.0.2.2", "198.51.100.1"]);
    let source = source.prop_map(|text| text.parse::<Prefix>().unwrap());
    let relay = option::weighted(0.3, source.clone());
    let drawn = (
        source,
        option::weighted(0.3, domain()),
        relay,
        any::<bool>(),
    );
    drawn.prop_map(|(address, domain, relay, anyone)| ExporterSelector {
        address: Some(address).filter(|_| !(anyone && domain.is_some() && relay.is_none())),
        domain,
        relay,
    })
}

fn interface() -> impl Strategy<Value = Interface> {
    let path = option::weighted(0.5, select([7_u8, 8, 15, 21].to_vec()));
    (1_u32..5, path, any::<bool>()).prop_map(|(index, path, facing)| {
        let path = path.and_then(InterfacePath::new);
        Interface {
            index,
            facing: facing || path.is_none(),
            path,
        }
    })
}

/// Every tree has this shape; what the resources select is drawn.
const TREE: [(&str, ResourceKind, &str); 10] = [
    ("vpc-1", ResourceKind::Vpc, ""),
    ("vsw-1", ResourceKind::Vswitch, "vpc-1"),
    ("eni-1", ResourceKind::Eni, "vsw-1"),
    ("eni-2", ResourceKind::Eni, "vsw-1"),
    ("eni-3", ResourceKind::Eni, "vpc-1"),
    ("cen-1", ResourceKind::Cen, ""),
    ("tr-1", ResourceKind::TransitRouter, "cen-1"),
    ("tr-attach-1", ResourceKind::Attachment, "tr-1"),
    ("sag-1", ResourceKind::Sag, ""),
    ("sag-2", ResourceKind::Sag, ""),
];

fn resources() -> impl Strategy<Value = Vec<Resource>> {
    let drawn = (
        vec(selector(), 0..3),
        vec(interface(), 0..3),
        vec(prefix(), 0..3),
    );
    vec(drawn, TREE.len()).prop_map(|drawn| {
        let mut resources = Vec::new();
        for ((id, kind, parent), (exporters, interfaces, prefixes)) in TREE.iter().zip(drawn) {
            let mut resource = Resource::new(ResourceId::new(*id).unwrap(), *kind);
            resource.parent = ResourceId::new(*parent).ok();
            resource.exporters = exporters;
            resource.interfaces = interfaces;
            resource.prefixes = prefixes;
            resources.push(resource);
        }
        resources
    })
}

fn definition() -> impl Strategy<Value = Definition> {
    let types = [
        TrafficType::All,
        TrafficType::All,
        TrafficType::Allow,
        TrafficType::Drop,
    ];
    let targets = one_of(&[
        "vpc-1",
        "vsw-1",
        "eni-1",
        "cen-1",
        "tr-attach-1",
        "sag-1",
        "sags",
        SAG_DEFAULT,
    ]);
    let switches = any::<[bool; 3]>();
    (targets, select(types.to_vec()), switches).prop_map(
        |(target, traffic_type, [ipv4, custom, off])| {
            let mut definition = Definition::new(FlowLogId::new("fl").unwrap());
            let ids = match target {
                "sags" => ["sag-1", "sag-2"].to_vec(),
                one => [one].to_vec(),
            };
            let ids = ids.into_iter().map(|id| ResourceId::new(id).unwrap());
            definition.resources = Resources::new(ids);
            definition.traffic_type = traffic_type;
            if ipv4 {
                definition.ip_version = IpVersion::Ipv4;
            }
            if custom && target.starts_with('v') {
                let paths = ["natGateway", "ecr"].map(String::from);
                definition.traffic_path = TrafficPaths::new(paths).unwrap();
            }
            if off {
                definition.status = Status::Inactive;
            }
            definition
        },
    )
}

fn definitions() -> impl Strategy<Value = Vec<Definition>> {
    vec(definition(), 1..5).prop_map(|mut definitions| {
        for (n, definition) in definitions.iter_mut().enumerate() {
            definition.name = FlowLogId::new(std::format!("fl-{n}")).unwrap();
        }
        definitions
    })
}

fn flow_record() -> impl Strategy<Value = FlowRecord> {
    let addresses = (address(), address()).prop_filter("one family", |(a, b)| {
        a.is_empty() || b.is_empty() || a.contains(':') == b.contains(':')
    });
    let direction = option::of(0_u8..3);
    let status = option::weighted(0.3, select([64_u8, 128, 191, 192].to_vec()));
    let event = option::weighted(0.3, 1_u8..5);
    let interfaces = (0_u32..5, 0_u32..5);
    let octets = (direction, status, event);
    (addresses, interfaces, octets, any::<bool>()).prop_map(
        |((source, destination), interfaces, (direction, status, event), relayed)| {
            let mut record = record(source, destination, interfaces);
            for (value, place, field) in [
                (direction, &mut record.direction, Fields::DIRECTION),
                (
                    status,
                    &mut record.forwarding_status,
                    Fields::FORWARDING_STATUS,
                ),
                (event, &mut record.firewall_event, Fields::FIREWALL_EVENT),
            ] {
                if let Some(value) = value {
                    *place = value;
                    record.fields |= field;
                }
            }
            record.fields.set(Fields::RELAYED, relayed);
            record
        },
    )
}

type Batch = Vec<(FlowRecord, Option<IpAddr>)>;

fn batch() -> impl Strategy<Value = Batch> {
    vec((flow_record(), option::of(exporter())), 1..8)
}

fn validated(inventory: &Inventory, definitions: Vec<Definition>) -> Vec<FlowLog> {
    let definitions = definitions.into_iter();
    definitions
        .map(|d| d.validate(inventory).unwrap())
        .collect()
}

/// Active and inactive placements by the table.
fn placed(
    inventory: &Inventory,
    flow_logs: &[FlowLog],
    (exporter, domain): (IpAddr, ObservationDomain),
    batch: &Batch,
) -> [Vec<Place>; 2] {
    let table = MatchTable::compile(inventory, flow_logs, Mode::Open).unwrap();
    let scope = table.scope(exporter, domain);
    let records: Vec<FlowRecord> = batch.iter().map(|(record, _)| *record).collect();
    let mut origins = |nth: usize| batch[nth].1;
    let (mut active, mut inactive) = (Vec::new(), Vec::new());
    let name = |flow_log: FlowLogIndex, p: &Placed| -> Place {
        let id = flow_logs[usize::from(flow_log.0)].id().to_string();
        let resource = inventory.resource(p.resource).unwrap().id.to_string();
        (id, p.record, p.direction, p.action, p.path, resource)
    };
    scope.place_batch(
        &records,
        &mut origins,
        &mut |flow_log, placed: &[Placed]| {
            active.extend(placed.iter().map(|p| name(flow_log, p)));
        },
    );
    scope.each_inactive(
        &records,
        &mut origins,
        &mut |flow_log, placed: &[Placed]| {
            inactive.extend(placed.iter().map(|p| name(flow_log, p)));
        },
    );
    [active, inactive]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_table_agrees_with_trying_every_resource(
        resources in resources(),
        definitions in definitions(),
        exporter in exporter(),
        domain in domain(),
        batch in batch(),
    ) {
        let inventory = Inventory::new(resources).unwrap();
        let flow_logs = validated(&inventory, definitions);
        let mut expected: [Vec<Place>; 2] = [Vec::new(), Vec::new()];
        for flow_log in &flow_logs {
            let list = usize::from(flow_log.status() == Status::Inactive);
            let id = flow_log.id().to_string();
            for (n, (record, origin)) in (0_u8..).zip(&batch) {
                let origin = *origin;
                let inventory = &inventory;
                let seen = Seen { inventory, exporter, domain, record, origin };
                let places = seen.places(flow_log).into_iter();
                let place = |(d, action, path, resource)| (id.clone(), n, d, action, path, resource);
                expected[list].extend(places.map(place));
            }
        }
        let found = placed(&inventory, &flow_logs, (exporter, domain), &batch);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_order_of_the_configuration_changes_nothing(
        resources in resources(),
        definitions in definitions(),
        exporter in exporter(),
        batch in batch(),
    ) {
        let places = |resources: Vec<Resource>, definitions: Vec<Definition>| {
            let inventory = Inventory::new(resources).unwrap();
            let flow_logs = validated(&inventory, definitions);
            let lists = placed(&inventory, &flow_logs, (exporter, ObservationDomain(0)), &batch);
            lists.map(|places| places.into_iter().collect::<BTreeSet<_>>())
        };
        let turned: Vec<Resource> = resources.iter().rev().cloned().collect();
        let backwards: Vec<Definition> = definitions.iter().rev().cloned().collect();
        prop_assert_eq!(places(resources, definitions), places(turned, backwards));
    }
}
