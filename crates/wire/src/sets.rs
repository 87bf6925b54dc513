//! Sets: what messages of V9 and IPFIX are made of (RFC 3954 §5.2–5.3, RFC 7011 §3.3).
//!
//! ```text
//!  0                   1                   2                   3
//! |            Set ID             |            length             |
//! |                    records, then padding ...                  |
//! ```

use core::iter::FusedIterator;

use flowlog_record::Version;

use crate::{Malformed, Problem, TemplateId, TemplateRecords};

/// Octets of the header of a Set.
pub(crate) const SET_HEADER_LENGTH: usize = 4;

/// One Set that lies wholly inside its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set<'a> {
    /// Set ID, as sent.
    pub id: u16,
    /// Where its header begins, in octets from the start of the datagram.
    pub offset: usize,
    /// Octets with the header, as sent.
    pub length: u16,
    /// What stands behind the header: records and padding.
    pub body: &'a [u8],
}

/// What a Set holds, by its ID (RFC 3954 §5.2, §5.3, §6.1; RFC 7011 §3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// Template Records.
    Template,
    /// Options Template Records.
    OptionsTemplate,
    /// Data records of that Template or Options Template.
    Data(TemplateId),
    /// Nothing that is defined: to be skipped.
    Reserved,
}

/// The Sets of a message, in their order; finished after an error.
///
/// Zeros up to the end are padding, however many: some Exporters send datagrams of one size.
#[derive(Clone, Debug)]
pub struct Sets<'a> {
    version: Version,
    offset: usize,
    rest: &'a [u8],
}

impl<'a> Sets<'a> {
    /// The Sets in `octets`, which begin at `offset` of the datagram.
    pub(crate) const fn new(version: Version, offset: usize, octets: &'a [u8]) -> Self {
        Self {
            version,
            offset,
            rest: octets,
        }
    }

    /// The version of the message: what [`Set::kind`] and [`Set::templates`] want to know.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The problem of `rest`, which begins with no Set that could be handed out.
    fn problem(&self) -> Option<Problem> {
        if self.rest.iter().all(|&octet| octet == 0) {
            return None;
        }
        Some(match *self.rest {
            [_, _, high, low, ..] if u16::from_be_bytes([high, low]) < 4 => Problem::SetTooShort,
            [_, _, _, _, ..] => Problem::SetPastEnd,
            _ => Problem::TrailingOctets,
        })
    }
}

impl<'a> Iterator for Sets<'a> {
    type Item = Result<Set<'a>, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.offset;
        let Some((set, rest)) = split_set(offset, self.rest) else {
            let problem = self.problem();
            self.rest = &[];
            return problem.map(|problem| Err(Malformed::at(offset, problem)));
        };
        self.offset += usize::from(set.length);
        self.rest = rest;
        Some(Ok(set))
    }
}

impl FusedIterator for Sets<'_> {}

/// The Set that `octets` begin with and what stands behind it; `None` if none fits.
#[inline]
fn split_set(offset: usize, octets: &[u8]) -> Option<(Set<'_>, &[u8])> {
    let (&[id_high, id_low, length_high, length_low], _) =
        octets.split_first_chunk::<SET_HEADER_LENGTH>()?;
    let length = u16::from_be_bytes([length_high, length_low]);
    let (set, rest) = octets.split_at_checked(usize::from(length))?;
    let body = set.get(SET_HEADER_LENGTH..)?;
    let id = u16::from_be_bytes([id_high, id_low]);
    Some((
        Set {
            id,
            offset,
            length,
            body,
        },
        rest,
    ))
}

impl<'a> Set<'a> {
    /// What it holds in a message of that version; V5 has no Sets.
    #[inline]
    pub const fn kind(&self, version: Version) -> SetKind {
        if let Some(id) = TemplateId::new(self.id) {
            return match version {
                Version::V5 => SetKind::Reserved,
                Version::V9 | Version::Ipfix => SetKind::Data(id),
            };
        }
        match (version, self.id) {
            (Version::V9, 0) | (Version::Ipfix, 2) => SetKind::Template,
            (Version::V9, 1) | (Version::Ipfix, 3) => SetKind::OptionsTemplate,
            _ => SetKind::Reserved,
        }
    }

    /// Where the body begins, in octets from the start of the datagram.
    pub const fn body_offset(&self) -> usize {
        self.offset.saturating_add(SET_HEADER_LENGTH)
    }

    /// The Template Records of a Template or Options Template Set; none for other kinds.
    pub const fn templates(&self, version: Version) -> TemplateRecords<'a> {
        TemplateRecords::new(version, self)
    }

    /// [`Problem::ReservedSet`] for a Set of kind [`SetKind::Reserved`].
    ///
    /// It is an error to be counted, not one that ends the message: the next Set may be sound.
    pub fn error(&self, version: Version) -> Option<Malformed> {
        (self.kind(version) == SetKind::Reserved)
            .then_some(Malformed::at(self.offset, Problem::ReservedSet))
    }
}

#[cfg(test)]
mod tests;
