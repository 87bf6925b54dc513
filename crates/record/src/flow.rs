//! The Flow Record: what a datagram says of one flow, in the same shape for V5, V9 and IPFIX.

use bitflags::bitflags;

use crate::{ActiveTimeout, Address, Sampling, Timestamp};

bitflags! {
    /// Which fields of a [`FlowRecord`] its Template has, and what is known of their meaning.
    ///
    /// An absent field is zero in the record; these bits tell it from a zero that was sent.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Fields: u64 {
        /// `source` is there.
        const SOURCE = 1 << 0;
        /// `destination` is there.
        const DESTINATION = 1 << 1;
        /// The addresses are IPv6.
        const IPV6 = 1 << 2;
        /// `source_port` is there.
        const SOURCE_PORT = 1 << 3;
        /// `destination_port` is there.
        const DESTINATION_PORT = 1 << 4;
        /// `protocol` is there.
        const PROTOCOL = 1 << 5;
        /// `tos` is there.
        const TOS = 1 << 6;
        /// `tcp_flags` is there.
        const TCP_FLAGS = 1 << 7;
        /// `ingress_interface` is there.
        const INGRESS_INTERFACE = 1 << 8;
        /// `egress_interface` is there.
        const EGRESS_INTERFACE = 1 << 9;
        /// `octets` is there.
        const OCTETS = 1 << 10;
        /// `packets` is there.
        const PACKETS = 1 << 11;
        /// `octets` is a running total (element 85), not a delta.
        const OCTETS_TOTAL = 1 << 12;
        /// `packets` is a running total (element 86), not a delta.
        const PACKETS_TOTAL = 1 << 13;
        /// `start` is there.
        const START = 1 << 14;
        /// `end` is there.
        const END = 1 << 15;
        /// `start` and `end` count from the Exporter's boot, which the message does not tell
        /// (elements 21 and 22 in IPFIX without element 160).
        const SINCE_BOOT = 1 << 16;
        /// `duration` is there (elements 161, 162).
        const DURATION = 1 << 17;
        /// `observed` is there (elements 323, 324).
        const OBSERVED = 1 << 18;
        /// `icmp_type_code` is there (elements 32, 139, 176/177, 178/179).
        const ICMP = 1 << 19;
        /// `direction` is there (element 61).
        const DIRECTION = 1 << 20;
        /// `forwarding_status` is there (element 89).
        const FORWARDING_STATUS = 1 << 21;
        /// `firewall_event` is there (element 233).
        const FIREWALL_EVENT = 1 << 22;
        /// `end_reason` is there (element 136).
        const END_REASON = 1 << 23;
        /// The Template carries element 130 or 131: a relay speaks for another Exporter.
        const RELAYED = 1 << 24;
        /// The reverse half of a biflow (RFC 5103, elements 231/232, 298/299): keys are swapped
        /// already.
        const REVERSE = 1 << 25;
        /// The flow ended, by its end reason (1, 3, 4, 5), FIN or RST. Set when times are settled.
        const ENDED = 1 << 26;
        /// An active timeout explains the end of the record. Set when times are settled.
        const CONTINUES = 1 << 27;
        /// Totals or a kept start without a base to count from: not added. Set by the flow memory.
        const BASELINE = 1 << 28;
        /// The egress copy of a flow that was metered on ingress as well: not added.
        const EGRESS_COPY = 1 << 29;
    }
}

/// What a datagram says of one flow. Plain values, no pointers; absent fields are zero.
///
/// Decoding fills it field by field over a batch; settling the times (decode's clock) then
/// replaces `start` and `end` by the interval that counts (aggregation §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct FlowRecord {
    /// Source address (elements 8, 27).
    pub source: Address,
    /// Destination address (elements 12, 28).
    pub destination: Address,
    /// First millisecond. Raw: as the Exporter says, or since boot with [`Fields::SINCE_BOOT`].
    /// Settled: the start of the interval by the Exporter's clock, not shifted.
    pub start: Timestamp,
    /// Last millisecond, inclusive; raw and settled as `start`.
    pub end: Timestamp,
    /// Octets (element 1, else 85, 23, 231, 352); never multiplied by sampling.
    pub octets: u64,
    /// Packets (element 2, else 86, 24, 298); never multiplied by sampling.
    pub packets: u64,
    /// Observation time (elements 323, 324) in milliseconds.
    pub observed: Timestamp,
    /// The sampling rate that holds for this record, by the order of aggregation §5.
    pub sampling: Sampling,
    /// What is there.
    pub fields: Fields,
    /// Duration in milliseconds (elements 161, 162).
    pub duration: u32,
    /// The Exporter's active timeout when the record came. Set when times are settled.
    pub active_timeout: ActiveTimeout,
    /// Ingress interface (element 10, else 252).
    pub ingress_interface: u32,
    /// Egress interface (element 14, else 253).
    pub egress_interface: u32,
    /// Source port (element 7; 180 and 182 where the template has no 7).
    pub source_port: u16,
    /// Destination port (element 11; 181 and 183 where the template has no 11).
    pub destination_port: u16,
    /// `type · 256 + code` of ICMP.
    pub icmp_type_code: u16,
    /// TCP control bits (element 6).
    pub tcp_flags: u16,
    /// Protocol (element 4).
    pub protocol: u8,
    /// Class of service (element 5).
    pub tos: u8,
    /// Flow direction (element 61): 0 ingress, 1 egress.
    pub direction: u8,
    /// Forwarding status (element 89), its low octet.
    pub forwarding_status: u8,
    /// Firewall event (element 233).
    pub firewall_event: u8,
    /// Flow end reason (element 136).
    pub end_reason: u8,
}

impl FlowRecord {
    /// A record of which nothing is known: what decoding begins from.
    pub const EMPTY: Self = Self {
        source: Address::UNSPECIFIED,
        destination: Address::UNSPECIFIED,
        start: Timestamp(0),
        end: Timestamp(0),
        octets: 0,
        packets: 0,
        observed: Timestamp(0),
        sampling: Sampling::UNKNOWN,
        fields: Fields::empty(),
        duration: 0,
        active_timeout: ActiveTimeout::UNLEARNED,
        ingress_interface: 0,
        egress_interface: 0,
        source_port: 0,
        destination_port: 0,
        icmp_type_code: 0,
        tcp_flags: 0,
        protocol: 0,
        tos: 0,
        direction: 0,
        forwarding_status: 0,
        firewall_event: 0,
        end_reason: 0,
    };

    /// Source and destination port as a row has them: for ICMP and ``ICMPv6`` with a known type,
    /// 0 and `type · 256 + code` (flow logs, *What a record means*).
    #[inline]
    pub const fn row_ports(&self) -> (u16, u16) {
        if matches!(self.protocol, 1 | 58) {
            let code = if self.fields.contains(Fields::ICMP) {
                self.icmp_type_code
            } else {
                self.destination_port
            };
            return (0, code);
        }
        (self.source_port, self.destination_port)
    }

    /// A record without packets and octets is an event (aggregation §2).
    #[inline]
    pub const fn is_event(&self) -> bool {
        self.octets == 0 && self.packets == 0
    }
}

impl Default for FlowRecord {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// The fields that no key and no counter needs: decoded from the same plan, only when asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowDetail {
    /// Next hop (elements 15, 62), absent when `None`.
    pub next_hop: Option<Address>,
    /// BGP next hop (elements 18, 63).
    pub bgp_next_hop: Option<Address>,
    /// Source AS (element 16).
    pub source_as: Option<u32>,
    /// Destination AS (element 17).
    pub destination_as: Option<u32>,
    /// Source prefix length (elements 9, 29), of the family of the record.
    pub source_mask: Option<u8>,
    /// Destination prefix length (elements 13, 30), of the family of the record.
    pub destination_mask: Option<u8>,
    /// VLAN (element 58, else 243).
    pub vlan: Option<u16>,
    /// The second pair of addresses of an encapsulated flow (repeated elements).
    pub inner_source: Option<Address>,
    /// The second destination of an encapsulated flow.
    pub inner_destination: Option<Address>,
    /// The second source port of an encapsulated flow.
    pub inner_source_port: Option<u16>,
    /// The second destination port of an encapsulated flow.
    pub inner_destination_port: Option<u16>,
    /// The second protocol of an encapsulated flow.
    pub inner_protocol: Option<u8>,
    /// The second TCP control bits of an encapsulated flow.
    pub inner_tcp_flags: Option<u16>,
    /// The second class of service of an encapsulated flow.
    pub inner_tos: Option<u8>,
}
