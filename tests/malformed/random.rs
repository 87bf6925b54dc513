//! Derivation 7: random damage, the same in every run.

use super::feeding::{Feeding, Seen};
use super::{each_case, flows};
use flowlog_tests::captures::{Case, Datagram};

/// Damaged datagrams of each case.
const PER_CASE: u32 = 10_000;

/// A generator of numbers that look random (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn octet(&mut self) -> u8 {
        self.next().to_be_bytes()[3]
    }
}

/// One way of damaging a datagram, chosen at random.
fn damaged(case: &Case, datagram: &Datagram, whole: &Seen, noise: &mut Noise) -> Vec<u8> {
    let mut octets = datagram.octets.clone();
    if octets.is_empty() {
        return octets;
    }
    match noise.below(7) {
        0 => {
            for _ in 0..[1, 2, 8][noise.below(3)] {
                let at = noise.below(octets.len());
                octets[at] ^= 1 << noise.below(8);
            }
        }
        1 => {
            let begin = noise.below(octets.len());
            let end = (begin + 1 + noise.below(16)).min(octets.len());
            let kind = noise.below(3);
            for octet in &mut octets[begin..end] {
                *octet = match kind {
                    0 => 0,
                    1 => 0xff,
                    _ => noise.octet(),
                };
            }
        }
        2 => {
            let other = &case.datagrams[noise.below(case.datagrams.len())].octets;
            octets.truncate(octets.len() / 2);
            octets.extend_from_slice(&other[other.len() / 2..]);
        }
        3 => {
            let header = [24, 20, 16][noise.below(3)].min(octets.len());
            octets.truncate(header);
            let count = 1 + noise.below(1_500);
            octets.extend((0..count).map(|_| noise.octet()));
        }
        way => return rearranged(&octets, whole, way, noise),
    }
    octets
}

/// Two Sets swapped, one doubled, one left out.
fn rearranged(octets: &[u8], whole: &Seen, way: usize, noise: &mut Noise) -> Vec<u8> {
    let begins = whole.sets.iter().map(|&(begin, _)| begin);
    let spans: Vec<(usize, usize)> = begins.zip(whole.boundaries.iter().copied()).collect();
    let Some(&(first, _)) = spans.first() else {
        return octets.to_vec();
    };
    let mut sets: Vec<&[u8]> = spans
        .iter()
        .map(|&(begin, end)| &octets[begin..end])
        .collect();
    let (one, other) = (noise.below(sets.len()), noise.below(sets.len()));
    match way {
        4 => sets.swap(one, other),
        5 => sets.insert(other, sets[one]),
        _ => {
            sets.remove(one);
        }
    }
    let mut rearranged = [&octets[..first], &sets.concat()].concat();
    if octets[1] == 10 {
        let length = u16::try_from(rearranged.len()).unwrap_or(u16::MAX);
        rearranged[2..4].copy_from_slice(&length.to_be_bytes());
    }
    rearranged
}

#[test]
fn derivation_7_random_damage() {
    each_case(|case| {
        let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
        let expected = flows(&mut Feeding::default(), case);
        let wholes: Vec<Seen> = case
            .datagrams
            .iter()
            .map(|datagram| Feeding::that_knows(case).feed(datagram))
            .collect();
        let mut feeding = Feeding::that_knows(case);
        for _ in 0..PER_CASE {
            let n = noise.below(case.datagrams.len());
            let datagram = &case.datagrams[n];
            let octets = damaged(case, datagram, &wholes[n], &mut noise);
            feeding.feed_octets(datagram, &octets);
        }
        // Templates that the damage has put there and the case does not define stay; those that it
        // defines are as they were once they are announced again.
        flows(&mut feeding, case);
        let again = flows(&mut feeding, case);
        for (n, expected) in expected.iter().enumerate() {
            if !expected.is_empty() {
                assert!(again[n].len() >= expected.len(), "{} {n}", case.name);
            }
        }
    });
}
