//! Windows, aging, periods: §1 and §2, with the worked example to the digit.

use super::{only, told};
use crate::check::{check, rows};
use crate::flow_log::{Hold, Rules, TimeSource, Window};
use crate::known::Stated;
use crate::script::{Exporter, MINUTE, NOON, SECOND, Script, Version};
use crate::stream::{Input, Record};

/// 12:00:30.000–12:20:29.900, ten packets a second of 1000 octets, 20 records of 600 packets, each
/// 59.9 s long; the Exporter sends each when it is complete.
fn example(version: Version) -> Vec<Input> {
    let exporter = Exporter::new(1, version);
    let mut script = Script::new();
    for n in 0..20 {
        let start = NOON + 30 * SECOND + n * MINUTE;
        let end = start + 59_900;
        let record = match version {
            Version::Ipfix => Record::udp(1).between(start, end),
            _ => Record::udp(1).switched(exporter.boot, start, end),
        };
        // V9 says the export time in seconds: it sends when a second is full.
        let sent = start + MINUTE;
        script.send(&exporter, sent, vec![record.counted(600, 600_000)]);
    }
    script.tick(NOON + 60 * MINUTE);
    script.inputs
}

#[test]
fn the_worked_example_holds_to_the_digit() {
    for version in [Version::V9, Version::Ipfix] {
        let inputs = example(version);
        let minutes = only(Window::Of(MINUTE), None);
        let tens = only(Window::Of(10 * MINUTE), None);
        let aging = only(Window::Absent, Some((300_000, 15_000)));
        let both = only(Window::Of(10 * MINUTE), Some((300_000, 15_000)));
        let all = [minutes, tens, aging, both];
        check(&inputs, &all, Stated::default());
        let rows = rows(&inputs, &all, Stated::default());
        let sums = |at: usize| -> Vec<(i64, i64, u64, u64)> {
            let mut sums: Vec<_> = (rows[at].iter())
                .map(|row| {
                    let number = |column: &str| row[column].parse::<i64>().expect("a number");
                    let count = |column: &str| row[column].parse::<u64>().expect("a count");
                    let (start, end) = (number("start"), number("end"));
                    let noon = NOON / 1000;
                    (start - noon, end - noon, count("packets"), count("bytes"))
                })
                .collect();
            sums.sort_unstable();
            sums
        };
        let mut expected = vec![(30, 60, 300, 300_000)];
        expected.extend((1..20).map(|n| (60 * n, 60 * n + 60, 600, 600_000)));
        expected.push((1200, 1229, 300, 300_000));
        assert_eq!(sums(0), expected, "W = 1");
        let expected = [
            (30, 600, 5_700, 5_700_000),
            (600, 1200, 6_000, 6_000_000),
            (1200, 1229, 300, 300_000),
        ];
        assert_eq!(sums(1), expected, "W = 10");
        let expected = [
            (30, 330, 3_000, 3_000_000),
            (330, 630, 3_000, 3_000_000),
            (630, 930, 3_000, 3_000_000),
            (930, 1229, 3_000, 3_000_000),
        ];
        assert_eq!(sums(2), expected, "300/15");
        let periods: Vec<_> = sums(3)
            .iter()
            .map(|&(start, end, ..)| (start, end))
            .collect();
        let expected = [(30, 330), (330, 600), (600, 900), (900, 1200), (1200, 1229)];
        assert_eq!(periods, expected, "W = 10 and 300/15");
    }
}

/// What comes of one record that arrives at the end of its interval, under one-minute windows.
fn minutes_of(record: Record, end: i64) -> Vec<String> {
    let mut script = Script::new();
    script.send(&Exporter::new(1, Version::Ipfix), end, vec![record]);
    script.tick(NOON + 60 * MINUTE);
    // Held so long that nothing is late.
    let rules = Rules {
        hold: Hold::Fixed(30 * MINUTE),
        ..only(Window::Of(MINUTE), None)
    };
    let mut told = told(&script, rules);
    told.sort_unstable();
    told
}

#[test]
fn a_single_packet_lies_where_its_record_starts() {
    let end = NOON + 170_000;
    let record = Record::udp(1).between(NOON + 50_000, end).counted(1, 1500);
    // The record reaches past the window, and gave it all it had.
    let expected = ["3600000 key 1 50000..60000 1/1500 window"];
    assert_eq!(minutes_of(record, end), expected);
}

#[test]
fn of_two_packets_one_lies_at_either_end() {
    let end = NOON + 170_000;
    let record = Record::udp(1).between(NOON + 50_000, end).counted(2, 3001);
    let expected = [
        "3600000 key 1 120000..170000 1/1501 window",
        "3600000 key 1 50000..60000 1/1500 window",
    ];
    assert_eq!(minutes_of(record, end), expected);
}

#[test]
fn octets_without_packets_are_spread_evenly() {
    let end = NOON + 149_999;
    let record = Record::udp(1).between(NOON + 30_000, end).with(1, 4, 121);
    let expected = [
        "3600000 key 1 120000..149999 0/31 window",
        "3600000 key 1 30000..60000 0/30 window",
        "3600000 key 1 60000..120000 0/60 window",
    ];
    assert_eq!(minutes_of(record, end), expected);
}

#[test]
fn no_record_is_longer_than_6060_seconds() {
    let end = NOON + 7_000_000;
    let record = Record::udp(1).between(NOON, end).with(1, 4, 6_060_001);
    let mut script = Script::new();
    script.send(&Exporter::new(1, Version::Ipfix), end, vec![record]);
    let rules = only(Window::PerRecord, None);
    let expected = ["7000000 key 1 940000..7000000 0/6060001 active"];
    assert_eq!(told(&script, rules), expected);
}

#[test]
fn flags_enter_every_part_but_those_of_an_event_enter_none() {
    let exporter = Exporter::new(1, Version::V9);
    let (start, end) = (NOON + 30_000, NOON + 90_000);
    let mut script = Script::new();
    let flow = |flags| Record::tcp(1, flags).between(start, end);
    script.send(&exporter, end, vec![flow(2).counted(10, 1000)]);
    script.send(&exporter, end, vec![flow(0x10).counted(10, 1000)]);
    script.send(&exporter, end, vec![flow(1).counted(0, 0)]);
    script.tick(NOON + 60 * MINUTE);
    for events in [false, true] {
        let rules = Rules {
            events,
            ..only(Window::Of(MINUTE), None)
        };
        check(&script.inputs, &[rules], Stated::default());
        let rows = &rows(&script.inputs, &[rules], Stated::default())[0];
        let mut flags: Vec<_> = (rows.iter())
            .map(|row| (row["reason"].as_str(), row["tcp-flags"].as_str()))
            .collect();
        flags.sort_unstable();
        let expected = [("event", "1"), ("window", "18"), ("window", "18")];
        assert_eq!(flags, expected[usize::from(!events)..]);
    }
}

#[test]
fn an_event_is_a_row_of_its_own_at_its_end() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    let record = Record::udp(1).between(NOON + 5_000, NOON + 65_000);
    script.send(&exporter, NOON + 66_000, vec![record]);
    for window in [Window::Of(MINUTE), Window::Absent, Window::PerRecord] {
        let rules = Rules {
            events: true,
            ..only(window, None)
        };
        let expected = ["66000 key 1 65000..65000 0/0 event"];
        assert_eq!(told(&script, rules), expected);
    }
}

#[test]
fn without_aging_an_earlier_part_moves_the_start_back() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    for at in [40_000, 20_000, 30_000] {
        let at = NOON + at;
        script.send(
            &exporter,
            NOON + 50_000,
            vec![Record::udp(1).between(at, at).counted(1, 1)],
        );
    }
    script.tick(NOON + 10 * MINUTE);
    let expected = ["600000 key 1 20000..40000 3/3 window"];
    assert_eq!(told(&script, only(Window::Of(MINUTE), None)), expected);
}

#[test]
fn with_aging_the_start_of_a_period_stays() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    for at in [40_000, 35_000, 38_000] {
        let at = NOON + at;
        script.send(
            &exporter,
            NOON + 42_000,
            vec![Record::udp(1).between(at, at).counted(1, 1)],
        );
    }
    script.tick(NOON + 10 * MINUTE);
    let aging = Some((60_000, 30_000));
    for (window, reason) in [(Window::Absent, "inactive"), (Window::Of(MINUTE), "window")] {
        let expected = [format!("600000 key 1 40000..40000 3/3 {reason}")];
        assert_eq!(told(&script, only(window, aging)), expected);
    }
}

#[test]
fn several_periods_end_at_once_and_empty_ones_give_no_row() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let aging = only(Window::Absent, Some((60_000, 15_000)));
    let end = NOON + 200_000;
    let mut script = Script::new();
    script.send(
        &exporter,
        end,
        vec![Record::udp(1).between(NOON, end).counted(2, 20)],
    );
    // The first packet is in the first period, the last in the fourth.
    let expected = [
        "200000 key 1 0..60000 1/10 active",
        "end key 1 180000..200000 1/10 forced",
    ];
    assert_eq!(told(&script, aging), expected);
    // A period is due when a record reaches its last millisecond, not before.
    let mut script = Script::new();
    for (from, to) in [(0, 59_998), (59_999, 59_999), (60_000, 60_000)] {
        let record = Record::udp(1)
            .between(NOON + from, NOON + to)
            .counted(2, 20);
        script.send(&exporter, NOON + to, vec![record]);
    }
    let expected = [
        "59999 key 1 0..60000 4/40 active",
        "end key 1 60000..60000 2/20 forced",
    ];
    assert_eq!(told(&script, aging), expected);
}

#[test]
fn a_part_wholly_before_the_end_of_a_row_that_left_stands_at_that_end() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let aging = only(Window::Absent, Some((60_000, 15_000)));
    let record = |from, to| {
        Record::udp(1)
            .between(NOON + from, NOON + to)
            .counted(4, 40)
    };
    let mut script = Script::new();
    script.send(&exporter, NOON + 60_000, vec![record(0, 59_999)]);
    script.send(&exporter, NOON + 61_000, vec![record(10_000, 20_000)]);
    let expected = [
        "60000 key 1 0..60000 4/40 active",
        "end key 1 60000..60000 4/40 forced",
    ];
    assert_eq!(told(&script, aging), expected);
    // One that reaches over it is counted whole, from there.
    script.send(&exporter, NOON + 71_000, vec![record(50_000, 70_000)]);
    let expected = [
        "60000 key 1 0..60000 4/40 active",
        "end key 1 60000..70000 8/80 forced",
    ];
    assert_eq!(told(&script, aging), expected);
    // The same behind a row that left by inactivity.
    let mut script = Script::new();
    script.send(&exporter, NOON + 30_000, vec![record(10_000, 30_000)]);
    script.tick(NOON + 50_000);
    script.send(&exporter, NOON + 51_000, vec![record(5_000, 25_000)]);
    let expected = [
        "50000 key 1 10000..30000 4/40 inactive",
        "end key 1 30000..30000 4/40 forced",
    ];
    assert_eq!(told(&script, aging), expected);
}

#[test]
fn a_part_goes_to_the_held_period_that_covers_it() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let both = only(Window::Of(10 * MINUTE), Some((60_000, 600_000)));
    let record = |from, to, n| {
        Record::udp(1)
            .between(NOON + from, NOON + to)
            .counted(n, 10 * n)
    };
    let mut script = Script::new();
    script.send(&exporter, NOON + 60_000, vec![record(0, 59_999, 100)]);
    script.send(&exporter, NOON + 70_000, vec![record(60_000, 70_000, 10)]);
    // Held until 60 s + 66 s; half of it lies in either period.
    script.send(&exporter, NOON + 125_999, vec![record(50_000, 69_999, 20)]);
    script.tick(NOON + 126_000);
    script.tick(NOON + 20 * MINUTE);
    let expected = [
        "126000 key 1 0..60000 110/1100 active",
        "1200000 key 1 60000..70000 20/200 window",
    ];
    assert_eq!(told(&script, both), expected);
}

#[test]
fn windows_cut_first_and_aging_inside_them() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let end = NOON + 700_000 - 1;
    let mut script = Script::new();
    let record = Record::udp(1)
        .between(NOON + 500_000, end)
        .with(1, 4, 200_000);
    script.send(&exporter, end, vec![record]);
    script.tick(NOON + 25 * MINUTE);
    let both = Rules {
        hold: Hold::Fixed(9 * MINUTE),
        ..only(Window::Of(10 * MINUTE), Some((60_000, 15_000)))
    };
    let mut rows = told(&script, both);
    rows.sort_unstable();
    let expected = [
        "1500000 key 1 500000..560000 0/60000 active",
        "1500000 key 1 560000..600000 0/40000 window",
        "1500000 key 1 600000..660000 0/60000 active",
        "1500000 key 1 660000..699999 0/40000 inactive",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn two_exporters_never_meet_in_one_row() {
    let mut script = Script::new();
    for last in [1, 2] {
        for version in [Version::V9, Version::Ipfix] {
            let exporter = Exporter::new(last, version);
            let record = Record::udp(1).between(NOON, NOON + 500).counted(5, 50);
            script.send(&exporter, NOON + SECOND, vec![record]);
        }
    }
    script.tick(NOON + 60 * MINUTE);
    for (window, reason) in [(Window::Of(MINUTE), "window"), (Window::Absent, "inactive")] {
        let row = format!("3600000 key 1 0..500 10/100 {reason}");
        assert_eq!(told(&script, only(window, None)), [row.clone(), row]);
    }
}

/// A flow log of every kind.
fn every_kind() -> Vec<Rules> {
    let mut all = Vec::new();
    let agings = [
        None,
        Some((300_000, 15_000)),
        Some((60_000, 10_000)),
        Some((120_000, 90_000)),
    ];
    for window in [
        Window::Of(MINUTE),
        Window::Of(5 * MINUTE),
        Window::Of(10 * MINUTE),
        Window::Absent,
        Window::PerRecord,
    ] {
        for aging in agings {
            for hold in [Hold::Auto, Hold::Fixed(0), Hold::Fixed(20_000)] {
                for allowed_lateness in [0, 7_200_000] {
                    for time_source in [
                        TimeSource::Corrected,
                        TimeSource::Exporter,
                        TimeSource::Arrival,
                    ] {
                        if window != Window::PerRecord || aging.is_none() {
                            all.push(Rules {
                                window,
                                aging,
                                hold,
                                allowed_lateness,
                                time_source,
                                events: all.len() % 2 == 0,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn an_hour_of_traffic_agrees_under_flow_logs_of_every_kind() {
    for version in [Version::V5, Version::V9, Version::Ipfix] {
        let exporter = Exporter::new(1, version);
        let mut script = Script::new();
        for minute in 0..60 {
            let sent = NOON + minute * MINUTE + 7_300;
            let mut records = Vec::new();
            for key in 1..=3 {
                // Long, short, and long with pauses; every tenth report is late by minutes.
                let behind = if minute % 10 == 9 {
                    400_000
                } else {
                    i64::from(key) * 1_700
                };
                let duration = [59_000, 3_000, 61_000 * (minute % 3)][usize::from(key) - 1];
                let end = sent - behind;
                let packets = u64::try_from(minute % 5 * 13).expect("few");
                let flags = if minute % 7 == 0 { 0x11 } else { 0x10 };
                let record = Record::tcp(key, flags);
                let record = match version {
                    Version::Ipfix => record.between(end - duration, end),
                    _ => record.switched(exporter.boot, end - duration, end),
                };
                let (packets, octets) = (packets.into(), u128::from(packets) * 777 % 10_007);
                records.push(record.with(2, 4, packets).with(1, 4, octets));
            }
            script.send_late(&exporter, sent, sent + 400, records);
            script.tick(sent + 20_000);
        }
        script.tick(NOON + 3 * 60 * MINUTE);
        check(&script.inputs, &every_kind(), Stated::default());
    }
}
