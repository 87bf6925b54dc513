//! The whole model: inputs in, rows out.

use crate::flow::Flow;
use crate::flow_log::{FlowLog, Rules};
use crate::known::{Known, Stated};
use crate::stream::Datagram;

pub struct Collector {
    /// Pipeline time: the greatest arrival so far.
    now: i64,
    known: Known,
    pub flow_logs: Vec<FlowLog>,
    pub duplicates: u64,
}

impl Collector {
    pub fn new(rules: &[Rules], stated: Stated) -> Self {
        Self {
            now: i64::MIN,
            known: Known::new(stated),
            flow_logs: rules.iter().map(|&rules| FlowLog::new(rules)).collect(),
            duplicates: 0,
        }
    }

    /// Fires what is due. Inputs of the same millisecond are of the same moment: what becomes due by
    /// the first of them fires when time goes on.
    pub fn tick(&mut self, now: i64) {
        if now <= self.now {
            return;
        }
        self.now = now;
        for flow_log in &mut self.flow_logs {
            flow_log.advance(self.now, &self.known);
        }
    }

    pub fn datagram(&mut self, datagram: &Datagram, octets: &[u8]) {
        self.tick(datagram.at);
        let Some(flows) = self.known.observe(datagram, octets, self.now) else {
            self.duplicates += 1;
            return;
        };
        for flow in &flows {
            self.apply(flow, datagram.at);
        }
    }

    fn apply(&mut self, flow: &Flow, arrived: i64) {
        for flow_log in &mut self.flow_logs {
            flow_log.observe(flow, arrived, self.now, &self.known);
        }
    }

    pub fn finish(&mut self) {
        for flow_log in &mut self.flow_logs {
            flow_log.force(self.now, &self.known);
        }
    }

    /// All flow logs are switched off.
    pub fn deactivate(&mut self, now: i64) {
        self.now = self.now.max(now);
        for flow_log in &mut self.flow_logs {
            flow_log.advance(self.now, &self.known);
            flow_log.deactivate(self.now, &self.known);
        }
    }
}
