use super::*;

const MIB: usize = 1 << 20;

/// The nap after `taken` datagrams that came in `us` microseconds.
fn after(room: usize, taken: usize, us: i64) -> Option<u128> {
    let mut pace = Pace::new(room);
    let first = pace.nap(1_000_000, taken, 64);
    assert_ne!(first, Some(Duration::ZERO));
    pace.nap(1_000_000 + us, taken, 64)
        .map(|nap| nap.as_micros())
}

#[test]
fn a_nap_lasts_until_a_batch_is_worth_taking() {
    assert_eq!(after(64 * MIB, 8, 1000), Some(6000));
    assert_eq!(after(64 * MIB, 12, 5000), Some(16_000));
    assert_eq!(after(64 * MIB, 48, 5000), Some(5000));
}

#[test]
fn a_single_datagram_after_silence_waits_for_company_but_not_for_long() {
    assert_eq!(after(64 * MIB, 1, 60_000_000), Some(16_000));
}

#[test]
fn there_is_no_nap_while_more_waits_or_nothing_came() {
    assert_eq!(after(64 * MIB, 64, 10_000), None);
    assert_eq!(after(64 * MIB, 0, 10_000), None);
}

#[test]
fn there_is_no_nap_at_a_rate_that_fills_batches_by_itself() {
    assert_eq!(after(64 * MIB, 60, 300), None);
}

#[test]
fn a_burst_of_ten_gigabits_does_not_fill_the_buffer() {
    for room in [4 * MIB, 8 * MIB, 16 * MIB] {
        let nap = after(room, 1, 1_000_000).unwrap();
        let payload = nap * 1250;
        assert!(
            payload * 3 <= u128::try_from(room).unwrap(),
            "{payload} in {room}"
        );
    }
}

#[test]
fn a_small_buffer_leaves_no_time_to_nap() {
    assert_eq!(after(425_984, 1, 1_000_000), None);
}
