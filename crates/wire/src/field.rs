//! Field Specifiers and Template IDs.

use flowlog_record::{EnterpriseNumber, InformationElementId};

/// The length that says that each value carries its own (RFC 7011 §7).
pub const VARIABLE_LENGTH: u16 = u16::MAX;

/// The ID of a Template or Options Template, which is the Set ID of its data: 256 or more
/// (RFC 7011 §3.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateId(u16);

impl TemplateId {
    /// The least: 256.
    pub const FIRST: Self = Self(256);

    /// `None` below 256.
    pub const fn new(id: u16) -> Option<Self> {
        if id >= 256 { Some(Self(id)) } else { None }
    }

    /// The number on the wire.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// One field of a Template (RFC 7011 §3.2, RFC 3954 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldSpecifier {
    /// IANA's registry, or a vendor's; always IANA's in V9.
    pub enterprise: EnterpriseNumber,
    /// The element, without the enterprise bit.
    pub id: InformationElementId,
    /// Octets of the value, or [`VARIABLE_LENGTH`].
    pub length: u16,
}
