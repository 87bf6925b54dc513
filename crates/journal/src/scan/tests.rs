use proptest::prelude::*;

use super::*;
use crate::frame::encode;

impl ReadAt for &[u8] {
    /// Three octets at a time, so that short reads happen.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap().min(self.len());
        let available = &self[from..];
        let octets = available.len().min(buffer.len()).min(3);
        buffer[..octets].copy_from_slice(&available[..octets]);
        Ok(octets)
    }
}

/// Frames of records 10, 11, … one after the other.
fn frames(records: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut frame = Vec::new();
    for (position, record) in (10..).zip(records) {
        encode(&mut frame, Position(position), &[record], 1 << 20).unwrap();
        all.extend_from_slice(&frame);
    }
    all
}

/// What a walk meets, one word a step.
fn walk(octets: &[u8], stop: Option<u64>) -> Vec<String> {
    let mut scan = Scan::new(octets, 0, size(octets.len()), Position(10)).until(stop.map(Position));
    let mut steps = Vec::new();
    loop {
        steps.push(match scan.step().unwrap() {
            Step::Record {
                position,
                offset,
                payload,
            } => format!("{position}@{offset}={}", String::from_utf8_lossy(payload)),
            Step::Damaged { offset, octets } => format!("damaged@{offset}+{octets}"),
            Step::Lost { offset, octets } => format!("lost@{offset}+{octets}"),
            Step::End => return steps,
        });
    }
}

#[test]
fn good_frames_are_met_in_order() {
    let octets = frames(&[b"a", b"", b"ccc"]);
    assert_eq!(walk(&octets, None), ["10@0=a", "11@9=", "12@17=ccc"]);
}

#[test]
fn a_damaged_payload_costs_one_record() {
    let mut octets = frames(&[b"a", b"bb", b"ccc"]);
    octets[17] ^= 1;
    assert_eq!(walk(&octets, None), ["10@0=a", "damaged@9+10", "12@19=ccc"]);
}

#[test]
fn a_damaged_length_costs_the_rest() {
    let mut octets = frames(&[b"a", b"bb", b"ccc"]);
    octets[9] ^= 1;
    assert_eq!(walk(&octets, None), ["10@0=a", "lost@9+21"]);
}

#[test]
fn two_damaged_records_in_a_row_cost_the_rest() {
    let mut octets = frames(&[b"a", b"bb", b"ccc", b"d"]);
    octets[17] ^= 1;
    octets[27] ^= 1;
    assert_eq!(walk(&octets, None), ["10@0=a", "lost@9+30"]);
}

#[test]
fn records_at_and_after_the_stop_belong_to_another_segment() {
    let octets = frames(&[b"a", b"bb", b"ccc"]);
    assert_eq!(walk(&octets, Some(11)), ["10@0=a", "lost@9+21"]);
    assert_eq!(walk(&octets, Some(13)).len(), 3);
}

#[test]
fn a_record_longer_than_the_read_ahead_is_met() {
    let long = vec![b'x'; READ_AHEAD * 2];
    let octets = frames(&[b"a", &long, b"c"]);
    let steps = walk(&octets, None);
    assert_eq!(steps.len(), 3);
    assert!(steps[2].ends_with("=c"));
}

#[test]
fn a_length_beyond_the_segment_reserves_nothing() {
    let mut octets = frames(&[b"a"]);
    octets[..4].copy_from_slice(&0x0fff_ffff_u32.to_le_bytes());
    let mut scan = Scan::new(&octets[..], 0, 9, Position(10));
    assert_eq!(
        scan.step().unwrap(),
        Step::Lost {
            offset: 0,
            octets: 9
        }
    );
    assert!(scan.buffer.capacity() <= 64);
}

#[test]
fn the_last_position_is_not_passed() {
    let mut frame = Vec::new();
    encode(&mut frame, Position(u64::MAX), &[b"x"], 100).unwrap();
    let mut scan = Scan::new(&frame[..], 0, 9, Position(u64::MAX));
    assert!(matches!(scan.step().unwrap(), Step::Lost { .. }));
}

proptest! {
    /// Whatever the octets: every step goes forward, and the steps cover all octets once.
    #[test]
    fn any_octets_are_walked_over_once(
        mut octets in prop::collection::vec(prop_oneof![Just(0_u8), 8..20_u8, any::<u8>()], 0..200),
        good in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..5),
    ) {
        let good: Vec<&[u8]> = good.iter().map(Vec::as_slice).collect();
        let mut all = frames(&good);
        all.append(&mut octets);
        let mut scan = Scan::new(&all[..], 0, size(all.len()), Position(10));
        let mut covered = 0;
        let mut records = 0;
        loop {
            let (at, octets) = match scan.step().unwrap() {
                Step::Record { offset, payload, .. } => {
                    records += 1;
                    (offset, size(payload.len() + FRAME_HEADER))
                }
                Step::Damaged { offset, octets } | Step::Lost { offset, octets } => (offset, octets),
                Step::End => break,
            };
            prop_assert_eq!(at, covered);
            prop_assert!(octets > 0);
            covered += octets;
        }
        prop_assert_eq!(covered, size(all.len()));
        prop_assert!(records >= good.len());
    }
}
