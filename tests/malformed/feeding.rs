//! A decoder, what it is fed, and what must hold whatever that is.

use flowlog_decode::{
    Batch, Decoded, Decoder, Limits, OptionsRecord, Outcome, SetEvent, Settings, TemplateEvent,
    Visitor,
};
use flowlog_record::{Fields, HashKey, Timestamp};
use flowlog_tests::captures::{Case, Datagram};
use flowlog_wire::{Malformed, VARIABLE_LENGTH};

/// The octets of a data record, and the ID of its Set.
pub type Flow = (Option<u16>, Vec<u8>);

/// Places in a datagram where a length or a count stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub offset: usize,
    pub width: usize,
    pub what: What,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    SetLength,
    VariableLength,
    /// A Template Record: ID, field count, and what follows.
    Template {
        fields: usize,
        is_options: bool,
    },
}

/// What was seen of one datagram.
#[derive(Debug, Default)]
pub struct Seen {
    pub flows: Vec<Flow>,
    pub options: usize,
    pub errors: usize,
    pub places: Vec<Place>,
    /// Where each Set ends.
    pub boundaries: Vec<usize>,
    /// Where each Set begins, and how many flows had come before it.
    pub sets: Vec<(usize, usize)>,
    pub has_templates: bool,
}

/// A decoder that keeps no octets from datagram to datagram, and drops none.
pub struct Feeding {
    pub decoder: Decoder,
}

impl Default for Feeding {
    fn default() -> Self {
        let settings = Settings {
            drop_duplicates: false,
            park: false,
            limits: Limits::default(),
        };
        Self {
            decoder: Decoder::new(settings, HashKey::PUBLIC),
        }
    }
}

impl Feeding {
    /// A decoder that has seen the whole of a case.
    pub fn that_knows(case: &Case) -> Self {
        let mut feeding = Self::default();
        for datagram in &case.datagrams {
            feeding.feed(datagram);
        }
        feeding
    }

    /// Decodes a datagram; what is always true is checked.
    pub fn feed(&mut self, datagram: &Datagram) -> Seen {
        self.feed_octets(datagram, &datagram.octets)
    }

    /// Decodes other octets in the place of a datagram.
    pub fn feed_octets(&mut self, datagram: &Datagram, octets: &[u8]) -> Seen {
        let mut seen = Seen::default();
        let at = Timestamp::from_micros(datagram.at_us);
        let decoded = self
            .decoder
            .decode(at, datagram.exporter, octets, &mut seen);
        seen.check(&decoded, octets);
        seen
    }
}

impl Seen {
    /// Bounded work, and every error told.
    fn check(&self, decoded: &Decoded, octets: &[u8]) {
        assert_eq!(decoded.flows, self.flows.len() as u64);
        assert!(
            self.flows.len() + self.options <= octets.len(),
            "more records than octets"
        );
        let is_malformed = match decoded.outcome {
            Outcome::Accepted { partly_malformed } => partly_malformed,
            Outcome::Malformed(_) => true,
            other => panic!("{other:?}"),
        };
        assert_eq!(is_malformed, self.errors > 0);
    }

    /// Whether these flows are some of those, in the same order.
    pub fn is_part_of(&self, whole: &Self) -> bool {
        let mut rest = whole.flows.iter();
        self.flows
            .iter()
            .all(|flow| rest.any(|other| other == flow))
    }
}

impl Visitor for Seen {
    fn set(&mut self, set: SetEvent) {
        let length = Place {
            offset: set.offset + 2,
            width: 2,
            what: What::SetLength,
        };
        self.places.push(length);
        self.boundaries.push(set.offset + usize::from(set.length));
        self.sets.push((set.offset, self.flows.len()));
    }

    fn template(&mut self, template: &TemplateEvent<'_>) {
        self.has_templates = true;
        self.places.push(Place {
            offset: template.offset,
            width: 2,
            what: What::Template {
                fields: template.fields.len(),
                is_options: template.is_options,
            },
        });
    }

    fn withdrawal(&mut self, _: flowlog_decode::Withdrawal) {
        self.has_templates = true;
    }

    fn records(&mut self, batch: &mut Batch<'_>) {
        for i in 0..batch.records.len() {
            if batch.records[i].fields.contains(Fields::REVERSE) {
                continue;
            }
            let raw = batch.raw(i).expect("the octets of a record");
            let mut values = raw.values();
            let mut offset = raw.offset;
            while let Some((field, value)) = values.next() {
                if field.length == VARIABLE_LENGTH {
                    let place = Place {
                        offset,
                        width: 1,
                        what: What::VariableLength,
                    };
                    self.places.push(place);
                }
                offset = raw.offset + raw.octets.len() - values.rest().len();
                assert!(value.len() <= raw.octets.len());
            }
            self.flows.push((raw.set, raw.octets.to_vec()));
        }
        let export = batch.header.export_time;
        batch.settle();
        for record in &*batch.records {
            let (start, end) = (record.start, record.end);
            assert!((0..=6_060_000).contains(&end.since(start)), "{record:?}");
            assert!(
                (-6_060_000..=60_000).contains(&end.since(export)),
                "{record:?}"
            );
        }
    }

    fn options(&mut self, record: &OptionsRecord<'_>) {
        self.options += 1;
        assert!(record.scope().count() + record.options().count() <= record.fields.len());
    }

    fn malformed(&mut self, _: Malformed) {
        self.errors += 1;
    }
}
