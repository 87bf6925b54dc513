//! `approx_distinct`: exact while there are few values, a `HyperLogLog` beyond.

use std::collections::BTreeSet;

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};

use super::collect::hash;
use super::{Registry, Share, State};
use crate::sql::functions::value::to_int;

pub(super) fn add(to: &mut Registry<'_>) -> Result<()> {
    to.add("approx_distinct", &[1, 2], Distinct::of)
}

/// The most values that are counted one by one.
const MOST_EXACT: usize = 2048;
/// Bits of a hash that choose a register.
const BITS: u32 = 14;
const REGISTERS: usize = 1 << BITS;
/// What a hash takes in a tree.
const EXACT_OCTETS: usize = 16;

/// The hashes seen, or for each register the longest run of zeros, plus one, of those that chose it.
struct Distinct {
    exact: BTreeSet<u64>,
    registers: Vec<u8>,
    share: Share,
}

impl Distinct {
    fn of(share: Share) -> Self {
        Self {
            exact: BTreeSet::new(),
            registers: Vec::new(),
            share,
        }
    }

    fn add(&mut self, hash: u64) -> Result<()> {
        if !self.registers.is_empty() {
            self.note(hash);
            return Ok(());
        }
        if !self.exact.insert(hash) {
            return Ok(());
        }
        self.share.take(EXACT_OCTETS)?;
        if self.exact.len() > MOST_EXACT {
            self.share.take(REGISTERS)?;
            self.registers = vec![0; REGISTERS];
            for hash in std::mem::take(&mut self.exact) {
                self.note(hash);
                self.share.give(EXACT_OCTETS);
            }
        }
        Ok(())
    }

    fn note(&mut self, hash: u64) {
        let chosen = usize::try_from(hash >> (64 - BITS)).ok();
        // The bit behind the hash ends the run at the latest.
        let rest = hash << BITS | 1 << (BITS - 1);
        let run = u8::try_from(rest.leading_zeros() + 1).unwrap_or(u8::MAX);
        if let Some(register) = chosen.and_then(|at| self.registers.get_mut(at)) {
            *register = (*register).max(run);
        }
    }

    fn estimate(&self) -> f64 {
        const M: f64 = 16_384.0;
        let power = |register: &u8| 2_f64.powi(-i32::from(*register));
        let sum: f64 = self.registers.iter().map(power).sum();
        let raw = 0.7213 / (1.0 + 1.079 / M) * M * M / sum;
        let empty = self.registers.iter().filter(|register| **register == 0);
        let empty = u32::try_from(empty.count()).unwrap_or(0);
        if raw <= 2.5 * M && empty > 0 {
            M * (M / f64::from(empty)).ln()
        } else {
            raw
        }
    }
}

impl State for Distinct {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        match ctx.get_raw(0) {
            ValueRef::Null => Ok(()),
            value => self.add(hash(value)),
        }
    }

    fn result(&mut self) -> Result<Value> {
        if self.registers.is_empty() {
            let exact = i64::try_from(self.exact.len()).unwrap_or(i64::MAX);
            return Ok(Value::Integer(exact));
        }
        Ok(Value::Integer(to_int(self.estimate().round())))
    }
}
