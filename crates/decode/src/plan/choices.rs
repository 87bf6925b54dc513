//! Which elements fill which fields, in the order in which they are preferred.

use flowlog_record::{EnterpriseNumber, Fields, InformationElementId as Id};

use super::column::{Clock, Target};
use crate::elements as ie;

const IANA: EnterpriseNumber = EnterpriseNumber::IANA;
const REVERSE: EnterpriseNumber = EnterpriseNumber::REVERSE;

/// A counter element, and the bit that says that it is a running total.
pub(super) type Counter = (EnterpriseNumber, Id, Fields);

const NO_TOTAL: Fields = Fields::empty();

/// Octets and packets, the first that a Template has (aggregation §5).
pub(super) const OCTETS: [Counter; 5] = [
    (IANA, ie::OCTET_DELTA_COUNT, NO_TOTAL),
    (IANA, ie::OCTET_TOTAL_COUNT, Fields::OCTETS_TOTAL),
    (IANA, ie::POST_OCTET_DELTA_COUNT, NO_TOTAL),
    (IANA, ie::INITIATOR_OCTETS, NO_TOTAL),
    (IANA, ie::LAYER2_OCTET_DELTA_COUNT, NO_TOTAL),
];
pub(super) const PACKETS: [Counter; 4] = [
    (IANA, ie::PACKET_DELTA_COUNT, NO_TOTAL),
    (IANA, ie::PACKET_TOTAL_COUNT, Fields::PACKETS_TOTAL),
    (IANA, ie::POST_PACKET_DELTA_COUNT, NO_TOTAL),
    (IANA, ie::INITIATOR_PACKETS, NO_TOTAL),
];
pub(super) const REVERSE_OCTETS: [Counter; 5] = [
    (REVERSE, ie::OCTET_DELTA_COUNT, NO_TOTAL),
    (REVERSE, ie::OCTET_TOTAL_COUNT, Fields::OCTETS_TOTAL),
    (REVERSE, ie::POST_OCTET_DELTA_COUNT, NO_TOTAL),
    (IANA, ie::RESPONDER_OCTETS, NO_TOTAL),
    (REVERSE, ie::LAYER2_OCTET_DELTA_COUNT, NO_TOTAL),
];
pub(super) const REVERSE_PACKETS: [Counter; 4] = [
    (REVERSE, ie::PACKET_DELTA_COUNT, NO_TOTAL),
    (REVERSE, ie::PACKET_TOTAL_COUNT, Fields::PACKETS_TOTAL),
    (REVERSE, ie::POST_PACKET_DELTA_COUNT, NO_TOTAL),
    (IANA, ie::RESPONDER_PACKETS, NO_TOTAL),
];

/// The fields of which there is one element, or a second choice.
pub(super) const PLAIN: [(&[Id], Target, Fields); 9] = [
    (
        &[ie::PROTOCOL_IDENTIFIER],
        Target::Protocol,
        Fields::PROTOCOL,
    ),
    (
        &[ie::IP_CLASS_OF_SERVICE],
        Target::ClassOfService,
        Fields::TOS,
    ),
    (&[ie::TCP_CONTROL_BITS], Target::TcpFlags, Fields::TCP_FLAGS),
    (
        &[ie::INGRESS_INTERFACE, ie::INGRESS_PHYSICAL_INTERFACE],
        Target::IngressInterface,
        Fields::INGRESS_INTERFACE,
    ),
    (
        &[ie::EGRESS_INTERFACE, ie::EGRESS_PHYSICAL_INTERFACE],
        Target::EgressInterface,
        Fields::EGRESS_INTERFACE,
    ),
    (&[ie::FLOW_DIRECTION], Target::Direction, Fields::DIRECTION),
    (
        &[ie::FORWARDING_STATUS],
        Target::ForwardingStatus,
        Fields::FORWARDING_STATUS,
    ),
    (
        &[ie::FIREWALL_EVENT],
        Target::FirewallEvent,
        Fields::FIREWALL_EVENT,
    ),
    (
        &[ie::FLOW_END_REASON],
        Target::EndReason,
        Fields::END_REASON,
    ),
];

/// Elements of the start and of the end, in the order of aggregation §3; the clock of the fifth
/// depends on the version.
pub(super) const TIMES: [(Id, Id, Clock); 6] = [
    (
        ie::FLOW_START_MILLISECONDS,
        ie::FLOW_END_MILLISECONDS,
        Clock::Millis,
    ),
    (
        ie::FLOW_START_MICROSECONDS,
        ie::FLOW_END_MICROSECONDS,
        Clock::Micros,
    ),
    (
        ie::FLOW_START_NANOSECONDS,
        ie::FLOW_END_NANOSECONDS,
        Clock::Nanos,
    ),
    (ie::FLOW_START_SECONDS, ie::FLOW_END_SECONDS, Clock::Seconds),
    (
        ie::FLOW_START_SYS_UP_TIME,
        ie::FLOW_END_SYS_UP_TIME,
        Clock::Switched,
    ),
    (
        ie::FLOW_START_DELTA_MICROSECONDS,
        ie::FLOW_END_DELTA_MICROSECONDS,
        Clock::MicrosBefore,
    ),
];
