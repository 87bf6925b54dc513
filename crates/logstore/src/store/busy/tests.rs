use flowlog_sls::HashKey;
use flowlog_sls::operation::Route;
use serde_json::json;

use super::*;
use crate::batch::Batch;
use crate::sample::{Hands, NOW, PROJECT, group, settings};
use crate::store::NewLogstore;
use crate::{Logstore, Settings};

fn open(hands: &Hands, dir: &std::path::Path) -> Logstore {
    let settings = Settings {
        clock: hands.clock(),
        ..settings()
    };
    let (logstore, _) = Logstore::open(dir, settings).unwrap();
    logstore.create_project(PROJECT, "").unwrap();
    for (name, properties) in [
        ("splits", json!({ "autoSplit": true, "maxSplitShard": 3 })),
        ("stays", json!({ "autoSplit": false, "maxSplitShard": 3 })),
    ] {
        let new = NewLogstore {
            shards: 1,
            properties: properties.as_object().unwrap().clone(),
            ..NewLogstore::default()
        };
        logstore.create_logstore(PROJECT, name, new).unwrap();
    }
    logstore
}

/// Appends about 10 kB; to the shard that has the key.
fn append(logstore: &Logstore, name: &str, key: u128) {
    let numbers: Vec<u64> = (0..200).collect();
    let mut rows = group("192.0.2.1", 0, &numbers);
    rows.numbers.clear();
    let batch = Batch {
        project: PROJECT.into(),
        logstore: name.into(),
        origin: None,
        groups: vec![rows],
    };
    let (done, stored) = std::sync::mpsc::channel();
    let route = Route::Key(HashKey(key));
    logstore.append_routed(batch, route, move |outcome| done.send(outcome).unwrap());
    stored.recv().unwrap().unwrap();
}

fn writable(logstore: &Logstore, name: &str) -> usize {
    let shards = logstore.shards(PROJECT, name).unwrap();
    shards.iter().filter(|shard| !shard.readonly).count()
}

#[test]
fn a_busy_shard_is_split_until_there_are_enough() {
    let hands = Hands::default();
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(&hands, dir.path());
    // One shard is written much in the first windows, then each of its children in turn.
    for (key, shards) in [(0, 2), (0, 3), (u128::MAX, 3), (0, 3)] {
        for name in ["splits", "stays"] {
            append(&logstore, name, key);
            append(&logstore, name, key);
        }
        hands.advance(60);
        append(&logstore, "stays", key);
        // The change came before whatever is done next.
        logstore.seal();
        assert_eq!(writable(&logstore, "splits"), shards);
        assert_eq!(writable(&logstore, "stays"), 1);
        hands.advance(60);
        logstore.seal();
    }
}

#[test]
fn little_writing_splits_nothing_however_long_it_goes_on() {
    let mut busy = Busy::default();
    let limit = usize::try_from(MOST * u64::from(WINDOW)).unwrap();
    for window in 0..5 {
        let now = NOW + window * WINDOW;
        busy.wrote(1, limit, now);
        busy.wrote(2, limit / 2, now + 10);
        assert!(busy.due(now + WINDOW - 1).is_empty());
        assert!(busy.due(now + WINDOW).is_empty());
    }
    busy.wrote(1, limit, NOW);
    busy.wrote(2, limit, NOW + 1);
    busy.wrote(2, 1, NOW + 1);
    assert_eq!(busy.due(NOW + WINDOW), [2]);
    // Twice the time is room for twice as much; a clock that is set back tells nothing.
    busy.wrote(1, 2 * limit, NOW);
    assert!(busy.due(NOW + 2 * WINDOW).is_empty());
    busy.wrote(1, 100 * limit, NOW);
    assert!(busy.due(NOW - 1).is_empty());
    assert!(busy.due(NOW + WINDOW).is_empty());
}
