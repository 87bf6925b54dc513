//! How a row is written.

use flowlog_logstore::batch::Group;

use crate::json::JsonGroup;
use crate::protobuf::ProtobufGroup;

/// How a row is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// One object for each row, UTF-8, without a line end.
    ///
    /// Columns of whole numbers are numbers, everything else is a string. What is absent (`-` in
    /// Simple Log Service) is `null`: a reader that expects a number finds a number or nothing,
    /// never a text, and the keys of an object do not depend on its values. Besides the columns there are
    /// `__time__` (number), `__topic__`, `__source__`, and `__tag__:KEY` for each tag.
    #[default]
    Json,
    /// A `FlowLogRow` of `proto/flow_log_row.proto`; see [`FlowLogRow`](crate::FlowLogRow).
    ///
    /// What is absent is not set. Columns that the schema does not have, and values that do not fit
    /// their field, are in `further`, as text.
    Protobuf,
}

/// Writes the rows of a group. What is the same for all of them, and each distinct text, is made
/// ready once; a row allocates nothing but room in the buffer.
#[derive(Debug)]
pub struct GroupEncoder<'a>(Form<'a>);

#[derive(Debug)]
enum Form<'a> {
    Json(JsonGroup<'a>),
    Protobuf(ProtobufGroup<'a>),
}

impl<'a> GroupEncoder<'a> {
    /// For the rows of a group, which are typed: keys that have no column are not written.
    pub fn new(encoding: Encoding, group: &'a Group) -> Self {
        Self(match encoding {
            Encoding::Json => Form::Json(JsonGroup::new(group)),
            Encoding::Protobuf => Form::Protobuf(ProtobufGroup::new(group)),
        })
    }

    /// Writes a row behind what is in `out`.
    #[inline]
    pub fn encode(&self, row: usize, out: &mut Vec<u8>) {
        match &self.0 {
            Form::Json(group) => group.encode(row, out),
            Form::Protobuf(group) => group.encode(row, out),
        }
    }
}

#[cfg(test)]
mod tests;
