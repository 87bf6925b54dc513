//! Rows as JSON.

use flowlog_logstore::batch::{Column, Group, Mask, Values};

use crate::columns::{Kind, known, number};
use crate::texts::{Texts, write_address};

/// Writes the rows of a group.
#[derive(Debug)]
pub(crate) struct JsonGroup<'a> {
    group: &'a Group,
    /// What stands between the time and the first column: topic, source, tags.
    same: Vec<u8>,
    fields: Vec<Field<'a>>,
}

/// A column. What its name has to say is written already.
#[derive(Debug)]
enum Field<'a> {
    Int {
        head: Vec<u8>,
        quoted: bool,
        values: &'a [i64],
        absent: &'a Mask,
    },
    Address {
        head: Vec<u8>,
        values: &'a [[u8; 16]],
        absent: &'a Mask,
    },
    Numbered {
        head: Vec<u8>,
        numbers: &'a [u64],
    },
    /// Name and value, for each distinct value.
    Texts {
        texts: Texts,
        index: &'a [u32],
    },
}

impl<'a> JsonGroup<'a> {
    pub(crate) fn new(group: &'a Group) -> Self {
        let mut same = Vec::new();
        for (name, value) in [("__topic__", &group.topic), ("__source__", &group.source)] {
            write_name(name, &mut same);
            write_string(value.as_bytes(), &mut same);
        }
        for (key, value) in &group.tags {
            write_name(&format!("__tag__:{key}"), &mut same);
            write_string(value.as_bytes(), &mut same);
        }
        Self {
            group,
            same,
            fields: group.columns.iter().map(Field::new).collect(),
        }
    }

    #[inline]
    pub(crate) fn encode(&self, row: usize, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        let time = self.group.time.get(row).copied().unwrap_or_default();
        out.extend_from_slice(br#"{"__time__":"#);
        out.extend_from_slice(digits.format(time).as_bytes());
        if let Some(ns) = self.group.time_ns.get(row) {
            out.extend_from_slice(br#","__time_ns_part__":"#);
            out.extend_from_slice(digits.format(*ns).as_bytes());
        }
        out.extend_from_slice(&self.same);
        for field in &self.fields {
            field.encode(row, out);
        }
        out.push(b'}');
    }
}

impl<'a> Field<'a> {
    fn new(column: &'a Column) -> Self {
        let mut head = Vec::with_capacity(column.name.len() + 4);
        write_name(&column.name, &mut head);
        let kind = known(&column.name).map(|(_, _, kind)| kind);
        let text = |text: &[u8], out: &mut Vec<u8>| {
            out.extend_from_slice(&head);
            write_text(kind, text, out);
        };
        match &column.values {
            Values::Int { values, absent } => Self::Int {
                quoted: matches!(kind, Some(Kind::Text | Kind::Address)),
                head,
                values,
                absent,
            },
            Values::Address { values, absent } => Self::Address {
                head,
                values,
                absent,
            },
            Values::Numbered { prefix, numbers } => {
                write_string(prefix.as_bytes(), &mut head);
                // The number stands within the quotes.
                head.pop();
                Self::Numbered { head, numbers }
            }
            Values::Text { dictionary, index } => Self::Texts {
                texts: Texts::of(dictionary, |entry, out| text(entry.as_bytes(), out)),
                index,
            },
            Values::Octets { dictionary, index } => Self::Texts {
                texts: Texts::of(dictionary, |entry, out| text(entry, out)),
                index,
            },
        }
    }

    #[inline]
    fn encode(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Int {
                head,
                quoted,
                values,
                absent,
            } => {
                out.extend_from_slice(head);
                match values.get(row) {
                    Some(value) if !absent.contains(row) => write_int(*value, *quoted, out),
                    _ => out.extend_from_slice(b"null"),
                }
            }
            Self::Address {
                head,
                values,
                absent,
            } => {
                out.extend_from_slice(head);
                match values.get(row) {
                    Some(value) if !absent.contains(row) => {
                        out.push(b'"');
                        write_address(*value, out);
                        out.push(b'"');
                    }
                    _ => out.extend_from_slice(b"null"),
                }
            }
            Self::Numbered { head, numbers } => {
                let number = numbers.get(row).copied().unwrap_or_default();
                out.extend_from_slice(head);
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                out.push(b'"');
            }
            Self::Texts { texts, index } => {
                let index = index.get(row).copied().unwrap_or(Values::NO_KEY);
                out.extend_from_slice(texts.get(index));
            }
        }
    }
}

#[inline]
fn write_int(value: i64, quoted: bool, out: &mut Vec<u8>) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(value).as_bytes();
    if quoted {
        out.push(b'"');
        out.extend_from_slice(digits);
        out.push(b'"');
    } else {
        out.extend_from_slice(digits);
    }
}

/// Writes a value that is kept as text: a number where the column has numbers.
fn write_text(kind: Option<Kind>, text: &[u8], out: &mut Vec<u8>) {
    match text {
        b"-" => out.extend_from_slice(b"null"),
        digits if kind == Some(Kind::Int) && number(digits).is_some() => {
            out.extend_from_slice(digits);
        }
        text => write_string(text, out),
    }
}

/// Writes `,"NAME":`.
fn write_name(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    write_string(name.as_bytes(), out);
    out.push(b':');
}

/// Writes a string with its quotes; octets that are no UTF-8 become U+FFFD.
fn write_string(octets: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(octets);
    // A text always has a writing, and writing to a vector cannot fail.
    let _: serde_json::Result<()> = serde_json::to_writer(out, &text);
}

#[cfg(test)]
mod tests;
