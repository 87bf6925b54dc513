//! Information Elements: their numbers, names and abstract data types.
//!
//! The table is generated once from the IANA IPFIX registry and public vendor lists
//! (`generate-elements.awk`); names and types are facts of those lists.

mod generated;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// Private Enterprise Number; 0 is IANA's own registry.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct EnterpriseNumber(pub u32);

impl EnterpriseNumber {
    /// The IANA registry.
    pub const IANA: Self = Self(0);
    /// Reverse Information Elements (RFC 5103 §6.1).
    pub const REVERSE: Self = Self(29305);
}

/// The number of an Information Element, or of a V9 field type, within its enterprise.
///
/// Open: any number may come off the wire. In IPFIX the enterprise bit is not part of it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct InformationElementId(pub u16);

/// What a value is (RFC 7011 §6.1, RFC 7012 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of RFC 7012 §3.1")]
pub enum AbstractDataType {
    OctetArray,
    Unsigned8,
    Unsigned16,
    Unsigned32,
    Unsigned64,
    Unsigned256,
    Signed8,
    Signed16,
    Signed32,
    Signed64,
    Float32,
    Float64,
    Boolean,
    MacAddress,
    String,
    DateTimeSeconds,
    DateTimeMilliseconds,
    DateTimeMicroseconds,
    DateTimeNanoseconds,
    Ipv4Address,
    Ipv6Address,
    BasicList,
    SubTemplateList,
    SubTemplateMultiList,
}

/// One entry of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Whose registry.
    pub enterprise: EnterpriseNumber,
    /// Its number there.
    pub id: InformationElementId,
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub data_type: AbstractDataType,
}

/// The registry's entry for an element, `None` for one that it does not know.
pub fn element(enterprise: EnterpriseNumber, id: InformationElementId) -> Option<Element> {
    let at = generated::ELEMENTS
        .binary_search_by_key(&(enterprise.0, id.0), |&(pen, id, _, _)| (pen, id))
        .ok()?;
    let &(pen, id, name, data_type) = generated::ELEMENTS.get(at)?;
    Some(Element {
        enterprise: EnterpriseNumber(pen),
        id: InformationElementId(id),
        name,
        data_type,
    })
}

/// The IANA element of that name (exact, case-sensitive); what `columns` of a flow log names.
pub fn element_named(name: &str) -> Option<Element> {
    generated::ELEMENTS
        .iter()
        .find(|&&(_, _, known, _)| known == name)
        .map(|&(pen, id, name, data_type)| Element {
            enterprise: EnterpriseNumber(pen),
            id: InformationElementId(id),
            name,
            data_type,
        })
}
