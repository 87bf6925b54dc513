use flowlog_sls::operation::Route;
use flowlog_sls::{ErrorCode, GetLogsRequest, HashKey};

use super::*;
use crate::Logstore;
use crate::batch::{Batch, Group, GroupBuilder};
use crate::sample::{LOGSTORE, NOW, PROJECT, index, open};
use crate::store::NewLogstore;

/// A LogGroup of three logs, `n` from `3 * pack` on.
fn group(stream: &str, pack: u32) -> Group {
    let mut builder = GroupBuilder::new(3);
    for n in 3 * pack..3 * pack + 3 {
        // The order of times is not that of the stream.
        builder.row(NOW - n, None, [("n", n.to_string().as_bytes())].into_iter());
    }
    Group {
        tags: vec![(PACK_ID.into(), format!("{stream}-{pack:X}").into())],
        ..builder.finish()
    }
}

/// Two streams of 20 `LogGroup`s each, in both shards, half of them in segments.
fn filled() -> (tempfile::TempDir, Logstore) {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    logstore.delete_logstore(PROJECT, LOGSTORE).unwrap();
    let new = NewLogstore {
        shards: 2,
        index: Some(index()),
        ..NewLogstore::default()
    };
    logstore.create_logstore(PROJECT, LOGSTORE, new).unwrap();
    for pack in 0..20 {
        for stream in ["5AB0-1", "5AB0"] {
            let batch = Batch {
                project: PROJECT.into(),
                logstore: LOGSTORE.into(),
                origin: None,
                groups: vec![group(stream, pack)],
            };
            let (done, stored) = std::sync::mpsc::channel();
            let route = Route::Key(HashKey(u128::from(pack % 3) << 127));
            logstore.append_routed(batch, route, move |outcome| done.send(outcome).unwrap());
            stored.recv().unwrap().unwrap();
        }
        if pack == 9 {
            logstore.seal();
        }
    }
    (dir, logstore)
}

/// The log `n` of a stream: its `__pack_id__` and `__pack_meta__`.
fn place(logstore: &Logstore, stream: &str, n: u32) -> ContextRequest {
    let query = "* | with_pack_meta";
    let mut request = GetLogsRequest::new(i64::from(NOW) - 1000, i64::from(NOW) + 10, query);
    request.line = 100;
    for offset in [0, 100] {
        request.offset = offset;
        let answer = logstore.query(PROJECT, LOGSTORE, &request).unwrap();
        assert!(!answer.meta.has_sql);
        assert_eq!(
            (&*answer.meta.where_query, &*answer.meta.agg_query),
            ("*", "")
        );
        let own = answer.data.iter().find(|row| {
            let id = row.get("__tag__:__pack_id__").unwrap();
            row.get("n") == Some(&n.to_string()) && id == format!("{stream}-{:X}", n / 3)
        });
        if let Some(row) = own {
            return ContextRequest {
                pack_id: row.get("__tag__:__pack_id__").unwrap().to_owned(),
                pack_meta: row.get("__pack_meta__").unwrap().to_owned(),
                back_lines: 5,
                forward_lines: 4,
            };
        }
    }
    panic!("{stream} {n}");
}

fn context(logstore: &Logstore, request: &ContextRequest) -> Result<ContextResponse, Error> {
    let inner = logstore.inner();
    let store = inner.catalog().store(PROJECT, LOGSTORE).cloned().unwrap();
    inner.context(&store, request)
}

#[test]
fn the_neighbours_of_a_log_are_those_of_its_stream() {
    let (_dir, logstore) = filled();
    for (stream, n, numbers) in [
        ("5AB0", 31, 26..36),
        ("5AB0-1", 28, 23..33),
        ("5AB0", 2, 0..7),
        ("5AB0-1", 59, 54..60),
    ] {
        let request = place(&logstore, stream, n);
        let answer = context(&logstore, &request).unwrap();
        let of = |key: &str| -> Vec<i64> {
            let value = |row: &LogRow| row.get(key).unwrap().parse().unwrap();
            answer.logs.iter().map(value).collect()
        };
        let wanted: Vec<i64> = numbers.map(i64::from).collect();
        assert_eq!(of("n"), wanted, "{stream} {n}");
        let offsets: Vec<i64> = wanted.iter().map(|other| other - i64::from(n)).collect();
        assert_eq!(of("__index_number__"), offsets);
        assert_eq!(answer.total_lines, wanted.len());
        assert_eq!(
            answer.back_lines,
            offsets.iter().filter(|at| **at < 0).count()
        );
        assert_eq!(
            answer.forward_lines,
            offsets.iter().filter(|at| **at > 0).count()
        );
        let own = answer.logs.get(answer.back_lines).unwrap();
        assert_eq!(own.get("__pack_meta__"), Some(&*request.pack_meta));
        // One can go on from each of them.
        let last = answer.logs.last().unwrap();
        let onward = ContextRequest {
            pack_id: last.get("__tag__:__pack_id__").unwrap().to_owned(),
            pack_meta: last.get("__pack_meta__").unwrap().to_owned(),
            back_lines: 1,
            forward_lines: 0,
        };
        let answer = context(&logstore, &onward).unwrap();
        assert_eq!(
            (answer.back_lines, answer.forward_lines, answer.total_lines),
            (1, 0, 2)
        );
    }
}

#[test]
fn a_log_that_is_not_there_has_no_neighbours() {
    let (_dir, logstore) = filled();
    let good = place(&logstore, "5AB0", 31);
    for (pack_id, pack_meta) in [
        ("5AB0", &*good.pack_meta),
        ("5AB0-XY", &*good.pack_meta),
        ("5AB0-B", &*good.pack_meta),
        ("other-A", &*good.pack_meta),
        (&*good.pack_id, "0|MA==|1|1"),
        (&*good.pack_id, "9|MA==|1|1"),
        (&*good.pack_id, "0|MA==|1"),
        (&*good.pack_id, "0|MA==|-1|1"),
        (&*good.pack_id, "no|such|meta|at all"),
        (&*good.pack_id, "0|MA==|4294967295|9223372036854775807"),
    ] {
        let request = ContextRequest {
            pack_id: pack_id.to_owned(),
            pack_meta: pack_meta.to_owned(),
            ..good.clone()
        };
        let error = context(&logstore, &request).unwrap_err();
        assert_eq!(
            error.code,
            ErrorCode::ParameterInvalid,
            "{pack_id} {pack_meta}"
        );
    }
}
