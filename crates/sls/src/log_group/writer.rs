//! Writing: keys are encoded once, numbers are formatted in place, buffers are kept.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::index::Decimal;

use super::proto::{length, put_octets, put_varint, varint_length};

/// `Contents = 2`, `Logs = 1` and so on as tags of octets.
const LOGS: u8 = 0x0a;
const TOPIC: u8 = 0x1a;
const SOURCE: u8 = 0x22;
const LOG_TAGS: u8 = 0x32;
const TIME: u8 = 0x08;
const CONTENTS: u8 = 0x12;
const TIME_NS: u8 = 0x25;
const KEY: u8 = 0x0a;
const VALUE: u8 = 0x12;

/// A key with its tag and length, encoded once for many logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedKey(Box<[u8]>);

impl EncodedKey {
    /// Encodes `key`.
    pub fn new(key: &str) -> Self {
        let mut octets = Vec::with_capacity(key.len() + 2);
        put_octets(&mut octets, KEY, key.as_bytes());
        Self(octets.into())
    }
}

/// A LogGroup in the making. The fields stand in the order in which they are given.
#[derive(Clone, Debug, Default)]
pub struct LogGroupWriter {
    octets: Vec<u8>,
    /// The contents of the log in the making: its length stands before it.
    contents: Vec<u8>,
    logs: usize,
}

impl LogGroupWriter {
    /// An empty group.
    pub const fn new() -> Self {
        Self {
            octets: Vec::new(),
            contents: Vec::new(),
            logs: 0,
        }
    }

    /// Forgets the group and keeps the buffers.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.logs = 0;
    }

    /// Adds a log: `time` in seconds of the epoch, `time_ns` nanoseconds beyond them; `fill` gives
    /// the contents. Says whether it was added: a log without contents is none.
    pub fn log(
        &mut self,
        time: u32,
        time_ns: Option<u32>,
        fill: impl FnOnce(&mut ContentsWriter<'_>),
    ) -> bool {
        self.contents.clear();
        fill(&mut ContentsWriter(&mut self.contents));
        if self.contents.is_empty() {
            return false;
        }
        let seconds = u64::from(time);
        let nanoseconds_length = if time_ns.is_some() { 5 } else { 0 };
        let inside = 1 + varint_length(seconds) + length(&self.contents) + nanoseconds_length;
        self.octets.push(LOGS);
        put_varint(&mut self.octets, inside);
        self.octets.push(TIME);
        put_varint(&mut self.octets, seconds);
        self.octets.extend_from_slice(&self.contents);
        if let Some(nanoseconds) = time_ns {
            self.octets.push(TIME_NS);
            self.octets.extend_from_slice(&nanoseconds.to_le_bytes());
        }
        self.logs += 1;
        true
    }

    /// Sets the topic; once a group.
    pub fn topic(&mut self, topic: &[u8]) {
        put_octets(&mut self.octets, TOPIC, topic);
    }

    /// Sets the source; once a group.
    pub fn source(&mut self, source: &[u8]) {
        put_octets(&mut self.octets, SOURCE, source);
    }

    /// Adds a tag.
    pub fn tag(&mut self, key: &[u8], value: &[u8]) {
        self.contents.clear();
        put_octets(&mut self.contents, KEY, key);
        put_octets(&mut self.contents, VALUE, value);
        put_octets(&mut self.octets, LOG_TAGS, &self.contents);
    }

    /// How many logs there are.
    pub const fn len(&self) -> usize {
        self.logs
    }

    /// Whether there is no log.
    pub const fn is_empty(&self) -> bool {
        self.logs == 0
    }

    /// The group as it is now: a whole LogGroup after every call.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

/// Takes the contents of one log.
#[derive(Debug)]
pub struct ContentsWriter<'w>(&'w mut Vec<u8>);

impl ContentsWriter<'_> {
    /// Adds a value under an encoded key.
    pub fn text(&mut self, key: &EncodedKey, value: &[u8]) {
        let inside = length(&key.0) + 1 + varint_length(length(value)) + length(value);
        self.0.push(CONTENTS);
        put_varint(self.0, inside);
        self.0.extend_from_slice(&key.0);
        put_octets(self.0, VALUE, value);
    }

    /// Adds an integer as its decimal text.
    pub fn integer(&mut self, key: &EncodedKey, value: i64) {
        self.text(key, Decimal::of(value).as_bytes());
    }

    /// Adds an integer from 0 as its decimal text.
    pub fn unsigned(&mut self, key: &EncodedKey, value: u64) {
        self.text(key, Decimal::of_unsigned(value).as_bytes());
    }

    /// Adds a value under a key that was not encoded before.
    pub fn pair(&mut self, key: &[u8], value: &[u8]) {
        let part = |octets: &[u8]| 1 + varint_length(length(octets)) + length(octets);
        self.0.push(CONTENTS);
        put_varint(self.0, part(key) + part(value));
        put_octets(self.0, KEY, key);
        put_octets(self.0, VALUE, value);
    }
}

/// Adds a group to a `LogGroupList` (the answer of `PullLogs`).
pub fn append_log_group(list: &mut Vec<u8>, group: &[u8]) {
    put_octets(list, LOGS, group);
}
