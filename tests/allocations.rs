//! On the warm path nothing is allocated: a datagram whose Exporter, Template and flows are known
//! goes from octets to an updated flow table without touching the allocator.

use std::net::{IpAddr, Ipv4Addr};

use flowlog_exporter_sim::Blaster;
use flowlog_flowlog::{Definition, FlowLog, Inventory, Mode};
use flowlog_pipeline::{Generation, Partition, Settings};
use flowlog_record::{HashKey, Timestamp, Version};

const FLOWS: u32 = 500;
const START: Timestamp = Timestamp(1_700_000_000_000);
const EXPORTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Datagrams within one second in the middle of a window, so that no row is due.
fn datagrams(version: Version, count: usize) -> Vec<Vec<u8>> {
    let mut blaster = Blaster::new(version, 7, FLOWS);
    let records = Blaster::records_per_datagram(version);
    (0..count)
        .map(|n| {
            let mut out = Vec::new();
            let at = START.plus(10_000 + i64::try_from(n).unwrap() / 50);
            blaster.datagram(at, records, &mut out);
            out
        })
        .collect()
}

fn built_in() -> Generation {
    let inventory = Inventory::new(Vec::new()).unwrap();
    Generation::compile(&inventory, &[FlowLog::built_in()], Mode::Open).unwrap()
}

/// A VPC flow log over everything, which watches its resource.
fn vpc() -> Generation {
    let resource = "id = \"vpc-1\"\nkind = \"vpc\"\nprefixes = [\"0.0.0.0/0\"]";
    let definition = "name = \"vpc\"\nresource = \"vpc-1\"\nwindow = \"1m\"";
    let inventory = Inventory::new(vec![toml::from_str(resource).unwrap()]).unwrap();
    let definition: Definition = toml::from_str(definition).unwrap();
    let flow_log = definition.validate(&inventory).unwrap();
    Generation::compile(&inventory, &[flow_log], Mode::Open).unwrap()
}

fn warm_path_allocates_nothing(version: Version, generation: &Generation) {
    let mut partition = Partition::new(&Settings::with_key(HashKey::PUBLIC), generation);
    let datagrams = datagrams(version, 40_000);
    let (warm_up, measured) = datagrams.split_at(30_000);
    let mut records = 0;
    for octets in warm_up {
        let decoded = partition.handle_datagram(START.plus(10_000), EXPORTER, octets);
        records += decoded.flow_records;
    }
    assert!(records > 100_000, "the warm-up does the work: {records}");
    let mut counted = 0;
    let allocations = allocation_counter::measure(|| {
        for octets in measured {
            counted += partition
                .handle_datagram(START.plus(10_000), EXPORTER, octets)
                .flow_records;
        }
    });
    assert!(
        counted > 100_000,
        "the measured part does the work: {counted}"
    );
    assert_eq!(allocations.count_total, 0, "{version:?}: {allocations:?}");
}

#[test]
fn netflow5_allocates_nothing_once_warm() {
    warm_path_allocates_nothing(Version::V5, &built_in());
}

#[test]
fn netflow9_allocates_nothing_once_warm() {
    warm_path_allocates_nothing(Version::V9, &built_in());
}

#[test]
fn ipfix_allocates_nothing_once_warm() {
    warm_path_allocates_nothing(Version::Ipfix, &built_in());
}

#[test]
fn watching_a_resource_allocates_nothing_once_warm() {
    warm_path_allocates_nothing(Version::V9, &vpc());
}
