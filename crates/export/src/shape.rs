//! Which fields a record needs: each shape is a Template.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowlog_record::Direction;
use flowlog_wire::TemplateId;

use crate::record::Record;
use crate::settings::Carries;

/// What is in a record or not, beside what all records of a flow log have: in six bits the family of
/// the source (two, 0 is an absent one), that of the destination, that of the Exporter, and whether
/// a direction is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape(u8);

/// The IDs of one set of optional values: as many as six bits give.
const IDS: u8 = 64;
/// The ID behind all shapes, for no family is 3.
const OPTIONS: u8 = 63;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

impl Shape {
    pub(crate) fn of(record: &Record) -> Self {
        let exporter = u8::from(record.exporter.is_ipv6());
        let direction = u8::from(record.direction != Direction::Unknown);
        Self(
            family(record.source) << 4
                | family(record.destination) << 2
                | exporter << 1
                | direction,
        )
    }

    /// A record of that shape, for its Template.
    pub(crate) fn specimen(self) -> Record {
        let address = |family| match family & 0b11 {
            0 => None,
            1 => Some(V4),
            _ => Some(V6),
        };
        let is_set = |bit| self.0 & bit != 0;
        Record {
            source: address(self.0 >> 4),
            destination: address(self.0 >> 2),
            direction: if is_set(0b01) {
                Direction::In
            } else {
                Direction::Unknown
            },
            ..Record::of(if is_set(0b10) { V6 } else { V4 })
        }
    }

    /// The ID of its Template.
    pub(crate) fn template(self, carries: Carries) -> TemplateId {
        id(carries, self.0)
    }
}

/// The ID of the Options Template.
pub(crate) fn options_template(carries: Carries) -> TemplateId {
    id(carries, OPTIONS)
}

fn id(carries: Carries, place: u8) -> TemplateId {
    let before = u16::from(carries.bits()) * u16::from(IDS) + u16::from(place);
    TemplateId::new(TemplateId::FIRST.get() + before).unwrap_or(TemplateId::FIRST)
}

const fn family(address: Option<IpAddr>) -> u8 {
    match address {
        None => 0,
        Some(IpAddr::V4(_)) => 1,
        Some(IpAddr::V6(_)) => 2,
    }
}

/// A set of shapes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shapes(u64);

impl Shapes {
    pub(crate) const fn has(self, shape: Shape) -> bool {
        self.0 & (1 << shape.0) != 0
    }

    pub(crate) const fn insert(&mut self, shape: Shape) {
        self.0 |= 1 << shape.0;
    }

    pub(crate) const fn remove(&mut self, shape: Shape) {
        self.0 &= !(1 << shape.0);
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Shape> {
        (0..IDS).map(Shape).filter(move |&shape| self.has(shape))
    }
}

#[cfg(test)]
mod tests;
