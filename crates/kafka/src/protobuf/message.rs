//! The message, for who reads it; `proto/flow_log_row.proto` in other words.

use std::collections::BTreeMap;

/// A row of a flow log, as `proto/flow_log_row.proto` describes it.
///
/// ```
/// use flowlog_kafka::FlowLogRow;
/// use prost::Message as _;
///
/// # let payload: &[u8] = &[0x08, 0x3c, 0x2a, 0x04, 192, 0, 2, 1];
/// let row = FlowLogRow::decode(payload)?;
/// assert_eq!(row.time, 60);
/// assert_eq!(row.srcaddr.as_deref(), Some(&[192, 0, 2, 1][..]));
/// # Ok::<(), prost::DecodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FlowLogRow {
    /// `__time__`: seconds of the epoch.
    #[prost(uint32, tag = "1")]
    pub time: u32,
    /// `__topic__`
    #[prost(string, tag = "2")]
    pub topic: String,
    /// `__source__`
    #[prost(string, tag = "3")]
    pub source: String,
    /// `row-id`
    #[prost(string, optional, tag = "4")]
    pub row_id: Option<String>,
    /// `srcaddr`
    #[prost(bytes = "vec", optional, tag = "5")]
    pub srcaddr: Option<Vec<u8>>,
    /// `srcport`
    #[prost(uint64, optional, tag = "6")]
    pub srcport: Option<u64>,
    /// `dstaddr`
    #[prost(bytes = "vec", optional, tag = "7")]
    pub dstaddr: Option<Vec<u8>>,
    /// `dstport`
    #[prost(uint64, optional, tag = "8")]
    pub dstport: Option<u64>,
    /// `protocol`
    #[prost(uint64, optional, tag = "9")]
    pub protocol: Option<u64>,
    /// `packets`
    #[prost(uint64, optional, tag = "10")]
    pub packets: Option<u64>,
    /// `bytes`
    #[prost(uint64, optional, tag = "11")]
    pub bytes: Option<u64>,
    /// `start`
    #[prost(uint64, optional, tag = "12")]
    pub start: Option<u64>,
    /// `end`
    #[prost(uint64, optional, tag = "13")]
    pub end: Option<u64>,
    /// `tcp-flags`
    #[prost(uint64, optional, tag = "14")]
    pub tcp_flags: Option<u64>,
    /// `exporter`
    #[prost(bytes = "vec", optional, tag = "15")]
    pub exporter: Option<Vec<u8>>,
    /// Nanoseconds within the second.
    #[prost(uint32, optional, tag = "16")]
    pub time_ns: Option<u32>,
    /// `__tag__:KEY`
    #[prost(btree_map = "string, string", tag = "17")]
    pub tags: BTreeMap<String, String>,
    /// `direction`
    #[prost(string, optional, tag = "20")]
    pub direction: Option<String>,
    /// `action`
    #[prost(string, optional, tag = "21")]
    pub action: Option<String>,
    /// `tos`
    #[prost(uint64, optional, tag = "22")]
    pub tos: Option<u64>,
    /// `log-status`
    #[prost(string, optional, tag = "23")]
    pub log_status: Option<String>,
    /// `version`
    #[prost(uint64, optional, tag = "30")]
    pub version: Option<u64>,
    /// `vswitch-id`
    #[prost(string, optional, tag = "31")]
    pub vswitch_id: Option<String>,
    /// `vm-id`
    #[prost(string, optional, tag = "32")]
    pub vm_id: Option<String>,
    /// `vpc-id`
    #[prost(string, optional, tag = "33")]
    pub vpc_id: Option<String>,
    /// `account-id`
    #[prost(string, optional, tag = "34")]
    pub account_id: Option<String>,
    /// `eni-id`
    #[prost(string, optional, tag = "35")]
    pub eni_id: Option<String>,
    /// `region`
    #[prost(string, optional, tag = "36")]
    pub region: Option<String>,
    /// `traffic_path`
    #[prost(uint64, optional, tag = "37")]
    pub traffic_path: Option<u64>,
    /// `type`
    #[prost(string, optional, tag = "38")]
    pub r#type: Option<String>,
    /// `attachment-id`
    #[prost(string, optional, tag = "40")]
    pub attachment_id: Option<String>,
    /// `cen-id`
    #[prost(string, optional, tag = "41")]
    pub cen_id: Option<String>,
    /// `src-region-id`
    #[prost(string, optional, tag = "42")]
    pub src_region_id: Option<String>,
    /// `dst-region-id`
    #[prost(string, optional, tag = "43")]
    pub dst_region_id: Option<String>,
    /// `Instance_id`
    #[prost(string, optional, tag = "50")]
    pub instance_id: Option<String>,
    /// `snid`
    #[prost(string, optional, tag = "51")]
    pub snid: Option<String>,
    /// `ali-uid`
    #[prost(string, optional, tag = "52")]
    pub ali_uid: Option<String>,
    /// `inport`
    #[prost(uint64, optional, tag = "53")]
    pub inport: Option<u64>,
    /// `outport`
    #[prost(uint64, optional, tag = "54")]
    pub outport: Option<u64>,
    /// `window`
    #[prost(uint64, optional, tag = "60")]
    pub window: Option<u64>,
    /// `packets_raw`
    #[prost(uint64, optional, tag = "61")]
    pub packets_raw: Option<u64>,
    /// `bytes_raw`
    #[prost(uint64, optional, tag = "62")]
    pub bytes_raw: Option<u64>,
    /// `sampling`
    #[prost(string, optional, tag = "63")]
    pub sampling: Option<String>,
    /// `distribution`
    #[prost(string, optional, tag = "64")]
    pub distribution: Option<String>,
    /// `late`
    #[prost(string, optional, tag = "65")]
    pub late: Option<String>,
    /// `reason`
    #[prost(string, optional, tag = "66")]
    pub reason: Option<String>,
    /// `lost_records`
    #[prost(uint64, optional, tag = "67")]
    pub lost_records: Option<u64>,
    /// Every other column by its name, and values that do not fit their field.
    #[prost(btree_map = "string, string", tag = "100")]
    pub further: BTreeMap<String, String>,
}
