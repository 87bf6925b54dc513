//! What names, descriptions, ids and tags may be.

use flowlog_flowlog::{LogstoreName, ProjectName, ResourceId};

use crate::arguments::SentTag;

/// The most tags that a flow log has.
pub(super) const MOST_TAGS: usize = 20;

/// At most so many characters, and not a link.
pub(super) fn is_label(text: &str, longest: usize) -> bool {
    let is_link = text.starts_with("http://") || text.starts_with("https://");
    text.chars().count() <= longest && !is_link
}

/// The name of a flow log, or none.
pub(super) fn is_name(text: &str) -> bool {
    is_label(text, 128)
}

/// Its description, or none.
pub(super) fn is_description(text: &str) -> bool {
    is_label(text, 256)
}

pub(super) fn is_project(text: &str) -> bool {
    ProjectName::new(text).is_ok()
}

pub(super) fn is_logstore(text: &str) -> bool {
    LogstoreName::new(text).is_ok()
}

pub(super) fn is_id(text: &str) -> bool {
    ResourceId::new(text).is_ok()
}

/// `rg-` and letters or digits.
pub(super) fn is_group(text: &str) -> bool {
    let letters = text.strip_prefix("rg-").unwrap_or_default();
    let is_letter = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=64).contains(&letters.len()) && letters.bytes().all(is_letter)
}

/// What is wrong with tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrongTags {
    TooMany,
    NoKey,
    Key,
    NoValue,
    Value,
}

/// Checks tags; keys have at most `longest` characters.
pub(super) fn check_tags(tags: &[SentTag], longest: usize) -> Result<(), WrongTags> {
    if tags.len() > MOST_TAGS {
        return Err(WrongTags::TooMany);
    }
    for (place, tag) in tags.iter().enumerate() {
        let earlier = tags.iter().take(place);
        if tag.key.is_empty() {
            return Err(WrongTags::NoKey);
        }
        if !is_tag_text(&tag.key, longest) || earlier.into_iter().any(|other| other.key == tag.key)
        {
            return Err(WrongTags::Key);
        }
    }
    for tag in tags {
        match &tag.value {
            None => return Err(WrongTags::NoValue),
            Some(value) if !is_tag_text(value, 128) => return Err(WrongTags::Value),
            Some(_) => {}
        }
    }
    Ok(())
}

fn is_tag_text(text: &str, longest: usize) -> bool {
    let is_reserved = text.starts_with("aliyun") || text.starts_with("acs:");
    let has_link = text.contains("http://") || text.contains("https://");
    text.chars().count() <= longest && !is_reserved && !has_link
}
