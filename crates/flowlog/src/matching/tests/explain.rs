//! What `MatchTable::explain` says.

use super::*;
use crate::matching::{Because, Claim};

const WORLD: &str = r#"
    [[resource]]
    id = "vpc-1"
    kind = "vpc"
    exporters = ["192.0.2.0/24"]
    prefixes = ["10.0.0.0/8"]
    [[resource]]
    id = "vsw-1"
    kind = "vswitch"
    parent = "vpc-1"
    interfaces = [3, 2]
    [[resource]]
    id = "sag-1"
    kind = "sag"
    exporters = [{ address = "192.0.2.7", domain = 5 }]
    [[resource]]
    id = "sag-behind"
    kind = "sag"
    exporters = [{ address = "198.51.100.1", relay = "192.0.2.7" }]
    [[resource]]
    id = "eni-free"
    kind = "eni"
    prefixes = ["10.9.0.0/16"]
    [[flow_log]]
    name = "net"
    resource = "vpc-1"
    [[flow_log]]
    name = "rest"
    resource = "sag-default"
"#;

/// The claims on an Exporter, one line each.
fn explained(exporter: &str, domain: u32) -> Vec<String> {
    let world = world(WORLD);
    let id = |index| world.inventory.resource(index).unwrap().id.to_string();
    let because = |because| match because {
        Because::Named { selector, owner } => {
            format!("{}: {}", id(owner), selector.address.unwrap())
        }
        Because::AnyExporter => "any".to_string(),
        Because::Unclaimed => "unclaimed".to_string(),
    };
    let line = |claim: Claim| {
        let flow_logs: Vec<_> = claim.flow_logs.iter().map(|it| it.0).collect();
        let prefixes: Vec<_> = claim.prefixes.iter().map(ToString::to_string).collect();
        let (resource, because) = (id(claim.resource), because(claim.because));
        format!(
            "{resource} ({because}) {prefixes:?} {:?} {flow_logs:?}",
            claim.facing
        )
    };
    let of = (ip(exporter), ObservationDomain(domain));
    let claims = world
        .table
        .explain((&world.inventory, &world.flow_logs), of);
    claims.into_iter().map(line).collect()
}

const FREE: &str = r#"eni-free (any) ["10.9.0.0/16"] [] []"#;

#[test]
fn the_best_comes_first_with_its_selector_and_its_flow_logs() {
    assert_eq!(
        explained("192.0.2.7", 5),
        [
            "sag-behind (sag-behind: 198.51.100.1) [] [] []",
            "sag-1 (sag-1: 192.0.2.7) [] [] []",
            r#"vsw-1 (vpc-1: 192.0.2.0/24) ["10.0.0.0/8"] [2, 3] [0]"#,
            r#"vpc-1 (vpc-1: 192.0.2.0/24) ["10.0.0.0/8"] [] [0]"#,
            FREE,
        ]
    );
}

#[test]
fn an_exporter_that_nothing_names_is_unclaimed() {
    assert_eq!(
        explained("203.0.113.1", 0),
        [FREE, "sag-default (unclaimed) [] [] [1]"]
    );
}
