extern crate std;

use std::string::{String, ToString};
use std::vec::Vec;

use flowlog_record::{ActiveTimeout, ObservationDomain, ResourceIndex, Sampling};
use serde::{Deserialize, Serialize};

use super::{ExporterSelector, Interface, InterfacePath, Inventory, Resource, SAG_DEFAULT};
use crate::{Attachment, InventoryError, ResourceId, ResourceKind, TrafficPath};

#[derive(Debug, Serialize, Deserialize)]
struct File {
    resource: Vec<Resource>,
}

fn resources(text: &str) -> Vec<Resource> {
    toml::from_str::<File>(text).unwrap().resource
}

fn one(text: &str) -> Resource {
    toml::from_str(text).unwrap()
}

fn refused(text: &str) -> String {
    let text = std::format!("[[resource]]\nid = \"x\"\nkind = \"sag\"\n{text}");
    toml::from_str::<File>(&text).unwrap_err().to_string()
}

fn tree(lines: &[(&str, &str, &str)]) -> Result<Inventory, InventoryError> {
    let resources = lines.iter().map(|(id, kind, parent)| {
        let mut resource = one(&std::format!("id = \"{id}\"\nkind = \"{kind}\""));
        if !parent.is_empty() {
            resource.parent = Some(ResourceId::new(*parent).unwrap());
        }
        resource
    });
    Inventory::new(resources.collect())
}

const EVERYTHING: &str = r#"
[[resource]]
id = "tr-attach-1"
kind = "attachment"
attachment = "peer"
region = "cn-hangzhou"
far_region = "cn-shanghai"
name = "to the east"
description = "leased line"
parent = "tr-1"
account = "1000000000000001"
exporters = [
    "192.0.2.12",
    "198.51.100.0/24",
    { address = "203.0.113.1", domain = 5 },
    { domain = 6 },
    { address = "10.0.0.0/8", relay = "203.0.113.7" },
]
interfaces = [3, { index = 4, path = "natGateway" }, { index = 5, facing = true, path = 11 }]
prefixes = ["10.0.0.0/16", "2001:db8::/32"]
active_timeout = "60s"
keeps_start = true
counts_egress = false
sampling = { rate = 1000, force = true }

[[resource]]
id = "eni-1"
kind = "eni"
vm_id = "i-1"
sampling = 100

[[resource]]
id = "sag-1"
kind = "sag"
snid = "sn-1"
sampling = "3/2"
"#;

#[test]
fn every_field_of_a_resource_is_read() {
    let all = resources(EVERYTHING);
    let [attachment, eni, sag] = all.as_slice() else {
        panic!("three resources");
    };
    assert_eq!(attachment.kind, ResourceKind::Attachment);
    assert_eq!(attachment.attachment, Some(Attachment::Peer));
    assert_eq!(attachment.far_region.as_deref(), Some("cn-shanghai"));
    assert_eq!(
        attachment.active_timeout,
        ActiveTimeout::from_millis(60_000)
    );
    assert_eq!(
        (attachment.keeps_start, attachment.counts_egress),
        (Some(true), Some(false))
    );
    let path = |path| InterfacePath::new(path).unwrap();
    assert_eq!(
        attachment.interfaces,
        [
            Interface::facing(3),
            Interface::away(4, path(7)),
            Interface {
                index: 5,
                facing: true,
                path: Some(path(11))
            },
        ]
    );
    let selector = |address: Option<&str>, domain, relay: Option<&str>| ExporterSelector {
        address: address.map(|text| text.parse().unwrap()),
        domain: Option::map(domain, ObservationDomain),
        relay: relay.map(|text| text.parse().unwrap()),
    };
    assert_eq!(
        attachment.exporters,
        [
            selector(Some("192.0.2.12"), None, None),
            selector(Some("198.51.100.0/24"), None, None),
            selector(Some("203.0.113.1"), Some(5), None),
            selector(None, Some(6), None),
            selector(Some("10.0.0.0/8"), None, Some("203.0.113.7")),
        ]
    );
    let sampling = |resource: &Resource| {
        resource
            .sampling
            .map(|s| (s.0.sampling, s.0.force))
            .unwrap()
    };
    assert_eq!(
        sampling(attachment),
        (Sampling::one_in(1000).unwrap(), true)
    );
    assert_eq!(sampling(eni), (Sampling::one_in(100).unwrap(), false));
    assert_eq!(sampling(sag), (Sampling::ratio(3, 2).unwrap(), false));
    assert_eq!(eni.vm_id.as_deref(), Some("i-1"));
    assert_eq!(sag.serial_number.as_deref(), Some("sn-1"));
}

#[test]
fn a_resource_is_written_as_it_is_read() {
    let resource = resources(EVERYTHING);
    let text = toml::to_string(&File {
        resource: resource.clone(),
    })
    .unwrap();
    assert_eq!(resources(&text), resource);
}

#[test]
fn values_of_selectors_are_checked_where_they_stand() {
    for (text, said) in [
        (
            "exporters = [\"192.0.2.7/24\"]",
            "without bits beyond its length",
        ),
        (
            "exporters = [\"router\"]",
            "`router`: an address or a prefix",
        ),
        (
            "exporters = [{ relay = \"192.0.2.1\" }]",
            "which Exporter the relay speaks for",
        ),
        ("exporters = [{}]", "state `address` or `domain`"),
        (
            "exporters = [{ adress = \"192.0.2.1\" }]",
            "unknown field `adress`",
        ),
        ("exporters = [7]", "an address, a prefix, or a table"),
        ("interfaces = [0]", "an SNMP interface index from 1"),
        ("interfaces = [-1]", "`-1`: an SNMP interface index"),
        (
            "interfaces = [4294967296]",
            "`4294967296`: an SNMP interface index",
        ),
        (
            "interfaces = [{ index = 1, facing = false }]",
            "state the `path`",
        ),
        (
            "interfaces = [{ index = 1, path = \"nat\" }]",
            "`nat`: a number of 0 to 22",
        ),
        (
            "interfaces = [{ index = 1, path = 16 }]",
            "`16`: a number of 0 to 22",
        ),
        (
            "prefixes = [\"::/129\"]",
            "`::/129`: an address or a prefix",
        ),
        (
            "active_timeout = \"0s\"",
            "`0s`: an active timeout of 1s to 6000s",
        ),
        ("active_timeout = \"soon\"", "`soon`: a duration such as"),
        ("sampling = 0", "`0`: a sampling rate above 0"),
        ("sampling = \"1/0\"", "`1/0`: a sampling rate above 0"),
        ("sampling = { force = true }", "missing field `rate`"),
        ("parent = \"a b\"", "`a b`: 1 to 128 printable"),
        ("colour = \"red\"", "unknown field `colour`"),
    ] {
        let error = refused(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn the_built_in_resource_is_always_there() {
    let inventory = Inventory::default();
    assert_eq!(inventory.index_of(SAG_DEFAULT), Some(ResourceIndex(0)));
    assert_eq!(inventory.get(SAG_DEFAULT).unwrap().kind, ResourceKind::Sag);
    let named = Inventory::new(resources(
        "[[resource]]\nid = \"a\"\nkind = \"vpc\"\n[[resource]]\nid = \"sag-default\"\nkind = \"sag\"\nregion = \"here\"",
    ))
    .unwrap();
    assert_eq!(named.index_of(SAG_DEFAULT), Some(ResourceIndex(0)));
    assert_eq!(
        named.get(SAG_DEFAULT).unwrap().region.as_deref(),
        Some("here")
    );
    assert_eq!(named.iter().count(), 2);
}

#[test]
fn the_trees_are_those_of_the_products() {
    let inventory = tree(&[
        ("eni", "eni", "vsw"),
        ("eni-2", "eni", "vpc"),
        ("vsw", "vswitch", "vpc"),
        ("vpc", "vpc", ""),
        ("a", "attachment", "tr"),
        ("a-2", "attachment", "cen"),
        ("tr", "transit-router", "cen"),
        ("cen", "cen", ""),
        ("lonely", "eni", ""),
    ])
    .unwrap();
    let line = |id: &str| -> Vec<&str> {
        let index = inventory.index_of(id).unwrap();
        inventory.lineage(index).map(|r| r.id.as_str()).collect()
    };
    assert_eq!(line("eni"), ["eni", "vsw", "vpc"]);
    assert_eq!(line("eni-2"), ["eni-2", "vpc"]);
    assert_eq!(line("a"), ["a", "tr", "cen"]);
    assert_eq!(line("a-2"), ["a-2", "cen"]);
    assert_eq!(line("lonely"), ["lonely"]);
}

#[test]
fn resources_that_do_not_fit_the_tree_are_refused() {
    for (lines, field, said) in [
        (
            &[("a", "sag", ""), ("a", "vpc", "")][..],
            "id",
            "give each resource its own id",
        ),
        (
            &[("a", "vswitch", "b")],
            "parent",
            "no resource has the id `b`",
        ),
        (
            &[("a", "vpc", "b"), ("b", "vpc", "")],
            "parent",
            "a vpc has no parent",
        ),
        (&[("a", "sag", "b")], "parent", "a sag has no parent"),
        (
            &[("a", "eni", "b"), ("b", "cen", "")],
            "parent",
            "a eni cannot be part of a cen",
        ),
        (
            &[("a", "vswitch", "a")],
            "parent",
            "cannot be part of a vswitch",
        ),
        (
            &[("a", "vswitch", "b"), ("b", "vswitch", "a")],
            "parent",
            "cannot be part of a vswitch",
        ),
    ] {
        let error = tree(lines).unwrap_err();
        assert_eq!((error.resource.as_str(), error.field), ("a", field));
        assert!(error.remedy.contains(said), "{error}");
    }
}

#[test]
fn fields_without_meaning_for_the_kind_are_refused() {
    for (text, field) in [
        (
            "id = \"a\"\nkind = \"vpc\"\nattachment = \"vbr\"",
            "attachment",
        ),
        (
            "id = \"a\"\nkind = \"attachment\"\nattachment = \"vbr\"\nfar_region = \"x\"",
            "far_region",
        ),
        (
            "id = \"a\"\nkind = \"attachment\"\nattachment = \"peer\"",
            "attachment",
        ),
        ("id = \"a\"\nkind = \"vpc\"\nvm_id = \"i-1\"", "vm_id"),
        (
            "id = \"a\"\nkind = \"eni\"\nserial_number = \"s\"",
            "serial_number",
        ),
        (
            "id = \"sag-default\"\nkind = \"sag\"\nexporters = [\"192.0.2.1\"]",
            "id",
        ),
        ("id = \"sag-default\"\nkind = \"vpc\"", "kind"),
    ] {
        let resource = one(text);
        let id = resource.id.to_string();
        let error = Inventory::new([resource].into()).unwrap_err();
        assert_eq!((error.resource, error.field), (id, field));
    }
}

#[test]
fn an_error_names_resource_field_value_and_remedy() {
    let error = tree(&[("vsw-1", "vswitch", "vpc-1")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "resource `vsw-1`: parent = `vpc-1`: no resource has the id `vpc-1`"
    );
}

#[test]
fn indices_do_not_depend_on_the_order_of_the_configuration() {
    let lines = [("b", "vpc", ""), ("a", "vswitch", "b"), ("c", "sag", "")];
    let mut reversed = lines;
    reversed.reverse();
    assert_eq!(tree(&lines), tree(&reversed));
}

#[test]
fn resources_keep_their_index_when_the_inventory_changes() {
    let before = tree(&[("b", "vpc", ""), ("vsw", "vswitch", "b")]).unwrap();
    let vsw = before.index_of("vsw").unwrap();
    let after = before
        .changed_to(resources("[[resource]]\nid = \"a\"\nkind = \"sag\""))
        .unwrap();
    assert_eq!(after.index_of("vsw"), None);
    assert_eq!(after.resource(vsw).unwrap().id.as_str(), "vsw");
    assert_eq!(
        after
            .lineage(vsw)
            .map(|r| r.id.as_str())
            .collect::<Vec<_>>(),
        ["vsw", "b"]
    );
    assert_eq!(after.index_of("a"), Some(ResourceIndex(3)));
    assert_eq!(after.iter().count(), 2);
    let child = one("id = \"eni\"\nkind = \"eni\"\nparent = \"vsw\"");
    let error = after.changed_to([child].into()).unwrap_err();
    assert!(error.remedy.contains("no resource has the id `vsw`"));
}

#[test]
fn saved_indices_are_kept() {
    let before = tree(&[("b", "vpc", ""), ("gone", "vpc", "")]).unwrap();
    let ids: Vec<ResourceId> = before.ids().cloned().collect();
    let after = Inventory::with_indices(
        ids,
        resources(
            "[[resource]]\nid = \"a\"\nkind = \"sag\"\n[[resource]]\nid = \"b\"\nkind = \"vpc\"",
        ),
    )
    .unwrap();
    for id in ["b", SAG_DEFAULT] {
        assert_eq!(after.index_of(id), before.index_of(id));
    }
    assert_eq!(after.index_of("a"), Some(ResourceIndex(3)));
    assert_eq!(
        after.resource(ResourceIndex(2)).unwrap().id.as_str(),
        "gone"
    );
}

#[test]
fn paths_have_names_and_numbers() {
    for (path, number) in [
        (TrafficPath::InternetGateway, 15),
        (TrafficPath::NatGateway, 7),
        (TrafficPath::VpnGateway, 9),
        (TrafficPath::TransitRouter, 8),
        (TrafficPath::GatewayEndpoint, 6),
        (TrafficPath::Vbr, 10),
        (TrafficPath::Ecr, 21),
        (TrafficPath::Ipv4Gateway, 13),
        (TrafficPath::GatewayLoadBalancerEndpoint, 22),
    ] {
        assert_eq!(InterfacePath::from(path).number(), number);
    }
    assert_eq!(InterfacePath::new(23), None);
}
