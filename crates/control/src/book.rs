//! All flow logs of the API as values: what they are, how far their changes have come, and the
//! answers that a repeated `ClientToken` gets again.

use std::collections::BTreeMap;

use flowlog_flowlog::{Definition, Product};
use flowlog_record::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::flow_log::{Detail, Entry, FlowLog, Phase};
use crate::plan::Change;
use crate::product::naming;

/// How long the answer to a token is kept: a day.
pub(crate) const TOKENS_KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// The most tokens that are kept; then the oldest are forgotten.
pub(crate) const MOST_TOKENS: usize = 65_536;

/// Everything the API knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    /// By number.
    entries: BTreeMap<u64, Entry>,
    numbers: BTreeMap<String, u64>,
    tokens: BTreeMap<TokenKey, Answered>,
    next: u64,
    generation: u64,
}

/// What a token is one for: a product, by its version, an operation, the token itself.
pub(crate) type TokenKey = (String, String, String);

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) fingerprint: String,
    pub(crate) answer: Value,
    /// When, milliseconds of the epoch.
    pub(crate) at: i64,
}

impl Book {
    /// What was kept: all of it settled.
    pub(crate) fn restore(flow_logs: Vec<FlowLog>, tokens: Vec<(TokenKey, Answered)>) -> Self {
        let mut book = Self::default();
        for flow_log in flow_logs {
            book.put(flow_log, Phase::Settled, 0);
        }
        book.tokens = tokens.into_iter().collect();
        book
    }

    /// The number of the next flow log.
    pub(crate) const fn next_number(&self) -> u64 {
        self.next
    }

    /// A flow log, wherever it is in its life.
    pub(crate) fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(self.numbers.get(id)?)
    }

    /// All flow logs in the order in which they were made.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The flow log that a SAG instance is associated with.
    pub(crate) fn of_sag(&self, sag: &str) -> Option<&Entry> {
        let mut staying = self
            .entries()
            .filter(|entry| entry.phase != Phase::Deleting);
        staying.find(|entry| match &entry.flow_log.detail {
            Detail::Sag(detail) => detail.sags.iter().any(|known| known == sag),
            _ => false,
        })
    }

    /// What the pipeline is to work by.
    pub(crate) fn definitions(&self) -> Vec<Definition> {
        let staying = self
            .entries()
            .filter(|entry| entry.phase != Phase::Deleting);
        staying
            .filter_map(|entry| entry.flow_log.definition())
            .collect()
    }

    /// The answer that a token got, unless it is too long ago.
    pub(crate) fn answered(
        &self,
        (product, action, token): (Product, &str, &str),
        now: Timestamp,
    ) -> Option<&Answered> {
        let key = token_key(product, action, token);
        let known = self.tokens.get(&key)?;
        (now.millis() < known.at.saturating_add(TOKENS_KEPT_MS)).then_some(known)
    }

    /// Remembers an answer; forgets those that are too old, or too many.
    pub(crate) fn remember(&mut self, key: TokenKey, answered: Answered) {
        let oldest = answered.at.saturating_sub(TOKENS_KEPT_MS);
        if self.tokens.len() >= MOST_TOKENS {
            self.tokens.retain(|_, known| known.at > oldest);
        }
        if self.tokens.len() >= MOST_TOKENS {
            let mut times: Vec<i64> = self.tokens.values().map(|known| known.at).collect();
            times.sort_unstable();
            let middle = times.get(times.len() / 2).copied().unwrap_or(oldest);
            self.tokens.retain(|_, known| known.at > middle);
        }
        self.tokens.insert(key, answered);
    }

    /// The number of the last change.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether a flow log becomes another only for who reads of it: tags, its group.
    fn only_names(&self, flow_log: &FlowLog, phase: Phase) -> bool {
        self.get(&flow_log.id).is_some_and(|before| {
            before.phase == phase && before.flow_log.definition() == flow_log.definition()
        })
    }

    /// Begins a change; the generation that brings it into effect. What concerns no partition is in
    /// effect at once, under the generation that there is.
    pub(crate) fn begin(&mut self, change: &Change) -> u64 {
        let of_names = |(flow_log, phase): &(FlowLog, Phase)| self.only_names(flow_log, *phase);
        if change.delete.is_empty() && change.put.iter().all(of_names) {
            for (flow_log, phase) in &change.put {
                let before = self.get(&flow_log.id).map_or(0, |entry| entry.generation);
                self.put(flow_log.clone(), *phase, before);
            }
            return self.generation;
        }
        self.generation += 1;
        let generation = self.generation;
        for (flow_log, phase) in &change.put {
            self.put(flow_log.clone(), *phase, generation);
        }
        for id in &change.delete {
            let number = self.numbers.get(id);
            if let Some(entry) = number.and_then(|number| self.entries.get_mut(number)) {
                entry.phase = Phase::Deleting;
                entry.generation = generation;
            }
        }
        generation
    }

    /// Every partition works by `generation`: what it brought has come into effect.
    pub(crate) fn settle(&mut self, generation: u64) {
        let is_done = |entry: &Entry| entry.generation <= generation;
        let gone = |entry: &Entry| is_done(entry) && entry.phase == Phase::Deleting;
        for entry in self.entries.values().filter(|entry| gone(entry)) {
            self.numbers.remove(&entry.flow_log.id);
        }
        self.entries.retain(|_, entry| !gone(entry));
        for entry in self.entries.values_mut().filter(|entry| is_done(entry)) {
            entry.phase = Phase::Settled;
        }
    }

    fn put(&mut self, flow_log: FlowLog, phase: Phase, generation: u64) {
        let number = flow_log.number;
        self.next = self.next.max(number.saturating_add(1));
        self.numbers.insert(flow_log.id.clone(), number);
        let entry = Entry {
            flow_log,
            phase,
            generation,
        };
        self.entries.insert(number, entry);
    }
}

/// Under what an answer is remembered.
pub(crate) fn token_key(product: Product, action: &str, token: &str) -> TokenKey {
    let version = naming(product).version.to_owned();
    (version, action.to_owned(), token.to_owned())
}
