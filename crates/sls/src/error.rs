//! What a request is answered with when it cannot be done: status, code and message.

use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:literal,)*) => {
        /// A code of the service. The variant's name is the code's text on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The HTTP status that usually goes with it.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                }
            }
        }
    };
}

error_codes! {
    /// The request's time is more than 15 minutes from ours.
    RequestTimeExpired = 400,
    /// The request's time is no time.
    InvalidRequestTime = 400,
    /// Neither `Date` nor `x-log-date`.
    MissingDate = 400,
    /// `Date` or `x-log-date` cannot be read.
    InvalidDateFormat = 400,
    /// A parameter, the `Authorization` header, a query or a statement of SQL is wrong.
    ParameterInvalid = 400,
    /// No `Content-Type` where one is needed.
    MissingContentType = 400,
    /// A `Content-Type` that is not understood.
    InvalidContentType = 400,
    /// No `Host`.
    MissingHost = 400,
    /// A `Host` that is none.
    InvalidHost = 400,
    /// No `x-log-apiversion`.
    MissingAPIVersion = 400,
    /// An `x-log-apiversion` other than 0.6.0 or 0.4.0.
    InvalidAPIVersion = 400,
    /// An `Authorization` without an id.
    MissAccessKeyId = 400,
    /// Version 1 of the signature without `x-log-signaturemethod`.
    MissingSignatureMethod = 400,
    /// An `x-log-signaturemethod` other than `hmac-sha1`.
    InvalidSignatureMethod = 400,
    /// No `x-log-bodyrawsize` where one is needed.
    MissingBodyRawSize = 400,
    /// `x-log-bodyrawsize` is no number, or not the size of the body.
    InvalidBodyRawSize = 400,
    /// An `x-log-compresstype` that is not understood.
    InvalidCompressType = 400,
    /// The body cannot be parsed.
    PostBodyInvalid = 400,
    /// The body cannot be decompressed.
    PostBodyUncompressError = 400,
    /// A log's time is out of range (older spelling).
    InvalidTimestamp = 400,
    /// A log is not UTF-8 (older spelling).
    InvalidEncoding = 400,
    /// A log's key is wrong (older spelling).
    InvalidKey = 400,
    /// Who asks is not known, or may not.
    Unauthorized = 401,
    /// The access key id is not known (older spelling).
    InvalidAccessKeyId = 401,
    /// The signature is not that of the request.
    SignatureNotMatch = 401,
    /// The project writes too much.
    WriteQuotaExceed = 403,
    /// The project reads too much.
    ReadQuotaExceed = 403,
    /// A shard is written too much.
    ShardWriteQuotaExceed = 403,
    /// A shard is read too much.
    ShardReadQuotaExceed = 403,
    /// Too many management requests.
    MetaOperationQpsLimitExceeded = 403,
    /// The project is closed (arrears).
    ProjectForbidden = 403,
    /// No such project.
    ProjectNotExist = 404,
    /// No such Logstore.
    LogStoreNotExist = 404,
    /// No `Content-Length`.
    MissingContentLength = 411,
    /// The body is too large.
    PostBodyTooLarge = 413,
    /// Our fault.
    InternalServerError = 500,
    /// It took too long.
    RequestTimeout = 500,
    /// Come back later.
    ServerBusy = 503,
    /// The project is there already.
    ProjectAlreadyExist = 400,
    /// The Logstore is there already.
    LogStoreAlreadyExist = 400,
    /// The description of a Logstore is wrong.
    LogStoreInfoInvalid = 400,
    /// Too many Logstores in the project.
    ProjectQuotaExceed = 400,
    /// The description of an index is wrong.
    IndexInfoInvalid = 400,
    /// The Logstore has an index already.
    IndexAlreadyExist = 400,
    /// The Logstore has no index: 400 on a query, 404 on `GetIndex`.
    IndexConfigNotExist = 400,
    /// No such shard: 404 on a checkpoint, 400 or 404 elsewhere.
    ShardNotExist = 404,
    /// The cursor is not of this shard.
    InvalidCursor = 400,
    /// A Logstore without a shard.
    LogStoreWithoutShard = 400,
    /// `from` is not before `to` (older spelling).
    InvalidTimeRange = 400,
    /// The query is wrong (older spelling).
    InvalidQueryString = 400,
    /// `offset` is wrong (older spelling).
    InvalidOffset = 400,
    /// `line` is wrong (older spelling).
    InvalidLine = 400,
    /// `reverse` is wrong (older spelling).
    InvalidReverse = 400,
    /// The consumer group is there already.
    ConsumerGroupAlreadyExist = 400,
    /// The JSON of a consumer group is wrong.
    JsonInfoInvalid = 400,
    /// No such consumer group.
    ConsumerGroupNotExist = 404,
    /// A heartbeat of an unknown consumer that claims shards.
    NotExistConsumerWithBody = 400,
    /// A checkpoint of a consumer that does not hold the shard.
    ConsumerNotMatch = 400,
    /// A checkpoint that is no cursor.
    InvalidShardCheckPoint = 400,
    /// Too many consumer groups.
    ConsumerGroupQuotaExceed = 403,
    /// The sequence id of an exactly-once writer is not the next.
    InvalidSequenceId = 400,
    /// Not done here.
    NotSupported = 400,
}

impl ErrorCode {
    /// The code of a text on the wire, older spellings included.
    pub fn named(text: &str) -> Option<Self> {
        let text = match text {
            "RequestTimeTooSkewed" => "RequestTimeExpired",
            "LogstoreAlreadyExist" => "LogStoreAlreadyExist",
            "LogstoreNotExist" => "LogStoreNotExist",
            _ => text,
        };
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer to a request that cannot be done.
///
/// Serialized it is the body: `{"errorCode":"…","errorMessage":"…"}`; the status is beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Error {
    /// HTTP status.
    #[serde(skip)]
    pub status: u16,
    /// Code.
    #[serde(rename = "errorCode")]
    pub code: ErrorCode,
    /// What is wrong, and what would be right.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl Error {
    /// An error with the code's usual status.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status: code.status(),
            code,
            message: message.into(),
        }
    }

    /// The same under another status: `IndexConfigNotExist` and `ShardNotExist` have two.
    #[must_use]
    pub const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// 400 `ParameterInvalid`.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::ParameterInvalid, message)
    }

    /// 404 `ProjectNotExist`.
    pub fn project_not_exist(project: &str) -> Self {
        let message = format!("The Project does not exist : {}", shown(project));
        Self::new(ErrorCode::ProjectNotExist, message)
    }

    /// 400 `ProjectAlreadyExist`.
    pub fn project_already_exist(project: &str) -> Self {
        let message = format!("Project {} already exist", shown(project));
        Self::new(ErrorCode::ProjectAlreadyExist, message)
    }

    /// 404 `LogStoreNotExist`.
    pub fn logstore_not_exist(logstore: &str) -> Self {
        let message = format!("logstore {} does not exist", shown(logstore));
        Self::new(ErrorCode::LogStoreNotExist, message)
    }

    /// 400 `LogStoreAlreadyExist`.
    pub fn logstore_already_exist(logstore: &str) -> Self {
        let message = format!("logstore {} already exists", shown(logstore));
        Self::new(ErrorCode::LogStoreAlreadyExist, message)
    }

    /// 400 `IndexConfigNotExist`, as a query gets it.
    pub fn index_not_exist() -> Self {
        Self::new(
            ErrorCode::IndexConfigNotExist,
            "logstore without index config",
        )
    }

    /// 404 `ShardNotExist`.
    pub fn shard_not_exist(shard: i64) -> Self {
        Self::new(
            ErrorCode::ShardNotExist,
            format!("Shard {shard} does not exist"),
        )
    }

    /// 404 `ConsumerGroupNotExist`.
    pub fn consumer_group_not_exist() -> Self {
        Self::new(ErrorCode::ConsumerGroupNotExist, "consumer group not exist")
    }

    /// 413 `PostBodyTooLarge`.
    pub fn body_too_large(octets: u64, limit: u64) -> Self {
        let message = format!("Body size {octets} must little than {limit}.");
        Self::new(ErrorCode::PostBodyTooLarge, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl core::error::Error for Error {}

/// The body of an error as a client reads it; the code may be one that is not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    /// Code, see [`ErrorCode::named`].
    #[serde(rename = "errorCode")]
    pub code: String,
    /// Message.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

/// What a stranger wrote, cut to what fits a message.
pub(crate) fn shown(text: &str) -> &str {
    const LONGEST: usize = 256;
    text.get(..text.floor_char_boundary(LONGEST))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests;
