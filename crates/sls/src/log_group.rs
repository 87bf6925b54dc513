//! The LogGroup of `PutLogs` and `PullLogs`: a reader that copies nothing and a writer that allocates
//! nothing once its buffers have grown.
//!
//! ```text
//! LogGroup = Logs:1 repeated Log, Category:2 (unused), Topic:3, Source:4, MachineUUID:5,
//!            LogTags:6 repeated { Key:1, Value:2 }
//! Log      = Time:1 varint (seconds), Contents:2 repeated { Key:1, Value:2 }, Time_ns:4 fixed32
//! ```
//! Keys and values are octets: UTF-8 by rule, anything in practice.

mod package;
mod proto;
mod reader;
mod writer;

pub use package::{Package, packages};
pub use proto::{InvalidProtobuf, ProtobufProblem};
pub use reader::{Contents, Log, LogGroup, Logs, Tags, log_groups};
pub use writer::{ContentsWriter, EncodedKey, LogGroupWriter, append_log_group};

#[cfg(test)]
mod tests;
