//! Our reading of datagrams, in the words of the cases.

use flowlog_decode::{
    Batch, Decoder, Exporter, Header, Normalized, OptionsRecord, Outcome, Renderer, SetEvent,
    SetKind, Settings, TemplateChange, TemplateEvent, Visitor, Withdrawal,
};
use flowlog_record::{Fields, HashKey, Timestamp, Version};
use flowlog_wire::{FieldSpecifier, Malformed};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::captures::Datagram;

/// Everything that was seen, as JSON in the shape of `expect`.
#[derive(Default)]
pub struct Reading {
    pub datagrams: Vec<Value>,
    pub templates: Vec<Value>,
    pub flows: Vec<Value>,
    pub options: Vec<Value>,
    pub template_records: u64,
    pub withdrawals: u64,
    pub sets_without_template: u64,
    pub fingerprint: Sha256,
    n: usize,
    current: Current,
}

/// What was seen of the datagram that is being decoded.
#[derive(Default)]
struct Current {
    header: Option<Header>,
    sets: Vec<Value>,
    errors: Vec<Malformed>,
    flows: u64,
    options: u64,
    templates: Vec<u16>,
}

/// Nothing is dropped and nothing kept: what `inspect` does.
pub const INSPECTING: fn() -> Settings = || Settings {
    drop_duplicates: false,
    park: false,
    ..Settings::default()
};

/// Reads datagrams with one decoder.
pub fn read(datagrams: &[Datagram], settings: Settings) -> Reading {
    let mut decoder = Decoder::new(settings, HashKey::PUBLIC);
    let mut reading = Reading::default();
    for datagram in datagrams {
        reading.datagram(&mut decoder, datagram);
    }
    reading
}

impl Reading {
    pub fn datagram(&mut self, decoder: &mut Decoder, datagram: &Datagram) -> Outcome {
        self.current = Current::default();
        let at = Timestamp::from_micros(datagram.at_us);
        let decoded = decoder.decode(at, datagram.exporter, &datagram.octets, self);
        assert_eq!(
            decoded.flows, self.current.flows,
            "flows of datagram {}",
            self.n
        );
        assert_eq!(
            decoded.options, self.current.options,
            "options of datagram {}",
            self.n
        );
        let current = std::mem::take(&mut self.current);
        self.datagrams.push(current.json(self.n, datagram));
        self.n += 1;
        decoded.outcome
    }

    pub fn totals(&self) -> Value {
        let errors = self.datagrams.iter().filter(|d| d.get("errors").is_some());
        json!({
            "datagrams": self.datagrams.len(),
            "flows": self.flows.len(),
            "options": self.options.len(),
            "template_records": self.template_records,
            "sets_without_template": self.sets_without_template,
            "datagrams_with_errors": errors.count(),
            "withdrawals": self.withdrawals,
        })
    }

    fn fingerprint_line(&mut self, normalized: &Value) {
        let columns = [
            "src",
            "dst",
            "src_port",
            "dst_port",
            "protocol",
            "bytes",
            "packets",
            "start_ms",
            "end_ms",
            "tcp_flags",
            "tos",
            "in_if",
            "out_if",
        ];
        let line: Vec<String> = columns
            .iter()
            .map(|column| match &normalized[*column] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                value => value.to_string(),
            })
            .collect();
        self.fingerprint.update(line.join("|") + "\n");
    }
}

impl Visitor for Reading {
    fn header(&mut self, _exporter: &Exporter, header: &Header) {
        self.current.header = Some(*header);
    }

    fn set(&mut self, set: SetEvent) {
        self.sets_without_template += u64::from(set.kind == SetKind::DataWithoutTemplate);
        self.current
            .sets
            .push(json!([set.id, set.length, set.kind.as_str()]));
    }

    fn template(&mut self, template: &TemplateEvent<'_>) {
        self.template_records += 1;
        self.current.templates.push(template.id.get());
        if template.change == TemplateChange::Repeated {
            return;
        }
        let header = self.current.header.expect("a header before a Template");
        let fields: Vec<Value> = template.fields.iter().map(specifier).collect();
        let mut seen = json!({
            "n": self.n,
            "exporter": header.exporter.to_string(),
            "version": header.version.word(),
            "domain": header.domain.0,
            "id": template.id.get(),
            "kind": if template.is_options { "options_template" } else { "template" },
            "fields": fields,
        });
        if template.is_options {
            seen["scopeFieldCount"] = json!(template.scope_field_count);
        }
        self.templates.push(seen);
    }

    fn withdrawal(&mut self, _withdrawal: Withdrawal) {
        self.withdrawals += 1;
    }

    fn records(&mut self, batch: &mut Batch<'_>) {
        for i in 0..batch.records.len() {
            if batch.records[i].fields.contains(Fields::REVERSE) {
                continue;
            }
            let raw = batch.raw(i).expect("the octets of a record");
            let is_netflow5 = batch.header.version == Version::V5;
            let mut fields = named(batch.renderer(), raw.values(), false);
            if is_netflow5 {
                fields.retain(|field| field[0] != "paddingOctets");
            }
            let normalized = Normalized::of(batch, i).expect("a forward record");
            let normalized = serde_json::to_value(normalized).expect("JSON");
            self.fingerprint_line(&normalized);
            let mut seen = Map::new();
            seen.insert("n".into(), json!(self.n));
            seen.insert("i".into(), json!(self.flows.len()));
            if let Some(set) = raw.set {
                seen.insert("set".into(), json!(set));
            }
            seen.insert("offset".into(), json!(raw.offset));
            seen.insert("length".into(), json!(raw.octets.len()));
            seen.insert("fields".into(), json!(fields));
            seen.insert("normalized".into(), normalized);
            self.current.flows += 1;
            self.flows.push(Value::Object(seen));
        }
    }

    fn options(&mut self, record: &OptionsRecord<'_>) {
        let renderer = record.renderer();
        self.current.options += 1;
        self.options.push(json!({
            "n": self.n,
            "i": self.options.len(),
            "set": record.set,
            "offset": record.offset,
            "length": record.octets.len(),
            "scope": named(renderer, record.scope(), true),
            "fields": named(renderer, record.options(), false),
        }));
    }

    fn malformed(&mut self, malformed: Malformed) {
        self.current.errors.push(malformed);
    }
}

impl Current {
    fn json(self, n: usize, datagram: &Datagram) -> Value {
        let mut seen = json!({
            "n": n,
            "exporter": datagram.exporter.to_string(),
            "length": datagram.octets.len(),
            "sets": self.sets,
            "flows": self.flows,
            "options": self.options,
        });
        if !self.templates.is_empty() {
            seen["templates"] = json!(self.templates);
        }
        if !self.errors.is_empty() {
            let errors = self
                .errors
                .iter()
                .map(|e| json!([e.offset, e.problem.as_str()]));
            seen["errors"] = errors.collect();
        }
        if let Some(header) = self.header {
            header_json(&header, &mut seen);
        }
        seen
    }
}

fn header_json(header: &Header, seen: &mut Value) {
    seen["version"] = json!(header.version.word());
    seen["domain"] = json!(header.domain.0);
    seen["sequence"] = json!(header.sequence);
    seen["export_time"] = json!(header.export_time.seconds());
    let [engine_type, engine_id] = u16::try_from(header.domain.0).unwrap_or(0).to_be_bytes();
    let parts = header.sampling_parts();
    let optional = [
        ("sys_uptime", header.uptime.map(u64::from)),
        ("header_count", header.count.map(u64::from)),
        ("message_length", header.message_length.map(u64::from)),
        ("export_nanos", header.export_nanos.map(u64::from)),
        ("sampling_mode", parts.map(|(mode, _)| u64::from(mode))),
        (
            "sampling_interval",
            parts.map(|(_, interval)| u64::from(interval)),
        ),
        ("engine_type", parts.map(|_| u64::from(engine_type))),
        ("engine_id", parts.map(|_| u64::from(engine_id))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            seen[name] = json!(value);
        }
    }
}

fn specifier(field: FieldSpecifier) -> Value {
    json!([field.id.0, field.enterprise.0, field.length])
}

fn named<'a>(
    renderer: Renderer<'a>,
    values: impl Iterator<Item = (FieldSpecifier, &'a [u8])>,
    is_scope: bool,
) -> Vec<Value> {
    values
        .map(|(field, octets)| {
            json!([
                renderer.name(field, is_scope),
                renderer.value(field, is_scope, octets)
            ])
        })
        .collect()
}
