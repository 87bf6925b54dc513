use alloc::vec;

use flowlog_record::{
    Address, Distribution, FlowKey, FlowLogIndex, LogStatus, Present, Reason, RowSampling,
    Sampling, Timestamp,
};

use super::*;

fn row(number: u64) -> Row {
    Row {
        flow_log: FlowLogIndex(0),
        exporter: Address::UNSPECIFIED,
        key: FlowKey::default(),
        has_source: true,
        has_destination: true,
        present: Present::default(),
        start: Timestamp(0),
        end: Timestamp(0),
        window: None,
        packets: 1,
        octets: 1,
        packets_raw: 1,
        octets_raw: 1,
        sampling: RowSampling::Factor(Sampling::NONE),
        tcp_flags: 0,
        distribution: Distribution::Direct,
        late: false,
        reason: Reason::Window,
        status: LogStatus::Ok,
        left_at: Timestamp(0),
        number,
        records: 1,
        extra: None,
    }
}

fn numbers(rows: RowBlocks) -> Vec<u64> {
    rows.into_vec().iter().map(|row| row.number).collect()
}

fn first(count: usize) -> RowBlocks {
    (0..).map(row).take(count).collect()
}

#[test]
fn rows_come_out_in_the_order_in_which_they_went_in() {
    let rows = first(3 * BLOCK + 7);
    assert_eq!(rows.len(), 3 * BLOCK + 7);
    assert!(rows.iter().map(|row| row.number).eq((0..).take(rows.len())));
    assert!(numbers(rows).is_sorted());
}

#[test]
fn a_part_from_the_front_is_as_long_as_was_asked_for_and_what_follows_stays() {
    let mut rows = first(3 * BLOCK + 7);
    let front = rows.split_front(2 * BLOCK).unwrap();
    assert_eq!((front.len(), rows.len()), (2 * BLOCK, BLOCK + 7));
    let next = rows.split_front(2 * BLOCK).unwrap();
    assert_eq!((next.len(), rows.is_empty()), (BLOCK + 7, true));
    assert!(rows.split_front(2 * BLOCK).is_none());
}

#[test]
fn a_block_longer_than_what_was_asked_for_comes_alone() {
    let mut rows = RowBlocks::from(vec![row(0), row(1), row(2)]);
    rows.append(vec![row(3)].into());
    assert_eq!(numbers(rows.split_front(1).unwrap()), [0, 1, 2]);
    assert_eq!(numbers(rows.split_front(1).unwrap()), [3]);
}

#[test]
fn no_rows_are_no_block() {
    let mut rows = RowBlocks::from(Vec::new());
    rows.append(RowBlocks::default());
    assert!(rows.is_empty() && rows.split_front(9).is_none());
}
