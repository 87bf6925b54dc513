mod crash;
mod retention;

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
        seal_age: std::time::Duration::from_mins(5),
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
