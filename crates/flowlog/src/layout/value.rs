//! The value of a column in a row.

use core::fmt;

use flowlog_record::{
    Action, Address, Direction, Distribution, LogStatus, Present, Row, RowSampling, Sampling,
};

use super::column::{Column, ColumnType, Content};
use super::identity::Names;
use crate::ResourceKind;

/// The path of a key that has none.
const NO_PATH: u8 = 255;

/// A value of a row, lent from the row and the names. Its text is what it says in the Logstore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Not applicable or not there: `-`.
    Absent,
    /// A count or a number.
    Unsigned(u64),
    /// A point in time in seconds of the epoch, or a negative number.
    Signed(i64),
    /// An address.
    Address(Address),
    /// Text.
    Text(&'a str),
    /// A sampling factor: `n` or `n/d`.
    Sampling(Sampling),
    /// The id of the row.
    RowId(RowId<'a>),
}

impl Value<'_> {
    /// The number in a `long` column, clamped to 63 bits as Simple Log Service does; `None` for
    /// other values.
    pub fn long(self) -> Option<i64> {
        match self {
            Self::Unsigned(number) => Some(i64::try_from(number).unwrap_or(i64::MAX)),
            Self::Signed(number) => Some(number),
            _ => None,
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("-"),
            Self::Unsigned(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Sampling(sampling) if sampling.denominator() == 1 => sampling.numerator().fmt(f),
            Self::Sampling(sampling) => {
                write!(f, "{}/{}", sampling.numerator(), sampling.denominator())
            }
            Self::RowId(id) => id.fmt(f),
        }
    }
}

/// `EPOCH-FLOWLOG-PARTITION-N`: names a row for ever (aggregation §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId<'a> {
    /// When the state that numbered the row began.
    pub epoch: u64,
    /// The flow log's id.
    pub flow_log: &'a str,
    /// The partition that numbered it.
    pub partition: u32,
    /// The number, from 0.
    pub number: u64,
}

impl fmt::Display for RowId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            epoch,
            flow_log,
            partition,
            number,
        } = self;
        write!(f, "{epoch}-{flow_log}-{partition}-{number}")
    }
}

impl Column {
    /// The value of this column in `row`.
    pub fn value<'a>(&self, row: &'a Row, names: &Names<'a>) -> Value<'a> {
        match self.content {
            Content::Version
            | Content::AccountId
            | Content::Region
            | Content::VpcId
            | Content::VswitchId
            | Content::EniId
            | Content::VmId
            | Content::CenId
            | Content::AttachmentId
            | Content::SourceRegion
            | Content::DestinationRegion
            | Content::InstanceId
            | Content::SerialNumber => identity(self.content, row, names),
            Content::Exporter
            | Content::Window
            | Content::PacketsRaw
            | Content::BytesRaw
            | Content::Sampling
            | Content::Distribution
            | Content::Late
            | Content::Reason
            | Content::RowId
            | Content::LostRecords => own(self.content, row, names),
            Content::Extra(place) => self.extra_value(place, row),
            Content::Start => Value::Signed(row.start.seconds()),
            Content::End => Value::Signed(row.end.seconds()),
            Content::LogStatus => Value::Text(row.status.as_str()),
            _ if row.status == LogStatus::Ok => flow(self.content, row),
            _ => Value::Absent,
        }
    }

    /// Decoding gives further elements as text; numbers become numbers again.
    fn extra_value<'a>(&self, place: usize, row: &'a Row) -> Value<'a> {
        let texts = row.extra.as_deref().unwrap_or_default();
        let Some(text) = texts.get(place) else {
            return Value::Absent;
        };
        if text == "-" {
            return Value::Absent;
        }
        if self.column_type() == ColumnType::Text {
            return Value::Text(text);
        }
        match (text.parse(), text.parse()) {
            (Ok(number), _) => Value::Unsigned(number),
            (_, Ok(number)) => Value::Signed(number),
            _ => Value::Text(text),
        }
    }
}

/// Whom the row is about.
fn identity<'a>(content: Content, row: &Row, names: &Names<'a>) -> Value<'a> {
    let resource = row.key.resource;
    let text = match content {
        Content::Version => return Value::Unsigned(1),
        Content::AccountId => Some(names.account_of(resource)).filter(|text| !text.is_empty()),
        Content::Region => names.region_of(resource),
        Content::VpcId => names.id_of(resource, ResourceKind::Vpc),
        Content::VswitchId => names.id_of(resource, ResourceKind::Vswitch),
        Content::EniId => names.id_of(resource, ResourceKind::Eni),
        Content::VmId => names.vm_of(resource),
        Content::CenId => names.id_of(resource, ResourceKind::Cen),
        Content::AttachmentId => names.id_of(resource, ResourceKind::Attachment),
        Content::SourceRegion => names.source_region(resource, row.key.direction),
        Content::DestinationRegion => names.destination_region(resource, row.key.direction),
        Content::InstanceId => names.id_of(resource, ResourceKind::Sag),
        Content::SerialNumber => names.serial_number_of(resource),
        _ => None,
    };
    text.map_or(Value::Absent, Value::Text)
}

/// What was seen of the flow.
fn flow(content: Content, row: &Row) -> Value<'static> {
    let key = &row.key;
    let present = |what, number| number_if(row.present.has(what), number);
    match content {
        Content::SourceAddress => address_if(row.has_source, key.source),
        Content::SourcePort => Value::Unsigned(u64::from(key.source_port)),
        Content::DestinationAddress => address_if(row.has_destination, key.destination),
        Content::DestinationPort => Value::Unsigned(u64::from(key.destination_port)),
        Content::Protocol => present(Present::PROTOCOL, u64::from(key.protocol)),
        Content::Family => family(row),
        Content::Direction => match key.direction {
            Direction::Unknown => Value::Absent,
            Direction::In => Value::Text("in"),
            Direction::Out => Value::Text("out"),
        },
        Content::Action => match key.action {
            Action::Accept => Value::Text("ACCEPT"),
            Action::Reject => Value::Text("REJECT"),
        },
        Content::Packets => Value::Unsigned(row.packets),
        Content::Bytes => Value::Unsigned(row.octets),
        Content::TcpFlags => present(Present::TCP_FLAGS, u64::from(row.tcp_flags)),
        Content::TrafficPath => number_if(key.path != NO_PATH, u64::from(key.path)),
        Content::Tos => present(Present::TOS, u64::from(key.tos)),
        Content::IngressInterface => {
            present(Present::INGRESS_INTERFACE, u64::from(key.ingress_interface))
        }
        Content::EgressInterface => {
            present(Present::EGRESS_INTERFACE, u64::from(key.egress_interface))
        }
        _ => Value::Absent,
    }
}

/// How the row came about. Without a flow there is no Exporter and nothing that was counted.
fn own<'a>(content: Content, row: &Row, names: &Names<'a>) -> Value<'a> {
    match content {
        Content::LostRecords => match row.status {
            LogStatus::SkipData { lost_records } => Value::Unsigned(lost_records),
            LogStatus::Ok | LogStatus::NoData => Value::Absent,
        },
        Content::Exporter
        | Content::PacketsRaw
        | Content::BytesRaw
        | Content::Sampling
        | Content::Distribution
            if row.status != LogStatus::Ok =>
        {
            Value::Absent
        }
        Content::Exporter => Value::Address(row.exporter),
        Content::Window => row
            .window
            .map_or(Value::Absent, |start| Value::Signed(start.seconds())),
        Content::PacketsRaw => Value::Unsigned(row.packets_raw),
        Content::BytesRaw => Value::Unsigned(row.octets_raw),
        Content::Sampling => match row.sampling {
            RowSampling::Factor(sampling) if sampling.is_known() => Value::Sampling(sampling),
            _ => Value::Absent,
        },
        Content::Distribution => Value::Text(match row.distribution {
            Distribution::Direct => "direct",
            Distribution::Proportional => "proportional",
        }),
        Content::Late => Value::Text(if row.late { "true" } else { "false" }),
        Content::Reason => Value::Text(row.reason.as_str()),
        Content::RowId => Value::RowId(RowId {
            epoch: names.epoch,
            flow_log: names.flow_log,
            partition: names.partition,
            number: row.number,
        }),
        _ => Value::Absent,
    }
}

fn family(row: &Row) -> Value<'static> {
    let address = match (row.has_source, row.has_destination) {
        (true, _) => row.key.source,
        (false, true) => row.key.destination,
        (false, false) => return Value::Absent,
    };
    match address.ipv4_octets() {
        Some(_) => Value::Text("IPv4"),
        None => Value::Text("IPv6"),
    }
}

fn address_if(present: bool, address: Address) -> Value<'static> {
    if present {
        Value::Address(address)
    } else {
        Value::Absent
    }
}

fn number_if(present: bool, number: u64) -> Value<'static> {
    if present {
        Value::Unsigned(number)
    } else {
        Value::Absent
    }
}
