//! The wire format of Protocol Buffers, as far as a LogGroup needs it.

use alloc::vec::Vec;
use core::fmt;

/// Where and why octets are no LogGroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidProtobuf {
    /// Octets from the start.
    pub offset: usize,
    /// What is wrong there.
    pub problem: ProtobufProblem,
}

/// What can be wrong with a LogGroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtobufProblem {
    /// A field runs past the end of what contains it.
    Truncated,
    /// A number of more than 64 bits, or of more than its field takes.
    NumberTooLarge,
    /// A wire type that does not exist, or not the one of the field.
    WireType,
    /// Field number 0.
    FieldNumber,
    /// A Log without Time.
    MissingTime,
    /// A Log without Contents.
    MissingContents,
    /// A pair without Key or Value.
    IncompletePair,
    /// A number that stands for nothing.
    UnknownValue,
}

impl fmt::Display for InvalidProtobuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.problem {
            ProtobufProblem::Truncated => "a field runs past the end",
            ProtobufProblem::NumberTooLarge => "a number is too large",
            ProtobufProblem::WireType => "a field has another wire type than it should",
            ProtobufProblem::FieldNumber => "a field has the number 0",
            ProtobufProblem::MissingTime => "a Log has no Time",
            ProtobufProblem::MissingContents => "a Log has no Contents",
            ProtobufProblem::IncompletePair => "a Content or LogTag has no Key or no Value",
            ProtobufProblem::UnknownValue => "a number stands for nothing",
        };
        write!(f, "{text} at offset {}", self.offset)
    }
}

impl core::error::Error for InvalidProtobuf {}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldValue<'a> {
    Varint(u64),
    Fixed64,
    Octets(&'a [u8]),
    Fixed32(u32),
}

/// A field of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) value: FieldValue<'a>,
    /// Where the field begins, octets from the start of everything.
    pub(super) offset: usize,
    /// Where what is inside [`FieldValue::Octets`] begins.
    pub(super) inside: usize,
}

impl<'a> Field<'a> {
    pub(super) const fn octets(&self) -> Result<&'a [u8], InvalidProtobuf> {
        match self.value {
            FieldValue::Octets(octets) => Ok(octets),
            _ => Err(self.wrong(ProtobufProblem::WireType)),
        }
    }

    pub(super) fn seconds(&self) -> Result<u32, InvalidProtobuf> {
        match self.value {
            FieldValue::Varint(value) => {
                u32::try_from(value).map_err(|_| self.wrong(ProtobufProblem::NumberTooLarge))
            }
            _ => Err(self.wrong(ProtobufProblem::WireType)),
        }
    }

    pub(super) const fn varint(&self) -> Result<u64, InvalidProtobuf> {
        match self.value {
            FieldValue::Varint(value) => Ok(value),
            _ => Err(self.wrong(ProtobufProblem::WireType)),
        }
    }

    pub(super) const fn fixed32(&self) -> Result<u32, InvalidProtobuf> {
        match self.value {
            FieldValue::Fixed32(value) => Ok(value),
            _ => Err(self.wrong(ProtobufProblem::WireType)),
        }
    }

    pub(super) const fn wrong(&self, problem: ProtobufProblem) -> InvalidProtobuf {
        InvalidProtobuf {
            offset: self.offset,
            problem,
        }
    }
}

/// The fields of a message in their order; finished after an error.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// Where `rest` begins, octets from the start of everything.
    offset: usize,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(octets: &'a [u8], offset: usize) -> Self {
        Self {
            rest: octets,
            offset,
        }
    }

    const fn wrong(&self, problem: ProtobufProblem) -> InvalidProtobuf {
        InvalidProtobuf {
            offset: self.offset,
            problem,
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], InvalidProtobuf> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.wrong(ProtobufProblem::Truncated))?;
        self.rest = rest;
        self.offset += length;
        Ok(taken)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, InvalidProtobuf> {
        match self.rest.split_first() {
            Some((octet, rest)) if *octet < 0x80 => {
                self.rest = rest;
                self.offset += 1;
                Ok(u64::from(*octet))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, InvalidProtobuf> {
        let mut value = 0_u64;
        for (place, &octet) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(octet & 0x7f);
            if place == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * place);
            if octet & 0x80 == 0 {
                self.take(place + 1)?;
                return Ok(value);
            }
        }
        Err(self.wrong(if self.rest.len() < 10 {
            ProtobufProblem::Truncated
        } else {
            ProtobufProblem::NumberTooLarge
        }))
    }

    fn field(&mut self) -> Result<Field<'a>, InvalidProtobuf> {
        let offset = self.offset;
        let wrong = |problem| InvalidProtobuf { offset, problem };
        let tag = self.varint()?;
        if tag >> 3 == 0 {
            return Err(wrong(ProtobufProblem::FieldNumber));
        }
        let mut inside = self.offset;
        let value = match tag & 7 {
            0 => FieldValue::Varint(self.varint()?),
            1 => self.take(8).map(|_| FieldValue::Fixed64)?,
            2 => {
                let length = usize::try_from(self.varint()?)
                    .map_err(|_| wrong(ProtobufProblem::Truncated))?;
                inside = self.offset;
                FieldValue::Octets(self.take(length)?)
            }
            5 => match self.take(4)? {
                &[a, b, c, d] => FieldValue::Fixed32(u32::from_le_bytes([a, b, c, d])),
                _ => return Err(wrong(ProtobufProblem::Truncated)),
            },
            _ => return Err(wrong(ProtobufProblem::WireType)),
        };
        Ok(Field {
            number: tag >> 3,
            value,
            offset,
            inside,
        })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, InvalidProtobuf>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

pub(super) fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let bits = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            to.push(bits);
            return;
        }
        to.push(bits | 0x80);
    }
}

/// A field of octets: tag, length, octets.
pub(super) fn put_octets(to: &mut Vec<u8>, tag: u8, octets: &[u8]) {
    to.push(tag);
    put_varint(to, length(octets));
    to.extend_from_slice(octets);
}

/// A length as a number; no buffer is longer than 2⁶⁴ octets.
pub(super) fn length(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}

/// How many octets a number takes.
pub(super) fn varint_length(value: u64) -> u64 {
    let bits = u64::from(64 - (value | 1).leading_zeros());
    bits.div_ceil(7)
}
