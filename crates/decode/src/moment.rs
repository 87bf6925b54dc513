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

impl Moment {
    /// V5 and V9: the time at which `SysUptime` was `switched`.
    ///
    /// The difference is signed and modular: `switched` may be slightly ahead, and `SysUptime`
    /// wraps every 49.7 days.
    #[inline]
    pub(crate) fn switched(&self, switched: u32) -> Timestamp {
        let since = switched.wrapping_sub(self.uptime).cast_signed();
        // An export time is 32 bits of seconds: the sum is far from the ends of 64.
        Timestamp(self.export.millis().wrapping_add(i64::from(since)))
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
