//! What is deleted, and when.

use crate::sample::{Hands, LOGSTORE, PROJECT, batch, open_with, row_ids, settings};
use crate::{AppendError, Logstore, Settings};

fn count(logstore: &Logstore) -> usize {
    row_ids(logstore, "*").len()
}

/// Waits for the sealer's next look around.
fn settle(logstore: &Logstore, done: impl Fn(&Logstore) -> bool) {
    let mut waited = 0;
    while !done(logstore) && waited < 200 {
        logstore.inner().wait_for_progress();
        waited += 1;
    }
    assert!(done(logstore), "{:?}", logstore.stats());
}

#[test]
fn segments_go_when_their_time_has_passed() {
    let dir = tempfile::tempdir().unwrap();
    let hands = Hands::default();
    let logstore = open_with(
        dir.path(),
        Settings {
            clock: hands.clock(),
            ..settings()
        },
    );
    logstore.set_ttl(PROJECT, LOGSTORE, 2).unwrap();
    logstore.append(batch(0, 0, 10)).wait().unwrap();
    logstore.seal();
    hands.advance(86_400);
    logstore.append(batch(0, 10, 30)).wait().unwrap();
    logstore.seal();
    assert_eq!(count(&logstore), 30);
    hands.advance(86_401);
    logstore.append(batch(0, 30, 31)).wait().unwrap();
    logstore.seal();
    settle(&logstore, |logstore| logstore.stats().segments_expired == 1);
    assert_eq!(count(&logstore), 21);
    assert!(logstore.set_ttl(PROJECT, LOGSTORE, 0).is_err());
    assert!(logstore.set_ttl(PROJECT, LOGSTORE, 3651).is_err());
}

#[test]
fn the_oldest_segments_go_when_the_budget_is_used_up() {
    let dir = tempfile::tempdir().unwrap();
    let budget = Settings {
        disk_budget: Some(60_000),
        ..settings()
    };
    let logstore = open_with(dir.path(), budget);
    for round in 0..20 {
        logstore
            .append(batch(0, round * 100, round * 100 + 100))
            .wait()
            .unwrap();
        logstore.seal();
    }
    settle(&logstore, |logstore| logstore.disk_octets() <= 60_000);
    let stats = logstore.stats();
    assert!(stats.segments_evicted > 0 && stats.rows_evicted == stats.segments_evicted * 100);
    let left = row_ids(&logstore, "*");
    let first = usize::try_from(stats.rows_evicted).unwrap();
    let expected: Vec<_> = (first..2000).map(|n| format!("0-default-0-{n}")).collect();
    assert_eq!(left, expected);
    let files = std::fs::read_dir(dir.path().join(PROJECT).join(LOGSTORE).join("1")).unwrap();
    let files = files.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|e| e == "parquet")
    });
    assert_eq!(
        files.count(),
        20 - usize::try_from(stats.segments_evicted).unwrap()
    );
}

#[test]
fn a_budget_without_anything_to_delete_refuses_appends() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open_with(
        dir.path(),
        Settings {
            disk_budget: Some(1),
            ..settings()
        },
    );
    logstore.append(batch(0, 0, 10)).wait().unwrap();
    logstore.seal();
    settle(&logstore, |logstore| {
        logstore
            .inner()
            .full
            .load(std::sync::atomic::Ordering::Acquire)
    });
    let refused = logstore.append(batch(0, 10, 20)).wait().unwrap_err();
    assert!(matches!(refused.error, AppendError::Full));
    assert_eq!(*refused.batch.unwrap(), batch(0, 10, 20));
    assert_eq!(logstore.stats().batches_refused_full, 1);
    assert_eq!(logstore.stats().segments_evicted, 1);
}
