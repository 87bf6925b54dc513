//! The container of `partition` and `differential`: what a partition is given, in its order.
//!
//! ```text
//! header  | settings | save at | ticks | start, seconds of the epoch (4) |
//! step    | kind and exporter | delta (2) | length (2) | octets … |
//! ```
//! The low two bits of the first octet of a step say which Exporter, bit 2 that the delta is in
//! seconds instead of milliseconds, bit 3 that the arrival lies so much *before* the present, which
//! stays; bits 4 to 6 are the kind: 1 tick, 2 change, 3 shed, else a datagram. Integers are
//! big-endian; a step that is cut short has the octets that are there.

use std::net::IpAddr;

use flowlog_record::Timestamp;

/// Octets of the header.
const HEADER: usize = 7;
/// The most steps that are run: an input of ticks alone says nothing new.
const MOST_STEPS: usize = 256;

/// Bit 2 of a step.
pub const SECONDS: u8 = 1 << 2;
/// Bit 3 of a step.
pub const BEFORE: u8 = 1 << 3;

/// What happens, in its order.
#[derive(Debug)]
pub struct Script<'a> {
    /// Which limits, which flow logs.
    pub settings: u8,
    /// Before which step the state is saved.
    pub save_at: u8,
    /// How time is cut into further ticks.
    pub ticks: u8,
    /// The steps.
    pub steps: Vec<Step<'a>>,
}

/// One input.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// When it arrives; may be before another's that came earlier.
    pub at: Timestamp,
    /// Which Exporter, 0 to 3.
    pub exporter: u8,
    /// What it is.
    pub kind: Kind,
    /// The payload of a datagram.
    pub octets: &'a [u8],
}

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Datagram,
    Tick,
    Change,
    Shed,
}

impl<'a> Script<'a> {
    /// Reads a script; `None` for fewer octets than its header has.
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        let (&[settings, save_at, ticks, a, b, c, d], mut rest) =
            octets.split_first_chunk::<HEADER>()?;
        let mut now = i64::from(u32::from_be_bytes([a, b, c, d])) * 1000;
        let mut steps = Vec::new();
        while let Some((&[first, delta_high, delta_low, high, low], behind)) =
            rest.split_first_chunk::<5>()
            && steps.len() < MOST_STEPS
        {
            let unit = if first & SECONDS == 0 { 1 } else { 1000 };
            let delta = i64::from(u16::from_be_bytes([delta_high, delta_low])) * unit;
            let length = usize::from(u16::from_be_bytes([high, low]));
            let (octets, behind) = behind.split_at(length.min(behind.len()));
            rest = behind;
            let at = if first & BEFORE == 0 {
                now += delta;
                now
            } else {
                now - delta
            };
            let kind = match first >> 4 & 7 {
                1 => Kind::Tick,
                2 => Kind::Change,
                3 => Kind::Shed,
                _ => Kind::Datagram,
            };
            steps.push(Step {
                at: Timestamp(at),
                exporter: first & 3,
                kind,
                octets,
            });
        }
        Some(Self {
            settings,
            save_at,
            ticks,
            steps,
        })
    }
}

impl Step<'_> {
    /// The source address.
    pub fn from(&self) -> IpAddr {
        match self.exporter {
            0 => IpAddr::from([192, 0, 2, 1]),
            1 => IpAddr::from([192, 0, 2, 2]),
            2 => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
            _ => IpAddr::from([198, 51, 100, 7]),
        }
    }
}
