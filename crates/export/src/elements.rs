//! The Information Elements that are sent; in V9 their numbers are field types.

use flowlog_record::InformationElementId as Element;

pub(crate) const OCTET_DELTA_COUNT: Element = Element(1);
pub(crate) const PACKET_DELTA_COUNT: Element = Element(2);
pub(crate) const PROTOCOL_IDENTIFIER: Element = Element(4);
pub(crate) const IP_CLASS_OF_SERVICE: Element = Element(5);
pub(crate) const TCP_CONTROL_BITS: Element = Element(6);
pub(crate) const SOURCE_TRANSPORT_PORT: Element = Element(7);
pub(crate) const SOURCE_IPV4_ADDRESS: Element = Element(8);
pub(crate) const INGRESS_INTERFACE: Element = Element(10);
pub(crate) const DESTINATION_TRANSPORT_PORT: Element = Element(11);
pub(crate) const DESTINATION_IPV4_ADDRESS: Element = Element(12);
pub(crate) const EGRESS_INTERFACE: Element = Element(14);
pub(crate) const BGP_SOURCE_AS_NUMBER: Element = Element(16);
pub(crate) const BGP_DESTINATION_AS_NUMBER: Element = Element(17);
pub(crate) const FLOW_END_SYS_UP_TIME: Element = Element(21);
pub(crate) const FLOW_START_SYS_UP_TIME: Element = Element(22);
pub(crate) const SOURCE_IPV6_ADDRESS: Element = Element(27);
pub(crate) const DESTINATION_IPV6_ADDRESS: Element = Element(28);
pub(crate) const SAMPLING_INTERVAL: Element = Element(34);
pub(crate) const SAMPLING_ALGORITHM: Element = Element(35);
pub(crate) const FLOW_DIRECTION: Element = Element(61);
pub(crate) const FORWARDING_STATUS: Element = Element(89);
pub(crate) const EXPORTER_IPV4_ADDRESS: Element = Element(130);
pub(crate) const EXPORTER_IPV6_ADDRESS: Element = Element(131);
pub(crate) const OBSERVATION_DOMAIN_ID: Element = Element(149);
pub(crate) const FLOW_START_MILLISECONDS: Element = Element(152);
pub(crate) const FLOW_END_MILLISECONDS: Element = Element(153);
pub(crate) const SELECTOR_ID: Element = Element(302);
pub(crate) const SELECTOR_ALGORITHM: Element = Element(304);
pub(crate) const SAMPLING_PACKET_INTERVAL: Element = Element(305);
pub(crate) const SAMPLING_PACKET_SPACE: Element = Element(306);
/// The scope type System of V9 (RFC 3954 §6.1).
pub(crate) const SCOPE_SYSTEM: Element = Element(1);
