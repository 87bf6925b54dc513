//! §3: when a record says that its flow was, by the Exporter's own clock.

use crate::stream::{Header, Record};

/// The longest interval that a record may have.
pub const LONGEST: i64 = 6_060_000;

/// The times that a record has, whatever they are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub duration: Option<i64>,
    pub observed: Option<i64>,
}

/// Where `SysUptime` counts from.
#[derive(Clone, Copy, Debug)]
pub enum Boot {
    /// The header has `SysUptime` (V5, V9).
    Header,
    /// Element 160, of the record or of options.
    Known(i64),
    /// Learned: the least `X − 21`.
    Learned(i64),
}

pub fn told(record: &Record, header: &Header, boot: Boot) -> Told {
    let x = header.export_time();
    let (up_start, up_end) = switched(record, header, boot);
    let first = |times: [Option<i64>; 6]| times.into_iter().flatten().next();
    Told {
        start: first([
            record.get(152).map(signed),
            record.get(154).map(|ntp| ntp_micros(ntp).div_euclid(1000)),
            record.get(156).map(|ntp| ntp_micros(ntp).div_euclid(1000)),
            record.get(150).map(|seconds| signed(seconds) * 1000),
            up_start,
            record.get(158).map(|micros| before(x, micros)),
        ]),
        end: first([
            record.get(153).map(signed),
            record.get(155).map(|ntp| ntp_micros(ntp).div_euclid(1000)),
            record.get(157).map(|ntp| ntp_micros(ntp).div_euclid(1000)),
            record.get(151).map(|seconds| signed(seconds) * 1000),
            up_end,
            record.get(159).map(|micros| before(x, micros)),
        ]),
        duration: (record.get(161).map(signed)).or(record
            .get(162)
            .map(|micros| signed(micros).div_euclid(1000))),
        observed: (record.get(323).map(signed))
            .or(record.get(324).map(|ntp| ntp_micros(ntp).div_euclid(1000))),
    }
}

/// Elements 22 and 21.
fn switched(record: &Record, header: &Header, boot: Boot) -> (Option<i64>, Option<i64>) {
    let x = header.export_time();
    let (start, end) = (record.get(22), record.get(21));
    match boot {
        Boot::Header => {
            let uptime = header.uptime().expect("V5 and V9 have it");
            let at = |switched: u64| {
                let switched = u32::try_from(switched).expect("32 bits");
                let d = uptime.wrapping_sub(switched).cast_signed();
                x - i64::from(d)
            };
            (start.map(at), end.map(at))
        }
        Boot::Known(boot) => {
            let at = |switched| nearest(boot + signed(switched), x);
            (start.map(at), end.map(at))
        }
        Boot::Learned(boot) => {
            let Some(end) = end.map(signed) else {
                return (None, None);
            };
            let at = nearest(boot + end, x);
            if !in_range(at, x) {
                return (None, None);
            }
            (start.map(|start| at - (end - signed(start))), Some(at))
        }
    }
}

/// When a record was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    pub start: i64,
    pub end: i64,
    /// It told its duration, one way or another.
    pub lasted: bool,
}

/// Start and end, by the first that works.
pub fn settle(told: Told, x: i64) -> Settled {
    let end = told.end.filter(|&end| in_range(end, x));
    let start = told.start.filter(|&start| start <= x + 60_000);
    let observed = told.observed.filter(|&observed| in_range(observed, x));
    let start_as_end = start.filter(|&start| in_range(start, x));
    let end_by_duration = match (start, told.duration) {
        (Some(start), Some(duration)) => Some(start + duration).filter(|&end| in_range(end, x)),
        _ => None,
    };
    let (start, end, lasted) = if let (Some(start), Some(end)) = (start, end) {
        (start, end, true)
    } else if let (Some(end), Some(duration)) = (end, told.duration) {
        (end - duration, end, true)
    } else if let (Some(start), Some(end)) = (start, end_by_duration) {
        (start, end, true)
    } else if let (Some(start), Some(observed)) = (start, observed) {
        (start, observed, true)
    } else if let Some(alone) = end.or(start_as_end) {
        (alone, alone, false)
    } else if let Some(observed) = observed {
        (observed, observed, false)
    } else if let Some(duration) = told.duration {
        (x - duration, x, true)
    } else {
        (x, x, false)
    };
    Settled {
        start: start.min(end).max(end - LONGEST),
        end,
        lasted,
    }
}

/// The time nearest to `x` that says the same once `SysUptime` has wrapped.
fn nearest(time: i64, x: i64) -> i64 {
    let wrap = 1 << 32;
    let half = wrap / 2;
    x + (time - x + half).rem_euclid(wrap) - half
}

fn in_range(time: i64, x: i64) -> bool {
    (x - 6_060_000..=x + 60_000).contains(&time)
}

fn before(x: i64, micros: u64) -> i64 {
    (x * 1000 - signed(micros)).div_euclid(1000)
}

/// Microseconds of the epoch of a time in NTP format, rounded down.
fn ntp_micros(ntp: u64) -> i64 {
    let seconds = signed(ntp >> 32) - 2_208_988_800;
    let fraction = signed(((ntp & 0xffff_ffff) * 1_000_000) >> 32);
    seconds * 1_000_000 + fraction
}

pub fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX / 4)
}
