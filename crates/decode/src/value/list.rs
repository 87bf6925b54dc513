//! Values that are lists (RFC 6313), to a bounded depth.

use alloc::vec::Vec;

use flowlog_record::AbstractDataType;
use flowlog_wire::lists::{BasicList, Semantic, SubTemplateList, SubTemplateMultiList};
use flowlog_wire::{FieldSpecifier, TemplateId};

use super::{FieldName, Renderer, Value};
use crate::layout::Values;

/// How deep lists in lists are followed; deeper ones stay octets.
const DEEPEST: u8 = 4;

/// A list, read as far as it is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<'a> {
    /// Which of the three.
    pub kind: ListKind,
    /// How its elements relate (RFC 6313 §4.4).
    pub semantic: u8,
    /// What is in it; a `basicList` and a `subTemplateList` have one entry.
    pub entries: Vec<ListEntry<'a>>,
}

/// The three kinds of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Values of one element.
    Basic,
    /// Records of one Template.
    SubTemplate,
    /// Records of several Templates.
    SubTemplateMulti,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListEntry<'a> {
    /// Values of one element.
    Values(FieldName, Vec<Value<'a>>),
    /// Records of one Template.
    Records(TemplateId, Vec<Vec<NamedValue<'a>>>),
    /// Records of a Template that is not known.
    Unknown(TemplateId, &'a [u8]),
}

/// A value with the name of its field.
pub type NamedValue<'a> = (FieldName, Value<'a>);

impl ListKind {
    /// The name of its abstract data type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basicList",
            Self::SubTemplate => "subTemplateList",
            Self::SubTemplateMulti => "subTemplateMultiList",
        }
    }
}

impl<'a> Renderer<'a> {
    /// The list in a value; `None` when it is not sound, or too deep.
    pub(super) fn list(
        &self,
        data_type: AbstractDataType,
        octets: &'a [u8],
        depth: u8,
    ) -> Option<List<'a>> {
        if depth >= DEEPEST {
            return None;
        }
        let (kind, Semantic(semantic), entries) = match data_type {
            AbstractDataType::BasicList => {
                let list = BasicList::parse(octets, 0).ok()?;
                let (semantic, entry) = (list.semantic, self.basic(&list, depth)?);
                (ListKind::Basic, semantic, Vec::from([entry]))
            }
            AbstractDataType::SubTemplateList => {
                let list = SubTemplateList::parse(octets, 0).ok()?;
                let entry = self.records(&list, depth);
                (ListKind::SubTemplate, list.semantic, Vec::from([entry]))
            }
            _ => {
                let list = SubTemplateMultiList::parse(octets, 0).ok()?;
                let entries = list
                    .entries()
                    .map(|entry| Some(self.records(&entry.ok()?, depth)));
                let entries = entries.collect::<Option<_>>()?;
                (ListKind::SubTemplateMulti, list.semantic, entries)
            }
        };
        Some(List {
            kind,
            semantic,
            entries,
        })
    }

    fn basic(&self, list: &BasicList<'a>, depth: u8) -> Option<ListEntry<'a>> {
        let values = list
            .values()
            .map(|value| Some(self.nested(list.field, value.ok()?, depth + 1)));
        let values = values.collect::<Option<_>>()?;
        Some(ListEntry::Values(self.name(list.field, false), values))
    }

    fn records(&self, list: &SubTemplateList<'a>, depth: u8) -> ListEntry<'a> {
        let Some(template) = self.templates.get(list.template) else {
            return ListEntry::Unknown(list.template, list.records);
        };
        let mut rest = list.records;
        let mut records = Vec::new();
        while let Some(length) = template.layout.record_length(rest) {
            records.push(self.record(template.layout.fields(), rest, depth));
            rest = rest.get(length..).unwrap_or_default();
        }
        ListEntry::Records(list.template, records)
    }

    fn record(
        &self,
        fields: &'a [FieldSpecifier],
        octets: &'a [u8],
        depth: u8,
    ) -> Vec<NamedValue<'a>> {
        Values::new(fields, octets)
            .map(|(field, value)| {
                (
                    self.name(field, false),
                    self.nested(field, value, depth + 1),
                )
            })
            .collect()
    }
}
