use std::path::Path;
use std::sync::Arc;

use flowlog_sls::log_group::log_groups;

use super::*;
use crate::Logstore;
use crate::batch::{Batch, Group, Log, LogGroup};
use crate::sample::{Hands, LOGSTORE, NOW, PROJECT, open_with, settings};
use crate::{Clock, Settings};

const EVERYTHING: Most = Most {
    count: 1000,
    octets: 10 << 20,
};

fn opened(dir: &Path, clock: Clock) -> (Logstore, Arc<Shard>) {
    let logstore = open_with(
        dir,
        Settings {
            clock,
            ..settings()
        },
    );
    let shard = Arc::clone(&logstore.inner().shards()[0]);
    (logstore, shard)
}

/// `LogGroup`s of different shapes: some rows repeat a key, or turn the order round.
fn group(number: u32) -> LogGroup {
    let log = |row: u32| {
        let mut contents = vec![
            ("a".into(), format!("{number}-{row}").into()),
            ("b".into(), row.to_string().into()),
        ];
        if row % 2 == 1 {
            contents.reverse();
        }
        if row % 3 == 1 {
            contents.push(("a".into(), vec![0xff, 0].into()));
        }
        Log {
            time: NOW + row,
            time_ns: number.is_multiple_of(2).then_some(row),
            contents,
        }
    };
    LogGroup {
        topic: format!("topic-{number}").into(),
        source: "192.0.2.1".into(),
        tags: vec![("host".into(), "h".into()), ("host".into(), "again".into())],
        logs: (0..=number % 5).map(log).collect(),
    }
}

fn put(logstore: &Logstore, number: u32) {
    let batch = Batch {
        project: PROJECT.into(),
        logstore: LOGSTORE.into(),
        origin: None,
        groups: vec![Group::from(group(number))],
    };
    logstore.append(batch).wait().unwrap();
}

/// The `LogGroup`s of a list.
fn read(pulled: &Pulled) -> Vec<LogGroup> {
    let text = |octets: &[u8]| Arc::from(std::str::from_utf8(octets).unwrap());
    let groups: Vec<LogGroup> = log_groups(&pulled.list)
        .map(|group| {
            let group = group.unwrap();
            LogGroup {
                topic: text(group.topic()),
                source: text(group.source()),
                tags: group.tags().map(|(k, v)| (text(k), text(v))).collect(),
                logs: group
                    .logs()
                    .map(|log| Log {
                        time: log.time,
                        time_ns: log.time_ns,
                        contents: log
                            .contents()
                            .map(|(key, value)| (text(key), value.to_vec().into()))
                            .collect(),
                    })
                    .collect(),
            }
        })
        .collect();
    assert_eq!(groups.len(), pulled.count);
    groups
}

#[test]
fn a_log_group_comes_back_as_it_was_sent_from_head_segment_and_merged_segment() {
    let dir = tempfile::tempdir().unwrap();
    let (logstore, shard) = opened(dir.path(), Hands::default().clock());
    let first = i64::from(NOW) * 1_000_000_000;
    for number in 0..25 {
        put(&logstore, number);
        if number % 4 == 3 {
            logstore.seal();
        }
    }
    while logstore.stats().segments_merged == 0 {
        logstore.inner().wait_for_progress();
    }
    let wanted: Vec<LogGroup> = (0..25).map(group).collect();
    let pulled = shard.pull(first, None, EVERYTHING).unwrap();
    assert_eq!(read(&pulled), wanted);
    assert_eq!(
        (pulled.next, pulled.last),
        (first + 25, Some((first + 24, NOW)))
    );
    drop((logstore, shard));
    let (_logstore, shard) = opened(dir.path(), Hands::default().clock());
    assert_eq!(read(&shard.pull(first, None, EVERYTHING).unwrap()), wanted);
    for from in [0, 1, 7, 24, 25] {
        let at = first + i64::try_from(from).unwrap();
        let pulled = shard.pull(at, Some(first + 25), EVERYTHING).unwrap();
        assert_eq!(read(&pulled), wanted[from..]);
        let one = Most {
            count: 1,
            ..EVERYTHING
        };
        let pulled = shard.pull(at, None, one).unwrap();
        assert_eq!(read(&pulled), wanted[from..(from + 1).min(25)]);
        assert_eq!(pulled.next, (at + 1).min(first + 25));
    }
    let few = Most {
        octets: 1,
        ..EVERYTHING
    };
    assert_eq!(shard.pull(first, None, few).unwrap().count, 1);
    let before = shard.pull(first + 2, Some(first + 6), EVERYTHING).unwrap();
    assert_eq!(read(&before), wanted[2..6]);
    assert_eq!(before.next, first + 6);
}

#[test]
fn cursors_are_found_by_the_time_of_receiving() {
    let dir = tempfile::tempdir().unwrap();
    let hands = Hands::default();
    let (logstore, shard) = opened(dir.path(), hands.clock());
    let first = i64::from(NOW) * 1_000_000_000;
    assert_eq!(shard.cursor(CursorFrom::Begin).unwrap(), first);
    assert_eq!(shard.received_at(first).unwrap(), None);
    for number in 0..6 {
        put(&logstore, number);
        hands.advance(10);
        if number == 2 {
            logstore.seal();
        }
    }
    let cursor = |from| shard.cursor(from).unwrap() - first;
    assert_eq!((cursor(CursorFrom::Begin), cursor(CursorFrom::End)), (0, 6));
    for (after, wanted) in [(-5, 0), (0, 0), (1, 1), (10, 1), (25, 3), (50, 5), (51, 6)] {
        let received = CursorFrom::Received(i64::from(NOW) + after);
        assert_eq!(cursor(received), wanted, "{after}");
    }
    for (cursor, wanted) in [(0, 0), (2, 20), (3, 30), (5, 50), (6, 50)] {
        let received = shard.received_at(first + cursor).unwrap();
        assert_eq!(received, Some(NOW + wanted), "{cursor}");
    }
}

#[test]
fn what_is_not_on_disk_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (logstore, shard) = opened(dir.path(), Hands::default().clock());
    put(&logstore, 0);
    let end = shard.durable();
    let group = Group::from(group(1));
    let stored = crate::shard::Stored::new(end, NOW, group);
    shard.push(vec![Arc::new(stored)]);
    assert_eq!(shard.pull(end, None, EVERYTHING).unwrap().count, 0);
    assert_eq!(shard.cursor(CursorFrom::End).unwrap(), end);
    shard.is_durable_before(end + 1);
    assert_eq!(shard.pull(end, None, EVERYTHING).unwrap().count, 1);
}
