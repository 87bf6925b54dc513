use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;

use tempfile::TempDir;

use super::*;
use crate::Settings;
use crate::file::faults::Faults;

fn open(dir: &TempDir, segment_octets: u64) -> (Journal, Arc<Faults>) {
    let settings = Settings {
        segment_octets,
        ..Settings::default()
    };
    let (journal, _) = Journal::open(dir.path(), settings).unwrap();
    let faults = journal.faults();
    (journal, faults)
}

#[test]
fn what_is_committed_is_durable_and_in_order_for_each_thread() {
    const THREADS: u64 = 8;
    const EACH: u64 = 50;
    let dir = TempDir::new().unwrap();
    let group = GroupCommit::new(open(&dir, 400).0, Duration::ZERO);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let group = group.clone();
            scope.spawn(move || {
                let mut last = None;
                for number in 0..EACH {
                    let record = [thread.to_le_bytes(), number.to_le_bytes()].concat();
                    let position = group.commit(&[&record]).unwrap();
                    assert!(group.durable() > position);
                    assert!(last.replace(position) < Some(position));
                }
            });
        }
    });
    assert_eq!(group.next(), Position(THREADS * EACH));
    drop(group);
    let (journal, _) = open(&dir, 400);
    let records: BTreeSet<Vec<u8>> = journal
        .read(Position(0))
        .map(|record| record.unwrap().1)
        .collect();
    assert_eq!(records.len(), 400);
    assert!(journal.segments() > 20);
}

#[test]
fn one_sync_serves_all_who_came_in_time() {
    let dir = TempDir::new().unwrap();
    let (journal, faults) = open(&dir, 1 << 20);
    let group = GroupCommit::new(journal, Duration::from_millis(300));
    let before = faults.syncs.load(Ordering::SeqCst);
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let position = group.append(&[b"x"]).unwrap();
                barrier.wait();
                group.wait_durable(position).unwrap();
            });
        }
    });
    assert_eq!(faults.syncs.load(Ordering::SeqCst), before + 1);
}

#[test]
fn a_failed_sync_reaches_every_waiter() {
    let dir = TempDir::new().unwrap();
    let (journal, faults) = open(&dir, 1 << 20);
    let group = GroupCommit::new(journal, Duration::from_millis(20));
    let kept = group.commit(&[b"kept"]).unwrap();
    faults.sync_fails.store(true, Ordering::SeqCst);
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let position = group.append(&[b"x"]).unwrap();
                barrier.wait();
                assert!(group.wait_durable(position).unwrap_err().is_final());
            });
        }
    });
    faults.sync_fails.store(false, Ordering::SeqCst);
    group.wait_durable(kept).unwrap();
    assert!(group.append(&[b"x"]).unwrap_err().is_final());
    assert!(group.failure().is_some());
    drop(group);
    let (journal, _) = open(&dir, 1 << 20);
    assert_eq!(journal.read(Position(0)).count(), 1);
}

#[test]
fn waiting_for_a_record_that_nobody_appended_is_an_error() {
    let dir = TempDir::new().unwrap();
    let group = GroupCommit::new(open(&dir, 1 << 20).0, Duration::ZERO);
    let error = group.wait_durable(Position(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no record 0 yet: the next one is 0"
    );
}

#[test]
fn syncing_rolling_freeing_and_reading_go_through() {
    let dir = TempDir::new().unwrap();
    let group = GroupCommit::new(open(&dir, 1 << 20).0, Duration::ZERO);
    for _ in 0..3 {
        group.append(&[b"x"]).unwrap();
    }
    assert_eq!(group.durable(), Position(0));
    assert_eq!(group.sync().unwrap(), Position(3));
    assert_eq!(group.sync().unwrap(), Position(3));
    group.roll().unwrap();
    let last = group.append(&[b"y"]).unwrap();
    assert_eq!(group.read(Position(1)).count(), 3);
    assert!(group.free_before(last).unwrap() > 0);
    assert_eq!(group.first(), last);
    assert_eq!(group.read(Position(0)).count(), 1);
    assert_eq!(group.disk_octets(), 32 + 9);
}
