//! Template Records and Options Template Records, and the Field Specifiers in them.
//!
//! The grammar (`grammar`) is run once when a record is handed out; after that its Field
//! Specifiers are known to fit, and reading them again cannot fail.

mod grammar;

use core::iter::FusedIterator;

use flowlog_record::{EnterpriseNumber, InformationElementId, Version};

use crate::{FieldSpecifier, Malformed, Problem, Set, SetKind, TemplateId, VARIABLE_LENGTH};

/// A Template Record or an Options Template Record (RFC 3954 §5.2, §6.1; RFC 7011 §3.4).
#[derive(Clone, Copy, Debug)]
pub struct TemplateRecord<'a> {
    /// The Template that it defines or withdraws.
    pub id: TemplateId,
    /// Where it begins, in octets from the start of the datagram.
    pub offset: usize,
    /// Its fields, scope fields first; none in a withdrawal, else at least one.
    pub fields: FieldSpecifiers<'a>,
    /// How many of the fields are scope fields: 0 in a Template Record, at least 1 in an Options
    /// Template Record of IPFIX, any number in one of V9.
    ///
    /// The id of a V9 scope field is a scope type (1 System, 2 Interface, 3 Line Card, 4 Cache,
    /// 5 Template), not an Information Element.
    pub scope_field_count: u16,
    /// Whether it withdraws the Template (RFC 7011 §8.1); always false in V9.
    pub is_withdrawal: bool,
}

/// The records of a Template or Options Template Set, in their order; finished after an error.
///
/// Zeros up to the end of the Set are padding, and so are octets too few for a record.
#[derive(Clone, Debug)]
pub struct TemplateRecords<'a> {
    version: Version,
    kind: SetKind,
    offset: usize,
    rest: &'a [u8],
}

/// The Field Specifiers of one record, scope fields first.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpecifiers<'a> {
    count: u16,
    with_enterprise: bool,
    octets: &'a [u8],
}

/// The Field Specifiers still to come.
#[derive(Clone, Debug)]
pub struct FieldSpecifiersIter<'a>(FieldSpecifiers<'a>);

impl<'a> TemplateRecords<'a> {
    pub(crate) const fn new(version: Version, set: &Set<'a>) -> Self {
        let kind = set.kind(version);
        let mut offset = set.body_offset();
        let rest = match (kind, set.body) {
            (SetKind::Template | SetKind::OptionsTemplate, body) => {
                if set.withdraws_all(version) {
                    offset += grammar::RECORD_HEADER_LENGTH;
                    body.split_at(grammar::RECORD_HEADER_LENGTH).1
                } else {
                    body
                }
            }
            (SetKind::Data(_) | SetKind::Reserved, _) => &[],
        };
        Self {
            version,
            kind,
            offset,
            rest,
        }
    }

    /// Whether `rest` is padding (RFC 7011 §3.3.1: shorter than any record).
    fn is_padding(&self) -> bool {
        // The shortest record of IPFIX is a withdrawal.
        let shortest = match (self.version, self.kind) {
            (Version::V9, SetKind::OptionsTemplate) => grammar::OPTIONS_RECORD_HEADER_LENGTH,
            _ => grammar::RECORD_HEADER_LENGTH,
        };
        self.rest.len() < shortest || self.rest.iter().all(|&octet| octet == 0)
    }
}

impl<'a> Iterator for TemplateRecords<'a> {
    type Item = Result<TemplateRecord<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_padding() {
            self.rest = &[];
            return None;
        }
        let parsed = match (self.version, self.kind) {
            (Version::Ipfix, SetKind::OptionsTemplate) => grammar::ipfix_options(self.rest),
            (Version::Ipfix, _) => grammar::ipfix_template(self.rest),
            (_, SetKind::OptionsTemplate) => grammar::netflow9_options(self.rest),
            _ => grammar::netflow9_template(self.rest),
        };
        let offset = self.offset;
        let (rest, record) = match parsed.and_then(|(rest, parts)| Ok((rest, parts.check()?))) {
            Ok(parsed) => parsed,
            Err(problem) => {
                self.rest = &[];
                return Some(Err(Malformed::at(offset, problem)));
            }
        };
        self.offset += self.rest.len() - rest.len();
        self.rest = rest;
        Some(Ok(TemplateRecord { offset, ..record }))
    }
}

impl FusedIterator for TemplateRecords<'_> {}

impl Set<'_> {
    /// Whether an IPFIX Set begins with the withdrawal of all Templates, or of all Options
    /// Templates, of its Observation Domain: Template ID 2 in Set 2, or 3 in Set 3, with field
    /// count 0 (RFC 7011 §8.1).
    ///
    /// [`templates`](Self::templates) does not hand that record out: it has no Template ID.
    pub const fn withdraws_all(&self, version: Version) -> bool {
        match (version, self.body) {
            (Version::Ipfix, &[id_high, id_low, 0, 0, ..]) => {
                let id = u16::from_be_bytes([id_high, id_low]);
                id == self.id && matches!(id, 2 | 3)
            }
            _ => false,
        }
    }
}

impl<'a> FieldSpecifiers<'a> {
    /// Of octets that hold `count` Field Specifiers; `with_enterprise` as in IPFIX.
    const fn new(count: u16, with_enterprise: bool, octets: &'a [u8]) -> Self {
        Self {
            count,
            with_enterprise,
            octets,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The Field Specifiers in their order.
    pub const fn iter(&self) -> FieldSpecifiersIter<'a> {
        FieldSpecifiersIter(*self)
    }

    /// The octets as sent: two lists with the same octets, version and scope count have the same
    /// meaning.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Octets of the shortest record: a value of variable length has at least one, its length.
    ///
    /// 0 says that data would never end: such a Template has no use.
    pub fn shortest_record(&self) -> u32 {
        let shortest = |field: FieldSpecifier| match field.length {
            VARIABLE_LENGTH => 1,
            length => u32::from(length),
        };
        self.iter().map(shortest).sum()
    }
}

impl<'a> IntoIterator for FieldSpecifiers<'a> {
    type Item = FieldSpecifier;
    type IntoIter = FieldSpecifiersIter<'a>;

    fn into_iter(self) -> FieldSpecifiersIter<'a> {
        FieldSpecifiersIter(self)
    }
}

impl<'a> IntoIterator for &FieldSpecifiers<'a> {
    type Item = FieldSpecifier;
    type IntoIter = FieldSpecifiersIter<'a>;

    fn into_iter(self) -> FieldSpecifiersIter<'a> {
        self.iter()
    }
}

impl Iterator for FieldSpecifiersIter<'_> {
    type Item = FieldSpecifier;

    fn next(&mut self) -> Option<FieldSpecifier> {
        let Self(left) = self;
        left.count = left.count.checked_sub(1)?;
        let (&[id_high, id_low, length_high, length_low], rest) =
            left.octets.split_first_chunk()?;
        left.octets = rest;
        let id = u16::from_be_bytes([id_high, id_low]);
        let mut enterprise = EnterpriseNumber::IANA;
        let has_enterprise = left.with_enterprise && id & grammar::ENTERPRISE_BIT != 0;
        if has_enterprise {
            let (&number, rest) = left.octets.split_first_chunk()?;
            left.octets = rest;
            enterprise = EnterpriseNumber(u32::from_be_bytes(number));
        }
        Some(FieldSpecifier {
            enterprise,
            id: InformationElementId(if has_enterprise {
                id & !grammar::ENTERPRISE_BIT
            } else {
                id
            }),
            length: u16::from_be_bytes([length_high, length_low]),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl ExactSizeIterator for FieldSpecifiersIter<'_> {}
impl FusedIterator for FieldSpecifiersIter<'_> {}

/// What the grammar reads of a record before its meaning is checked.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    id: u16,
    /// Scope field count; `None` in a Template Record.
    scopes: Option<u16>,
    fields: FieldSpecifiers<'a>,
}

impl<'a> Parts<'a> {
    /// The record, its offset still to be set.
    fn check(self) -> Result<TemplateRecord<'a>, Problem> {
        let id = TemplateId::new(self.id).ok_or(Problem::TemplateId)?;
        let is_ipfix = self.fields.with_enterprise;
        let is_withdrawal = is_ipfix && self.fields.is_empty();
        if self.fields.is_empty() && !is_withdrawal {
            return Err(Problem::EmptyRecord);
        }
        let scopes_fit = match self.scopes {
            Some(scopes) if is_ipfix && !is_withdrawal => scopes > 0 && scopes <= self.fields.count,
            _ => true,
        };
        if !scopes_fit {
            return Err(Problem::ScopeCount);
        }
        Ok(TemplateRecord {
            id,
            offset: 0,
            fields: self.fields,
            scope_field_count: self.scopes.unwrap_or(0),
            is_withdrawal,
        })
    }
}

#[cfg(test)]
mod tests;
