use alloc::string::ToString;
use core::net::IpAddr;

use flowlog_record::Address;
use proptest::prelude::*;

use super::Prefix;

fn address(text: &str) -> Address {
    text.parse::<IpAddr>().unwrap().into()
}

#[test]
fn prefixes_of_both_families_hold_their_own_addresses() {
    let ipv4: Prefix = "10.1.0.0/16".parse().unwrap();
    assert!(ipv4.contains(address("10.1.0.0")) && ipv4.contains(address("10.1.255.255")));
    assert!(!ipv4.contains(address("10.2.0.0")) && !ipv4.contains(address("::10.1.0.0")));
    let ipv6: Prefix = "2001:db8::/32".parse().unwrap();
    assert!(ipv6.contains(address("2001:db8:ffff::1")));
    assert!(!ipv6.contains(address("2001:db9::")));
}

#[test]
fn the_families_never_meet() {
    let (all4, all6): (Prefix, Prefix) = ("0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap());
    assert!(all4.contains(address("255.255.255.255")) && !all4.contains(address("ffff::")));
    assert!(all6.contains(address("ffff::")) && !all6.contains(address("255.255.255.255")));
    assert!(all4.is_ipv4() && !all6.is_ipv4());
}

#[test]
fn an_ipv4_mapped_prefix_is_the_ipv4_prefix() {
    let mapped: Prefix = "::ffff:10.0.0.0/104".parse().unwrap();
    assert_eq!(mapped, "10.0.0.0/8".parse().unwrap());
    assert_eq!(mapped.to_string(), "10.0.0.0/8");
}

#[test]
fn an_address_is_a_prefix_of_its_own() {
    let host: Prefix = "192.0.2.12".parse().unwrap();
    assert_eq!(host, "192.0.2.12/32".parse().unwrap());
    assert_eq!(
        (host.length(), host.to_string().as_str()),
        (32, "192.0.2.12")
    );
    assert_eq!("2001:db8::1".parse::<Prefix>().unwrap().length(), 128);
}

#[test]
fn what_is_no_prefix_says_what_to_write() {
    for bad in [
        "",
        "10.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "::/129",
        "host",
        "10.0.0.0/8/8",
        "10.0.0.0/-1",
    ] {
        let error = bad.parse::<Prefix>().unwrap_err();
        assert_eq!(error.value, bad);
        assert!(error.remedy.starts_with("an address or a prefix"), "{bad}");
    }
    let error = "192.0.2.7/24".parse::<Prefix>().unwrap_err();
    assert!(error.remedy.contains("without bits beyond its length"));
    assert!("2001:db8::1/64".parse::<Prefix>().is_err());
}

proptest! {
    #[test]
    fn text_is_read_back(bits: u128, length in 0_u8..=128, ipv4: bool) {
        let (first, length) = if ipv4 {
            let length = length % 33;
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            let bits = u32::try_from(bits >> 96).unwrap() & mask;
            (IpAddr::from(bits.to_be_bytes()), length)
        } else {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            (IpAddr::from((bits & mask).to_be_bytes()), length)
        };
        let prefix = Prefix::new(first, length).unwrap();
        prop_assert_eq!(prefix.to_string().parse::<Prefix>(), Ok(prefix));
        prop_assert!(prefix.contains(prefix.first()) && prefix.contains(prefix.last()));
    }
}
