//! When a record was: §3. With `window = "none"` each record is a row, so the rows are the
//! intervals.

use super::{only, told};
use crate::flow_log::{Rules, TimeSource, Window};
use crate::script::{Exporter, MINUTE, NOON, SECOND, Script, Version};
use crate::stream::{Record, millis, ntp, uptime};

const ALONE: Rules = only(Window::PerRecord, None);

/// What all tests here send at: nine in the evening, so to say, of an Exporter that is in time.
const SENT: i64 = NOON + 200_000;

/// The interval of one record that is sent at [`SENT`], in milliseconds after noon.
fn interval(version: Version, record: Record) -> String {
    let mut script = Script::new();
    script.send(&Exporter::new(1, version), SENT, vec![record.counted(1, 1)]);
    intervals(&script, ALONE).join(" ")
}

/// `START..END` of each row.
fn intervals(script: &Script, rules: Rules) -> Vec<String> {
    let word = |line: String| line.split(' ').nth(3).expect("four words").to_owned();
    told(script, rules).into_iter().map(word).collect()
}

#[test]
fn every_clock_tells_the_same() {
    let (start, end) = (NOON + 10_000, NOON + 190_000);
    let record = || Record::udp(1);
    let boot = Exporter::new(1, Version::V9).boot;
    for version in [Version::V9, Version::Ipfix] {
        for told in [
            record().between(start, end),
            record()
                .with(154, 8, ntp(start * 1000 + 999))
                .with(155, 8, ntp(end * 1000 + 1)),
            record()
                .with(156, 8, ntp(start * 1000 + 999))
                .with(157, 8, ntp(end * 1000 + 1)),
            record()
                .with(150, 4, millis(start / 1000))
                .with(151, 4, millis(end / 1000)),
            record().with(158, 4, 190_000_000).with(159, 4, 10_000_000),
        ] {
            assert_eq!(interval(version, told), "10000..190000", "{version:?}");
        }
    }
    for version in [Version::V5, Version::V9] {
        let record = record().with(6, 1, 0).switched(boot, start, end);
        let record = record.with(2, 4, 1).with(1, 4, 1);
        let mut script = Script::new();
        script.send(&Exporter::new(1, version), SENT, vec![record]);
        assert_eq!(intervals(&script, ALONE), ["10000..190000"], "{version:?}");
    }
    let told = record()
        .switched(boot, start, end)
        .with(160, 8, millis(boot));
    assert_eq!(interval(Version::Ipfix, told), "10000..190000");
}

#[test]
fn of_several_clocks_the_finest_that_counts_is_taken() {
    let record = Record::udp(1);
    let at = |ms: i64| NOON + ms;
    let seconds =
        record
            .with(150, 4, millis(at(1_000) / 1000))
            .with(151, 4, millis(at(2_000) / 1000));
    let delta = seconds
        .clone()
        .with(158, 4, 150_000_000)
        .with(159, 4, 140_000_000);
    assert_eq!(interval(Version::Ipfix, delta.clone()), "1000..2000");
    let boot = Exporter::new(1, Version::V9).boot;
    let switched = delta.switched(boot, at(5_000), at(6_000));
    assert_eq!(interval(Version::V9, switched.clone()), "1000..2000");
    let without_seconds = switched.clone().without(150).without(151);
    assert_eq!(interval(Version::V9, without_seconds), "5000..6000");
    let nano = switched
        .with(156, 8, ntp(at(7_000) * 1000))
        .with(157, 8, ntp(at(8_000) * 1000));
    assert_eq!(interval(Version::V9, nano.clone()), "7000..8000");
    let micro = nano
        .with(154, 8, ntp(at(9_000) * 1000))
        .with(155, 8, ntp(at(10_000) * 1000));
    assert_eq!(interval(Version::V9, micro.clone()), "9000..10000");
    let milli = micro.between(at(11_111), at(12_222));
    assert_eq!(interval(Version::V9, milli), "11111..12222");
}

#[test]
fn missing_times_are_made_by_the_first_that_works() {
    let start = || Record::udp(1).with(152, 8, millis(NOON + 10_000));
    let end = || Record::udp(1).with(153, 8, millis(NOON + 90_000));
    let lasted = |record: Record| record.with(161, 4, 30_000);
    let observed = |record: Record| record.with(323, 8, millis(NOON + 70_000));
    let none = Record::udp(1);
    for version in [Version::V9, Version::Ipfix] {
        for (record, expected) in [
            (start().with(153, 8, millis(NOON + 90_000)), "10000..90000"),
            (
                lasted(observed(start().with(153, 8, millis(NOON + 90_000)))),
                "10000..90000",
            ),
            (lasted(observed(end())), "60000..90000"),
            (lasted(observed(start())), "10000..40000"),
            (start().with(162, 4, 30_000_000), "10000..40000"),
            (observed(start()), "10000..70000"),
            (
                start().with(324, 8, ntp((NOON + 70_000) * 1000)),
                "10000..70000",
            ),
            (observed(end()), "90000..90000"),
            (start(), "10000..10000"),
            (end(), "90000..90000"),
            (observed(none.clone()), "70000..70000"),
            (lasted(observed(none.clone())), "70000..70000"),
            (lasted(none.clone()), "170000..200000"),
            (none.clone(), "200000..200000"),
            // A start behind the end.
            (
                Record::udp(1).between(NOON + 50_000, NOON + 40_000),
                "40000..40000",
            ),
        ] {
            assert_eq!(interval(version, record.clone()), expected, "{record:?}");
        }
    }
}

#[test]
fn times_out_of_range_count_as_missing() {
    let sent = 200_000;
    let between = |start, end| Record::udp(1).between(NOON + start, NOON + end);
    for (record, expected) in [
        // The oldest end that is accepted, and one before it.
        (between(-5_870_000, sent - 6_060_000), "-5870000..-5860000"),
        (between(-5_870_000, sent - 6_060_001), "200000..200000"),
        // A start that is older than any is clamped by the longest span.
        (between(-9_000_000, 100_000), "-5960000..100000"),
        // The furthest ahead, which is moved back to its arrival.
        (between(sent + 59_000, sent + 60_000), "199000..200000"),
        (between(100_000, sent + 60_001), "100000..100000"),
        (between(sent + 60_001, 100_000), "100000..100000"),
        (between(sent + 60_001, sent + 60_001), "200000..200000"),
        // An end made from a start must itself be in range.
        (
            between(-9_000_000, 0).without(153).with(161, 4, 9_100_000),
            "-5960000..100000",
        ),
        (
            between(-9_000_000, 0).without(153).with(161, 4, 1_000),
            "199000..200000",
        ),
        (between(-9_000_000, 0).without(153), "200000..200000"),
        (
            between(150_000, 0).without(153).with(161, 4, 120_000),
            "150000..150000",
        ),
        // So must an observation time.
        (Record::udp(1).with(323, 8, 0), "200000..200000"),
        (
            Record::udp(1).with(323, 8, millis(NOON + sent + 60_001)),
            "200000..200000",
        ),
        // Zeros.
        (
            Record::udp(1).with(152, 8, 0).with(153, 8, 0),
            "200000..200000",
        ),
        (
            Record::udp(1).with(150, 4, 0).with(151, 4, 0),
            "200000..200000",
        ),
    ] {
        for version in [Version::V9, Version::Ipfix] {
            assert_eq!(interval(version, record.clone()), expected, "{record:?}");
        }
    }
}

#[test]
fn uptime_wraps_after_49_days() {
    for version in [Version::V5, Version::V9] {
        let mut exporter = Exporter::new(1, version);
        // It wraps 100 s after noon.
        exporter.boot = NOON + 100_000 - (1 << 32);
        let record = |start, end| {
            Record::udp(1)
                .with(6, 1, 0)
                .with(2, 4, 1)
                .with(1, 4, 1)
                .switched(exporter.boot, NOON + start, NOON + end)
        };
        let mut script = Script::new();
        script.send(&exporter, NOON + 90_000, vec![record(10_000, 80_000)]);
        script.send(&exporter, NOON + 110_000, vec![record(80_000, 99_000)]);
        script.send(&exporter, NOON + 120_000, vec![record(80_000, 105_000)]);
        script.send(&exporter, NOON + 130_000, vec![record(101_000, 120_000)]);
        // Switched slightly ahead of the header.
        script.send(&exporter, NOON + 140_000, vec![record(130_000, 140_500)]);
        let expected = [
            "10000..80000",
            "80000..99000",
            "80000..105000",
            "101000..120000",
            "130000..140500",
        ];
        assert_eq!(intervals(&script, ALONE), expected, "{version:?}");
    }
}

#[test]
fn the_boot_time_of_ipfix_is_learned() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let boot = exporter.boot;
    let record = |key, start, end| {
        Record::udp(key)
            .counted(1, 1)
            .switched(boot, NOON + start, NOON + end)
    };
    let mut script = Script::new();
    // The first was sent 30 s behind its end: boot seems that much later.
    script.send(&exporter, NOON + 100_000, vec![record(1, 50_000, 70_000)]);
    script.send(&exporter, NOON + 110_000, vec![record(1, 60_000, 100_000)]);
    script.send(&exporter, NOON + 120_000, vec![record(1, 90_000, 120_000)]);
    script.send(&exporter, NOON + 130_000, vec![record(1, 10_000, 20_000)]);
    let expected = [
        "80000..100000",
        "70000..110000",
        "90000..120000",
        "10000..20000",
    ];
    assert_eq!(intervals(&script, ALONE), expected);
    // Known from options it is not learned.
    let mut script = Script::new();
    script.options(
        &exporter,
        NOON + 99_000,
        Record::new().with(160, 8, millis(boot)),
    );
    script.send(&exporter, NOON + 100_000, vec![record(1, 50_000, 70_000)]);
    assert_eq!(intervals(&script, ALONE), ["50000..70000"]);
    // The record's own word goes before that of options.
    let own = record(1, 50_000, 70_000).with(160, 8, millis(boot + 5_000));
    script.send(&exporter, NOON + 100_000, vec![own]);
    assert_eq!(intervals(&script, ALONE), ["50000..70000", "55000..75000"]);
}

#[test]
fn boot_times_are_learned_of_each_domain() {
    let mut first = Exporter::new(1, Version::Ipfix);
    let mut second = first;
    first.domain = 1;
    second.domain = 2;
    second.boot = first.boot - 1_000_000;
    let mut script = Script::new();
    for exporter in [first, second] {
        let (start, end) = (NOON + 50_000, NOON + 100_000);
        let record = Record::udp(1)
            .counted(1, 1)
            .switched(exporter.boot, start, end);
        script.send(&exporter, end, vec![record]);
    }
    assert_eq!(
        intervals(&script, ALONE),
        ["50000..100000", "50000..100000"]
    );
}

/// Two datagrams of an Exporter whose clock is ahead, the second delayed by 700 ms more; each
/// tells of 20 s up to its export.
fn skewed(version: Version, ahead: i64, delay: i64) -> Script {
    let mut exporter = Exporter::new(1, version);
    exporter.ahead = ahead;
    let mut script = Script::new();
    for (at, delay) in [(100_000, delay), (130_000, delay + 700)] {
        let end = NOON + at + ahead;
        let record = Record::udp(1).with(6, 1, 0).with(2, 4, 1).with(1, 4, 1);
        let record = match version {
            Version::V5 => record.switched(exporter.boot, end - 20_000, end),
            _ => record.between(end - 20_000, end),
        };
        script.send_late(&exporter, NOON + at, NOON + at + delay, vec![record]);
    }
    script
}

#[test]
fn clocks_are_trusted_corrected_or_left_aside() {
    let with = |time_source| Rules {
        time_source,
        ..ALONE
    };
    let corrected = with(TimeSource::Corrected);
    for version in [Version::V5, Version::V9, Version::Ipfix] {
        let of = |ahead, delay, rules| intervals(&skewed(version, ahead, delay), rules);
        // Up to 2 s it is trusted.
        for (ahead, delay) in [(0, 0), (-1_000, 0), (-1_000, 500), (500, 0)] {
            let first = format!("{}..{}", 80_000 + ahead, 100_000 + ahead);
            let second = format!("{}..{}", 110_000 + ahead, 130_000 + ahead);
            assert_eq!(
                of(ahead, delay, corrected),
                [first, second],
                "{ahead} {delay}"
            );
        }
        // Up to 10 minutes both times are shifted by the least difference seen.
        for ahead in [-5_000, -300_000, -599_000] {
            let expected = ["80000..100000", "110000..130000"];
            assert_eq!(of(ahead, 0, corrected), expected, "{ahead}");
            let expected = ["80300..100300", "110300..130300"];
            assert_eq!(of(ahead, 300, corrected), expected, "{ahead}");
        }
        for ahead in [5_000, 300_000, 600_000] {
            let expected = ["80000..100000", "110000..130000"];
            assert_eq!(of(ahead, 0, corrected), expected, "{ahead}");
        }
        // Beyond, by the datagram's own.
        for ahead in [-700_000, -90_000_000, 700_000, 90_000_000] {
            let expected = ["80300..100300", "111000..131000"];
            assert_eq!(of(ahead, 300, corrected), expected, "{ahead}");
        }
        // Never shifted, whatever it says.
        let expected = ["-220000..-200000", "-190000..-170000"];
        assert_eq!(of(-300_000, 300, with(TimeSource::Exporter)), expected);
        // By arrival, the duration kept.
        let expected = ["80300..100300", "111000..131000"];
        for ahead in [-300_000, 0, 1_000_000] {
            assert_eq!(of(ahead, 300, with(TimeSource::Arrival)), expected);
        }
    }
}

#[test]
fn the_least_difference_of_ten_minutes_holds() {
    let mut exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    // 10 s behind; after an adjustment 30 s behind.
    for (at, ahead) in [(0, -10_000), (1, -30_000), (9, -30_000), (11, -30_000)] {
        exporter.ahead = ahead;
        let sent = NOON + at * MINUTE;
        let end = sent + ahead;
        script.send(
            &exporter,
            sent,
            vec![Record::udp(1).between(end, end).counted(1, 1)],
        );
    }
    let expected = ["0..0", "40000..40000", "520000..520000", "660000..660000"];
    assert_eq!(intervals(&script, ALONE), expected);
}

#[test]
fn the_clock_is_that_of_the_exporter_not_of_a_domain() {
    let mut first = Exporter::new(1, Version::Ipfix);
    first.ahead = -10_000;
    let mut second = first;
    second.domain = 8;
    let mut script = Script::new();
    let record = |end: i64| vec![Record::udp(1).between(NOON + end, NOON + end).counted(1, 1)];
    script.send(&first, NOON + 100_000, record(90_000));
    script.send_late(&second, NOON + 100_000, NOON + 105_000, record(90_000));
    assert_eq!(
        intervals(&script, ALONE),
        ["100000..100000", "100000..100000"]
    );
}

#[test]
fn ends_ahead_of_their_arrival_are_moved_back() {
    let exporter = Exporter::new(1, Version::Ipfix);
    for (ahead, expected) in [
        (1_000, "60000..101000"),
        (1_001, "58999..100000"),
        (30_000, "30000..100000"),
    ] {
        let (start, end) = (NOON + 60_000, NOON + 100_000 + ahead);
        let mut script = Script::new();
        let record = Record::udp(1).between(start, end).counted(1, 1);
        script.send(&exporter, NOON + 100_000, vec![record]);
        assert_eq!(intervals(&script, ALONE), [expected]);
    }
}

#[test]
fn a_restart_changes_the_boot_time_at_once() {
    for version in [Version::V5, Version::V9] {
        let mut exporter = Exporter::new(1, version);
        let mut script = Script::new();
        for n in 0..6 {
            let sent = NOON + n * MINUTE;
            if n == 3 {
                exporter.boot = sent - 20 * SECOND;
            }
            let (start, end) = (sent - 15_000, sent - 5_000);
            let record = Record::udp(1).with(6, 1, 0).with(2, 4, 1).with(1, 4, 1);
            let record = record.with(22, 4, uptime(exporter.boot, start)).with(
                21,
                4,
                uptime(exporter.boot, end),
            );
            script.send(&exporter, sent, vec![record]);
        }
        let expected: Vec<_> = (0..6)
            .map(|n| format!("{}..{}", n * MINUTE - 15_000, n * MINUTE - 5_000))
            .collect();
        assert_eq!(intervals(&script, ALONE), expected);
    }
}
