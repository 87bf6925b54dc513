use super::*;

fn fresh() -> (tempfile::TempDir, Metadata) {
    let dir = tempfile::tempdir().unwrap();
    let metadata = Metadata::open(&dir.path().join("metadata.sqlite")).unwrap();
    (dir, metadata)
}

fn logstore(project: i64, name: &str) -> LogstoreRow {
    LogstoreRow {
        id: 0,
        project,
        name: name.into(),
        ttl_days: 7,
        properties: "{}".into(),
        index: None,
        created: 100,
        modified: 100,
    }
}

fn segment(shard: i64, first: i64) -> SegmentRow {
    SegmentRow {
        shard,
        first,
        next: first + 10,
        rows: 1000,
        octets: 4096,
        min_time: 1,
        max_time: 2,
        min_received: 3,
        max_received: 4,
        sums: [1, u32::MAX].into(),
    }
}

fn halves() -> Vec<KeyRange> {
    KeyRange::ALL.parts(2).unwrap()
}

fn mark(epoch: u64, next: u64) -> Mark {
    Mark {
        flow_log: "fl-1".into(),
        partition: 3,
        epoch,
        next,
    }
}

#[test]
fn everything_is_there_after_reopening() {
    let (dir, metadata) = fresh();
    let project = metadata
        .create_project("flow-logs", "rows", "{}", 100)
        .unwrap()
        .unwrap();
    assert_eq!(
        metadata
            .create_project("flow-logs", "again", "{}", 101)
            .unwrap(),
        None
    );
    let (made, shards) = metadata
        .create_logstore(&logstore(project.id, "default"), &halves(), 500)
        .unwrap()
        .unwrap();
    assert_eq!(
        metadata
            .create_logstore(&logstore(project.id, "default"), &halves(), 1)
            .unwrap(),
        None
    );
    let shard = shards[1].id;
    metadata
        .seal(&segment(shard, 500), 9, &[mark(0, 7)])
        .unwrap();
    drop(metadata);

    let metadata = Metadata::open(&dir.path().join("metadata.sqlite")).unwrap();
    assert_eq!(metadata.projects().unwrap(), [project]);
    assert_eq!(metadata.logstores().unwrap(), [made]);
    let stored = metadata.shards().unwrap();
    assert_eq!(stored[0], shards[0]);
    assert_eq!(
        (stored[1].sealed_cursor, stored[1].sealed_position),
        (510, 9)
    );
    assert_eq!(metadata.segments(shard).unwrap(), [segment(shard, 500)]);
    assert_eq!(metadata.marks(shard).unwrap(), [mark(0, 7)]);
}

#[test]
fn marks_of_the_newest_epochs_are_kept() {
    let (_dir, metadata) = fresh();
    let project = metadata.create_project("p", "", "{}", 0).unwrap().unwrap();
    let (_, shards) = metadata
        .create_logstore(&logstore(project.id, "l"), &[KeyRange::ALL], 0)
        .unwrap()
        .unwrap();
    let shard = shards[0].id;
    for epoch in 0..20_u8 {
        let first = i64::from(epoch) * 10;
        metadata
            .seal(&segment(shard, first), 0, &[mark(epoch.into(), 1)])
            .unwrap();
    }
    metadata
        .seal(
            &segment(shard, 1000),
            0,
            &[mark(4, 2), mark(u64::MAX, u64::MAX)],
        )
        .unwrap();
    let marks = metadata.marks(shard).unwrap();
    assert_eq!(marks.len(), 16);
    assert_eq!(marks.first(), Some(&mark(5, 1)));
    assert_eq!(marks.last(), Some(&mark(u64::MAX, u64::MAX)));
}

#[test]
fn a_deleted_project_takes_everything_along_and_ids_are_never_used_twice() {
    let (_dir, metadata) = fresh();
    let project = metadata.create_project("p", "", "{}", 0).unwrap().unwrap();
    let (_, shards) = metadata
        .create_logstore(&logstore(project.id, "l"), &[KeyRange::ALL], 0)
        .unwrap()
        .unwrap();
    metadata
        .seal(&segment(shards[0].id, 0), 1, &[mark(0, 1)])
        .unwrap();
    metadata.delete_project(project.id).unwrap();
    assert_eq!(metadata.logstores().unwrap(), []);
    assert_eq!(metadata.segments(shards[0].id).unwrap(), []);
    assert_eq!(metadata.marks(shards[0].id).unwrap(), []);
    let project = metadata.create_project("p", "", "{}", 0).unwrap().unwrap();
    let (_, again) = metadata
        .create_logstore(&logstore(project.id, "l"), &[KeyRange::ALL], 0)
        .unwrap()
        .unwrap();
    assert!(again[0].id > shards[0].id);
}

#[test]
fn replaced_and_unreadable_segments_are_no_longer_listed() {
    let (_dir, metadata) = fresh();
    let project = metadata.create_project("p", "", "{}", 0).unwrap().unwrap();
    let (_, shards) = metadata
        .create_logstore(&logstore(project.id, "l"), &[KeyRange::ALL], 0)
        .unwrap()
        .unwrap();
    let shard = shards[0].id;
    for first in [0, 10, 20] {
        metadata.seal(&segment(shard, first), 0, &[]).unwrap();
    }
    metadata.set_aside(&segment(shard, 20)).unwrap();
    let merged = SegmentRow {
        next: 20,
        ..segment(shard, 0)
    };
    metadata
        .merge(&[segment(shard, 0), segment(shard, 10)], &merged)
        .unwrap();
    assert_eq!(metadata.segments(shard).unwrap(), [merged]);
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let (dir, metadata) = fresh();
    drop(metadata);
    let path = dir.path().join("metadata.sqlite");
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 3)
        .unwrap();
    assert!(Metadata::open(&path).is_err());
}

/// What version 1 wrote.
const FIRST_VERSION: &str = "
CREATE TABLE project (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL) STRICT;
CREATE TABLE logstore (id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE, name TEXT NOT NULL,
    ttl_days INTEGER NOT NULL, properties TEXT NOT NULL, index_config TEXT,
    created INTEGER NOT NULL, modified INTEGER NOT NULL, UNIQUE (project, name)) STRICT;
CREATE TABLE shard (id INTEGER PRIMARY KEY AUTOINCREMENT,
    logstore INTEGER NOT NULL REFERENCES logstore (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    created INTEGER NOT NULL, sealed_cursor INTEGER NOT NULL, sealed_position INTEGER NOT NULL,
    UNIQUE (logstore, number)) STRICT;
CREATE TABLE segment (shard INTEGER NOT NULL REFERENCES shard (id) ON DELETE CASCADE,
    first INTEGER NOT NULL, next INTEGER NOT NULL, row_count INTEGER NOT NULL,
    octets INTEGER NOT NULL, min_time INTEGER NOT NULL, max_time INTEGER NOT NULL,
    min_received INTEGER NOT NULL, max_received INTEGER NOT NULL, sums BLOB NOT NULL,
    set_aside INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (shard, first)) STRICT, WITHOUT ROWID;
CREATE TABLE origin (shard INTEGER NOT NULL REFERENCES shard (id) ON DELETE CASCADE,
    flow_log TEXT NOT NULL, partition INTEGER NOT NULL, epoch INTEGER NOT NULL,
    next INTEGER NOT NULL, UNIQUE (shard, flow_log, partition, epoch)) STRICT;
INSERT INTO project VALUES (1, 'flow-logs', 'rows', 5, 6);
INSERT INTO logstore VALUES (1, 1, 'one', 30, '{}', NULL, 7, 8), (2, 1, 'two', 7, '{}', NULL, 7, 8);
INSERT INTO shard VALUES (1, 1, 0, 7, 700, 3), (2, 2, 0, 7, 7, 0), (3, 2, 1, 7, 7, 0);
INSERT INTO segment VALUES (1, 690, 700, 9, 99, 1, 2, 3, 4, x'01000000', 0);
INSERT INTO origin VALUES (1, 'fl-1', 3, 0, 77);
PRAGMA user_version = 1;
";

#[test]
fn a_database_of_the_first_version_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("metadata.sqlite");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(FIRST_VERSION).unwrap();
    drop(old);
    for _ in 0..2 {
        let metadata = Metadata::open(&path).unwrap();
        let project = ProjectRow {
            id: 1,
            name: "flow-logs".into(),
            description: "rows".into(),
            created: 5,
            modified: 6,
            properties: "{}".into(),
        };
        assert_eq!(metadata.projects().unwrap(), [project]);
        assert_eq!(metadata.logstores().unwrap().len(), 2);
        let shards = metadata.shards().unwrap();
        let ranges: Vec<KeyRange> = shards.iter().map(|shard| shard.range).collect();
        assert_eq!(ranges, [&[KeyRange::ALL][..], &halves()].concat());
        let first = &shards[0];
        assert_eq!((first.sealed_cursor, first.sealed_position), (700, 3));
        assert!(
            shards
                .iter()
                .all(|shard| !shard.readonly && shard.parents.is_empty())
        );
        assert_eq!(metadata.segments(1).unwrap()[0].rows, 9);
        assert_eq!(metadata.marks(1).unwrap(), [mark(0, 77)]);
        assert_eq!(metadata.consumer_groups().unwrap(), []);
    }
}

#[test]
fn shards_that_take_over_know_the_rows_of_their_parents() {
    let (_dir, metadata) = fresh();
    let project = metadata.create_project("p", "", "{}", 0).unwrap().unwrap();
    let (_, shards) = metadata
        .create_logstore(&logstore(project.id, "l"), &[KeyRange::ALL], 0)
        .unwrap()
        .unwrap();
    let child = |number, range| NewShard {
        number,
        range,
        parents: &[0],
        created: 9,
        cursor: 900,
    };
    let children = [child(1, halves()[0]), child(2, halves()[1])];
    let made = metadata
        .take_over(&shards, &children, &[mark(0, 7)])
        .unwrap();
    assert_eq!(made.len(), 2);
    assert_eq!((made[1].range, made[1].sealed_cursor), (halves()[1], 900));
    for shard in &made {
        assert_eq!(metadata.marks(shard.id).unwrap(), [mark(0, 7)]);
    }
    let all = metadata.shards().unwrap();
    assert_eq!(
        all.iter().map(|s| s.readonly).collect::<Vec<_>>(),
        [true, false, false]
    );
    assert_eq!((all[2].number, &all[2].parents), (2, &vec![0]));
    assert!(metadata.take_over(&shards, &children, &[]).is_err());
    assert_eq!(metadata.shards().unwrap(), all);
}

#[test]
fn consumer_groups_and_checkpoints_are_kept() {
    let (dir, metadata) = fresh();
    let project = metadata.create_project("p", "", "{}", 0).unwrap().unwrap();
    let (made, shards) = metadata
        .create_logstore(&logstore(project.id, "l"), &halves(), 0)
        .unwrap()
        .unwrap();
    let group = ConsumerGroupRow {
        id: 0,
        logstore: made.id,
        name: "readers".into(),
        timeout: 60,
        in_order: false,
    };
    let mut group = metadata.create_consumer_group(&group).unwrap().unwrap();
    assert_eq!(metadata.create_consumer_group(&group).unwrap(), None);
    group.timeout = 40;
    group.in_order = true;
    metadata.update_consumer_group(&group).unwrap();
    let checkpoint = |shard, cursor| CheckpointRow {
        shard,
        cursor,
        updated: 1_700_000_000_000_000,
        consumer: "c".into(),
    };
    for (shard, cursor) in [(1, 5), (0, 7), (1, 6)] {
        assert!(
            metadata
                .save_checkpoint(group.id, &checkpoint(shard, cursor))
                .unwrap()
        );
    }
    drop(metadata);
    let metadata = Metadata::open(&dir.path().join("metadata.sqlite")).unwrap();
    assert_eq!(metadata.consumer_groups().unwrap(), [group.clone()]);
    let stored = [checkpoint(0, 7), checkpoint(1, 6)];
    assert_eq!(metadata.checkpoints(group.id).unwrap(), stored);
    metadata.delete_shard(&shards[0]).unwrap();
    assert_eq!(metadata.checkpoints(group.id).unwrap(), stored[1..]);
    metadata.delete_consumer_group(group.id).unwrap();
    assert_eq!(metadata.checkpoints(group.id).unwrap(), []);
    assert!(
        !metadata
            .save_checkpoint(group.id, &checkpoint(0, 1))
            .unwrap()
    );
}
