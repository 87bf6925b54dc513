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
        .create_project("flow-logs", "rows", 100)
        .unwrap()
        .unwrap();
    assert_eq!(
        metadata.create_project("flow-logs", "again", 101).unwrap(),
        None
    );
    let (made, shards) = metadata
        .create_logstore(&logstore(project.id, "default"), 2, 500)
        .unwrap()
        .unwrap();
    assert_eq!(
        metadata
            .create_logstore(&logstore(project.id, "default"), 2, 1)
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
    let project = metadata.create_project("p", "", 0).unwrap().unwrap();
    let (_, shards) = metadata
        .create_logstore(&logstore(project.id, "l"), 1, 0)
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
    let project = metadata.create_project("p", "", 0).unwrap().unwrap();
    let (_, shards) = metadata
        .create_logstore(&logstore(project.id, "l"), 1, 0)
        .unwrap()
        .unwrap();
    metadata
        .seal(&segment(shards[0].id, 0), 1, &[mark(0, 1)])
        .unwrap();
    metadata.delete_project(project.id).unwrap();
    assert_eq!(metadata.logstores().unwrap(), []);
    assert_eq!(metadata.segments(shards[0].id).unwrap(), []);
    assert_eq!(metadata.marks(shards[0].id).unwrap(), []);
    let project = metadata.create_project("p", "", 0).unwrap().unwrap();
    let (_, again) = metadata
        .create_logstore(&logstore(project.id, "l"), 1, 0)
        .unwrap()
        .unwrap();
    assert!(again[0].id > shards[0].id);
}

#[test]
fn replaced_and_unreadable_segments_are_no_longer_listed() {
    let (_dir, metadata) = fresh();
    let project = metadata.create_project("p", "", 0).unwrap().unwrap();
    let (_, shards) = metadata
        .create_logstore(&logstore(project.id, "l"), 1, 0)
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
        .pragma_update(None, "user_version", 2)
        .unwrap();
    assert!(Metadata::open(&path).is_err());
}
