//! Cursors, and `LogGroup`s by cursor.

use std::sync::Arc;

use flowlog_sls::operation::{LogstoreOperation, PullRequest, ShardOperation};
use flowlog_sls::{Cursor, Error, ErrorCode, Operation};
use serde_json::json;

use super::Server;
use super::answer::Answer;
use super::operations::{Place, blocking, unsupported};
use super::request::Call;
use crate::filter::Filter;
use crate::shard::{Most, Pulled, Shard, Unreadable};
use crate::stats::count;

/// `LogGroup`s of so many octets are answered at once; the one that passes it is the last.
const MOST_OCTETS: usize = 10 << 20;
/// What it takes to read and compress them.
const MEMORY: usize = 3 * MOST_OCTETS;
/// What it takes to leave only some of their logs.
const FILTER_MEMORY: usize = 8 * MOST_OCTETS;

impl Place {
    /// The shard of this number.
    pub(super) fn shard(&self, number: u32) -> Result<&Arc<Shard>, Error> {
        let shard = self.store.shard(number);
        shard.ok_or_else(|| Error::shard_not_exist(number.into()))
    }
}

/// `type=cursor` and `type=cursor_time`.
pub(super) fn cursor(
    server: &Server,
    place: &Place,
    number: u32,
    operation: &ShardOperation,
) -> Result<Answer, Error> {
    let shard = place.shard(number)?;
    match operation {
        ShardOperation::GetCursor(from) => {
            let cursor = readable(server, place, || shard.cursor(*from))?;
            Ok(Answer::json(
                &json!({ "cursor": Cursor(cursor).to_string() }),
            ))
        }
        ShardOperation::GetCursorTime(cursor) => {
            check(shard, *cursor)?;
            let received = readable(server, place, || shard.received_at(cursor.0))?;
            let received = received.map_or(shard.row().created, i64::from);
            Ok(Answer::json(&json!({ "cursor_time": received })))
        }
        _ => Err(unsupported()),
    }
}

/// `type=log`
pub(super) async fn pull_logs(server: &Arc<Server>, call: Call) -> Result<Answer, Error> {
    let place = server.place(&call)?;
    let Operation::Logstore(_, LogstoreOperation::Shard(number, ShardOperation::PullLogs(request))) =
        call.asked.operation
    else {
        return Err(unsupported());
    };
    let shard = Arc::clone(place.shard(number)?);
    check(&shard, request.cursor)?;
    let filter = filter(server, &place, request.query.as_deref())?;
    if request.cursor.0 >= shard.durable() {
        // Whoever waits for more asks often; that takes no memory.
        let nothing = Pulled {
            next: request.cursor.0,
            ..Pulled::default()
        };
        return Ok(answer(&shard, nothing));
    }
    let query = match &filter {
        Some(filter) if filter.has_sql() => Some(server.query_permit().await?),
        _ => None,
    };
    let octets = if filter.is_some() {
        FILTER_MEMORY
    } else {
        MEMORY
    };
    let mut memory = server.memory.take(octets).await?;
    let server = Arc::clone(server);
    blocking(move || {
        let pulled = readable(&server, &place, || pull(&shard, &request))?;
        let groups = u64::try_from(pulled.count).unwrap_or(0);
        count(&server.logstore.inner().counters.groups_pulled, groups);
        let answer = match filter {
            None => answer(&shard, pulled),
            Some(filter) => filtered(&server, &shard, &filter, &pulled)?,
        };
        drop(query);
        let answer = answer.compressed(call.asked.accepted);
        // What is left to be sent takes less than it took to make.
        let held = memory.split(server.memory.permits(answer.size()));
        drop(memory);
        Ok(answer.holding(held))
    })
    .await
}

fn filter(server: &Server, place: &Place, query: Option<&str>) -> Result<Option<Filter>, Error> {
    let index = place.store.index.as_deref();
    let parse = |query| Filter::parse(query, index, server.now().0);
    query.map(parse).transpose()
}

fn pull(shard: &Shard, request: &PullRequest) -> Result<Pulled, Unreadable> {
    let most = Most {
        count: request.count,
        octets: MOST_OCTETS,
    };
    shard.pull(request.cursor.0, request.end.map(|end| end.0), most)
}

/// What a filter leaves of a pull, and beside it what there was.
fn filtered(
    server: &Server,
    shard: &Shard,
    filter: &Filter,
    pulled: &Pulled,
) -> Result<Answer, Error> {
    let left = filter.apply(pulled, server.logstore.inner())?;
    let before = [
        ("x-log-rawdatasize", pulled.list.len()),
        ("x-log-rawdatacount", pulled.count),
        ("x-log-rawdatalines", left.looked_at),
        ("x-log-resultlines", left.logs),
        ("x-log-failedlines", 0),
    ];
    let left = Pulled {
        list: left.list,
        count: left.groups,
        ..*pulled
    };
    let mut answer = answer(shard, left);
    for (name, number) in before {
        answer = answer.with(name, number.to_string());
    }
    Ok(answer)
}

fn answer(shard: &Shard, pulled: Pulled) -> Answer {
    let at_end = pulled.next >= shard.durable();
    let mut answer = Answer::protobuf(pulled.list)
        .with("x-log-cursor", Cursor(pulled.next).to_string())
        .with("x-log-count", pulled.count.to_string());
    if let Some((cursor, received)) = pulled.last {
        answer = answer
            .with("x-log-cursor-time", received.to_string())
            .with("x-log-read-last-cursor", cursor.to_string());
    }
    if at_end {
        answer = answer.with("x-log-end-of-cursor", "1");
    }
    answer
}

/// A cursor is one that the shard has given, or will give next.
fn check(shard: &Shard, cursor: Cursor) -> Result<(), Error> {
    if (shard.lowest()..=shard.durable()).contains(&cursor.0) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InvalidCursor,
        "this cursor is invalid",
    ))
}

/// Reads; segments that turn out to be damaged are set aside, and reading goes on without them.
pub(super) fn readable<T>(
    server: &Server,
    place: &Place,
    read: impl Fn() -> Result<T, Unreadable>,
) -> Result<T, Error> {
    loop {
        match read() {
            Ok(value) => return Ok(value),
            Err(unreadable) => {
                let inner = server.logstore.inner();
                inner.set_aside(&place.store, vec![unreadable])?;
            }
        }
    }
}
