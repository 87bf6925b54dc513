use crossbeam_channel::{bounded, unbounded};
use flowlog_aggregate::{Given, News, Summary};
use flowlog_pipeline::{Partition, Settings};
use flowlog_record::{FlowLogIndex, HashKey, ResourceIndex};

use super::*;
use crate::config::Config;
use crate::run::book::Numbered;

const PARTITIONS: u16 = 2;

/// Partition 1 says that a resource had nothing in so many windows.
fn said(windows: std::ops::Range<i64>) -> Said {
    let notice = |at, news| Notice {
        at: Timestamp(at),
        flow_log: FlowLogIndex(0),
        resource: ResourceIndex(0),
        news,
    };
    let mut notices = Vec::new();
    if windows.start == 0 {
        let from = Timestamp(0);
        notices.push(notice(0, News::Watched { from }));
    }
    for window in windows {
        let summary = Summary {
            window: Timestamp(window * 60_000),
            end: Timestamp((window + 1) * 60_000),
            seen: false,
            touched: false,
            lost_records: 0,
            given: Given::Due,
        };
        notices.push(notice((window + 2) * 60_000, News::Summary(summary)));
    }
    let of = |partition, news| Notices {
        partition,
        now: Timestamp(i64::MAX),
        news,
    };
    Said::Notices(vec![of(0, Vec::new()), of(1, notices)])
}

struct Bench {
    merging: Merging,
    notices: Sender<Said>,
    rows: Inbox<Handover>,
    board: Arc<Board>,
}

fn bench(merger: Merger) -> Bench {
    let config = Config::default();
    let numbered = Numbered::new(&config, Vec::new(), Vec::new()).unwrap();
    let board = Arc::new(Board::new(1, numbered.names()));
    let delivery = Arc::new(Delivery::new(&config, 1, &numbered));
    let (notices, inbox) = unbounded();
    let (to_rows, rows) = bounded(1);
    Bench {
        merging: Merging::new(merger, inbox, to_rows, Arc::clone(&board), delivery),
        notices,
        rows,
        board,
    }
}

fn numbers(handovers: impl IntoIterator<Item = Handover>) -> Vec<(u16, u64)> {
    let rows = |handover: Handover| {
        let partition = handover.partition;
        let rows = handover.rows.into_vec().into_iter();
        rows.map(move |row| (partition, row.number))
    };
    handovers.into_iter().flat_map(rows).collect()
}

#[test]
fn its_rows_are_those_of_a_partition_behind_the_real_ones() {
    let Bench {
        merging,
        notices,
        rows,
        board,
    } = bench(Merger::new(PARTITIONS));
    notices.send(said(0..2)).unwrap();
    drop(notices);
    let (merger, outbox) = merging.run();
    assert!(outbox.is_empty());
    assert_eq!(numbers(rows.try_iter()), [(2, 0), (2, 1)]);
    assert_eq!(board.waiting_rows(), 2);
    assert_eq!(merger.row_counts().next(), Some((FlowLogIndex(0), 2)));
}

#[test]
fn rows_that_nobody_takes_are_given_back_and_saved_ones_leave_first() {
    let Bench {
        merging, notices, ..
    } = bench(Merger::new(PARTITIONS));
    notices.send(said(0..1)).unwrap();
    notices.send(said(1..3)).unwrap();
    drop(notices);
    let (mut merger, mut outbox) = merging.run();
    let first = outbox.pop_back().unwrap();
    assert_eq!(first.rows.len(), 2, "one hand-over waits in the channel");
    merger.put_back_rows(first.rows.into_vec());

    let merger = Merger::restore(&merger.save()).unwrap();
    let next = bench(merger);
    next.notices.send(said(3..4)).unwrap();
    drop(next.notices);
    let (_, outbox) = next.merging.run();
    let all = next.rows.try_iter().chain(outbox);
    assert_eq!(numbers(all), [(2, 1), (2, 2), (2, 3)]);
}

#[test]
fn partitions_say_how_far_they_have_come_even_if_they_have_nothing_to_say() {
    let numbered = Numbered::new(&Config::default(), Vec::new(), Vec::new()).unwrap();
    let generation = numbered.generation().unwrap();
    let settings = Settings::with_key(HashKey::PUBLIC);
    let mut partition = Partition::new(&settings, &generation);
    partition.handle_tick(Timestamp(5_000));
    let number = 1;
    let Said::Notices(said) = Said::of(&mut [Owned { number, partition }]) else {
        panic!("partitions change no flow logs");
    };
    let said = &said[0];
    assert_eq!((said.partition, said.now), (1, Timestamp(5_000)));
    assert!(said.news.is_empty());
}
