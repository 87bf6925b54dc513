//! The columns: names, types, and what stands in them.

use flowlog_record::{AbstractDataType, Element};

/// How a Logstore indexes a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnType {
    /// Whole numbers: `sum(bytes)` works.
    Long,
    /// Anything else.
    Text,
}

impl ColumnType {
    /// The word for it in an index of Simple Log Service.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Text => "text",
        }
    }
}

/// A column of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    name: &'static str,
    indexed: ColumnType,
    pub(super) content: Content,
}

impl Column {
    const fn long(name: &'static str, content: Content) -> Self {
        Self {
            name,
            indexed: ColumnType::Long,
            content,
        }
    }

    const fn text(name: &'static str, content: Content) -> Self {
        Self {
            name,
            indexed: ColumnType::Text,
            content,
        }
    }

    /// The column of the `place`th further Information Element.
    pub(super) const fn extra((place, element): (usize, &Element)) -> Self {
        use AbstractDataType as T;
        let content = Content::Extra(place);
        match element.data_type {
            T::Unsigned8
            | T::Unsigned16
            | T::Unsigned32
            | T::Unsigned64
            | T::Signed8
            | T::Signed16
            | T::Signed32
            | T::Signed64 => Self::long(element.name, content),
            _ => Self::text(element.name, content),
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How it is indexed.
    pub const fn column_type(&self) -> ColumnType {
        self.indexed
    }

    /// Whether rows that have nothing to say in it leave it out, instead of saying `-`.
    pub const fn is_optional(&self) -> bool {
        matches!(self.content, Content::LostRecords)
    }

    /// Whether it is one of our own, which the real service does not have.
    pub const fn is_own(&self) -> bool {
        matches!(
            self.content,
            Content::Exporter
                | Content::Window
                | Content::PacketsRaw
                | Content::BytesRaw
                | Content::Sampling
                | Content::Distribution
                | Content::Late
                | Content::Reason
                | Content::RowId
                | Content::LostRecords
        )
    }
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Version,
    AccountId,
    Region,
    VpcId,
    VswitchId,
    EniId,
    VmId,
    CenId,
    AttachmentId,
    SourceRegion,
    DestinationRegion,
    InstanceId,
    SerialNumber,
    SourceAddress,
    SourcePort,
    DestinationAddress,
    DestinationPort,
    Protocol,
    Family,
    Direction,
    Action,
    Packets,
    Bytes,
    Start,
    End,
    LogStatus,
    TcpFlags,
    TrafficPath,
    Tos,
    IngressInterface,
    EgressInterface,
    Exporter,
    Window,
    PacketsRaw,
    BytesRaw,
    Sampling,
    Distribution,
    Late,
    Reason,
    RowId,
    LostRecords,
    Extra(usize),
}

const ACCOUNT_ID: Column = Column::text("account-id", Content::AccountId);
const SRCADDR: Column = Column::text("srcaddr", Content::SourceAddress);
const SRCPORT: Column = Column::long("srcport", Content::SourcePort);
const DSTADDR: Column = Column::text("dstaddr", Content::DestinationAddress);
const DSTPORT: Column = Column::long("dstport", Content::DestinationPort);
const PROTOCOL: Column = Column::long("protocol", Content::Protocol);
const DIRECTION: Column = Column::text("direction", Content::Direction);
const PACKETS: Column = Column::long("packets", Content::Packets);
const BYTES: Column = Column::long("bytes", Content::Bytes);
const START: Column = Column::long("start", Content::Start);
const END: Column = Column::long("end", Content::End);
const LOG_STATUS: Column = Column::text("log-status", Content::LogStatus);
const TCP_FLAGS: Column = Column::long("tcp-flags", Content::TcpFlags);
const ATTACHMENT_ID: Column = Column::text("attachment-id", Content::AttachmentId);
const CEN_ID: Column = Column::text("cen-id", Content::CenId);
const SRC_REGION_ID: Column = Column::text("src-region-id", Content::SourceRegion);
const DST_REGION_ID: Column = Column::text("dst-region-id", Content::DestinationRegion);

/// VPC, in the order of the Logstore's documentation; `type` is on the VPC page alone and stands
/// last.
pub(super) const VPC: &[Column] = &[
    Column::long("version", Content::Version),
    Column::text("vswitch-id", Content::VswitchId),
    Column::text("vm-id", Content::VmId),
    Column::text("vpc-id", Content::VpcId),
    ACCOUNT_ID,
    Column::text("eni-id", Content::EniId),
    Column::text("region", Content::Region),
    SRCADDR,
    SRCPORT,
    DSTADDR,
    DSTPORT,
    PROTOCOL,
    DIRECTION,
    PACKETS,
    BYTES,
    START,
    END,
    LOG_STATUS,
    Column::text("action", Content::Action),
    TCP_FLAGS,
    Column::long("traffic_path", Content::TrafficPath),
    Column::text("type", Content::Family),
];

/// CEN without a `LogFormatString`.
pub(super) const CEN: &[Column] = &[
    ACCOUNT_ID,
    ATTACHMENT_ID,
    CEN_ID,
    SRC_REGION_ID,
    SRCADDR,
    SRCPORT,
    DST_REGION_ID,
    DSTADDR,
    DSTPORT,
    PROTOCOL,
    PACKETS,
    BYTES,
    START,
    END,
    DIRECTION,
];

/// What a `LogFormatString` may name; it begins with the first three.
pub(crate) const CEN_NAMED: &[Column] = &[
    SRCADDR,
    DSTADDR,
    BYTES,
    ACCOUNT_ID,
    ATTACHMENT_ID,
    CEN_ID,
    SRCPORT,
    DSTPORT,
    PROTOCOL,
    PACKETS,
    START,
    END,
    DIRECTION,
    SRC_REGION_ID,
    DST_REGION_ID,
    LOG_STATUS,
];

/// SAG.
pub(super) const SAG: &[Column] = &[
    Column::text("Instance_id", Content::InstanceId),
    Column::text("snid", Content::SerialNumber),
    Column::text("ali-uid", Content::AccountId),
    START,
    END,
    PROTOCOL,
    SRCADDR,
    SRCPORT,
    DSTADDR,
    DSTPORT,
    PACKETS,
    BYTES,
    TCP_FLAGS,
    Column::long("tos", Content::Tos),
    Column::long("inport", Content::IngressInterface),
    Column::long("outport", Content::EgressInterface),
];

/// Behind our own, in rows `SKIPDATA` of VPC alone: how many records they stand for.
pub(super) const LOST_RECORDS: Column = Column::long("lost_records", Content::LostRecords);

/// Our own, behind those of the product.
pub(super) const OWN: &[Column] = &[
    Column::text("exporter", Content::Exporter),
    Column::long("window", Content::Window),
    Column::long("packets_raw", Content::PacketsRaw),
    Column::long("bytes_raw", Content::BytesRaw),
    Column::text("sampling", Content::Sampling),
    Column::text("distribution", Content::Distribution),
    Column::text("late", Content::Late),
    Column::text("reason", Content::Reason),
    Column::text("row-id", Content::RowId),
];
