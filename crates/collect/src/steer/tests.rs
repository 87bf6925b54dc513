use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;
use crate::{partition_of, worker_of};

/// Runs a program on a network header, as the kernel would.
fn run(program: &[sock_filter], header: &[u8]) -> u32 {
    let (mut a, mut x, mut at) = (0_u32, 0_u32, 0);
    loop {
        let sock_filter { code, jt, jf, k } = program[at];
        at += 1;
        let offset = || usize::try_from(k.cast_signed() - libc::SKF_NET_OFF).unwrap();
        match code {
            LOAD_WORD => a = u32::from_be_bytes(header[offset()..][..4].try_into().unwrap()),
            LOAD_OCTET => a = u32::from(header[offset()]),
            ADD => a = a.wrapping_add(k),
            ADD_X => a = a.wrapping_add(x),
            XOR_X => a ^= x,
            MULTIPLY => a = a.wrapping_mul(k),
            MODULO => a %= k,
            SHIFT_RIGHT => a >>= k,
            COPY_TO_X => x = a,
            JUMP => at += usize::try_from(k).unwrap(),
            JUMP_IF_EQUAL => at += usize::from(if a == k { jt } else { jf }),
            RETURN => return a,
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}

/// The first octets of a datagram's network header.
fn header(source: IpAddr) -> Vec<u8> {
    match source {
        IpAddr::V4(v4) => [&[0x45; 12][..], &v4.octets(), &[9; 4]].concat(),
        IpAddr::V6(v6) => [&[0x60; 8][..], &v6.octets(), &[9; 16]].concat(),
    }
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
        any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).to_ipv6_mapped().into()),
    ]
}

proptest! {
    #[test]
    fn the_kernel_and_we_agree_on_the_worker(
        source in any_address(),
        partitions in 1..=u16::MAX,
        workers in 1..=256_u16,
    ) {
        let partitions = NonZeroU16::new(partitions).unwrap();
        let workers = NonZeroU16::new(workers).unwrap();
        let picked = run(&program(partitions, workers), &header(source));
        let computed = worker_of(partition_of(source, partitions), NonZeroUsize::from(workers));
        prop_assert_eq!(usize::try_from(picked).unwrap(), computed);
    }
}
