//! When rows leave: §4.

use super::{only, told, told_with};
use crate::flow_log::{Hold, Rules, Window};
use crate::known::Stated;
use crate::script::{Exporter, MINUTE, NOON, SECOND, Script, Version};
use crate::stream::Record;

/// A millisecond before `at`, and `at`.
fn ticks(script: &mut Script, at: i64) {
    script.tick(NOON + at - 1);
    script.tick(NOON + at);
}

fn at(key: u8, from: i64, to: i64) -> Record {
    Record::udp(key)
        .between(NOON + from, NOON + to)
        .counted(3, 30)
}

fn held(hold: i64) -> Rules {
    Rules {
        hold: Hold::Fixed(hold),
        ..only(Window::Of(MINUTE), None)
    }
}

fn with_timeout(seconds: i64) -> Stated {
    Stated {
        active_timeout: Some(seconds * SECOND),
        ..Stated::default()
    }
}

const AGING: Rules = only(Window::Absent, Some((300_000, 15_000)));

#[test]
fn windowed_rows_leave_hold_after_the_end_of_the_window() {
    let exporter = Exporter::new(1, Version::V9);
    for (rules, timeout, hold) in [
        (held(0), None, 0),
        (held(20_000), None, 20_000),
        // 60 s until something is learned, and 6 s of jitter.
        (only(Window::Of(MINUTE), None), None, 66_000),
        (only(Window::Of(MINUTE), None), Some(30), 35_000),
        (only(Window::Of(MINUTE), None), Some(1), 15_000),
        (only(Window::Of(MINUTE), None), Some(600), 300_000),
    ] {
        let mut script = Script::new();
        script.send(&exporter, NOON + 10_000, vec![at(1, 5_000, 9_000)]);
        ticks(&mut script, 60_000 + hold);
        let stated = timeout.map_or(Stated::default(), with_timeout);
        let expected = [format!("{} key 1 5000..9000 3/30 window", 60_000 + hold)];
        assert_eq!(told_with(&script, rules, stated), expected);
    }
}

/// Gives the Exporter 300 durations of this length, in `at`, with keys of their own.
fn teach(script: &mut Script, exporter: &Exporter, at: i64, duration: i64) {
    let end = NOON + at;
    let records = (0..300_u16).map(|n| {
        Record::udp(200)
            .with(7, 2, n.into())
            .between(end - duration, end)
            .counted(1, 1)
    });
    script.send(exporter, end, records.collect());
}

/// The lines without those of the records that teach.
fn taught(told: Vec<String>) -> Vec<String> {
    told.into_iter()
        .filter(|line| !line.contains(" key 0 "))
        .collect()
}

#[test]
fn the_active_timeout_is_learned_and_the_hold_taken_when_the_window_ends() {
    let exporter = Exporter::new(1, Version::V9);
    let minutes = only(Window::Of(MINUTE), None);
    // Learned before the window ends: 120 s and 12 s.
    let mut script = Script::new();
    teach(&mut script, &exporter, 1_000, 110_000);
    script.send(&exporter, NOON + 10_000, vec![at(201, 5_000, 9_000)]);
    ticks(&mut script, 60_000 + 132_000);
    let expected = ["192000 key 201 5000..9000 3/30 window"];
    assert_eq!(taught(told(&script, minutes)), expected);
    // Learned behind its end: 60 s and 6 s, as was known then.
    let mut script = Script::new();
    script.send(&exporter, NOON + 10_000, vec![at(201, 5_000, 9_000)]);
    script.tick(NOON + 60_000);
    teach(&mut script, &exporter, 61_000, 110_000);
    ticks(&mut script, 60_000 + 66_000);
    let expected = ["126000 key 201 5000..9000 3/30 window"];
    assert_eq!(taught(told(&script, minutes)), expected);
}

#[test]
fn fewer_than_128_durations_teach_nothing() {
    let exporter = Exporter::new(1, Version::V9);
    let minutes = only(Window::Of(MINUTE), None);
    let mut script = Script::new();
    for n in 0..126_u16 {
        let record = Record::udp(200).with(7, 2, n.into());
        let record = record.between(NOON - 9_000, NOON).counted(1, 1);
        script.send(&exporter, NOON, vec![record]);
    }
    script.send(&exporter, NOON + 10_000, vec![at(201, 5_000, 9_000)]);
    ticks(&mut script, 126_000);
    let expected = ["126000 key 201 5000..9000 3/30 window"];
    assert_eq!(taught(told(&script, minutes)), expected);
    // With more of them it is 10 s and 5 s.
    let mut script = Script::new();
    teach(&mut script, &exporter, 0, 9_000);
    script.send(&exporter, NOON + 10_000, vec![at(201, 5_000, 9_000)]);
    ticks(&mut script, 75_000);
    let expected = ["75000 key 201 5000..9000 3/30 window"];
    assert_eq!(taught(told(&script, minutes)), expected);
}

#[test]
fn one_duration_in_a_hundred_may_be_longer() {
    let exporter = Exporter::new(1, Version::V9);
    let minutes = only(Window::Of(MINUTE), None);
    for (long, hold) in [(2, 66_000), (8, 132_000)] {
        let mut script = Script::new();
        for n in 0..long {
            let record = Record::udp(200).with(7, 2, 40_000 + n);
            let record = record.between(NOON - 110_000, NOON).counted(1, 1);
            script.send(&exporter, NOON, vec![record]);
        }
        teach(&mut script, &exporter, 1_000, 58_000);
        script.send(&exporter, NOON + 10_000, vec![at(201, 5_000, 9_000)]);
        ticks(&mut script, 60_000 + hold);
        let expected = [format!("{} key 201 5000..9000 3/30 window", 60_000 + hold)];
        let told: Vec<_> = (taught(told(&script, minutes)).into_iter())
            .filter(|line| line.contains("key 201"))
            .collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn late_parts_leave_every_minute_as_rows_that_add() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    script.send(&exporter, NOON + 59_000, vec![at(1, 30_000, 50_000)]);
    // Two that come too late, for the same window, then a third.
    script.send(&exporter, NOON + 125_000, vec![at(1, 20_000, 25_000)]);
    script.send(&exporter, NOON + 170_000, vec![at(1, 40_000, 55_000)]);
    script.tick(NOON + 190_000);
    script.send(&exporter, NOON + 200_000, vec![at(1, 1_000, 2_000)]);
    script.tick(NOON + 10 * MINUTE);
    let expected = [
        "125000 key 1 30000..50000 3/30 window",
        "190000 key 1 20000..55000 6/60 window late",
        "600000 key 1 1000..2000 3/30 window late",
    ];
    assert_eq!(told(&script, held(0)), expected);
}

#[test]
fn late_rows_leave_as_forced_at_the_end() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    script.send(&exporter, NOON + 95_000, vec![at(1, 20_000, 80_000)]);
    let expected = [
        "end key 1 20000..60000 1/10 forced late",
        "end key 1 60000..80000 2/20 forced",
    ];
    let mut told = told(&script, held(0));
    told.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn beyond_the_allowed_lateness_parts_are_counted_and_dropped() {
    let exporter = Exporter::new(1, Version::V9);
    // 2 h by default, and never less than 6060 s and the hold.
    for (allowed_lateness, bound) in [
        (7_200_000, 7_200_000),
        (0, 6_060_000),
        (86_400_000, 9_000_000),
    ] {
        let rules = Rules {
            allowed_lateness,
            ..held(0)
        };
        for (after, rows) in [(-1_000, 1), (1_000, 0)] {
            // An interval that begins 6060 s before its end, which is half an hour old.
            let now = 60_000 + bound + after;
            let end = now - 3_000_000;
            let mut script = Script::new();
            script.send(&exporter, NOON + now, vec![at(1, 59_999, end)]);
            script.tick(NOON + now + MINUTE);
            let told = told(&script, rules);
            let first = told.iter().filter(|line| line.contains(" 59999..60000 "));
            let rows = if allowed_lateness == 86_400_000 {
                1
            } else {
                rows
            };
            assert_eq!(first.count(), rows, "{allowed_lateness} {after}: {told:?}");
        }
    }
}

#[test]
fn a_flow_that_said_it_ended_leaves_after_two_seconds() {
    let exporter = Exporter::new(1, Version::V9);
    let plain = at(1, 5_000, 9_000);
    for (record, reason, threshold) in [
        (plain.clone(), "inactive", 15_000),
        (plain.clone().with(136, 1, 1), "ended", 2_000),
        (plain.clone().with(136, 1, 3), "ended", 2_000),
        (plain.clone().with(136, 1, 4), "ended", 2_000),
        (plain.clone().with(136, 1, 5), "ended", 2_000),
        (plain.clone().with(6, 1, 0x11), "ended", 2_000),
        (plain.clone().with(6, 1, 0x04), "ended", 2_000),
        (plain.clone().with(6, 1, 0x12), "inactive", 15_000),
        // An active timeout explains it: 60 s and 6 s.
        (plain.clone().with(136, 1, 2), "inactive", 66_000),
    ] {
        let mut script = Script::new();
        script.send(&exporter, NOON + 10_000, vec![record.clone()]);
        ticks(&mut script, 9_000 + threshold);
        // What is due when it arrives leaves when time goes on.
        let left = (9_000 + threshold).max(10_001);
        let expected = [format!("{left} key 1 5000..9000 3/30 {reason}")];
        assert_eq!(told(&script, AGING), expected, "{record:?}");
    }
}

#[test]
fn long_records_are_explained_by_the_active_timeout() {
    let exporter = Exporter::new(1, Version::V9);
    for (duration, threshold) in [(48_000, 66_000), (47_999, 15_000)] {
        let mut script = Script::new();
        let end = 100_000;
        script.send(&exporter, NOON + end, vec![at(1, end - duration, end)]);
        ticks(&mut script, end + threshold);
        let expected = [format!(
            "{} key 1 {}..{end} 3/30 inactive",
            end + threshold,
            end - duration
        )];
        assert_eq!(told(&script, AGING), expected);
    }
    // With a reason that is none of an active timeout it is the reason that counts.
    let mut script = Script::new();
    script.send(
        &exporter,
        NOON + 100_000,
        vec![at(1, 0, 100_000).with(136, 1, 1)],
    );
    ticks(&mut script, 102_000);
    assert_eq!(told(&script, AGING), ["102000 key 1 0..100000 3/30 ended"]);
    // InactiveAging beyond it stays.
    let slow = only(Window::Absent, Some((300_000, 100_000)));
    let mut script = Script::new();
    script.send(&exporter, NOON + 100_000, vec![at(1, 40_000, 100_000)]);
    ticks(&mut script, 200_000);
    assert_eq!(
        told(&script, slow),
        ["200000 key 1 40000..100000 3/30 inactive"]
    );
}

#[test]
fn a_long_flow_is_not_cut_at_every_report() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    for n in 0..6 {
        let (from, to) = (n * MINUTE, n * MINUTE + 59_500);
        script.send(&exporter, NOON + to + 2_000, vec![at(1, from, to)]);
        script.tick(NOON + to + 40_000);
    }
    let expected = ["361500 key 1 0..300000 15/150 active"];
    assert_eq!(told(&script, AGING)[..1], expected);
}

#[test]
fn rows_of_a_silent_exporter_leave_as_idle() {
    let exporter = Exporter::new(1, Version::V9);
    // An active timeout of 1000 s explains it: inactive only 1100 s behind its end.
    let mut script = Script::new();
    script.send(
        &exporter,
        NOON + 10_000,
        vec![at(1, 5_000, 9_000).with(136, 1, 2)],
    );
    ticks(&mut script, 10_000 + 15_000 + 1_000_000 + 30_000);
    let expected = ["1055000 key 1 5000..9000 3/30 idle"];
    assert_eq!(told_with(&script, AGING, with_timeout(1000)), expected);
    // Another word of it, and it is not silent.
    let mut script = Script::new();
    script.send(
        &exporter,
        NOON + 10_000,
        vec![at(1, 5_000, 9_000).with(136, 1, 2)],
    );
    script.send(&exporter, NOON + 100_000, vec![at(2, 99_000, 99_000)]);
    script.tick(NOON + 500_000);
    ticks(&mut script, 9_000 + 1_100_000);
    let told = told_with(&script, AGING, with_timeout(1000));
    assert_eq!(told[1..], ["1109000 key 1 5000..9000 3/30 inactive"]);
}

#[test]
fn what_is_open_at_the_end_of_the_input_leaves_as_forced() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    script.send(&exporter, NOON + 10_000, vec![at(1, 5_000, 9_500)]);
    for window in [Window::Of(MINUTE), Window::Absent] {
        let expected = ["end key 1 5000..9500 3/30 forced"];
        assert_eq!(told(&script, only(window, None)), expected);
    }
}

#[test]
fn a_flow_log_that_is_switched_off_lets_its_rows_leave_and_none_ends_later() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    // The ends lie ahead of their arrival, one behind the end of the window.
    let records = vec![at(1, 50_000, 59_900), at(2, 58_000, 60_400)];
    script.send(&exporter, NOON + 59_500, records);
    script.off(NOON + 59_500);
    script.send(&exporter, NOON + 59_600, vec![at(3, 58_000, 59_000)]);
    let expected = [
        "59500 key 1 50000..59500 3/30 forced",
        "59500 key 2 58000..59500 3/30 forced",
    ];
    assert_eq!(told(&script, AGING), expected);
    let expected = [
        "59500 key 1 50000..59500 3/30 forced",
        "59500 key 2 58000..59500 1/10 forced",
        "59500 key 2 59500..59500 2/20 forced",
    ];
    let mut told = told(&script, only(Window::Of(MINUTE), None));
    told.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn ticks_change_no_row() {
    let exporter = Exporter::new(1, Version::V9);
    let mut sparse = Script::new();
    let mut dense = Script::new();
    for n in 0..20 {
        let sent = n * 37_000 + 40_000;
        let record = at(1, sent - n * 1_900, sent - n % 3 * 13_000);
        sparse.send(&exporter, NOON + sent, vec![record.clone()]);
        dense.send(&exporter, NOON + sent, vec![record]);
        for second in 1..37 {
            dense.tick(NOON + sent + second * SECOND);
        }
    }
    sparse.tick(NOON + 60 * MINUTE);
    dense.tick(NOON + 60 * MINUTE);
    for rules in [AGING, held(0), Rules::DEFAULT] {
        let rows = |script: &Script| -> Vec<String> {
            let mut rows: Vec<_> = (told(script, rules).into_iter())
                .map(|line| line.split_once(' ').expect("two words").1.to_owned())
                .collect();
            rows.sort_unstable();
            rows
        };
        assert_eq!(rows(&sparse), rows(&dense));
    }
}
