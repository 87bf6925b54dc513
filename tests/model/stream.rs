//! What goes in: datagrams of plain records, and time that goes on without any.
//!
//! A record is a map of Information Elements, as the Exporter fills it. The model reads this map;
//! `encode` makes real octets of it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// One input of the pipeline.
#[derive(Clone)]
pub enum Input {
    Datagram(Datagram),
    /// Time goes on.
    Tick(i64),
    /// All flow logs are switched off.
    Off(i64),
    /// The collector stops, with its state saved, and starts again: nothing of it shows.
    Restart,
}

/// What one Exporter sends at once. Every datagram announces the Templates of its records.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// Arrival in milliseconds of the epoch.
    pub at: i64,
    pub from: IpAddr,
    pub header: Header,
    pub content: Vec<Content>,
}

/// The header of a datagram, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    V5 {
        uptime: u32,
        seconds: u32,
        nanoseconds: u32,
        sequence: u32,
        engine: u16,
        sampling: u16,
    },
    V9 {
        uptime: u32,
        seconds: u32,
        sequence: u32,
        source_id: u32,
    },
    Ipfix {
        seconds: u32,
        sequence: u32,
        domain: u32,
    },
}

impl Header {
    /// The export time `X` in milliseconds (V5: with nanoseconds; V9, IPFIX: whole seconds).
    pub fn export_time(&self) -> i64 {
        match *self {
            Self::V5 {
                seconds,
                nanoseconds,
                ..
            } => i64::from(seconds) * 1000 + i64::from(nanoseconds / 1_000_000),
            Self::V9 { seconds, .. } | Self::Ipfix { seconds, .. } => i64::from(seconds) * 1000,
        }
    }

    /// `SysUptime`; IPFIX has none.
    pub fn uptime(&self) -> Option<u32> {
        match *self {
            Self::V5 { uptime, .. } | Self::V9 { uptime, .. } => Some(uptime),
            Self::Ipfix { .. } => None,
        }
    }

    pub fn domain(&self) -> u32 {
        match *self {
            Self::V5 { engine, .. } => u32::from(engine),
            Self::V9 { source_id, .. } => source_id,
            Self::Ipfix { domain, .. } => domain,
        }
    }

    pub fn sequence_mut(&mut self) -> &mut u32 {
        match self {
            Self::V5 { sequence, .. }
            | Self::V9 { sequence, .. }
            | Self::Ipfix { sequence, .. } => sequence,
        }
    }
}

/// A data record of a Template or of an Options Template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Flow(Record),
    Options {
        /// The scope; in V9 its numbers are scope types (1 = System).
        scope: Record,
        fields: Record,
    },
}

/// Enterprise number and element.
pub type Element = (u32, u16);

/// The enterprise of reverse elements (RFC 5103).
pub const REVERSE: u32 = 29305;

/// Elements with the length and the value that they are sent with.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Record {
    pub elements: BTreeMap<Element, (u16, u128)>,
}

/// On one line.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "{";
        for (&(enterprise, id), &(length, value)) in &self.elements {
            let prefix = if enterprise == REVERSE { "r" } else { "" };
            write!(f, "{separator}{prefix}{id}/{length}: {value}")?;
            separator = ", ";
        }
        f.write_str("}")
    }
}

/// On one line, with the records on lines of their own.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tick(now) => write!(f, "tick {now}"),
            Self::Off(now) => write!(f, "off {now}"),
            Self::Restart => f.write_str("restart"),
            Self::Datagram(datagram) => {
                let Datagram {
                    at,
                    from,
                    header,
                    content,
                } = datagram;
                write!(f, "{at} {from} {header:?}")?;
                for content in content {
                    write!(f, "\n    {content:?}")?;
                }
                Ok(())
            }
        }
    }
}

/// Prints one input on one line.
#[derive(Clone)]
pub struct Stream(pub Vec<Input>);

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|input| write!(f, "\n  {input:?}"))
    }
}

impl Record {
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets element `id` to `value` in `length` octets.
    #[must_use]
    pub fn with(mut self, id: u16, length: u16, value: u128) -> Self {
        self.elements.insert((0, id), (length, value));
        self
    }

    #[must_use]
    pub fn with_reverse(mut self, id: u16, length: u16, value: u128) -> Self {
        self.elements.insert((REVERSE, id), (length, value));
        self
    }

    #[must_use]
    pub fn without(mut self, id: u16) -> Self {
        self.elements.remove(&(0, id));
        self
    }

    pub fn has(&self, id: u16) -> bool {
        self.elements.contains_key(&(0, id))
    }

    /// The value of an element of IANA's registry.
    pub fn get(&self, id: u16) -> Option<u64> {
        self.value((0, id))
    }

    pub fn reverse(&self, id: u16) -> Option<u64> {
        self.value((REVERSE, id))
    }

    fn value(&self, element: Element) -> Option<u64> {
        let &(_, value) = self.elements.get(&element)?;
        Some(u64::try_from(value).expect("an element of at most eight octets"))
    }

    /// Source address in 8 or 27.
    pub fn source(&self) -> Option<IpAddr> {
        self.address(8, 27)
    }

    /// Destination address in 12 or 28.
    pub fn destination(&self) -> Option<IpAddr> {
        self.address(12, 28)
    }

    fn address(&self, v4: u16, v6: u16) -> Option<IpAddr> {
        if let Some(&(_, value)) = self.elements.get(&(0, v4)) {
            let octets = u32::try_from(value).expect("four octets").to_be_bytes();
            return Some(IpAddr::from(octets));
        }
        let &(_, value) = self.elements.get(&(0, v6))?;
        Some(IpAddr::from(value.to_be_bytes()))
    }

    // What most tests need, by its meaning.

    /// A UDP flow between two IPv4 hosts `10.0.0.key` and `10.9.9.9`, ports 1000 + key and 53.
    pub fn udp(key: u8) -> Self {
        Self::new()
            .with(8, 4, 0x0a00_0000 + u128::from(key))
            .with(12, 4, 0x0a09_0909)
            .with(7, 2, 1000 + u128::from(key))
            .with(11, 2, 53)
            .with(4, 1, 17)
            .with(5, 1, 0)
            .with(10, 2, 1)
            .with(14, 2, 2)
    }

    /// The same between the same, as TCP with these flags.
    pub fn tcp(key: u8, flags: u8) -> Self {
        Self::udp(key).with(4, 1, 6).with(6, 1, u128::from(flags))
    }

    /// Packets and octets as deltas of eight octets.
    #[must_use]
    pub fn counted(self, packets: u64, octets: u64) -> Self {
        self.with(2, 8, packets.into()).with(1, 8, octets.into())
    }

    /// First and last millisecond in elements 152 and 153.
    #[must_use]
    pub fn between(self, start: i64, end: i64) -> Self {
        self.with(152, 8, millis(start)).with(153, 8, millis(end))
    }

    /// First and last millisecond as `SysUptime` of an Exporter that booted at `boot`.
    #[must_use]
    pub fn switched(self, boot: i64, start: i64, end: i64) -> Self {
        self.with(22, 4, uptime(boot, start))
            .with(21, 4, uptime(boot, end))
    }
}

/// A time as it goes on the wire.
pub fn millis(at: i64) -> u128 {
    u128::try_from(at).expect("a time behind 1970")
}

/// `SysUptime` at `at`, as it wraps.
pub fn uptime(boot: i64, at: i64) -> u128 {
    u128::try_from((at - boot).rem_euclid(1 << 32)).expect("not negative")
}

/// A time in the NTP format of elements 154 to 157, 324: seconds since 1900 and a fraction.
pub fn ntp(microseconds: i64) -> u128 {
    let seconds = microseconds.div_euclid(1_000_000) + 2_208_988_800;
    let fraction = (microseconds.rem_euclid(1_000_000) << 32) / 1_000_000;
    u128::try_from((i128::from(seconds) << 32) | i128::from(fraction)).expect("behind 1900")
}
