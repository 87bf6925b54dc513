use proptest::prelude::*;

use super::*;

fn both_ways(values: &[u32], width: u32) -> Vec<u32> {
    let mut octets = Vec::new();
    encode(values, width, &mut octets);
    let mut back = Vec::new();
    let runs = Runs {
        octets: &octets,
        width,
    };
    runs.decode(values.len(), &mut back).unwrap();
    back
}

#[test]
fn equal_values_take_a_few_octets() {
    let mut octets = Vec::new();
    encode(&vec![3; 8192], 7, &mut octets);
    assert_eq!(octets, [0x80, 0x80, 0x01, 3]);
}

#[test]
fn the_example_of_the_format_is_packed_as_it_says() {
    let mut octets = Vec::new();
    encode(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut octets);
    assert_eq!(octets, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
}

#[test]
fn values_without_bits_are_zeros() {
    assert_eq!(both_ways(&[0; 11], 0), [0; 11]);
}

/// Stretches of equal values between others, and what number of bits they need.
fn values() -> impl Strategy<Value = (Vec<u32>, u32)> {
    (1..=32_u32).prop_flat_map(|width| {
        let most = u32::MAX >> (32 - width);
        let stretch = (0..=most, prop_oneof![Just(1_usize), 1..40_usize]);
        let stretches = prop::collection::vec(stretch, 0..40);
        stretches.prop_map(move |all| {
            let stretch = |(value, times)| std::iter::repeat_n(value, times);
            (all.into_iter().flat_map(stretch).collect(), width)
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read((values, width) in values()) {
        prop_assert_eq!(both_ways(&values, width), values);
    }
}
