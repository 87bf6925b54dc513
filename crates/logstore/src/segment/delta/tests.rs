use proptest::prelude::*;

use super::*;

#[test]
fn the_example_of_the_format_is_packed_as_it_says() {
    let mut octets = Vec::new();
    encode(&[7, 5, 3, 1, 2, 3, 4, 5], &mut octets);
    // 128, 4 and 8; the first value 7; the least difference -2; the widths 2, 0, 0, 0; the
    // differences less -2: 0, 0, 0, 3, 3, 3, 3.
    let head = [0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0];
    let packed = [0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0];
    assert_eq!(octets, [&head[..], &packed].concat());
}

#[test]
fn nothing_and_one_value_are_written() {
    for (values, wanted) in [
        (&[][..], vec![0x80, 0x01, 4, 0, 0]),
        (&[-1], vec![0x80, 0x01, 4, 1, 1]),
    ] {
        let mut octets = Vec::new();
        encode(values, &mut octets);
        assert_eq!(octets, wanted);
    }
}

/// What the format says a reader does.
fn decoded(octets: &[u8]) -> Vec<i64> {
    let mut left = octets;
    let varint = |left: &mut &[u8]| {
        let mut value = 0_u64;
        for shift in (0..).step_by(7) {
            let (octet, rest) = left.split_first().unwrap();
            *left = rest;
            value |= u64::from(octet & 0x7f) << shift;
            if octet & 0x80 == 0 {
                break;
            }
        }
        value
    };
    let zigzag = |n: u64| (n >> 1).cast_signed() ^ -((n & 1).cast_signed());
    let (block, parts, count) = (varint(&mut left), varint(&mut left), varint(&mut left));
    let part = usize::try_from(block / parts).unwrap();
    let count = usize::try_from(count).unwrap();
    let mut values = vec![zigzag(varint(&mut left))];
    while values.len() < count {
        let least = zigzag(varint(&mut left));
        let (widths, rest) = left.split_at(usize::try_from(parts).unwrap());
        left = rest;
        for width in widths {
            let width = usize::from(*width);
            if values.len() >= count {
                break;
            }
            let (packed, rest) = left.split_at(width * part / 8);
            left = rest;
            for at in 0..part {
                let bit = |bit: usize| u64::from(packed[bit / 8] >> (bit % 8) & 1);
                let delta = (0..width).fold(0, |n, b| n | bit(at * width + b) << b);
                let before = *values.last().unwrap();
                values.push(before.wrapping_add(least).wrapping_add(delta.cast_signed()));
            }
        }
    }
    assert_eq!(left, b"");
    values.truncate(count);
    values
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        values in prop::collection::vec(
            prop_oneof![0..5_i64, 0..100_000_i64, any::<i64>(), Just(i64::MIN), Just(i64::MAX)],
            1..600,
        )
    ) {
        let mut octets = Vec::new();
        encode(&values, &mut octets);
        prop_assert_eq!(decoded(&octets), values);
    }
}
