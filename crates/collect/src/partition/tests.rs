use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

#[test]
fn the_numbers_stand_for_state_on_disk_and_never_change() {
    let of = |address: &str| partition_of(address.parse().unwrap(), DEFAULT_PARTITIONS);
    let known = ["192.0.2.1", "192.0.2.2", "10.0.0.1", "2001:db8::1", "::1"].map(of);
    assert_eq!(known, [26, 34, 3, 17, 0]);
}

#[test]
fn neighbouring_addresses_spread_over_the_partitions() {
    let mut exporters = [0_u32; 64];
    for host in 0..6400 {
        let address = Ipv4Addr::from_bits(0x0a00_0000 + host);
        exporters[usize::from(partition_of(address.into(), DEFAULT_PARTITIONS))] += 1;
    }
    assert!(
        exporters.iter().all(|&count| (50..150).contains(&count)),
        "{exporters:?}"
    );

    let mut exporters = [0_u32; 64];
    for subnet in 0..6400_u128 {
        let address = Ipv6Addr::from_bits((0x2001_0db8 << 96) + (subnet << 64) + 1);
        exporters[usize::from(partition_of(address.into(), DEFAULT_PARTITIONS))] += 1;
    }
    assert!(
        exporters.iter().all(|&count| (50..150).contains(&count)),
        "{exporters:?}"
    );
}

#[test]
fn partitions_are_dealt_to_workers_in_turn() {
    let three = NonZeroUsize::new(3).unwrap();
    let workers: Vec<_> = (0..7)
        .map(|partition| worker_of(partition, three))
        .collect();
    assert_eq!(workers, [0, 1, 2, 0, 1, 2, 0]);
}

proptest! {
    #[test]
    fn a_mapped_address_is_the_ipv4_address(bits in any::<u32>(), partitions in 1..=u16::MAX) {
        let v4 = Ipv4Addr::from_bits(bits);
        let partitions = NonZeroU16::new(partitions).unwrap();
        let partition = partition_of(v4.into(), partitions);
        prop_assert!(partition < partitions.get());
        prop_assert_eq!(partition, partition_of(v4.to_ipv6_mapped().into(), partitions));
    }
}
