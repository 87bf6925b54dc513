//! From the fields of a Template to a plan: which element fills what, decided once.

use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, Fields, FlowRecord, InformationElementId as Id, Version};

use super::choices::{Counter, OCTETS, PACKETS, PLAIN, REVERSE_OCTETS, REVERSE_PACKETS, TIMES};
use super::column::{Clock, Column, Target};
use super::family::{Families, Pair};
use super::place::{Place, Places, REACH};
use super::rate::RateColumns;
use super::reverse::Reverse;
use super::{Assembly, Plan};
use crate::elements as ie;
use crate::layout::Layout;

const IANA: EnterpriseNumber = EnterpriseNumber::IANA;
const REVERSE: EnterpriseNumber = EnterpriseNumber::REVERSE;

/// The columns found so far, and the bits of what they fill.
struct Draft<'a> {
    version: Version,
    places: Places<'a>,
    columns: Vec<Column>,
    fields: Fields,
}

/// The plan for data of a Template with that layout.
///
/// A record that fits is read where its fields stand. Else the Template is read twice: what the
/// first reading wants has its place in the second.
pub(super) fn plan(version: Version, layout: &Layout) -> Plan {
    let (plan, places) = draft(version, Places::whole(layout));
    if let Some(stride) = layout.stride().filter(|&stride| stride <= REACH) {
        let assembly = Assembly::Whole(stride);
        return Plan { assembly, ..plan };
    }
    let (plan, places) = draft(version, Places::arranged(layout, &places.wanted));
    let assembly = Assembly::Gather(places.gather(layout));
    Plan { assembly, ..plan }
}

/// A plan of the fields in these places; how records get there is still to be said.
fn draft(version: Version, places: Places<'_>) -> (Plan, Places<'_>) {
    let mut draft = Draft {
        version,
        places,
        columns: Vec::new(),
        fields: Fields::empty(),
    };
    let families = draft.addresses();
    draft.ports();
    draft.plain();
    draft.icmp();
    draft.relay();
    let octets_element = draft.counter(&OCTETS, Target::Octets, Fields::OCTETS);
    let packets_element = draft.counter(&PACKETS, Target::Packets, Fields::PACKETS);
    let counts_from_boot = draft.times(IANA);
    let reads_uptime = draft.columns.iter().any(|column| column.reads_uptime());
    draft.duration_and_observation();
    let rates = RateColumns::new(&mut draft.places);
    let (columns, fields) = (core::mem::take(&mut draft.columns), draft.fields);
    let reverse = draft.reverse();
    let plan = Plan {
        prototype: FlowRecord {
            fields,
            ..FlowRecord::EMPTY
        },
        columns: columns.into_boxed_slice(),
        families,
        rates,
        reverse,
        assembly: Assembly::Whole(1),
        counts_from_boot,
        reads_uptime,
        octets_element,
        packets_element,
    };
    (plan, draft.places)
}

impl Draft<'_> {
    /// A column for the first usable field of that element, if there is one.
    fn integer(&mut self, of: EnterpriseNumber, id: Id, target: Target, fields: Fields) -> bool {
        let place = self.places.integer(of, id);
        if let Some(place) = place {
            self.columns.push(Column::new(place, target));
            self.fields |= fields;
        }
        place.is_some()
    }

    fn addresses(&mut self) -> Option<Families> {
        let ipv4 = Pair::ipv4(&mut self.places);
        let ipv6 = Pair::ipv6(&mut self.places);
        if !ipv4.is_none() && !ipv6.is_none() {
            return Some(Families::new(ipv4, ipv6, &mut self.places));
        }
        let columns = [
            (ipv4.source, Target::SourceIpv4, Fields::SOURCE),
            (
                ipv4.destination,
                Target::DestinationIpv4,
                Fields::DESTINATION,
            ),
            (
                ipv6.source,
                Target::SourceIpv6,
                Fields::SOURCE | Fields::IPV6,
            ),
            (
                ipv6.destination,
                Target::DestinationIpv6,
                Fields::DESTINATION | Fields::IPV6,
            ),
        ];
        for (place, target, fields) in columns {
            if let Some(place) = place {
                self.columns.push(Column::new(place, target));
                self.fields |= fields;
            }
        }
        None
    }

    /// Elements 7 and 11; without them those of UDP and TCP, of which at most one is not zero.
    fn ports(&mut self) {
        let source = Fields::SOURCE_PORT;
        if !self.integer(IANA, ie::SOURCE_TRANSPORT_PORT, Target::SourcePort, source) {
            self.integer(IANA, ie::UDP_SOURCE_PORT, Target::SourcePort, source);
            self.integer(IANA, ie::TCP_SOURCE_PORT, Target::OtherSourcePort, source);
        }
        let destination = Fields::DESTINATION_PORT;
        if !self.integer(
            IANA,
            ie::DESTINATION_TRANSPORT_PORT,
            Target::DestinationPort,
            destination,
        ) {
            self.integer(
                IANA,
                ie::UDP_DESTINATION_PORT,
                Target::DestinationPort,
                destination,
            );
            self.integer(
                IANA,
                ie::TCP_DESTINATION_PORT,
                Target::OtherDestinationPort,
                destination,
            );
        }
    }

    fn plain(&mut self) {
        for (ids, target, fields) in PLAIN {
            ids.iter().any(|&id| self.integer(IANA, id, target, fields));
        }
    }

    /// The first of 32, 139, 176/177, 178/179; either family's element serves both.
    fn icmp(&mut self) {
        let (whole, icmp) = (Target::IcmpTypeCode, Fields::ICMP);
        if self.integer(IANA, ie::ICMP_TYPE_CODE_IPV4, whole, icmp)
            || self.integer(IANA, ie::ICMP_TYPE_CODE_IPV6, whole, icmp)
        {
            return;
        }
        for (kind, code) in [
            (ie::ICMP_TYPE_IPV4, ie::ICMP_CODE_IPV4),
            (ie::ICMP_TYPE_IPV6, ie::ICMP_CODE_IPV6),
        ] {
            if self.integer(IANA, kind, Target::IcmpType, icmp) {
                self.integer(IANA, code, Target::IcmpCode, icmp);
                return;
            }
        }
    }

    /// Elements 130 and 131 say that the records are those of another Exporter.
    fn relay(&mut self) {
        let ids = [ie::EXPORTER_IPV4_ADDRESS, ie::EXPORTER_IPV6_ADDRESS];
        let is_there = |id| {
            self.places
                .position(IANA, id, |length| length > 0)
                .is_some()
        };
        if ids.into_iter().any(is_there) {
            self.fields |= Fields::RELAYED;
        }
    }

    /// The first counter that is there, by the element's number.
    fn counter(&mut self, counters: &[Counter], target: Target, field: Fields) -> Option<Id> {
        counters
            .iter()
            .find(|&&(of, id, total)| self.integer(of, id, target, field | total))
            .map(|&(_, id, _)| id)
    }

    /// Start and end of the forward or the reverse half; whether they count from a boot that
    /// is still to be found.
    fn times(&mut self, of: EnterpriseNumber) -> bool {
        let [start, end] = self.clocks(of);
        let (start, end) = match (start, end) {
            // Relative to boot beside absolute: what cannot be compared is not there.
            (Some((_, Clock::SinceBoot)), Some((_, clock))) if clock != Clock::SinceBoot => {
                (None, end)
            }
            (Some((_, clock)), Some((_, Clock::SinceBoot))) if clock != Clock::SinceBoot => {
                (start, None)
            }
            both => both,
        };
        if let Some((id, clock)) = start {
            let place = self.time_place(of, id, clock);
            self.time(place, Target::Start(clock), Fields::START);
        }
        if let Some((id, clock)) = end {
            let place = self.time_place(of, id, clock);
            self.time(place, Target::End(clock), Fields::END);
        }
        let is_relative =
            |time: Option<(Id, Clock)>| time.is_some_and(|(_, clock)| clock == Clock::SinceBoot);
        let (start, end) = (is_relative(start), is_relative(end));
        if !start && !end {
            return false;
        }
        let boot = Target::Boot { start, end };
        !self.integer(
            IANA,
            ie::SYSTEM_INIT_TIME_MILLISECONDS,
            boot,
            Fields::empty(),
        )
    }

    /// The best element for the start and for the end, and their clocks.
    fn clocks(&mut self, of: EnterpriseNumber) -> [Option<(Id, Clock)>; 2] {
        let (mut start, mut end) = (None, None);
        for (start_id, end_id, clock) in TIMES {
            let clock = match (clock, self.version) {
                (Clock::Switched, Version::Ipfix) => Clock::SinceBoot,
                (clock, _) => clock,
            };
            let mut usable = |id| {
                let place = self.time_place(of, id, clock);
                place.map(|_| (id, clock))
            };
            start = start.or_else(|| usable(start_id));
            end = end.or_else(|| usable(end_id));
        }
        [start, end]
    }

    fn time_place(&mut self, of: EnterpriseNumber, id: Id, clock: Clock) -> Option<Place> {
        if clock.is_ntp() {
            self.places.exact(of, id, clock.width())
        } else {
            self.places.integer(of, id)
        }
    }

    fn time(&mut self, place: Option<Place>, target: Target, fields: Fields) {
        if let Some(place) = place {
            self.columns.push(Column::new(place, target));
            self.fields |= fields;
        }
    }

    fn duration_and_observation(&mut self) {
        let duration = Fields::DURATION;
        if !self.integer(
            IANA,
            ie::FLOW_DURATION_MILLISECONDS,
            Target::DurationMillis,
            duration,
        ) {
            self.integer(
                IANA,
                ie::FLOW_DURATION_MICROSECONDS,
                Target::DurationMicros,
                duration,
            );
        }
        let millis = Target::Observed(Clock::Millis);
        if !self.integer(
            IANA,
            ie::OBSERVATION_TIME_MILLISECONDS,
            millis,
            Fields::OBSERVED,
        ) {
            let id = ie::OBSERVATION_TIME_MICROSECONDS;
            let place = self.time_place(IANA, id, Clock::Micros);
            self.time(place, Target::Observed(Clock::Micros), Fields::OBSERVED);
        }
    }

    /// The reverse half, if there is a counter of it (aggregation §5).
    fn reverse(&mut self) -> Option<Reverse> {
        self.fields = Fields::empty();
        let octets = self.counter(&REVERSE_OCTETS, Target::Octets, Fields::OCTETS);
        let packets = self.counter(&REVERSE_PACKETS, Target::Packets, Fields::PACKETS);
        octets.or(packets)?;
        self.integer(
            REVERSE,
            ie::IP_CLASS_OF_SERVICE,
            Target::ClassOfService,
            Fields::TOS,
        );
        self.integer(
            REVERSE,
            ie::TCP_CONTROL_BITS,
            Target::TcpFlags,
            Fields::TCP_FLAGS,
        );
        let has_times = matches!(self.clocks(REVERSE), [Some((_, a)), Some((_, b))]
            if (a == Clock::SinceBoot) == (b == Clock::SinceBoot));
        let counts_from_boot = has_times && self.times(REVERSE);
        Some(Reverse {
            columns: core::mem::take(&mut self.columns).into_boxed_slice(),
            fields: self.fields,
            has_times,
            counts_from_boot,
        })
    }
}
