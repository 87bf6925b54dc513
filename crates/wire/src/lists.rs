//! Structured data: values that are lists (RFC 6313).
//!
//! Views of one level. Lists may hold lists: how deep to go is for the caller to bound.
//!
//! ```text
//! basicList                                        subTemplateList
//! | semantic | E|field id | element length |       | semantic |  Template ID  | records ...  |
//! |  enterprise, if E is set               |
//! |  values ...                            |       subTemplateMultiList
//!                                                  | semantic | entries ...                  |
//!                                                  entry, its length with the four octets before
//!                                                  | Template ID | length |  records ...      |
//! ```

use core::iter::FusedIterator;

use flowlog_record::{EnterpriseNumber, InformationElementId};

use crate::{FieldSpecifier, Malformed, Problem, TemplateId, VARIABLE_LENGTH, variable_length};

const ENTERPRISE_BIT: u16 = 0x8000;

/// How the elements of a list relate to each other (RFC 6313 §4.4).
///
/// Open: any number may come off the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Semantic(pub u8);

impl Semantic {
    /// None of the elements is a property of the record.
    pub const NONE_OF: Self = Self(0);
    /// Exactly one of them is.
    pub const EXACTLY_ONE_OF: Self = Self(1);
    /// One or more of them are.
    pub const ONE_OR_MORE_OF: Self = Self(2);
    /// All of them are.
    pub const ALL_OF: Self = Self(3);
    /// All of them are, and they stand in order.
    pub const ORDERED: Self = Self(4);
    /// Not said.
    pub const UNDEFINED: Self = Self(255);
}

/// Values of one Information Element (RFC 6313 §4.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicList<'a> {
    /// How the values relate.
    pub semantic: Semantic,
    /// The element, and the length of each value.
    pub field: FieldSpecifier,
    values: Values<'a>,
}

/// Records of one Template (RFC 6313 §4.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubTemplateList<'a> {
    /// How the records relate.
    pub semantic: Semantic,
    /// Their Template.
    pub template: TemplateId,
    /// The records.
    pub records: &'a [u8],
    /// Where they begin, in octets from the start of the datagram.
    pub offset: usize,
}

/// Records of several Templates (RFC 6313 §4.5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubTemplateMultiList<'a> {
    /// How the records relate.
    pub semantic: Semantic,
    entries: Entries<'a>,
}

/// The values of a [`BasicList`]; finished after an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values<'a> {
    length: u16,
    offset: usize,
    rest: &'a [u8],
}

/// The entries of a [`SubTemplateMultiList`], each with the semantic of the whole; finished after
/// an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<'a> {
    semantic: Semantic,
    offset: usize,
    rest: &'a [u8],
}

impl<'a> BasicList<'a> {
    /// A view of a value that begins at `offset` of the datagram.
    ///
    /// # Errors
    /// [`Problem::ListPastEnd`] for a value shorter than the header of the list;
    /// [`Problem::EmptyRecord`] for values of length 0, of which there would be no end.
    pub fn parse(value: &'a [u8], offset: usize) -> Result<Self, Malformed> {
        let past_end = Malformed::at(offset, Problem::ListPastEnd);
        let (&[semantic, id_high, id_low, length_high, length_low], mut rest) =
            value.split_first_chunk().ok_or(past_end)?;
        let id = u16::from_be_bytes([id_high, id_low]);
        let length = u16::from_be_bytes([length_high, length_low]);
        let mut enterprise = EnterpriseNumber::IANA;
        if id & ENTERPRISE_BIT != 0 {
            let (&number, behind) = rest.split_first_chunk().ok_or(past_end)?;
            enterprise = EnterpriseNumber(u32::from_be_bytes(number));
            rest = behind;
        }
        if length == 0 && !rest.is_empty() {
            return Err(Malformed::at(offset, Problem::EmptyRecord));
        }
        Ok(Self {
            semantic: Semantic(semantic),
            field: FieldSpecifier {
                enterprise,
                id: InformationElementId(id & !ENTERPRISE_BIT),
                length,
            },
            values: Values {
                length,
                offset: offset + (value.len() - rest.len()),
                rest,
            },
        })
    }

    /// The values, one slice each.
    pub fn values(&self) -> Values<'a> {
        self.values.clone()
    }
}

impl<'a> SubTemplateList<'a> {
    /// A view of a value that begins at `offset` of the datagram.
    ///
    /// # Errors
    /// [`Problem::ListPastEnd`] for fewer than three octets, [`Problem::TemplateId`] for a
    /// Template ID below 256.
    pub fn parse(value: &'a [u8], offset: usize) -> Result<Self, Malformed> {
        let (&[semantic, id_high, id_low], records) = value
            .split_first_chunk()
            .ok_or(Malformed::at(offset, Problem::ListPastEnd))?;
        let template = TemplateId::new(u16::from_be_bytes([id_high, id_low]))
            .ok_or(Malformed::at(offset, Problem::TemplateId))?;
        Ok(Self {
            semantic: Semantic(semantic),
            template,
            records,
            offset: offset + (value.len() - records.len()),
        })
    }
}

impl<'a> SubTemplateMultiList<'a> {
    /// A view of a value that begins at `offset` of the datagram.
    ///
    /// # Errors
    /// [`Problem::ListPastEnd`] for a value without octets.
    pub fn parse(value: &'a [u8], offset: usize) -> Result<Self, Malformed> {
        let (&semantic, rest) = value
            .split_first()
            .ok_or(Malformed::at(offset, Problem::ListPastEnd))?;
        let semantic = Semantic(semantic);
        Ok(Self {
            semantic,
            entries: Entries {
                semantic,
                offset: offset + 1,
                rest,
            },
        })
    }

    /// The entries: records of one Template each.
    pub fn entries(&self) -> Entries<'a> {
        self.entries.clone()
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<&'a [u8], Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (start, length) = match self.length {
            VARIABLE_LENGTH => variable_length(self.rest).unwrap_or((0, usize::MAX)),
            length => (0, usize::from(length)),
        };
        let value = self
            .rest
            .get(start..)
            .and_then(|v| v.split_at_checked(length));
        let Some((value, rest)) = value else {
            self.rest = &[];
            return Some(Err(Malformed::at(self.offset, Problem::ListPastEnd)));
        };
        self.offset += start + length;
        self.rest = rest;
        Some(Ok(value))
    }
}

impl FusedIterator for Values<'_> {}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<SubTemplateList<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.split();
        if entry.is_err() {
            self.rest = &[];
        }
        Some(entry)
    }
}

impl FusedIterator for Entries<'_> {}

impl<'a> Entries<'a> {
    /// Takes the first entry off `rest`.
    fn split(&mut self) -> Result<SubTemplateList<'a>, Malformed> {
        let past_end = Malformed::at(self.offset, Problem::ListPastEnd);
        let (&[id_high, id_low, length_high, length_low], _) =
            self.rest.split_first_chunk().ok_or(past_end)?;
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        let (entry, rest) = self.rest.split_at_checked(length).ok_or(past_end)?;
        let records = entry.get(4..).ok_or(past_end)?;
        let template = TemplateId::new(u16::from_be_bytes([id_high, id_low]))
            .ok_or(Malformed::at(self.offset, Problem::TemplateId))?;
        let offset = self.offset + 4;
        self.offset += length;
        self.rest = rest;
        Ok(SubTemplateList {
            semantic: self.semantic,
            template,
            records,
            offset,
        })
    }
}

#[cfg(test)]
mod tests;
