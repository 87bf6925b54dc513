//! Values as people read them: the name of a field, and its octets by their abstract data type.
//!
//! The cold side of decoding: `inspect` and the suites print records with it. It may allocate.

mod list;
mod serialize;
#[cfg(test)]
mod tests;

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowlog_record::{AbstractDataType, EnterpriseNumber, Version, element};
use flowlog_wire::FieldSpecifier;

use crate::moment::{MICROSECONDS, NANOSECONDS, ntp_parts};
use crate::plan::unsigned;
use crate::template::Templates;

pub use list::{List, ListEntry, ListKind, NamedValue};

/// Turns fields of one session into names and values.
#[derive(Clone, Copy, Debug)]
pub struct Renderer<'a> {
    version: Version,
    /// What lists of records refer to (RFC 6313).
    templates: &'a Templates,
}

/// The name of a field, as `inspect` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldName {
    /// The name of IANA's registry.
    Named(&'static str),
    /// A scope type of V9.
    Scope(u16),
    /// A V9 field type without a name.
    Netflow9(u16),
    /// An element without a name in IANA's registry: enterprise and number.
    Element(u32, u16),
}

/// A value, by the abstract data type of its element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// An unsigned integer of any length up to eight octets; seconds and milliseconds of the epoch.
    Unsigned(u64),
    /// A signed integer.
    Signed(i64),
    /// Nanoseconds of the epoch, from NTP format.
    Nanoseconds(i64),
    /// An address.
    Address(IpAddr),
    /// A MAC address.
    Mac([u8; 6]),
    /// A string without trailing NULs.
    Text(&'a str),
    /// Everything else, vendors' elements, and what does not fit its type.
    Octets(&'a [u8]),
    /// A list (RFC 6313).
    List(List<'a>),
}

impl<'a> Renderer<'a> {
    pub(crate) const fn new(version: Version, templates: &'a Templates) -> Self {
        Self { version, templates }
    }

    /// The name of a field; `is_scope` for the scope fields of an Options Template.
    pub fn name(&self, field: FieldSpecifier, is_scope: bool) -> FieldName {
        let FieldSpecifier { enterprise, id, .. } = field;
        let is_netflow9 = self.version == Version::V9;
        if is_scope && is_netflow9 {
            return FieldName::Scope(id.0);
        }
        match data_type(field) {
            Some((name, _)) => FieldName::Named(name),
            None if is_netflow9 => FieldName::Netflow9(id.0),
            None => FieldName::Element(enterprise.0, id.0),
        }
    }

    /// The value of a field; `is_scope` for the scope fields of an Options Template, which in V9
    /// are integers.
    pub fn value(&self, field: FieldSpecifier, is_scope: bool, octets: &'a [u8]) -> Value<'a> {
        if is_scope && self.version == Version::V9 {
            return integer(octets);
        }
        self.nested(field, octets, 0)
    }

    /// A value at some depth of lists.
    fn nested(&self, field: FieldSpecifier, octets: &'a [u8], depth: u8) -> Value<'a> {
        use AbstractDataType as T;
        let Some((_, data_type)) = data_type(field) else {
            return Value::Octets(octets);
        };
        let value = match data_type {
            T::Unsigned8
            | T::Unsigned16
            | T::Unsigned32
            | T::Unsigned64
            | T::Unsigned256
            | T::DateTimeSeconds
            | T::DateTimeMilliseconds => Some(integer(octets)),
            T::Signed8 | T::Signed16 | T::Signed32 | T::Signed64 => signed(octets),
            T::DateTimeMicroseconds => nanoseconds(octets, MICROSECONDS),
            T::DateTimeNanoseconds => nanoseconds(octets, NANOSECONDS),
            T::Ipv4Address => <[u8; 4]>::try_from(octets)
                .ok()
                .map(|octets| Value::Address(IpAddr::V4(Ipv4Addr::from_octets(octets)))),
            T::Ipv6Address => <[u8; 16]>::try_from(octets)
                .ok()
                .map(|octets| Value::Address(IpAddr::V6(Ipv6Addr::from_octets(octets)))),
            T::MacAddress => <[u8; 6]>::try_from(octets).ok().map(Value::Mac),
            T::String => text(octets),
            T::BasicList | T::SubTemplateList | T::SubTemplateMultiList => {
                self.list(data_type, octets, depth).map(Value::List)
            }
            _ => None,
        };
        value.unwrap_or(Value::Octets(octets))
    }
}

/// The name and type of an element of IANA's registry; 0 is reserved and names nothing.
fn data_type(field: FieldSpecifier) -> Option<(&'static str, AbstractDataType)> {
    if field.enterprise != EnterpriseNumber::IANA || field.id.0 == 0 {
        return None;
    }
    element(field.enterprise, field.id).map(|element| (element.name, element.data_type))
}

fn integer(octets: &[u8]) -> Value<'_> {
    match octets.len() {
        1..=8 => Value::Unsigned(unsigned(octets)),
        _ => Value::Octets(octets),
    }
}

fn signed(octets: &[u8]) -> Option<Value<'_>> {
    let length = u32::try_from(octets.len())
        .ok()
        .filter(|length| matches!(length, 1..=8))?;
    let unused = 64 - 8 * length;
    let value = (unsigned(octets) << unused).cast_signed() >> unused;
    Some(Value::Signed(value))
}

fn nanoseconds(octets: &[u8], meaning: u32) -> Option<Value<'_>> {
    let (seconds, fraction) = ntp_parts(<[u8; 8]>::try_from(octets).ok()?, meaning);
    let nanos = (u64::from(fraction) * 1_000_000_000) >> 32;
    Some(Value::Nanoseconds(
        seconds * 1_000_000_000 + nanos.cast_signed(),
    ))
}

fn text(octets: &[u8]) -> Option<Value<'_>> {
    let text = core::str::from_utf8(octets).ok()?;
    Some(Value::Text(text.trim_end_matches('\0')))
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SCOPES: [&str; 5] = ["System", "Interface", "LineCard", "Cache", "Template"];
        match *self {
            Self::Named(name) => f.write_str(name),
            Self::Scope(id) => match SCOPES.get(usize::from(id).wrapping_sub(1)) {
                Some(scope) => write!(f, "scope:{scope}"),
                None => write!(f, "scope:{id}"),
            },
            Self::Netflow9(id) => write!(f, "v9/{id}"),
            Self::Element(enterprise, id) => write!(f, "{enterprise}/{id}"),
        }
    }
}

impl fmt::Display for Value<'_> {
    /// As text: what a column of a flow log or a table shows. Lists are shown by their kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(value) => value.fmt(f),
            Self::Signed(value) | Self::Nanoseconds(value) => value.fmt(f),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write_ipv6(*address, f),
            Self::Mac([first, rest @ ..]) => {
                write!(f, "{first:02x}")?;
                rest.iter().try_for_each(|octet| write!(f, ":{octet:02x}"))
            }
            Self::Text(text) => f.write_str(text),
            Self::Octets(octets) => {
                f.write_str("0x")?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            Self::List(list) => f.write_str(list.kind.as_str()),
        }
    }
}

/// Groups of hex digits alone, also where the address holds one of IPv4.
fn write_ipv6(address: Ipv6Addr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => write!(f, "::ffff:{high:x}:{low:x}"),
        _ => fmt::Display::fmt(&address, f),
    }
}
