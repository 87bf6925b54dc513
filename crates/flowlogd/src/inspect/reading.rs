//! What is in one datagram, as JSON in the order of its octets.

use flowlog_decode::{
    Batch, Decoded, Exporter, Header, Normalized, OptionsRecord, Outcome, Renderer, SetEvent,
    SetKind, TemplateEvent, Visitor, Withdrawal,
};
use flowlog_record::{Fields, Version};
use flowlog_wire::{FieldSpecifier, Malformed};
use serde_json::{Map, Value, json};

use crate::capture::Captured;

/// The padding of V5 records is read like a field; nobody wants to see it.
const PADDING: &str = "paddingOctets";

/// Gathers what a decoder tells of datagram after datagram.
#[derive(Debug, Default)]
pub(super) struct Reading {
    totals: Totals,
    header: Option<Header>,
    sets: Vec<Value>,
    errors: Vec<Malformed>,
    objects: Vec<Value>,
}

#[derive(Debug, Default)]
struct Totals {
    datagrams: u64,
    flows: u64,
    options: u64,
    template_records: u64,
    sets_without_template: u64,
    datagrams_with_errors: u64,
    withdrawals: u64,
}

impl Reading {
    /// Before a datagram is decoded; gives its number.
    pub(super) fn begin(&mut self) -> u64 {
        self.header = None;
        self.sets.clear();
        self.errors.clear();
        self.objects.clear();
        self.totals.datagrams
    }

    /// After it: the datagram, then what was in it.
    pub(super) fn end(&mut self, captured: &Captured, decoded: &Decoded) -> Vec<Value> {
        if let (Outcome::Malformed(problem), true) = (&decoded.outcome, self.errors.is_empty()) {
            self.errors.push(*problem);
        }
        self.totals.datagrams_with_errors += u64::from(!self.errors.is_empty());
        let datagram = self.datagram(captured);
        self.totals.datagrams += 1;
        std::iter::once(datagram)
            .chain(self.objects.drain(..))
            .collect()
    }

    /// The last line.
    pub(super) fn totals(&self) -> Value {
        let totals = &self.totals;
        json!({
            "kind": "totals",
            "datagrams": totals.datagrams,
            "flows": totals.flows,
            "options": totals.options,
            "template_records": totals.template_records,
            "sets_without_template": totals.sets_without_template,
            "datagrams_with_errors": totals.datagrams_with_errors,
            "withdrawals": totals.withdrawals,
        })
    }

    fn datagram(&self, captured: &Captured) -> Value {
        let header = self.header.as_ref();
        let word = captured
            .payload
            .first_chunk()
            .map(|word| u16::from_be_bytes(*word));
        let errors = self
            .errors
            .iter()
            .map(|error| json!({"offset": error.offset, "problem": error.problem.as_str()}));
        json!({
            "kind": "datagram",
            "n": self.totals.datagrams,
            "exporter": captured.exporter.to_string(),
            "source_port": captured.source_port,
            "port": captured.destination_port,
            "at_us": captured.at_us,
            "length": captured.payload.len(),
            "version": word,
            "domain": header.map(|header| header.domain.0),
            "sequence": header.map(|header| header.sequence),
            "export_time_ms": header.map(|header| header.export_time.millis()),
            "sys_uptime_ms": header.and_then(|header| header.uptime),
            "sets": self.sets,
            "errors": errors.collect::<Vec<_>>(),
        })
    }

    fn flow(&mut self, batch: &Batch<'_>, i: usize) -> Option<Value> {
        let raw = batch.raw(i)?;
        let mut fields = named(batch.renderer(), raw.values(), false);
        if batch.header.version == Version::V5 {
            fields.retain(|field| field.get(0).and_then(Value::as_str) != Some(PADDING));
        }
        let mut object = Map::new();
        object.insert("kind".into(), "flow".into());
        object.insert("n".into(), self.totals.datagrams.into());
        object.insert("i".into(), self.totals.flows.into());
        if let Some(set) = raw.set {
            object.insert("set".into(), set.into());
        }
        object.insert("offset".into(), raw.offset.into());
        object.insert("length".into(), raw.octets.len().into());
        object.insert("fields".into(), fields.into());
        let normalized = Normalized::of(batch, i).map(serde_json::to_value);
        object.insert("normalized".into(), normalized?.unwrap_or_default());
        Some(Value::Object(object))
    }
}

impl Visitor for Reading {
    fn header(&mut self, _exporter: &Exporter, header: &Header) {
        self.header = Some(*header);
    }

    fn set(&mut self, set: SetEvent) {
        self.totals.sets_without_template += u64::from(set.kind == SetKind::DataWithoutTemplate);
        self.sets
            .push(json!([set.id, set.length, set.kind.as_str()]));
    }

    fn template(&mut self, template: &TemplateEvent<'_>) {
        self.totals.template_records += 1;
        let fields: Vec<Value> = template
            .fields
            .iter()
            .map(|field| json!([field.id.0, field.enterprise.0, field.length]))
            .collect();
        let mut object = json!({
            "kind": "template",
            "n": self.totals.datagrams,
            "id": template.id.get(),
            "offset": template.offset,
            "fields": fields,
        });
        if let (true, Some(object)) = (template.is_options, object.as_object_mut()) {
            object.insert(
                "scope_field_count".into(),
                template.scope_field_count.into(),
            );
        }
        self.objects.push(object);
    }

    fn withdrawal(&mut self, withdrawal: Withdrawal) {
        self.totals.withdrawals += 1;
        let id = match withdrawal {
            Withdrawal::One(id) => json!(id.get()),
            Withdrawal::AllTemplates => json!(2),
            Withdrawal::AllOptionsTemplates => json!(3),
        };
        self.objects
            .push(json!({"kind": "withdrawal", "n": self.totals.datagrams, "id": id}));
    }

    fn records(&mut self, batch: &mut Batch<'_>) {
        for i in 0..batch.records.len() {
            let reverse =
                |record: &flowlog_record::FlowRecord| record.fields.contains(Fields::REVERSE);
            if batch.records.get(i).is_some_and(reverse) {
                continue; // the other half of the record before
            }
            if let Some(flow) = self.flow(batch, i) {
                self.objects.push(flow);
            }
            self.totals.flows += 1;
        }
    }

    fn options(&mut self, record: &OptionsRecord<'_>) {
        let renderer = record.renderer();
        self.objects.push(json!({
            "kind": "options",
            "n": self.totals.datagrams,
            "i": self.totals.options,
            "set": record.set,
            "offset": record.offset,
            "length": record.octets.len(),
            "scope": named(renderer, record.scope(), true),
            "fields": named(renderer, record.options(), false),
        }));
        self.totals.options += 1;
    }

    fn malformed(&mut self, malformed: Malformed) {
        self.errors.push(malformed);
    }
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
