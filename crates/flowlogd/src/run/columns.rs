//! Values of one column gathered into the Logstore's typed form.

use std::fmt::Write as _;
use std::sync::Arc;

use flowlog_flowlog::{RowId, Value};
use flowlog_logstore::batch::{Mask, Values};

/// Texts of a column that are compared one by one before a search tree takes over.
const FEW: usize = 16;

/// Gathers the values of one column. The first value that is there decides the form; a column
/// whose values differ in kind (an element that one Exporter sends as text), or do not fit 63 bits,
/// becomes text.
#[derive(Debug)]
pub(crate) struct ColumnBuilder {
    form: Form,
    rows: usize,
    capacity: usize,
}

#[derive(Debug)]
enum Form {
    /// Nothing but `-` so far.
    Undecided,
    Int(Vec<i64>, Mask),
    Address(Vec<[u8; 16]>, Mask),
    Numbered(Arc<str>, Vec<u64>),
    Text(Texts),
}

impl ColumnBuilder {
    /// For so many rows.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            form: Form::Undecided,
            rows: 0,
            capacity,
        }
    }

    /// The value of the next row.
    pub(crate) fn push(&mut self, value: Value<'_>) {
        if matches!(self.form, Form::Undecided) {
            self.decide(value);
        }
        let taken = match (&mut self.form, value) {
            (Form::Undecided, Value::Absent) => true,
            (Form::Int(values, absent), Value::Absent) => {
                absent.insert(values.len());
                values.push(0);
                true
            }
            (Form::Address(values, absent), Value::Absent) => {
                absent.insert(values.len());
                values.push([0; 16]);
                true
            }
            (Form::Int(values, _), value) => match integer(value) {
                Some(value) => {
                    values.push(value);
                    true
                }
                None => false,
            },
            (Form::Address(values, _), Value::Address(address)) => {
                values.push(address.octets());
                true
            }
            (Form::Numbered(_, numbers), Value::RowId(id)) => {
                numbers.push(id.number);
                true
            }
            (Form::Text(texts), value) => {
                texts.push(value);
                true
            }
            _ => false,
        };
        if !taken {
            self.become_text();
            if let Form::Text(texts) = &mut self.form {
                texts.push(value);
            }
        }
        self.rows += 1;
    }

    /// Whether any row has a value.
    pub(crate) const fn has_values(&self) -> bool {
        !matches!(self.form, Form::Undecided)
    }

    /// The column.
    pub(crate) fn finish(self) -> Values {
        match self.form {
            Form::Undecided => Values::Text {
                dictionary: vec!["-".into()],
                index: vec![0; self.rows],
            },
            Form::Int(values, absent) => Values::Int { values, absent },
            Form::Address(values, absent) => Values::Address { values, absent },
            Form::Numbered(prefix, numbers) => Values::Numbered { prefix, numbers },
            Form::Text(texts) => Values::Text {
                dictionary: texts.dictionary,
                index: texts.index,
            },
        }
    }

    /// Takes the form of the first value that is there; the rows before it are absent.
    fn decide(&mut self, value: Value<'_>) {
        let absent = || {
            let mut mask = Mask::default();
            (0..self.rows).for_each(|row| mask.insert(row));
            mask
        };
        self.form = match value {
            Value::Absent => Form::Undecided,
            Value::Unsigned(_) | Value::Signed(_) if integer(value).is_some() => {
                Form::Int(filled(0, self.rows, self.capacity), absent())
            }
            Value::Address(_) => Form::Address(filled([0; 16], self.rows, self.capacity), absent()),
            Value::RowId(id) if self.rows == 0 => {
                Form::Numbered(prefix(&id), Vec::with_capacity(self.capacity))
            }
            _ => Form::Text(Texts::absent(self.rows, self.capacity)),
        };
    }

    /// Writes out what there is.
    fn become_text(&mut self) {
        let before = Self {
            form: std::mem::replace(&mut self.form, Form::Undecided),
            rows: self.rows,
            capacity: self.capacity,
        };
        let values = before.finish();
        let mut texts = Texts::absent(0, self.capacity);
        let mut scratch = Vec::new();
        for row in 0..self.rows {
            let text = values.cell(row).text(&mut scratch).unwrap_or(b"-");
            texts.push_text(&String::from_utf8_lossy(text));
        }
        self.form = Form::Text(texts);
    }
}

/// Distinct texts, and which of them each row has.
#[derive(Debug)]
struct Texts {
    dictionary: Vec<Arc<str>>,
    index: Vec<u32>,
    places: std::collections::BTreeMap<Arc<str>, u32>,
    scratch: String,
}

impl Texts {
    /// So many rows of `-`.
    fn absent(rows: usize, capacity: usize) -> Self {
        let mut texts = Self {
            dictionary: Vec::new(),
            index: Vec::with_capacity(capacity),
            places: std::collections::BTreeMap::new(),
            scratch: String::new(),
        };
        (0..rows).for_each(|_| texts.push_text("-"));
        texts
    }

    fn push(&mut self, value: Value<'_>) {
        if let Value::Text(text) = value {
            return self.push_text(text);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        // Writing into a String cannot fail.
        let _ = write!(scratch, "{value}");
        self.push_text(&scratch);
        self.scratch = scratch;
    }

    fn push_text(&mut self, text: &str) {
        let place = self.place(text);
        self.index.push(place);
    }

    fn place(&mut self, text: &str) -> u32 {
        if let Some(known) = self
            .dictionary
            .iter()
            .take(FEW)
            .position(|known| **known == *text)
        {
            return u32::try_from(known).unwrap_or(u32::MAX);
        }
        if let Some(&known) = self.places.get(text) {
            return known;
        }
        let place = u32::try_from(self.dictionary.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        if self.dictionary.len() >= FEW {
            self.places.insert(Arc::clone(&text), place);
        }
        self.dictionary.push(text);
        place
    }
}

/// The value as an integer of a Logstore, when it is one.
fn integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Unsigned(number) => i64::try_from(number).ok(),
        Value::Signed(number) => Some(number),
        _ => None,
    }
}

fn filled<T: Clone>(value: T, rows: usize, capacity: usize) -> Vec<T> {
    let mut values = Vec::with_capacity(capacity);
    values.resize(rows, value);
    values
}

/// What stands before the number of a row id.
fn prefix(id: &RowId<'_>) -> Arc<str> {
    format!("{}-{}-{}-", id.epoch, id.flow_log, id.partition).into()
}

#[cfg(test)]
mod tests;
