//! Rows with an origin are stored once, whatever becomes of their shard.

use super::*;
use crate::store::Reshard;

fn reshard(logstore: &Logstore, shard: u32, what: Reshard) -> Vec<u32> {
    let shards = logstore.reshard(PROJECT, LOGSTORE, shard, what).unwrap();
    shards.iter().map(|shard| shard.number).collect()
}

/// The rows and repetitions of a batch, whichever shard takes it.
fn append(logstore: &Logstore, first: u64, next: u64) -> (u64, u64) {
    let appended = logstore.append(batch(0, first, next)).wait().unwrap();
    (appended.rows, appended.repeated)
}

#[test]
fn children_know_the_rows_of_their_parents() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    assert_eq!(append(&logstore, 0, 100), (100, 0));
    assert_eq!(reshard(&logstore, 0, Reshard::Split(None, 2)), [0, 1, 2]);
    assert_eq!(append(&logstore, 50, 150), (50, 50));
    assert_eq!(reshard(&logstore, 1, Reshard::Merge), [1, 2, 3]);
    assert_eq!(append(&logstore, 0, 160), (10, 150));
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..160));
    drop(logstore);

    let (logstore, recovered) = Logstore::open(dir.path(), settings()).unwrap();
    assert_eq!(recovered.rows, 160);
    let states: Vec<_> = logstore.shards(PROJECT, LOGSTORE).unwrap();
    let states: Vec<_> = states.iter().map(|s| (s.number, s.readonly)).collect();
    assert_eq!(states, [(0, true), (1, true), (2, true), (3, false)]);
    assert_eq!(append(&logstore, 100, 170), (10, 60));
    logstore.seal();
    assert_eq!(reshard(&logstore, 3, Reshard::Split(None, 2)), [3, 4, 5]);
    assert_eq!(append(&logstore, 0, 171), (1, 170));
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..171));
    for shard in [0, 3] {
        assert_eq!(
            reshard(&logstore, shard, Reshard::Delete),
            Vec::<u32>::new()
        );
    }
    assert_eq!(row_ids(&logstore, "*").len(), 51);
    assert_eq!(append(&logstore, 0, 171), (0, 171));
}

#[test]
fn batches_that_wait_go_to_who_took_over() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let receipts: Vec<_> = (0..40)
        .map(|n| {
            if n == 20 {
                reshard(&logstore, 0, Reshard::Split(None, 2));
            }
            logstore.append(batch(0, n * 10, n * 10 + 10))
        })
        .collect();
    for receipt in receipts {
        assert_eq!(receipt.wait().unwrap().rows, 10);
    }
    assert_eq!(row_ids(&logstore, "*"), ids(0, 0..400));
}

#[test]
fn shards_of_a_deleted_logstore_are_gone_with_their_directories() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    append(&logstore, 0, 10);
    reshard(&logstore, 0, Reshard::Split(None, 3));
    reshard(&logstore, 0, Reshard::Delete);
    let home = dir.path().join(PROJECT).join(LOGSTORE);
    let directories = || std::fs::read_dir(&home).unwrap().count();
    assert_eq!(directories(), 3);
    drop(logstore);
    let (logstore, recovered) = Logstore::open(dir.path(), settings()).unwrap();
    assert_eq!(recovered.rows, 0);
    logstore.delete_logstore(PROJECT, LOGSTORE).unwrap();
    assert!(!home.exists());
}
