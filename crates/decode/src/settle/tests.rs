//! Each step of aggregation §3, by records that need it.

use alloc::vec::Vec;

use flowlog_record::{ActiveTimeout, ExporterProfile, Fields, Timestamp};

use crate::TimeCounts;
use crate::testing::{AT, Bench, EXPORT, Field, Head, UPTIME, data, template};

/// Export time of the datagrams in milliseconds.
const X: i64 = 1_700_000_000_000;

/// The settled interval of an IPFIX record relative to X, and what was counted on the way.
fn settled(fields: &[(u16, u16, u64)]) -> (i64, i64, TimeCounts) {
    let mut bench = Bench::settling();
    let specifiers: Vec<Field> = fields
        .iter()
        .map(|&(id, length, _)| (0, id, length))
        .collect();
    let values: Vec<(u64, usize)> = fields
        .iter()
        .map(|&(_, length, value)| (value, usize::from(length)))
        .collect();
    let datagram = Head::default().ipfix(&[template(2, 256, &specifiers), data(256, &values)]);
    let _ = bench.decode(&datagram);
    let [record] = bench.seen.records[..] else {
        panic!("one record: {:?}", bench.seen);
    };
    let times = bench.exporter().stats.times;
    (record.start.millis() - X, record.end.millis() - X, times)
}

/// An absolute time in milliseconds, relative to X.
fn millis(id: u16, relative: i64) -> (u16, u16, u64) {
    (id, 8, u64::try_from(X + relative).unwrap())
}

const START: u16 = 152;
const END: u16 = 153;
const DURATION: u16 = 161;
const OBSERVED: u16 = 323;

#[test]
fn start_and_end_in_range_are_taken_as_they_are() {
    let none = TimeCounts::default();
    assert_eq!(
        settled(&[millis(START, -70_000), millis(END, -10_000)]),
        (-70_000, -10_000, none)
    );
    let oldest = [millis(START, -6_060_000), millis(END, -6_060_000)];
    assert_eq!(settled(&oldest), (-6_060_000, -6_060_000, none));
    let ahead = TimeCounts { future: 1, ..none };
    assert_eq!(
        settled(&[millis(START, 60_000), millis(END, 60_000)]),
        (60_000, 60_000, ahead)
    );
}

#[test]
fn a_time_out_of_range_counts_as_missing() {
    let counts = TimeCounts {
        out_of_range: 1,
        one_time: 1,
        ..TimeCounts::default()
    };
    assert_eq!(
        settled(&[millis(START, -500), millis(END, 60_001)]),
        (-500, -500, counts)
    );
    assert_eq!(
        settled(&[millis(START, -500), millis(END, -6_060_001)]),
        (-500, -500, counts)
    );
    assert_eq!(
        settled(&[millis(START, 60_001), millis(END, -400)]),
        (-400, -400, counts)
    );
}

#[test]
fn an_old_start_is_clamped_not_missing() {
    let counts = TimeCounts {
        span_clamped: 1,
        ..TimeCounts::default()
    };
    assert_eq!(
        settled(&[millis(START, -9_000_000), millis(END, -1_000)]),
        (-6_061_000, -1_000, counts)
    );
    assert_eq!(
        settled(&[(START, 8, 0), millis(END, -1_000)]),
        (-6_061_000, -1_000, counts)
    );
}

#[test]
fn one_of_them_and_the_duration_give_the_other() {
    let counts = TimeCounts {
        by_duration: 1,
        ..TimeCounts::default()
    };
    assert_eq!(
        settled(&[millis(START, -5_000), (DURATION, 4, 3_000)]),
        (-5_000, -2_000, counts)
    );
    assert_eq!(
        settled(&[millis(END, -5_000), (DURATION, 4, 3_000)]),
        (-8_000, -5_000, counts)
    );
    assert_eq!(
        settled(&[millis(END, -5_000), (162, 4, 3_000_999)]),
        (-8_000, -5_000, counts)
    );
}

#[test]
fn a_made_end_must_be_in_range_itself() {
    let alone = TimeCounts {
        one_time: 1,
        ..TimeCounts::default()
    };
    assert_eq!(
        settled(&[millis(START, -1_000), (DURATION, 4, 61_001)]),
        (-1_000, -1_000, alone)
    );
    let export = TimeCounts {
        export_time: 1,
        ..TimeCounts::default()
    };
    assert_eq!(settled(&[millis(START, -6_060_001)]), (0, 0, export));
}

#[test]
fn a_start_takes_the_observation_as_its_end() {
    let counts = TimeCounts {
        by_observation: 1,
        ..TimeCounts::default()
    };
    let fields = [millis(START, -5_000), millis(OBSERVED, -1_000)];
    assert_eq!(settled(&fields), (-5_000, -1_000, counts));
    let with_duration = [
        millis(START, -5_000),
        millis(OBSERVED, -1_000),
        (DURATION, 4, 2_000),
    ];
    assert_eq!(settled(&with_duration).0, -5_000);
    assert_eq!(settled(&with_duration).1, -3_000, "the duration goes first");
}

#[test]
fn without_start_and_end_the_next_best_is_taken() {
    let none = TimeCounts::default();
    let alone = TimeCounts {
        one_time: 1,
        ..none
    };
    assert_eq!(settled(&[millis(END, -7)]), (-7, -7, alone));
    assert_eq!(
        settled(&[millis(END, -7), millis(OBSERVED, -3)]),
        (-7, -7, alone)
    );
    let observed = TimeCounts {
        observation_alone: 1,
        ..none
    };
    assert_eq!(
        settled(&[millis(OBSERVED, -3), (DURATION, 4, 9)]),
        (-3, -3, observed)
    );
    let back = TimeCounts {
        export_and_duration: 1,
        ..none
    };
    assert_eq!(settled(&[(DURATION, 4, 9_000)]), (-9_000, 0, back));
    let export = TimeCounts {
        export_time: 1,
        ..none
    };
    assert_eq!(settled(&[(1, 4, 9_000)]), (0, 0, export));
    assert_eq!(
        settled(&[millis(OBSERVED, 60_001)]),
        (0, 0, export),
        "out of range"
    );
}

#[test]
fn a_start_behind_the_end_is_the_end() {
    let counts = TimeCounts {
        inverted: 1,
        ..TimeCounts::default()
    };
    assert_eq!(
        settled(&[millis(START, -1), millis(END, -2)]),
        (-2, -2, counts)
    );
}

#[test]
fn times_since_an_unknown_boot_are_learned() {
    let mut bench = Bench::settling();
    let fields = [(0, 22, 4), (0, 21, 4)];
    let mut send = |sequence, template_too: bool, start: u64, end: u64| {
        let head = Head {
            sequence,
            ..Head::default()
        };
        let data = data(256, &[(start, 4), (end, 4)]);
        let sets = if template_too {
            Vec::from([template(2, 256, &fields), data])
        } else {
            Vec::from([data])
        };
        let _ = bench.decode(&head.ipfix(&sets));
        let record = *bench.seen.records.last().unwrap();
        (record.start.millis() - X, record.end.millis() - X)
    };
    // The first record ended at the export, as far as anyone can tell.
    assert_eq!(send(0, true, 40_000, 50_000), (-10_000, 0));
    // A later end shows that the boot was earlier.
    assert_eq!(send(1, false, 55_000, 58_000), (-3_000, 0));
    assert_eq!(send(2, false, 48_000, 50_000), (-10_000, -8_000));
    // An end out of range: no duration either.
    assert_eq!(send(3, false, 7_000_000, 7_058_000), (-58_000, 0));
    assert_eq!(send(4, false, 1_000, 2_000), (0, 0));
    let times = bench.exporter().stats.times;
    assert_eq!((times.out_of_range, times.export_time), (1, 1));
}

#[test]
fn the_end_of_a_flow_is_said_by_reason_or_flags() {
    let bits = |fields: &[(u16, u16, u64)]| {
        let mut bench = Bench::settling();
        let specifiers: Vec<Field> = fields.iter().map(|&(id, l, _)| (0, id, l)).collect();
        let values: Vec<_> = fields
            .iter()
            .map(|&(_, l, v)| (v, usize::from(l)))
            .collect();
        let sets = [template(2, 256, &specifiers), data(256, &values)];
        let _ = bench.decode(&Head::default().ipfix(&sets));
        bench.seen.records[0].fields & (Fields::ENDED | Fields::CONTINUES)
    };
    let short = [millis(START, -1_000), millis(END, 0)];
    let long = [millis(START, -48_000), millis(END, 0)];
    let with =
        |times: [(u16, u16, u64); 2], more: (u16, u16, u64)| bits(&[times[0], times[1], more]);
    for reason in [1, 3, 4, 5] {
        assert_eq!(with(long, (136, 1, reason)), Fields::ENDED, "{reason}");
    }
    assert_eq!(with(short, (136, 1, 2)), Fields::CONTINUES);
    assert_eq!(with(short, (136, 1, 0)), Fields::empty());
    assert_eq!(with(long, (6, 1, 0x01)), Fields::ENDED);
    assert_eq!(with(long, (6, 1, 0x04)), Fields::ENDED);
    assert_eq!(
        with(long, (6, 1, 0x1a)),
        Fields::CONTINUES,
        "0.8 of a minute"
    );
    assert_eq!(
        with([millis(START, -47_999), millis(END, 0)], (6, 1, 0)),
        Fields::empty()
    );
}

#[test]
fn the_active_timeout_is_learned_record_by_record() {
    let mut bench = Bench::settling();
    let records: Vec<_> = (0..30).map(|_| (1, 1, UPTIME - 290_000, UPTIME)).collect();
    for n in 0..5 {
        let head = Head {
            sequence: n * 30,
            ..Head::default()
        };
        let _ = bench.decode(&head.netflow5(&records));
    }
    let timeouts: Vec<i64> = bench
        .seen
        .records
        .iter()
        .map(|r| r.active_timeout.millis())
        .collect();
    assert_eq!(timeouts[126], 60_000);
    assert_eq!(timeouts[127], 300_000, "its own duration included");
    assert!(bench.seen.records[149].fields.contains(Fields::CONTINUES));
    assert_eq!(bench.exporter().active_timeout().millis(), 300_000);
}

#[test]
fn a_stated_active_timeout_overrides() {
    let mut bench = Bench::settling();
    bench.seen.profile = ExporterProfile {
        active_timeout: ActiveTimeout::from_millis(1_800_000),
        ..ExporterProfile::default()
    };
    let records = [(1, 1, UPTIME - 290_000, UPTIME); 30];
    let _ = bench.decode(&Head::default().netflow5(&records));
    let record = bench.seen.records[29];
    assert_eq!(record.active_timeout.millis(), 1_800_000);
    assert!(!record.fields.contains(Fields::CONTINUES));
    assert_eq!(bench.exporter().active_timeout().millis(), 1_800_000);
}

#[test]
fn settled_times_are_not_shifted_but_the_future_is_counted_with_the_shift() {
    let mut bench = Bench::settling();
    // An Exporter whose clock is a minute behind.
    let datagram = Head::default().netflow5(&[(1, 1, UPTIME - 5, UPTIME)]);
    let _ = bench.decode_at(AT.plus(60_000), &datagram);
    assert_eq!(bench.seen.shifts, [60_500]);
    assert_eq!(
        bench.seen.records[0].end,
        Timestamp(i64::from(EXPORT) * 1000)
    );
    assert_eq!(bench.exporter().stats.times.future, 0);
    assert_eq!(bench.exporter().clock_offset(), Some(60_500));
    // The flow ends two seconds after the arrival of its record.
    let ahead = Head {
        sequence: 1,
        ..Head::default()
    }
    .netflow5(&[(1, 1, UPTIME, UPTIME + 2_000)]);
    let _ = bench.decode_at(AT.plus(60_000), &ahead);
    assert_eq!(bench.exporter().stats.times.future, 1);
}

#[test]
fn an_uptime_that_wrapped_since_element_160_is_unwrapped() {
    let boot = u64::try_from(X).unwrap() - (1 << 32) - 5_000_000;
    let fields = [(160, 8, boot), (22, 4, 4_900_000), (21, 4, 4_990_000)];
    assert_eq!(settled(&fields), (-100_000, -10_000, TimeCounts::default()));
    let counts = TimeCounts {
        out_of_range: 1,
        export_time: 1,
        ..TimeCounts::default()
    };
    let elsewhere = [(160, 8, boot + (1 << 31)), (22, 4, 0), (21, 4, 1_000)];
    assert_eq!(settled(&elsewhere), (0, 0, counts));
}

#[test]
fn only_durations_that_an_exporter_tells_are_learned_from() {
    let learned = |fields: &[Field], values: &[(u64, usize)]| {
        let mut bench = Bench::settling();
        for n in 0..200 {
            let head = Head {
                sequence: n,
                ..Head::default()
            };
            let _ = bench.decode(&head.ipfix(&[template(2, 256, fields), data(256, values)]));
        }
        bench.exporter().active_timeout().millis()
    };
    assert_eq!(learned(&[(0, 1, 4)], &[(7, 4)]), 60_000, "no times at all");
    assert_eq!(learned(&[(0, 161, 4)], &[(7, 4)]), 10_000);
}
