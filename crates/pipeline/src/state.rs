//! Saving and restoring a partition: no row is cut by a planned stop, no record waits for a
//! Template again, row ids go on.

use alloc::vec::Vec;
use core::fmt;

use flowlog_aggregate::{Aggregator, FlowMemory};
use flowlog_decode::Decoder;
use flowlog_record::{Row, Timestamp};
use serde::{Deserialize, Serialize};

use crate::copies::EgressCopies;
use crate::generation::Generation;
use crate::ledger::Ledger;
use crate::partition::Partition;
use crate::settings::Settings;

/// The first field of every saved state; another number is not read.
pub(crate) const VERSION: u16 = 2;

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u16,
    now: Timestamp,
    ledger: Ledger,
    copies: EgressCopies,
    decoder: Vec<u8>,
    memory: Vec<u8>,
    aggregator: Vec<u8>,
    rows: Vec<Row>,
}

/// Why saved state was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is not what `save` wrote.
    Damaged,
    /// Another version of this program wrote it.
    Version(u16),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => f.write_str("saved state is damaged"),
            Self::Version(version) => {
                write!(
                    f,
                    "saved state has version {version}, this program reads {VERSION}"
                )
            }
        }
    }
}

impl core::error::Error for RestoreError {}

impl Partition {
    /// Everything it knows, as octets; rows that were not taken yet with it.
    pub fn save(&self) -> Vec<u8> {
        let saved = Saved {
            version: VERSION,
            now: self.now,
            ledger: self.ledger,
            copies: self.flows.copies.clone(),
            decoder: self.decoder.save(),
            memory: self.flows.memory.save(),
            aggregator: self.flows.aggregator.save(),
            rows: self.flows.rows.iter().cloned().collect(),
        };
        // Encoding into memory fails for no value of these types.
        postcard::to_allocvec(&saved).unwrap_or_default()
    }

    /// What [`Partition::save`] wrote, going on under `generation`, whose flow logs and resources
    /// keep the places that they had.
    ///
    /// # Errors
    /// [`RestoreError`]; nothing of damaged state is used.
    pub fn restore(
        octets: &[u8],
        settings: &Settings,
        generation: &Generation,
    ) -> Result<Self, RestoreError> {
        let (version, _) =
            postcard::take_from_bytes::<u16>(octets).map_err(|_| RestoreError::Damaged)?;
        if version != VERSION {
            return Err(RestoreError::Version(version));
        }
        let saved: Saved = postcard::from_bytes(octets).map_err(|_| RestoreError::Damaged)?;
        let mut partition = Self::new(settings, generation);
        partition.decoder = Decoder::restore(&saved.decoder, settings.decode, settings.key)
            .map_err(|_| RestoreError::Damaged)?;
        let flows = &mut partition.flows;
        flows.memory = FlowMemory::restore(&saved.memory, settings.remembered_flows, settings.key)
            .map_err(|_| RestoreError::Damaged)?;
        flows.aggregator = Aggregator::restore(&saved.aggregator, settings.aggregate, settings.key)
            .map_err(|_| RestoreError::Damaged)?;
        flows.copies = saved.copies;
        flows.rows = saved.rows.into();
        partition.ledger = saved.ledger;
        partition.now = saved.now;
        partition.flows.resume(generation);
        partition.decoder.profiles_changed();
        Ok(partition)
    }
}
