use alloc::vec::Vec;

use flowlog_record::{ActiveTimeout, Address, ExporterId, ObservationDomain, Timestamp};

use super::{Exporters, FORGOTTEN_AFTER, MINUTE, TIMEOUT_MEMORY, hold_millis};
use crate::rules::{Hold, Origin};
use crate::windows::Holds;

fn timeout(seconds: u32) -> ActiveTimeout {
    ActiveTimeout::from_millis(seconds * 1_000).unwrap()
}

fn origin(exporter: u32, seconds: u32) -> Origin {
    Origin {
        exporter: ExporterId(exporter),
        address: Address::UNSPECIFIED,
        domain: ObservationDomain(0),
        at: Timestamp(0),
        shift: 0,
        active_timeout: timeout(seconds),
        first_heard: Timestamp(0),
    }
}

fn seconds_at(exporters: &Exporters, at: i64) -> i64 {
    exporters
        .get(ExporterId(1))
        .unwrap()
        .timeout_at(at)
        .millis()
        / 1_000
}

#[test]
fn the_timeout_is_that_of_the_last_whole_minute() {
    let mut exporters = Exporters::default();
    exporters.hear(&origin(1, 60), 30_000, 9);
    exporters.hear(&origin(1, 120), 60_000, 9);
    exporters.hear(&origin(1, 300), 90_000, 9);
    exporters.hear(&origin(1, 600), 120_000, 9);
    let seen: Vec<i64> = [0, 60_000, 119_999, 120_000, 179_999, 180_000, 999_999]
        .map(|at| seconds_at(&exporters, at))
        .to_vec();
    assert_eq!(seen, [60, 60, 60, 300, 300, 600, 600]);
}

#[test]
fn rows_wait_for_the_next_report_within_bounds() {
    let held: Vec<i64> = [1, 10, 60, 180, 300, 6_000]
        .map(|seconds| hold_millis(Hold::Auto, timeout(seconds)) / 1_000)
        .to_vec();
    assert_eq!(held, [15, 15, 66, 198, 300, 300]);
    assert_eq!(hold_millis(Hold::Fixed(0), timeout(60)), 0);
}

#[test]
fn an_exporter_that_is_not_known_is_held_like_one_that_has_not_learned() {
    let exporters = Exporters::default();
    assert_eq!(
        exporters.hold(ExporterId(7), &Holds::new(Hold::Auto), 0),
        66_000
    );
}

#[test]
fn timeouts_are_remembered_no_longer_than_they_are_of_use() {
    let mut exporters = Exporters::default();
    for minute in 0..1_000 {
        let seconds = if minute % 2 == 0 { 60 } else { 120 };
        exporters.hear(&origin(1, seconds), minute * MINUTE, 9);
    }
    let known = exporters.get(ExporterId(1)).unwrap();
    let most = usize::try_from(TIMEOUT_MEMORY / MINUTE).unwrap() + 3;
    assert!(known.timeouts.len() <= most, "{}", known.timeouts.len());
    let at = 999 * MINUTE - TIMEOUT_MEMORY + MINUTE;
    let expected = if (at / MINUTE - 1) % 2 == 0 { 60 } else { 120 };
    assert_eq!(seconds_at(&exporters, at), expected);
}

#[test]
fn an_exporter_without_rows_is_new_after_a_long_silence() {
    for (rows, expected) in [(0, 300), (1, 60)] {
        let mut exporters = Exporters::default();
        exporters.hear(&origin(1, 60), 0, 9);
        (0..rows).for_each(|_| exporters.row_opened(ExporterId(1)));
        exporters.hear(&origin(1, 300), FORGOTTEN_AFTER + 1, 9);
        assert_eq!(seconds_at(&exporters, FORGOTTEN_AFTER), expected);
    }
}

#[test]
fn those_silent_longest_are_forgotten_for_lack_of_room_but_none_with_rows() {
    let mut exporters = Exporters::default();
    for id in 0..8 {
        exporters.hear(&origin(id, 60), i64::from(id), 8);
    }
    exporters.row_opened(ExporterId(0));
    exporters.hear(&origin(8, 60), 8, 8);
    let known: Vec<u32> = exporters.rows().map(|(id, _)| id.0).collect();
    assert_eq!(known, [0, 2, 3, 4, 5, 6, 7, 8]);
}
