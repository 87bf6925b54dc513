//! Where in each shard the reading stands, and the next `LogGroup`s.

use std::collections::BTreeMap;

use flowlog_sls::log_group::log_groups;
use serde::Deserialize;

use super::super::super::client::{Call, CallError, Client};
use super::Turn;
use super::row::Row;
use super::stop::Stop;
use crate::output::say;

/// After so many turns the shards are listed again: a split makes new ones.
const TURNS: u32 = 8;
/// `LogGroup`s of one answer.
const GROUPS: &str = "1000";

/// The cursors of all shards.
pub(super) struct Tail<'a> {
    client: &'a Client,
    logstore: &'a str,
    cursors: BTreeMap<u32, String>,
    turns: u32,
}

#[derive(Deserialize)]
struct Shard {
    #[serde(rename = "shardID")]
    number: u32,
}

#[derive(Deserialize)]
struct CursorAnswer {
    cursor: String,
}

impl<'a> Tail<'a> {
    /// Before what was received at `from`, or behind everything that is there.
    pub(super) fn begin(
        client: &'a Client,
        logstore: &'a str,
        from: Option<i64>,
    ) -> Result<Self, CallError> {
        let mut tail = Self {
            client,
            logstore,
            cursors: BTreeMap::new(),
            turns: 0,
        };
        let from = from.map_or_else(|| "end".to_owned(), |from| from.max(0).to_string());
        for shard in tail.shards()? {
            let cursor = tail.cursor(shard, &from)?;
            tail.cursors.insert(shard, cursor);
        }
        Ok(tail)
    }

    /// Reads from each shard once. What was read stands, also when a later shard fails.
    pub(super) fn turn(&mut self, stop: &Stop, each: &mut impl FnMut(Row)) -> Turn {
        if self.turns == 0 {
            self.list()?;
        }
        self.turns = (self.turns + 1) % TURNS;
        let mut more = false;
        let shards: Vec<u32> = self.cursors.keys().copied().collect();
        for shard in shards {
            if stop.is_wanted() {
                break;
            }
            more |= self.pull(shard, each)?;
        }
        Ok(more)
    }

    /// Shards that are new are read from their beginning; those that have gone are left.
    fn list(&mut self) -> Result<(), CallError> {
        let shards = self.shards()?;
        self.cursors.retain(|shard, _| shards.contains(shard));
        for shard in shards {
            if !self.cursors.contains_key(&shard) {
                let cursor = self.cursor(shard, "begin")?;
                self.cursors.insert(shard, cursor);
            }
        }
        Ok(())
    }

    fn pull(&mut self, shard: u32, each: &mut impl FnMut(Row)) -> Turn {
        let Some(cursor) = self.cursors.get(&shard) else {
            return Ok(false);
        };
        let parameters = [("type", "log"), ("cursor", cursor), ("count", GROUPS)];
        let answered = match self.client.send(&self.call(shard).with(parameters)) {
            Ok(answered) => answered,
            // retention has gone past the cursor, or another Logstore has the name
            Err(error) if error.is("InvalidCursor") => {
                say(format_args!(
                    "rows of shard {shard} were deleted before they were read; going on behind them"
                ));
                let cursor = self.cursor(shard, "begin")?;
                self.cursors.insert(shard, cursor);
                return Ok(true);
            }
            // merged away: the next list says what there is
            Err(error) if error.is("ShardNotExist") => {
                self.turns = 0;
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let malformed = || CallError::Foreign("the answer to PullLogs is malformed".to_owned());
        let next = answered.header("x-log-cursor").ok_or_else(malformed)?;
        for group in log_groups(answered.octets()) {
            let group = group.map_err(|_| malformed())?;
            for log in group.logs() {
                each(Row::of(&group, &log));
            }
        }
        let more = next != cursor;
        self.cursors.insert(shard, next.to_owned());
        Ok(more)
    }

    fn shards(&self) -> Result<Vec<u32>, CallError> {
        let call = Call::new("GET", &["logstores", self.logstore, "shards"]);
        let shards: Vec<Shard> = self.client.json(&call)?;
        Ok(shards.into_iter().map(|shard| shard.number).collect())
    }

    fn cursor(&self, shard: u32, from: &str) -> Result<String, CallError> {
        let call = self.call(shard).with([("type", "cursor"), ("from", from)]);
        let answer: CursorAnswer = self.client.json(&call)?;
        Ok(answer.cursor)
    }

    fn call(&self, shard: u32) -> Call<'static> {
        Call::new(
            "GET",
            &["logstores", self.logstore, "shards", &shard.to_string()],
        )
    }
}
