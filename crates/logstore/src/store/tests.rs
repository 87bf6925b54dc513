mod crash;
mod reshard;
mod retention;

use std::time::Duration;

use super::*;
use crate::sample::{LOGSTORE, PROJECT, ask, batch, open, open_with, row_ids, settings};

fn ids(partition: u16, range: std::ops::Range<u64>) -> Vec<String> {
    range
        .map(|n| format!("0-default-{partition}-{n}"))
        .collect()
}

#[test]
fn rows_are_there_at_once_and_after_a_restart_and_after_sealing() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let appended = logstore.append(batch(0, 0, 120)).wait().unwrap();
    assert_eq!((appended.rows, appended.repeated), (120, 0));
    assert_eq!(appended.next - appended.first, 2);
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..120));
    drop(logstore);

    let (logstore, recovered) = Logstore::open(dir.path(), settings()).unwrap();
    assert_eq!(
        (recovered.groups, recovered.rows, recovered.torn_octets),
        (2, 120, 0)
    );
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..120));
    logstore.seal();
    assert_eq!(logstore.stats().segments_sealed, 1);
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..120));
    drop(logstore);

    let (logstore, recovered) = Logstore::open(dir.path(), settings()).unwrap();
    assert_eq!(recovered, Recovered::default());
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..120));
    let next = logstore.append(batch(0, 120, 121)).wait().unwrap();
    assert_eq!(next.first, appended.next);
}

#[test]
fn rows_that_are_known_are_refused_and_new_ones_of_the_same_batch_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    logstore.append(batch(3, 0, 10)).wait().unwrap();
    let again = logstore.append(batch(3, 0, 10)).wait().unwrap();
    assert_eq!(
        (again.rows, again.repeated, again.next - again.first),
        (0, 10, 0)
    );
    let partly = logstore.append(batch(3, 5, 15)).wait().unwrap();
    assert_eq!((partly.rows, partly.repeated), (5, 5));
    let other = logstore.append(batch(4, 0, 1)).wait().unwrap();
    assert_eq!(other.rows, 1);
    logstore.seal();
    drop(logstore);
    let logstore = open(dir.path());
    assert_eq!(
        logstore.append(batch(3, 0, 15)).wait().unwrap().repeated,
        15
    );
    assert_eq!(logstore.stats().rows_repeated, 15);
    let mut expected = [ids(3, 0..15), ids(4, 0..1)].concat();
    let mut found = row_ids(&logstore, "*");
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn batches_that_come_while_a_sync_waits_share_it() {
    let dir = tempfile::tempdir().unwrap();
    let patient = Settings {
        sync_delay: Duration::from_mins(1),
        ..settings()
    };
    let logstore = open_with(dir.path(), patient);
    let before = logstore.stats().journal_syncs;
    let receipts: Vec<_> = (0..20)
        .map(|partition| logstore.append(batch(partition, 0, 1)))
        .collect();
    // Whoever seals does not wait.
    logstore.seal();
    assert!(receipts.into_iter().all(|receipt| receipt.wait().is_ok()));
    assert_eq!(logstore.stats().journal_syncs - before, 1);
}

#[test]
fn a_head_is_sealed_when_it_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let small = Settings {
        seal_octets: 20_000,
        ..settings()
    };
    let logstore = open_with(dir.path(), small);
    for n in 0..50 {
        logstore
            .append(batch(0, n * 10, n * 10 + 10))
            .wait()
            .unwrap();
    }
    logstore.seal();
    assert!(
        logstore.stats().segments_sealed > 3,
        "{:?}",
        logstore.stats()
    );
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..500));
}

#[test]
fn a_head_is_sealed_when_it_is_old() {
    let dir = tempfile::tempdir().unwrap();
    let hands = crate::sample::Hands::default();
    let settings = Settings {
        clock: hands.clock(),
        seal_age: Duration::from_mins(5),
        ..settings()
    };
    let logstore = open_with(dir.path(), settings);
    logstore.append(batch(0, 0, 1)).wait().unwrap();
    hands.advance(299);
    logstore.append(batch(0, 1, 2)).wait().unwrap();
    hands.advance(1);
    logstore.append(batch(0, 2, 3)).wait().unwrap();
    let mut waited = 0;
    while logstore.stats().segments_sealed == 0 && waited < 100 {
        logstore.inner().wait_for_progress();
        waited += 1;
    }
    assert_eq!(logstore.stats().segments_sealed, 1);
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..3));
}

#[test]
fn a_batch_for_nowhere_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let mut stray = batch(0, 0, 1);
    stray.logstore = "nowhere".into();
    let refused = logstore.append(stray.clone()).wait().unwrap_err();
    assert!(matches!(refused.error, AppendError::NoSuchLogstore { .. }));
    assert_eq!(*refused.batch.unwrap(), stray);
    stray.groups.clear();
    let refused = logstore.append(stray).wait().unwrap_err();
    assert!(matches!(
        refused.error,
        AppendError::Invalid(batch::InvalidBatch::Empty)
    ));
    assert_eq!(logstore.stats().batches_refused, 2);
}

#[test]
fn rows_die_with_their_logstore() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    logstore.append(batch(0, 0, 10)).wait().unwrap();
    logstore.seal();
    logstore.append(batch(0, 10, 20)).wait().unwrap();
    logstore.delete_logstore(PROJECT, LOGSTORE).unwrap();
    assert!(logstore.append(batch(0, 20, 21)).wait().is_err());
    logstore
        .ensure_logstore(PROJECT, LOGSTORE, crate::sample::index())
        .unwrap();
    assert_eq!(ask(&logstore, "*").data, []);
    logstore.append(batch(0, 0, 3)).wait().unwrap();
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..3));
    drop(logstore);
    let logstore = open(dir.path());
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..3));
    let home = dir.path().join(PROJECT).join(LOGSTORE);
    assert_eq!(std::fs::read_dir(home).unwrap().count(), 1);
}

#[test]
fn the_largest_head_is_sealed_when_memory_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open_with(
        dir.path(),
        Settings {
            memory: 100_000,
            ..settings()
        },
    );
    logstore
        .ensure_logstore(PROJECT, "other", crate::sample::index())
        .unwrap();
    let small = Batch {
        logstore: "other".into(),
        ..batch(0, 0, 1)
    };
    logstore.append(small).wait().unwrap();
    for n in 0..60 {
        logstore
            .append(batch(0, n * 20, n * 20 + 20))
            .wait()
            .unwrap();
        assert!(logstore.inner().memory() < 110_000);
    }
    assert!(logstore.stats().segments_sealed > 1);
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..1200));
    let other = logstore
        .inner()
        .shards()
        .into_iter()
        .find(|shard| shard.id == 2)
        .unwrap();
    assert_eq!(other.segments(), []);
}

#[test]
fn a_segment_that_cannot_be_written_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let first = i64::from(crate::sample::NOW) * 1_000_000_000;
    let name = format!("{first}-{}.unfinished", first + 2);
    let obstacle = dir.path().join(PROJECT).join(LOGSTORE).join("1").join(name);
    std::fs::create_dir(&obstacle).unwrap();
    logstore.append(batch(0, 0, 100)).wait().unwrap();
    logstore.seal();
    assert_eq!(logstore.stats().seal_failures, 1);
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..100));
    std::fs::remove_dir(&obstacle).unwrap();
    let mut waited = 0;
    while logstore.stats().segments_sealed == 0 && waited < 100 {
        logstore.inner().wait_for_progress();
        waited += 1;
    }
    assert_eq!(logstore.stats().segments_sealed, 1);
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..100));
}

#[test]
fn appends_are_refused_while_nothing_can_be_sealed_and_memory_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open_with(
        dir.path(),
        Settings {
            seal_octets: 20_000,
            ..settings()
        },
    );
    let home = dir.path().join(PROJECT).join(LOGSTORE).join("1");
    let mut first = 0;
    // The journal goes on, the segments cannot.
    let refused = loop {
        let cursor =
            i64::from(crate::sample::NOW) * 1_000_000_000 + 2 * i64::try_from(first / 10).unwrap();
        for behind in 1..30 {
            let name = format!("{cursor}-{}.unfinished", cursor + behind);
            drop(std::fs::create_dir(home.join(name)));
        }
        match logstore.append(batch(0, first, first + 10)).wait() {
            Ok(_) => first += 10,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused.error, AppendError::Full));
    assert_eq!(*refused.batch.unwrap(), batch(0, first, first + 10));
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..first));
}
