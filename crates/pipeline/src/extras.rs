//! The further Information Elements that flow logs list under `columns`: read from the record that
//! a row begins with, as text.
//!
//! Only flow logs that list some pay for it, once a row.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use flowlog_decode::Batch;
use flowlog_flowlog::FlowLog;
use flowlog_record::{Element, FlowLogIndex};

/// Octets of one text: what an Exporter says beyond them is cut off, for rows wait in memory.
const LONGEST_TEXT: usize = 256;

/// What each flow log lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras(Vec<Option<Elements>>);

/// The elements of one flow log, in its order; at least one.
#[derive(Clone, Debug)]
pub(crate) struct Elements(Box<[Element]>);

impl Extras {
    /// Of flow logs in the order of their indices.
    pub(crate) fn of(flow_logs: &[FlowLog]) -> Self {
        let elements = |flow_log: &FlowLog| {
            let elements = flow_log.elements();
            (!elements.is_empty()).then(|| Elements(elements.into()))
        };
        Self(flow_logs.iter().map(elements).collect())
    }

    /// What a flow log lists, `None` if that is nothing.
    #[inline]
    pub(crate) fn for_flow_log(&self, flow_log: FlowLogIndex) -> Option<&Elements> {
        self.0.get(usize::from(flow_log.0))?.as_ref()
    }
}

impl Elements {
    /// One text for each element, `-` for those that the record does not have. Both halves of a
    /// biflow have those of their data record.
    pub(crate) fn texts(&self, batch: &Batch<'_>, record: u8) -> Box<[String]> {
        let text = |element| text(batch, record, element).unwrap_or_else(|| "-".to_string());
        self.0.iter().map(text).collect()
    }
}

fn text(batch: &Batch<'_>, record: u8, element: &Element) -> Option<String> {
    let raw = batch.raw(usize::from(record))?;
    let (field, octets) = raw
        .values()
        .find(|(field, _)| field.enterprise == element.enterprise && field.id == element.id)?;
    let mut text = batch.renderer().value(field, false, octets).to_string();
    text.truncate(text.floor_char_boundary(LONGEST_TEXT));
    Some(text)
}

#[cfg(test)]
mod tests;
