//! Rows as protobuf: written directly, read by what prost derives.

mod message;

use std::borrow::Cow;
use std::io::Write as _;
use std::net::IpAddr;

use flowlog_logstore::batch::{Column, Group, Mask, Values};
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use crate::columns::{Kind, known, number};
use crate::texts::Texts;

pub use message::FlowLogRow;

/// Fields that are no columns.
const TIME: u32 = 1;
const TOPIC: u32 = 2;
const SOURCE: u32 = 3;
const TIME_NS: u32 = 16;
const TAGS: u32 = 17;
/// The map of columns that have no field.
const FURTHER: u32 = 100;

/// Writes the rows of a group.
#[derive(Debug)]
pub(crate) struct ProtobufGroup<'a> {
    group: &'a Group,
    /// Topic, source and tags.
    same: Vec<u8>,
    /// In the order of their fields, so that rows are written as prost writes them.
    fields: Vec<Field<'a>>,
}

/// A column.
#[derive(Debug)]
struct Field<'a> {
    name: &'a str,
    /// Its field in the schema; `None` for one of the map.
    known: Option<(u32, Kind)>,
    /// The keys of its fields, as they are written.
    head: Vec<u8>,
    source: Source<'a>,
}

#[derive(Debug)]
enum Source<'a> {
    Int(&'a [i64], &'a Mask),
    Address(&'a [[u8; 16]], &'a Mask),
    Numbered(&'a str, &'a [u64]),
    /// The whole field, for each distinct value.
    Texts(Texts, &'a [u32]),
}

impl<'a> ProtobufGroup<'a> {
    pub(crate) fn new(group: &'a Group) -> Self {
        let mut same = Vec::new();
        write_octets(TOPIC, group.topic.as_bytes(), &mut same);
        write_octets(SOURCE, group.source.as_bytes(), &mut same);
        for (key, value) in &group.tags {
            write_entry(TAGS, key, [value.as_bytes(), &[]], &mut same);
        }
        let mut fields: Vec<_> = group.columns.iter().map(Field::new).collect();
        fields.sort_by_key(|field| (field.known.map_or(FURTHER, |(tag, _)| tag), field.name));
        Self {
            group,
            same,
            fields,
        }
    }

    #[inline]
    pub(crate) fn encode(&self, row: usize, out: &mut Vec<u8>) {
        let time = self.group.time.get(row).copied().unwrap_or_default();
        write_int(TIME, u64::from(time), out);
        out.extend_from_slice(&self.same);
        if let Some(ns) = self.group.time_ns.get(row) {
            write_int(TIME_NS, u64::from(*ns), out);
        }
        for field in &self.fields {
            field.encode(row, out);
        }
    }
}

impl<'a> Field<'a> {
    fn new(column: &'a Column) -> Self {
        let name = &*column.name;
        let known = known(name).map(|(_, tag, kind)| (tag, kind));
        let mut head = Vec::new();
        if let Some((tag, kind)) = known {
            let wire = if kind == Kind::Int {
                WireType::Varint
            } else {
                WireType::LengthDelimited
            };
            encode_key(tag, wire, &mut head);
        }
        let source = match &column.values {
            Values::Int { values, absent } => Source::Int(values, absent),
            Values::Address { values, absent } => Source::Address(values, absent),
            Values::Numbered { prefix, numbers } => Source::Numbered(prefix, numbers),
            Values::Text { dictionary, index } => {
                let texts = Texts::of(dictionary, |text, out| {
                    write_text(name, known, text.as_bytes(), out);
                });
                Source::Texts(texts, index)
            }
            Values::Octets { dictionary, index } => {
                let texts = Texts::of(dictionary, |text, out| {
                    write_text(name, known, text, out);
                });
                Source::Texts(texts, index)
            }
        };
        Self {
            name,
            known,
            head,
            source,
        }
    }

    #[inline]
    fn encode(&self, row: usize, out: &mut Vec<u8>) {
        match &self.source {
            Source::Int(values, absent) => {
                if let Some(value) = values.get(row).filter(|_| !absent.contains(row)) {
                    self.int(*value, out);
                }
            }
            Source::Address(values, absent) => {
                if let Some(value) = values.get(row).filter(|_| !absent.contains(row)) {
                    self.address(*value, out);
                }
            }
            Source::Numbered(prefix, numbers) => {
                if let Some(number) = numbers.get(row) {
                    self.numbered(prefix, *number, out);
                }
            }
            Source::Texts(texts, index) => {
                let index = index.get(row).copied().unwrap_or(Values::NO_KEY);
                out.extend_from_slice(texts.get(index));
            }
        }
    }

    #[inline]
    fn int(&self, value: i64, out: &mut Vec<u8>) {
        if let (Some((_, Kind::Int)), Ok(value)) = (self.known, u64::try_from(value)) {
            out.extend_from_slice(&self.head);
            encode_varint(value, out);
        } else {
            let mut digits = itoa::Buffer::new();
            write_text(self.name, self.known, digits.format(value).as_bytes(), out);
        }
    }

    #[inline]
    fn address(&self, octets: [u8; 16], out: &mut Vec<u8>) {
        if let Some((_, Kind::Address)) = self.known {
            out.extend_from_slice(&self.head);
            write_address(octets, out);
        } else {
            let mut text = [0; 48];
            let mut rest = text.as_mut_slice();
            // There is room for the longest writing of an address.
            let _: std::io::Result<()> = write!(rest, "{}", canonical(octets));
            let left = rest.len();
            let text = text.len().checked_sub(left).and_then(|len| text.get(..len));
            write_text(self.name, self.known, text.unwrap_or_default(), out);
        }
    }

    #[inline]
    fn numbered(&self, prefix: &str, number: u64, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(number).as_bytes();
        if let Some((_, Kind::Text)) = self.known {
            out.extend_from_slice(&self.head);
            write_length(prefix.len() + digits.len(), out);
            out.extend_from_slice(prefix.as_bytes());
            out.extend_from_slice(digits);
        } else {
            write_entry(FURTHER, self.name, [prefix.as_bytes(), digits], out);
        }
    }
}

/// Writes a value that is text into its field, if it fits, or into the map.
fn write_text(name: &str, known: Option<(u32, Kind)>, text: &[u8], out: &mut Vec<u8>) {
    if text == b"-" {
        return;
    }
    let address = || std::str::from_utf8(text).ok()?.parse::<IpAddr>().ok();
    match known {
        Some((tag, Kind::Text)) => write_octets(tag, lossy(text).as_bytes(), out),
        Some((tag, Kind::Int)) if let Some(value) = number(text) => write_int(tag, value, out),
        Some((tag, Kind::Address)) if let Some(address) = address() => match address {
            IpAddr::V4(v4) => write_octets(tag, &v4.octets(), out),
            IpAddr::V6(v6) => write_octets(tag, &v6.octets(), out),
        },
        _ => write_entry(FURTHER, name, [lossy(text).as_bytes(), &[]], out),
    }
}

/// What a field of text must be; octets that are no UTF-8 become U+FFFD.
fn lossy(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}

fn canonical(octets: [u8; 16]) -> IpAddr {
    IpAddr::from(octets).to_canonical()
}

fn write_int(tag: u32, value: u64, out: &mut Vec<u8>) {
    encode_key(tag, WireType::Varint, out);
    encode_varint(value, out);
}

fn write_octets(tag: u32, octets: &[u8], out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    write_length(octets.len(), out);
    out.extend_from_slice(octets);
}

/// Writes the length and the octets, four of them for IPv4.
#[inline]
fn write_address(octets: [u8; 16], out: &mut Vec<u8>) {
    if let [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] = octets {
        out.extend_from_slice(&[4, a, b, c, d]);
    } else {
        out.push(16);
        out.extend_from_slice(&octets);
    }
}

/// Writes an entry of a map of texts; the value in two parts.
fn write_entry(tag: u32, key: &str, value: [&[u8]; 2], out: &mut Vec<u8>) {
    let [front, back] = value;
    let value_len = front.len() + back.len();
    let field = |len: usize| 1 + encoded_len_varint(octets(len)) + len;
    encode_key(tag, WireType::LengthDelimited, out);
    write_length(field(key.len()) + field(value_len), out);
    write_octets(1, key.as_bytes(), out);
    encode_key(2, WireType::LengthDelimited, out);
    write_length(value_len, out);
    out.extend_from_slice(front);
    out.extend_from_slice(back);
}

fn write_length(len: usize, out: &mut Vec<u8>) {
    encode_varint(octets(len), out);
}

fn octets(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
