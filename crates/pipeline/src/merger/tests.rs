use alloc::vec;

use flowlog_aggregate::Summary;
use proptest::prelude::*;

use super::*;

const LOG: FlowLogIndex = FlowLogIndex(3);
const A: ResourceIndex = ResourceIndex(1);
const B: ResourceIndex = ResourceIndex(2);
const MINUTE: i64 = 60_000;

fn say(at: i64, resource: ResourceIndex, news: News) -> Notice {
    Notice {
        at: Timestamp(at),
        flow_log: LOG,
        resource,
        news,
    }
}

fn watched(at: i64, resource: ResourceIndex) -> Notice {
    let from = Timestamp(at - at % MINUTE);
    say(at, resource, News::Watched { from })
}

/// What there was in a minute.
fn summary(minute: i64, seen: bool) -> Summary {
    Summary {
        window: Timestamp(minute * MINUTE),
        end: Timestamp((minute + 1) * MINUTE),
        seen,
        touched: false,
        lost_records: 0,
        given: Given::Due,
    }
}

fn lost(minute: i64, lost_records: u64) -> Summary {
    Summary {
        touched: true,
        lost_records,
        ..summary(minute, true)
    }
}

fn told(at: i64, resource: ResourceIndex, summary: Summary) -> Notice {
    say(at, resource, News::Summary(summary))
}

/// All partitions have come to `now`.
fn advance(merger: &mut Merger, now: i64) -> Vec<Row> {
    for partition in 0..merger.number() {
        merger.handle_notices(partition, Timestamp(now), Vec::new());
    }
    merger.advance();
    merger.take_rows()
}

#[test]
fn a_window_without_anything_is_a_row_that_names_resource_and_window() {
    let mut merger = Merger::new(2);
    let notices = vec![
        watched(0, A),
        told(126_000, A, summary(0, true)),
        told(186_000, A, summary(1, false)),
    ];
    merger.handle_notices(1, Timestamp(0), notices);
    let rows = advance(&mut merger, 200_000);
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.status, row.key.resource), (LogStatus::NoData, A));
    assert_eq!((row.start.millis(), row.end.millis()), (60_000, 120_000));
    assert_eq!((row.flow_log, row.number, row.records), (LOG, 0, 0));
    assert_eq!(
        (row.reason, row.left_at.millis()),
        (Reason::Window, 186_000)
    );
    assert_eq!(merger.row_counts().collect::<Vec<_>>(), [(LOG, 1)]);
}

#[test]
fn a_resource_is_decided_by_the_last_partition_that_owes_a_summary() {
    let mut merger = Merger::new(3);
    merger.handle_notices(0, Timestamp(0), vec![watched(0, A), watched(0, B)]);
    merger.handle_notices(2, Timestamp(0), vec![watched(0, A)]);
    let first = vec![
        told(126_000, A, summary(0, false)),
        told(126_000, B, summary(0, false)),
    ];
    merger.handle_notices(0, Timestamp(126_000), first);
    let rows = advance(&mut merger, 130_000);
    let of: Vec<_> = rows.iter().map(|row| row.key.resource).collect();
    assert_eq!(of, [B]);
    let last = vec![told(390_000, A, summary(0, false))];
    merger.handle_notices(2, Timestamp(390_000), last);
    let rows = advance(&mut merger, 400_000);
    assert_eq!((rows[0].left_at.millis(), rows[0].number), (390_000, 1));
}

#[test]
fn a_partition_owes_nothing_of_windows_before_it_watched() {
    let mut merger = Merger::new(2);
    let first = vec![watched(0, A), told(126_000, A, summary(0, false))];
    merger.handle_notices(0, Timestamp(0), first);
    merger.handle_notices(1, Timestamp(0), vec![watched(70_000, A)]);
    assert_eq!(advance(&mut merger, 130_000).len(), 1);
}

#[test]
fn it_goes_no_further_than_the_partition_that_is_behind() {
    let mut merger = Merger::new(2);
    let notices = vec![watched(0, A), told(126_000, A, summary(0, false))];
    merger.handle_notices(0, Timestamp(500_000), notices);
    merger.handle_notices(1, Timestamp(126_000), Vec::new());
    merger.advance();
    // The other may still say something of the present.
    assert!(merger.take_rows().is_empty());
    merger.handle_notices(1, Timestamp(126_001), Vec::new());
    merger.advance();
    assert_eq!(merger.take_rows().len(), 1);
}

#[test]
fn what_anybody_saw_was_not_empty() {
    let seen = |at| {
        let window = Timestamp(0);
        let until = Timestamp(6_660_000);
        say(at, A, News::Seen { window, until })
    };
    for (at, rows) in [(100_000, 0), (126_001, 1)] {
        let mut merger = Merger::new(2);
        let notices = vec![watched(0, A), told(126_000, A, summary(0, false))];
        merger.handle_notices(0, Timestamp(0), notices);
        merger.handle_notices(1, Timestamp(0), vec![seen(at)]);
        assert_eq!(advance(&mut merger, 130_000).len(), rows, "{at}");
        // What came too late is forgotten when nobody can wait for it.
        merger.handle_notices(0, Timestamp(7_000_000), vec![watched(7_000_000, B)]);
        advance(&mut merger, 7_000_001);
        assert!(merger.logs[&LOG].open.is_empty());
    }
}

#[test]
fn loss_of_all_partitions_is_one_row_whatever_else_there_was() {
    let mut merger = Merger::new(2);
    let first = vec![watched(0, A), told(126_000, A, lost(0, 7))];
    let second = vec![watched(0, A), told(146_000, A, lost(0, 5))];
    merger.handle_notices(0, Timestamp(0), first);
    merger.handle_notices(1, Timestamp(0), second);
    let rows = advance(&mut merger, 150_000);
    let status = LogStatus::SkipData { lost_records: 12 };
    assert_eq!((rows.len(), rows[0].status), (1, status));
}

#[test]
fn of_a_window_that_is_not_over_only_its_loss_is_said() {
    let unfinished = |summary: Summary| Summary {
        given: Given::Unfinished,
        ..summary
    };
    let mut merger = Merger::new(1);
    let forced = Summary {
        given: Given::Forced,
        ..summary(0, false)
    };
    let notices = vec![
        watched(0, A),
        watched(0, B),
        told(100_000, A, forced),
        told(100_000, A, unfinished(summary(1, false))),
        say(100_000, A, News::Unwatched),
        told(100_000, B, summary(0, true)),
        told(100_000, B, unfinished(lost(1, 2))),
        say(100_000, B, News::Unwatched),
    ];
    merger.handle_notices(0, Timestamp(100_000), notices);
    merger.finish();
    let rows = merger.take_rows();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.key.resource, row.status, row.end.millis(), row.reason))
        .collect();
    let skipped = LogStatus::SkipData { lost_records: 2 };
    let expected = [
        (A, LogStatus::NoData, 60_000, Reason::Forced),
        (B, skipped, 100_000, Reason::Forced),
    ];
    assert_eq!(seen, expected);
    let log = &merger.logs[&LOG];
    assert!(log.open.is_empty() && log.watched.is_empty());
}

#[test]
fn what_a_lost_partition_owed_keeps_nothing_waiting() {
    let mut merger = Merger::new(2);
    merger.handle_notices(0, Timestamp(0), vec![watched(0, A)]);
    merger.handle_notices(1, Timestamp(0), vec![watched(0, A)]);
    advance(&mut merger, 10_000);
    let given = vec![told(126_000, A, summary(0, false))];
    merger.handle_notices(0, Timestamp(0), given);
    assert!(advance(&mut merger, 130_000).is_empty());
    merger.forget_partition(1);
    let given = vec![told(186_000, A, summary(1, false))];
    merger.handle_notices(0, Timestamp(0), given);
    let rows = advance(&mut merger, 190_000);
    assert_eq!((rows.len(), rows[0].start.millis()), (1, 60_000));
    assert!(merger.logs[&LOG].open.is_empty());
}

#[test]
fn rows_that_come_back_leave_before_later_ones() {
    let mut merger = Merger::new(1);
    let told = |minute: i64| told(minute * MINUTE + 126_000, A, summary(minute, false));
    merger.handle_notices(0, Timestamp(0), vec![watched(0, A), told(0), told(1)]);
    let first = advance(&mut merger, 130_000);
    merger.handle_notices(0, Timestamp(200_000), Vec::new());
    merger.advance();
    merger.put_back_rows(first);
    let numbers: Vec<_> = merger.take_rows().iter().map(|row| row.number).collect();
    assert_eq!(numbers, [0, 1]);
}

#[test]
fn other_octets_are_not_restored() {
    let octets = Merger::new(2).save();
    assert!(Merger::restore(&octets).is_ok());
    assert_eq!(Merger::restore(&[]).err(), Some(RestoreError::Damaged));
    let mut other = octets.clone();
    other[0] = 99;
    let error = Merger::restore(&other).err();
    assert_eq!(error, Some(RestoreError::Version(99)));
    let cut = &octets[..octets.len() - 1];
    assert_eq!(Merger::restore(cut).err(), Some(RestoreError::Damaged));
}

/// What three partitions say of two resources: each watches from some time on, with a wait of its
/// own.
fn scripts() -> impl Strategy<Value = Vec<Vec<Notice>>> {
    let partition = (
        0..200_000_i64,
        1..200_000_i64,
        prop::collection::vec(0..4_u8, 8),
    );
    prop::collection::vec(partition, 3).prop_map(|partitions| {
        let script = |(from, wait, windows): (i64, i64, Vec<u8>)| {
            let mut script = Vec::new();
            for resource in [A, B] {
                script.push(watched(from, resource));
                for (minute, what) in (from / MINUTE..).zip(&windows) {
                    let summary = match what {
                        0 => lost(minute, 3),
                        what => summary(minute, *what == 1),
                    };
                    let at = (minute + 1) * MINUTE + wait;
                    script.push(told(at, resource, summary));
                }
            }
            script.sort_by_key(|notice| notice.at);
            script
        };
        partitions.into_iter().map(script).collect()
    })
}

proptest! {
    /// However what is said comes in pieces, and wherever the merger is saved: the same rows.
    #[test]
    fn the_order_of_threads_and_restarts_change_no_row(
        scripts in scripts(),
        turns in prop::collection::vec((0..3_usize, 1..6_usize, any::<bool>()), 0..60),
    ) {
        let mut at_once = Merger::new(3);
        for (partition, script) in (0..).zip(&scripts) {
            at_once.handle_notices(partition, Timestamp::MAX, script.clone());
        }
        at_once.advance();
        let expected = at_once.take_rows();
        let numbers: Vec<u64> = expected.iter().map(|row| row.number).collect();
        prop_assert_eq!(numbers, (0..).take(expected.len()).collect::<Vec<u64>>());
        let times = expected.iter().map(|row| row.left_at);
        prop_assert!(times.is_sorted());

        let mut merger = Merger::new(3);
        let mut left = scripts.clone();
        let mut rows = Vec::new();
        for (partition, count, is_saved) in turns {
            let script = &mut left[partition];
            let rest = script.split_off(count.min(script.len()));
            let part = core::mem::replace(script, rest);
            let now = script.first().map_or(Timestamp::MAX, |next| next.at);
            merger.handle_notices(u16::try_from(partition).unwrap(), now, part);
            merger.advance();
            if is_saved {
                merger = Merger::restore(&merger.save()).unwrap();
            } else {
                rows.extend(merger.take_rows());
            }
        }
        for (partition, script) in (0..).zip(left) {
            merger.handle_notices(partition, Timestamp::MAX, script);
        }
        merger.advance();
        rows.extend(merger.take_rows());
        prop_assert_eq!(rows, expected);
    }
}
