use flowlog_record::Timestamp;

use super::RestartDetector;

const X: Timestamp = Timestamp(1_700_000_000_000);

/// The verdicts on datagrams of (`SysUptime`, milliseconds after X).
fn verdicts(datagrams: &[(u32, i64)]) -> alloc::vec::Vec<bool> {
    let mut detector = RestartDetector::default();
    datagrams
        .iter()
        .map(|&(uptime, after)| detector.observe(X.plus(after), (uptime, X.plus(after))))
        .map(|since| since.is_some())
        .collect()
}

#[test]
fn the_first_of_the_two_tells_since_when() {
    let mut detector = RestartDetector::default();
    let mut observe = |uptime, after| detector.observe(X.plus(after), (uptime, X.plus(after)));
    assert_eq!(observe(900_000, 0), None);
    assert_eq!(observe(1_000, 1_000), None);
    assert_eq!(observe(2_000, 2_000), Some(X.plus(1_000)));
}

#[test]
fn the_second_datagram_beyond_a_minute_is_a_restart() {
    let verdicts = verdicts(&[(900_000, 0), (1_000, 1_000), (2_000, 2_000), (3_000, 3_000)]);
    assert_eq!(verdicts, [false, false, true, false]);
}

#[test]
fn one_stray_datagram_is_none() {
    let verdicts = verdicts(&[
        (900_000, 0),
        (1_000, 1_000),
        (902_000, 2_000),
        (1_000, 3_000),
    ]);
    assert_eq!(verdicts, [false; 4]);
}

#[test]
fn a_minute_is_tolerated_either_way() {
    let verdicts = verdicts(&[
        (100_000, 0),
        (160_000, 0),
        (100_000, 0),
        (160_001, 60_001 - 60_000),
    ]);
    assert_eq!(verdicts, [false; 4]);
}

#[test]
fn the_wrap_after_49_days_is_none() {
    let before = u32::MAX - 500;
    let verdicts = verdicts(&[(before, 0), (499, 1_000), (1_499, 2_000)]);
    assert_eq!(verdicts, [false; 3]);
}

#[test]
fn an_exporter_that_never_sets_the_field_has_not_restarted() {
    let day = 86_400_000;
    assert_eq!(
        verdicts(&[(0, 0), (0, day), (0, 2 * day), (0, 3 * day)]),
        [false; 4]
    );
}
