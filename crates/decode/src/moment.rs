//! The header's clocks, against which the relative times of records count.

use flowlog_record::Timestamp;

/// Seconds from the NTP epoch, 1900-01-01, to the Unix epoch.
const NTP_TO_UNIX_SECONDS: i64 = 2_208_988_800;

/// When a datagram was exported, in the words of its header and of options data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Header export time `X`, milliseconds.
    pub(crate) export: Timestamp,
    /// `SysUptime` of the header (V5, V9), milliseconds.
    pub(crate) uptime: u32,
    /// `systemInitTimeMilliseconds` of options data (IPFIX).
    pub(crate) boot: Option<Timestamp>,
}

/// One half of what `SysUptime` counts before it wraps.
const HALF: u32 = 1 << 31;

/// The values of `SysUptime` around one export, from the earliest on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uptimes {
    /// The value half a wrap before the export.
    first: u32,
    /// When it was, in milliseconds.
    at_first: i64,
}

impl Uptimes {
    /// The time at which `SysUptime` was `switched`.
    ///
    /// It is within half a wrap of 49.7 days of the export: `switched` may be slightly ahead of
    /// the header's.
    #[inline]
    pub(crate) fn at(self, switched: u32) -> Timestamp {
        let since = i64::from(switched.wrapping_sub(self.first));
        Timestamp(self.at_first.wrapping_add(since))
    }
}

impl Moment {
    /// V5 and V9: what turns values of `SysUptime` into times.
    #[inline]
    pub(crate) fn uptimes(&self) -> Uptimes {
        // An export time is 32 bits of seconds: the difference is far from the ends of 64.
        Uptimes {
            first: self.uptime.wrapping_sub(HALF),
            at_first: self.export.millis().wrapping_sub(i64::from(HALF)),
        }
    }

    /// Elements 158 and 159: `micros` before the export, rounded down.
    #[inline]
    pub(crate) fn micros_before(&self, micros: u32) -> Timestamp {
        self.export.plus((-i64::from(micros)).div_euclid(1000))
    }
}

/// The bits of an NTP fraction that mean something in microseconds (RFC 7011 §6.1.9).
pub(crate) const MICROSECONDS: u32 = !0x7ff;
/// The bits that mean something in nanoseconds (RFC 7011 §6.1.10).
pub(crate) const NANOSECONDS: u32 = !0;

/// Milliseconds of the epoch from NTP format, rounded down; era 1 begins in 2036.
#[inline]
pub(crate) fn ntp_millis(octets: [u8; 8], meaning: u32) -> Timestamp {
    let (seconds, fraction) = ntp_parts(octets, meaning);
    let millis = (u64::from(fraction) * 1000) >> 32;
    Timestamp(seconds * 1000 + millis.cast_signed())
}

/// Unix seconds, and the binary fraction as far as it has a meaning, of an NTP timestamp.
pub(crate) fn ntp_parts(octets: [u8; 8], meaning: u32) -> (i64, u32) {
    let value = u64::from_be_bytes(octets);
    let half = |value: u64| u32::try_from(value & 0xffff_ffff).unwrap_or_default();
    let seconds = i64::from(half(value >> 32)) - NTP_TO_UNIX_SECONDS;
    let fraction = half(value) & meaning;
    let era = if seconds < 0 { 1 << 32 } else { 0 };
    (seconds + era, fraction)
}
