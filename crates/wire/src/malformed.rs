//! What is wrong with octets, and where.

use core::fmt;

/// Octets that break the rules. `Copy`: nothing is allocated on the hostile path.
///
/// The offset is that of the field or structure that is wrong: a count or a message length, the
/// header of a Set, the beginning of a Template Record; for octets that are missing, the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, in octets from the start of the datagram.
    pub offset: usize,
    /// What.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// Fewer octets than the header of its version has.
    ShortHeader,
    /// The version word is none of 5, 9, 10.
    UnknownVersion,
    /// The IPFIX message length is not that of the datagram.
    MessageLength,
    /// V5: the count promises more records than there are octets.
    CountPastEnd,
    /// Fewer octets left than the header of a Set has, and they are not padding.
    TrailingOctets,
    /// The length of a Set is less than its header.
    SetTooShort,
    /// A Set runs past its message.
    SetPastEnd,
    /// A Set ID that the standard reserves (2–255 in V9 but 0 and 1, 0–255 in IPFIX but 2 and 3).
    ReservedSet,
    /// A Template Record does not fit its Set.
    TemplatePastEnd,
    /// A Template ID below 256.
    TemplateId,
    /// More fields, or longer records, than a message can hold.
    TemplateTooLarge,
    /// All fields have length 0: data would never end.
    EmptyRecord,
    /// IPFIX: scope field count 0 or more than the fields; V9: lengths that are no multiple of 4.
    ScopeCount,
    /// A record with values of variable length runs past its Set.
    RecordPastEnd,
    /// A list (RFC 6313) does not fit its value.
    ListPastEnd,
}

impl Malformed {
    /// `problem`, which begins at `offset` of the datagram.
    pub(crate) const fn at(offset: usize, problem: Problem) -> Self {
        Self { offset, problem }
    }

    /// A header is missing octets behind the last one that is there.
    pub(crate) const fn short_header(octets: &[u8]) -> Self {
        Self::at(octets.len(), Problem::ShortHeader)
    }
}

impl Problem {
    /// The sentence that `inspect` and the log print; lower case, no full stop.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ShortHeader => "datagram is shorter than its header",
            Self::UnknownVersion => "unknown version",
            Self::MessageLength => "message length is not that of the datagram",
            Self::CountPastEnd => "count promises more records than there are",
            Self::TrailingOctets => "octets behind the last set",
            Self::SetTooShort => "set is shorter than its header",
            Self::SetPastEnd => "set runs past the message",
            Self::ReservedSet => "reserved set id",
            Self::TemplatePastEnd => "template record runs past its set",
            Self::TemplateId => "template id below 256",
            Self::TemplateTooLarge => "template has too many fields or octets",
            Self::EmptyRecord => "template has no octets",
            Self::ScopeCount => "scope field count does not fit",
            Self::RecordPastEnd => "record runs past its set",
            Self::ListPastEnd => "list runs past its value",
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.problem.as_str(), self.offset)
    }
}

impl core::error::Error for Malformed {}
