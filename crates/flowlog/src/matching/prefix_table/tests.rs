extern crate std;

use core::net::IpAddr;
use std::vec::Vec;

use flowlog_record::Address;
use proptest::collection::vec;
use proptest::prelude::*;

use super::PrefixTable;
use crate::Prefix;

fn holding(table: &PrefixTable, address: IpAddr) -> Vec<(u8, Vec<u32>)> {
    let found = table.holding(address.into());
    found
        .map(|(length, values)| (length, values.to_vec()))
        .collect()
}

#[test]
fn the_longest_prefix_comes_first() {
    let entries = [
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "0.0.0.0/0",
        "::/0",
    ];
    let entries = (0..)
        .zip(entries)
        .map(|(n, text)| (text.parse().unwrap(), n));
    let table = PrefixTable::new(entries.collect());
    let of = |text: &str| holding(&table, text.parse().unwrap());
    assert_eq!(
        of("10.1.2.3"),
        [
            (24, [2].to_vec()),
            (16, [1].to_vec()),
            (8, [0].to_vec()),
            (0, [3].to_vec())
        ]
    );
    assert_eq!(
        of("10.1.3.0"),
        [(16, [1].to_vec()), (8, [0].to_vec()), (0, [3].to_vec())]
    );
    assert_eq!(of("255.255.255.255"), [(0, [3].to_vec())]);
    assert_eq!(of("ffff::"), [(0, [4].to_vec())]);
}

#[test]
fn an_empty_table_holds_nothing() {
    let table = PrefixTable::new(Vec::new());
    assert!(table.is_empty());
    assert_eq!(holding(&table, "10.0.0.1".parse().unwrap()), []);
    assert_eq!(holding(&table, "::1".parse().unwrap()), []);
}

/// Prefixes in a corner of either family, so that they nest and touch and reach its end.
fn prefix() -> impl Strategy<Value = Prefix> {
    (any::<bool>(), any::<bool>(), 0_u8..16, 0_u8..=4).prop_map(|(ipv4, high, low, free)| {
        let low = (low >> free) << free;
        let octet = if high { 0xf0 | low } else { low };
        let rest = if high { 0xff } else { 0 };
        if ipv4 {
            Prefix::new(IpAddr::from([rest, rest, rest, octet]), 32 - free)
        } else {
            let mut octets = [rest; 16];
            octets[15] = octet;
            Prefix::new(IpAddr::from(octets), 128 - free)
        }
        .unwrap()
    })
}

proptest! {
    #[test]
    fn lookups_agree_with_trying_every_prefix(
        entries in vec((prefix(), 0_u32..6), 0..24),
        probe in prefix(),
    ) {
        let table = PrefixTable::new(entries.clone());
        for address in [probe.first(), probe.last()] {
            let found: Vec<(u8, u32)> = table
                .holding(address)
                .flat_map(|(length, values)| values.iter().map(move |&value| (length, value)))
                .collect();
            prop_assert_eq!(found, naive(&entries, address));
        }
    }
}

fn naive(entries: &[(Prefix, u32)], address: Address) -> Vec<(u8, u32)> {
    let mut found: Vec<(u8, u32)> = entries
        .iter()
        .filter(|(prefix, _)| prefix.contains(address))
        .map(|(prefix, value)| (prefix.length(), *value))
        .collect();
    found.sort_by_key(|&(length, value)| (u8::MAX - length, value));
    found.dedup();
    found
}
