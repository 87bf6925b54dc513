use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use flowlog_flowlog::{Definition, FlowLogId, Inventory, Mode};
use flowlog_record::{HashKey, Timestamp};

use crate::{Generation, Partition, Settings};

const EXPORTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const AT: Timestamp = Timestamp(1_700_000_000_000);

/// Destination port, octets, packets, source AS, application name of a variable length.
const FIELDS: [(u16, u16); 5] = [(11, 2), (1, 4), (2, 4), (16, 4), (96, 65_535)];

/// One IPFIX message with the Template and `records`.
fn message(sequence: u32, records: &[(u16, u32, &str)]) -> Vec<u8> {
    let mut template = vec![0, 2, 0, 0, 1, 0, 0, 5];
    for (id, length) in FIELDS {
        template.extend(id.to_be_bytes());
        template.extend(length.to_be_bytes());
    }
    let mut data = vec![1, 0, 0, 0];
    for (port, source_as, name) in records {
        data.extend(port.to_be_bytes());
        data.extend([100_u32, 1, *source_as].map(u32::to_be_bytes).concat());
        data.push(255);
        data.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
        data.extend(name.as_bytes());
    }
    for set in [&mut template, &mut data] {
        let length = u16::try_from(set.len()).unwrap().to_be_bytes();
        set[2..4].copy_from_slice(&length);
    }
    let length = u16::try_from(16 + template.len() + data.len()).unwrap();
    let mut message = [[0, 10], length.to_be_bytes()].concat();
    message.extend(1_700_000_000_u32.to_be_bytes());
    message.extend(sequence.to_be_bytes());
    message.extend([0; 4]);
    [message, template, data].concat()
}

fn partition(columns: &[&str]) -> Partition {
    let inventory = Inventory::new(Vec::new()).unwrap();
    let mut definition = Definition::new(FlowLogId::new("fl-1").unwrap());
    definition.columns = columns.iter().map(|name| String::from(*name)).collect();
    let flow_log = definition.validate(&inventory).unwrap();
    let generation = Generation::compile(&inventory, &[flow_log], Mode::Open).unwrap();
    Partition::new(&Settings::with_key(HashKey::PUBLIC), &generation)
}

/// Further columns of all rows, sorted.
fn extras(partition: &mut Partition, messages: &[Vec<u8>]) -> Vec<Option<Vec<String>>> {
    for octets in messages {
        let _counted = partition.handle_datagram(AT, EXPORTER, octets);
    }
    partition.finish();
    let rows = partition.take_rows().into_iter();
    let mut extras: Vec<_> = rows.map(|row| row.extra.map(Vec::from)).collect();
    extras.sort();
    extras
}

#[test]
fn a_row_has_the_listed_elements_of_its_first_record() {
    let mut listed = partition(&["applicationName", "bgpSourceAsNumber", "vlanId"]);
    let first = message(0, &[(80, 64_500, "web"), (53, 64_501, "dns")]);
    let second = message(2, &[(80, 64_999, "other")]);
    let texts = |texts: [&str; 3]| Some(texts.map(String::from).to_vec());
    assert_eq!(
        extras(&mut listed, &[first, second]),
        [texts(["dns", "64501", "-"]), texts(["web", "64500", "-"])]
    );
}

#[test]
fn rows_of_flow_logs_that_list_nothing_carry_nothing() {
    let first = message(0, &[(80, 64_500, "web")]);
    assert_eq!(extras(&mut partition(&[]), &[first]), [None]);
}

#[test]
fn a_long_text_is_cut_between_two_characters() {
    let name = "é".repeat(1_000);
    let long = message(0, &[(80, 1, &name), (81, 1, &["x", &name].concat())]);
    let mut partition = partition(&["applicationName"]);
    let lengths: Vec<_> = extras(&mut partition, &[long])
        .into_iter()
        .map(|texts| texts.unwrap()[0].len())
        .collect();
    assert_eq!(lengths, [255, 256]);
}
