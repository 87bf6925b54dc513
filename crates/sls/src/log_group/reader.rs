//! Reading: everything is checked once, then nothing can fail.

use crate::limits::{MAX_TOPIC_OCTETS, check_log_time};
use crate::{Error, ErrorCode};
use alloc::format;
use alloc::vec::Vec;
use flowlog_record::Timestamp;

use super::proto::{Field, Fields, InvalidProtobuf, ProtobufProblem};

/// A LogGroup that was checked as a whole.
#[derive(Clone, Copy, Debug)]
pub struct LogGroup<'a> {
    octets: &'a [u8],
    topic: &'a [u8],
    source: &'a [u8],
    machine_uuid: &'a [u8],
    logs: usize,
}

impl<'a> LogGroup<'a> {
    /// Checks `octets`; fields that are not known are skipped.
    ///
    /// # Errors
    /// [`InvalidProtobuf`] says where a field is malformed or what is missing.
    pub fn parse(octets: &'a [u8]) -> Result<Self, InvalidProtobuf> {
        let mut group = Self {
            octets,
            topic: &[],
            source: &[],
            machine_uuid: &[],
            logs: 0,
        };
        for field in Fields::new(octets, 0) {
            let field = field?;
            match field.number {
                1 => {
                    Log::parse(&field)?;
                    group.logs += 1;
                }
                3 => group.topic = field.octets()?,
                4 => group.source = field.octets()?,
                5 => group.machine_uuid = field.octets()?,
                6 => {
                    pair(&field)?;
                }
                _ => {}
            }
        }
        Ok(group)
    }

    /// How many logs there are, without checking them.
    pub fn count(octets: &[u8]) -> usize {
        let fields = Fields::new(octets, 0).flatten();
        fields.filter(|field| field.number == 1).count()
    }

    /// Checks `octets` and hands out the logs at the same time: time, nanoseconds beyond it, and the
    /// pairs of key and value in their order. What was handed out before an error is part of nothing.
    ///
    /// # Errors
    /// Those of [`LogGroup::parse`]; what `each` says.
    pub fn read<E: From<InvalidProtobuf>>(
        octets: &'a [u8],
        mut each: impl FnMut(u32, Option<u32>, &[(&'a [u8], &'a [u8])]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut group = Self {
            octets,
            topic: &[],
            source: &[],
            machine_uuid: &[],
            logs: 0,
        };
        let mut pairs = Vec::new();
        for field in Fields::new(octets, 0) {
            let field = field?;
            match field.number {
                1 => {
                    pairs.clear();
                    let log = Log::read(&field, |pair| pairs.push(pair))?;
                    each(log.time, log.time_ns, &pairs)?;
                    group.logs += 1;
                }
                3 => group.topic = field.octets()?,
                4 => group.source = field.octets()?,
                5 => group.machine_uuid = field.octets()?,
                6 => {
                    pair(&field)?;
                }
                _ => {}
            }
        }
        Ok(group)
    }

    /// The topic; empty when absent.
    pub const fn topic(&self) -> &'a [u8] {
        self.topic
    }

    /// The source; empty when absent.
    pub const fn source(&self) -> &'a [u8] {
        self.source
    }

    /// The machine's id; empty when absent.
    pub const fn machine_uuid(&self) -> &'a [u8] {
        self.machine_uuid
    }

    /// How many logs there are.
    pub const fn len(&self) -> usize {
        self.logs
    }

    /// Whether there is no log.
    pub const fn is_empty(&self) -> bool {
        self.logs == 0
    }

    /// The octets, as they were given.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The logs in their order.
    pub const fn logs(&self) -> Logs<'a> {
        Logs(Fields::new(self.octets, 0))
    }

    /// The tags in their order.
    pub const fn tags(&self) -> Tags<'a> {
        Tags(Fields::new(self.octets, 0))
    }

    /// Holds the group against what the service takes: topic and source of at most 128 octets, and
    /// the time of each log not more than 7 days before or 15 minutes after `now`.
    ///
    /// # Errors
    /// `PostBodyInvalid`: one log that is wrong refuses the group.
    pub fn check(&self, now: Timestamp) -> Result<(), Error> {
        self.check_names()?;
        self.logs()
            .try_for_each(|log| check_log_time(log.time, now))
    }

    /// The same of topic and source alone.
    ///
    /// # Errors
    /// `PostBodyInvalid`.
    pub fn check_names(&self) -> Result<(), Error> {
        for (name, value) in [("Topic", self.topic), ("Source", self.source)] {
            if value.len() > MAX_TOPIC_OCTETS {
                let message = format!("{name} must have at most {MAX_TOPIC_OCTETS} octets");
                return Err(Error::new(ErrorCode::PostBodyInvalid, message));
            }
        }
        Ok(())
    }
}

impl From<InvalidProtobuf> for Error {
    fn from(error: InvalidProtobuf) -> Self {
        let message = format!("Protobuffer content cannot be parsed: {error}.");
        Self::new(ErrorCode::PostBodyInvalid, message)
    }
}

/// One log.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a> {
    /// Seconds of the epoch.
    pub time: u32,
    /// Nanoseconds beyond them.
    pub time_ns: Option<u32>,
    octets: &'a [u8],
}

impl<'a> Log<'a> {
    fn parse(field: &Field<'a>) -> Result<Self, InvalidProtobuf> {
        Self::read(field, |_| {})
    }

    fn read(
        field: &Field<'a>,
        mut each: impl FnMut((&'a [u8], &'a [u8])),
    ) -> Result<Self, InvalidProtobuf> {
        let octets = field.octets()?;
        let mut time = None;
        let mut log = Self {
            time: 0,
            time_ns: None,
            octets,
        };
        let mut any = false;
        for inner in Fields::new(octets, field.inside) {
            let inner = inner?;
            match inner.number {
                1 => time = Some(inner.seconds()?),
                2 => {
                    each(pair(&inner)?);
                    any = true;
                }
                4 => log.time_ns = Some(inner.fixed32()?),
                _ => {}
            }
        }
        log.time = time.ok_or_else(|| field.wrong(ProtobufProblem::MissingTime))?;
        if any {
            Ok(log)
        } else {
            Err(field.wrong(ProtobufProblem::MissingContents))
        }
    }

    /// The pairs of key and value in their order; at least one.
    pub const fn contents(&self) -> Contents<'a> {
        Contents(Fields::new(self.octets, 0))
    }
}

fn pair<'a>(field: &Field<'a>) -> Result<(&'a [u8], &'a [u8]), InvalidProtobuf> {
    let octets = field.octets()?;
    if let Some(pair) = plain_pair(octets) {
        return Ok(pair);
    }
    let (mut key, mut value) = (None, None);
    for inner in Fields::new(octets, field.inside) {
        let inner = inner?;
        match inner.number {
            1 => key = Some(inner.octets()?),
            2 => value = Some(inner.octets()?),
            _ => {}
        }
    }
    key.zip(value)
        .ok_or_else(|| field.wrong(ProtobufProblem::IncompletePair))
}

/// A pair as nearly all of them are: key and value alone, in this order, each with a length of one
/// octet.
fn plain_pair(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x0a, length @ 0..0x80, rest @ ..] = octets else {
        return None;
    };
    let (key, rest) = rest.split_at_checked(usize::from(*length))?;
    match rest {
        [0x12, length @ 0..0x80, value @ ..] if value.len() == usize::from(*length) => {
            Some((key, value))
        }
        _ => None,
    }
}

/// The logs of a group; see [`LogGroup::logs`].
#[derive(Clone, Debug)]
pub struct Logs<'a>(Fields<'a>);

impl<'a> Iterator for Logs<'a> {
    type Item = Log<'a>;

    fn next(&mut self) -> Option<Log<'a>> {
        self.0
            .by_ref()
            .flatten()
            .find(|field| field.number == 1)
            .and_then(|field| Log::parse(&field).ok())
    }
}

/// The tags of a group as key and value; see [`LogGroup::tags`].
#[derive(Clone, Debug)]
pub struct Tags<'a>(Fields<'a>);

impl<'a> Iterator for Tags<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.0
            .by_ref()
            .flatten()
            .find(|field| field.number == 6)
            .and_then(|field| pair(&field).ok())
    }
}

/// The contents of a log as key and value; see [`Log::contents`].
#[derive(Clone, Debug)]
pub struct Contents<'a>(Fields<'a>);

impl<'a> Iterator for Contents<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.0
            .by_ref()
            .flatten()
            .find(|field| field.number == 2)
            .and_then(|field| pair(&field).ok())
    }
}

/// The groups of a `LogGroupList` (the answer of `PullLogs`); finished after an error.
pub fn log_groups(list: &[u8]) -> impl Iterator<Item = Result<LogGroup<'_>, InvalidProtobuf>> {
    let mut failed = false;
    Fields::new(list, 0)
        .map_while(move |field| {
            if failed {
                return None;
            }
            let group = field.and_then(|field| match field.number {
                1 => LogGroup::parse(field.octets()?).map(Some),
                _ => Ok(None),
            });
            failed = group.is_err();
            Some(group)
        })
        .filter_map(Result::transpose)
}
