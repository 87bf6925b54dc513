//! Templates with addresses of both families: which one a record means.

use flowlog_record::{Address, EnterpriseNumber, Fields, FlowRecord};

use super::place::{Place, Places, Row};
use crate::elements as ie;

/// Both families in one Template: `ipVersion` decides, else the family that is not all zero, else
/// the one that stands first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Families {
    ipv4: Pair,
    ipv6: Pair,
    version: Option<Place>,
    ipv6_is_first: bool,
}

/// The addresses of one family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) source: Option<Place>,
    pub(super) destination: Option<Place>,
}

impl Pair {
    pub(super) fn ipv4(places: &mut Places<'_>) -> Self {
        Self {
            source: places.exact(EnterpriseNumber::IANA, ie::SOURCE_IPV4_ADDRESS, 4),
            destination: places.exact(EnterpriseNumber::IANA, ie::DESTINATION_IPV4_ADDRESS, 4),
        }
    }

    pub(super) fn ipv6(places: &mut Places<'_>) -> Self {
        Self {
            source: places.exact(EnterpriseNumber::IANA, ie::SOURCE_IPV6_ADDRESS, 16),
            destination: places.exact(EnterpriseNumber::IANA, ie::DESTINATION_IPV6_ADDRESS, 16),
        }
    }

    pub(super) const fn is_none(self) -> bool {
        self.source.is_none() && self.destination.is_none()
    }

    /// Source and destination of a record, and whether one of them is not zero.
    fn of(self, row: &Row) -> (Option<Address>, Option<Address>, bool) {
        let address = |place: Option<Place>| place.and_then(|place| address(place.of(row)));
        let (source, destination) = (address(self.source), address(self.destination));
        let is_set = |a: Option<Address>| a.is_some_and(|a| !a.is_zero());
        (source, destination, is_set(source) || is_set(destination))
    }
}

impl Families {
    pub(super) fn new(ipv4: Pair, ipv6: Pair, places: &mut Places<'_>) -> Self {
        let first = |id, length| {
            places
                .position(EnterpriseNumber::IANA, id, |l| l == length)
                .unwrap_or(usize::MAX)
        };
        let first4 = first(ie::SOURCE_IPV4_ADDRESS, 4).min(first(ie::DESTINATION_IPV4_ADDRESS, 4));
        let first6 =
            first(ie::SOURCE_IPV6_ADDRESS, 16).min(first(ie::DESTINATION_IPV6_ADDRESS, 16));
        Self {
            ipv4,
            ipv6,
            version: places.integer(EnterpriseNumber::IANA, ie::IP_VERSION),
            ipv6_is_first: first6 < first4,
        }
    }

    /// Fills the addresses and their bits in each record of the batch.
    pub(super) fn run(&self, rows: &[Row], records: &mut [FlowRecord]) {
        for (record, row) in records.iter_mut().zip(rows) {
            let ipv4 = self.ipv4.of(row);
            let ipv6 = self.ipv6.of(row);
            let is_ipv6 = match self.version.map(|place| place.unsigned(row)) {
                Some(4) => false,
                Some(6) => true,
                _ if ipv4.2 != ipv6.2 => ipv6.2,
                _ => self.ipv6_is_first,
            };
            let (source, destination, _) = if is_ipv6 { ipv6 } else { ipv4 };
            record.fields.set(Fields::IPV6, is_ipv6);
            record.fields.set(Fields::SOURCE, source.is_some());
            record
                .fields
                .set(Fields::DESTINATION, destination.is_some());
            record.source = source.unwrap_or_default();
            record.destination = destination.unwrap_or_default();
        }
    }
}

/// An address of four or sixteen octets.
pub(crate) fn address(octets: &[u8]) -> Option<Address> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(Address::from_ipv4_octets(octets));
    }
    <[u8; 16]>::try_from(octets)
        .ok()
        .map(Address::from_ipv6_octets)
}
