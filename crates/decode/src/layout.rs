//! Where the values of a data record are: the fields of a Template and their lengths.

use alloc::boxed::Box;

use flowlog_wire::{FieldSpecifier, Problem, VARIABLE_LENGTH, variable_length};

use crate::netflow5;

/// Fields of length 0 that a Template may have beyond one for each octet of its shortest record.
///
/// They say nothing and cost no octet: without a limit, a datagram of 60,000 one-octet records
/// could ask for a thousand million values.
const IDLE_FIELDS: usize = 256;

/// The fields of a Template or Options Template, checked once.
///
/// A record has at least one octet, so that walking a Set always makes progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    fields: Box<[FieldSpecifier]>,
    /// Octets of the shortest record; of every record where no length is variable.
    shortest: usize,
    is_variable: bool,
}

/// The values of one record in the order of the Template.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    fields: core::slice::Iter<'a, FieldSpecifier>,
    octets: &'a [u8],
}

impl Layout {
    /// The layout of a Template with these fields.
    ///
    /// # Errors
    /// [`Problem::EmptyRecord`] when no field has octets; [`Problem::TemplateTooLarge`] when no
    /// datagram could hold a record, or when more fields than octets are of no use.
    pub(crate) fn new(fields: Box<[FieldSpecifier]>) -> Result<Self, Problem> {
        let is_variable = fields.iter().any(|field| field.length == VARIABLE_LENGTH);
        let shortest = fields.iter().copied().map(shortest_value).sum::<usize>();
        if shortest == 0 {
            return Err(Problem::EmptyRecord);
        }
        if shortest > usize::from(u16::MAX) || fields.len() > shortest + IDLE_FIELDS {
            return Err(Problem::TemplateTooLarge);
        }
        Ok(Self {
            fields,
            shortest,
            is_variable,
        })
    }

    /// The layout of V5 records.
    pub(crate) fn of_netflow5() -> Self {
        Self {
            fields: netflow5::TEMPLATE.into(),
            shortest: netflow5::RECORD_LENGTH,
            is_variable: false,
        }
    }

    /// The fields as sent.
    pub(crate) fn fields(&self) -> &[FieldSpecifier] {
        &self.fields
    }

    /// Octets of the shortest record, at least 1.
    pub(crate) fn shortest(&self) -> usize {
        self.shortest
    }

    /// Octets of every record, `None` if it depends on the record.
    pub(crate) fn stride(&self) -> Option<usize> {
        (!self.is_variable).then_some(self.shortest)
    }

    /// The length of the record that `octets` begin with, `None` if it runs past them.
    pub(crate) fn record_length(&self, octets: &[u8]) -> Option<usize> {
        if !self.is_variable {
            return (octets.len() >= self.shortest).then_some(self.shortest);
        }
        let mut rest = octets;
        for &field in &self.fields {
            (_, rest) = split_value(field, rest)?;
        }
        Some(octets.len() - rest.len())
    }

    /// The values of a record; fewer when `octets` end before it does.
    pub(crate) fn values<'a>(&'a self, octets: &'a [u8]) -> Values<'a> {
        Values::new(&self.fields, octets)
    }
}

impl<'a> Values<'a> {
    /// The values of a record with these fields, which `octets` begin with.
    pub fn new(fields: &'a [FieldSpecifier], octets: &'a [u8]) -> Self {
        Self {
            fields: fields.iter(),
            octets,
        }
    }

    /// What stands behind the values taken so far.
    pub fn rest(&self) -> &'a [u8] {
        self.octets
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = (FieldSpecifier, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let field = *self.fields.next()?;
        let (value, rest) = split_value(field, self.octets)?;
        self.octets = rest;
        Some((field, value))
    }
}

/// The value of `field` that `octets` begin with, and what stands behind it.
pub(crate) fn split_value(field: FieldSpecifier, octets: &[u8]) -> Option<(&[u8], &[u8])> {
    if field.length != VARIABLE_LENGTH {
        return octets.split_at_checked(usize::from(field.length));
    }
    let (start, length) = variable_length(octets)?;
    octets.get(start..)?.split_at_checked(length)
}

/// Octets of the shortest value: one of variable length has at least its length.
fn shortest_value(field: FieldSpecifier) -> usize {
    match field.length {
        VARIABLE_LENGTH => 1,
        length => usize::from(length),
    }
}
