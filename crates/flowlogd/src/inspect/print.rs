//! What was read, in the format that was asked for.
//!
//! JSON is the whole of it. A table reads like an indented report. CSV has one line per flow, with
//! the normalized values.

use std::io;

use serde_json::Value;

use crate::output::{Format, Output, printable};

/// The columns of CSV: what `normalized` may hold, beside the places of the record.
const COLUMNS: [&str; 24] = [
    "n",
    "i",
    "src",
    "dst",
    "src_port",
    "dst_port",
    "protocol",
    "bytes",
    "packets",
    "tcp_flags",
    "tos",
    "in_if",
    "out_if",
    "start_ms",
    "end_ms",
    "src_as",
    "dst_as",
    "src_mask",
    "dst_mask",
    "next_hop",
    "vlan",
    "direction",
    "sampling",
    "event_ms",
];

/// Prints objects as they come.
pub(super) struct Printer<'a> {
    output: &'a mut Output,
    /// CSV is laid out at the end, the rest at once.
    flows: Vec<Vec<String>>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(output: &'a mut Output) -> Self {
        Self {
            output,
            flows: Vec::new(),
        }
    }

    /// One object.
    pub(super) fn object(&mut self, object: &Value) -> io::Result<()> {
        match self.output.format() {
            Format::Json => self.output.json(object),
            Format::Csv => {
                if object.get("kind").and_then(Value::as_str) == Some("flow") {
                    self.flows
                        .push(COLUMNS.iter().map(|name| cell(object, name)).collect());
                }
                Ok(())
            }
            Format::Table => self.report(object),
        }
    }

    /// What was held back.
    pub(super) fn finish(self) -> io::Result<()> {
        if self.output.format() != Format::Csv {
            return Ok(());
        }
        let mut rows = self.output.rows(COLUMNS);
        for flow in self.flows {
            rows.row(flow)?;
        }
        rows.finish()
    }

    fn report(&mut self, object: &Value) -> io::Result<()> {
        let text = |name: &str| object.get(name).map(plain).unwrap_or_default();
        match object
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default()
        {
            "datagram" => self.datagram(object),
            "flow" => {
                let place = format!(
                    "  flow {} at {}+{}",
                    text("i"),
                    text("offset"),
                    text("length")
                );
                self.record(&place, object, &["fields"])
            }
            "options" => {
                let place = format!(
                    "  options {} at {}+{}",
                    text("i"),
                    text("offset"),
                    text("length")
                );
                self.record(&place, object, &["scope", "fields"])
            }
            "template" => {
                let fields = list(object, "fields").iter().map(plain).collect::<Vec<_>>();
                self.output.line(format_args!(
                    "  template {} at {}: {} fields {}",
                    text("id"),
                    text("offset"),
                    fields.len(),
                    fields.join(" ")
                ))
            }
            "withdrawal" => self
                .output
                .line(format_args!("  withdrawal of {}", text("id"))),
            "totals" => {
                let totals = object
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(name, _)| *name != "kind");
                let totals: Vec<_> = totals
                    .map(|(name, value)| format!("{name} {value}"))
                    .collect();
                self.output.line(totals.join(", "))
            }
            other => self.output.line(format_args!("  {other}: {object}")),
        }
    }

    fn datagram(&mut self, object: &Value) -> io::Result<()> {
        let text = |name: &str| object.get(name).map(plain).unwrap_or_default();
        self.output.line(format_args!(
            "datagram {} from {}:{} to port {}: version {}, domain {}, sequence {}, export time {} ms, {} octets",
            text("n"),
            text("exporter"),
            text("source_port"),
            text("port"),
            text("version"),
            text("domain"),
            text("sequence"),
            text("export_time_ms"),
            text("length")
        ))?;
        for set in list(object, "sets") {
            self.output.line(format_args!("  set {}", plain(set)))?;
        }
        for error in list(object, "errors") {
            let part = |name: &str| error.get(name).map(plain).unwrap_or_default();
            self.output.line(format_args!(
                "  ERROR at {}: {}",
                part("offset"),
                part("problem")
            ))?;
        }
        Ok(())
    }

    /// A record with each of its fields.
    fn record(&mut self, place: &str, object: &Value, parts: &[&str]) -> io::Result<()> {
        self.output.line(place)?;
        for part in parts {
            for field in list(object, part) {
                let value = |at: usize| field.get(at).map(plain).unwrap_or_default();
                self.output
                    .line(format_args!("    {} = {}", value(0), printable(&value(1))))?;
            }
        }
        Ok(())
    }
}

fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// A value without the quotes of JSON; an array as `a/b/c`.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join("/"),
        other => other.to_string(),
    }
}

fn cell(flow: &Value, name: &str) -> String {
    let value = flow.get(name).or_else(|| flow.get("normalized")?.get(name));
    value.map(plain).unwrap_or_default()
}
