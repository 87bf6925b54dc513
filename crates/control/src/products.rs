//! What the operations of each product do: checks in their order, then a plan.

pub(crate) mod cen;
pub(crate) mod neighbours;
mod page;
pub(crate) mod sag;
#[cfg(test)]
mod tests;
pub(crate) mod vpc;
mod words;

use serde_json::{Value, json};

use crate::arguments::SentTag;
use crate::flow_log::{Entry, Tag};

/// `Tags.Tag` of an answer.
fn shown_tags(tags: &[Tag]) -> Value {
    let tag = |Tag { key, value }: &Tag| json!({"Key": key, "Value": value});
    json!({"Tag": tags.iter().map(tag).collect::<Vec<_>>()})
}

/// Whether a flow log has every tag that a filter names; what is empty of one counts as absent.
fn has_tags(entry: &Entry, wanted: &[SentTag]) -> bool {
    wanted.iter().all(|wanted| {
        let (key, value) = (wanted.key.as_str(), wanted.value());
        let fits = |tag: &Tag| {
            (key.is_empty() || tag.key == key) && (value.is_empty() || tag.value == value)
        };
        key.is_empty() && value.is_empty() || entry.flow_log.tags.iter().any(fits)
    })
}
