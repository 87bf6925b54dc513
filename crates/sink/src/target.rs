//! One attempt at a time: trying again is the stream's business, in one place.

use crate::error::DeliveryError;
use crate::kafka::{KafkaTarget, Pending};
use crate::netflow::{NetflowTarget, Waiting};
use crate::sls::{Parcels, SlsTarget};
use crate::window::Shipment;

/// Where the rows of a stream go.
#[derive(Debug)]
pub(crate) enum Target {
    Sls(SlsTarget),
    Netflow(Box<NetflowTarget>),
    Kafka(KafkaTarget),
}

/// A shipment as its target wants it, made once for all attempts.
#[derive(Debug)]
pub(crate) enum Prepared {
    Sls(Parcels),
    Netflow(Waiting),
    Kafka(Pending),
}

/// What became of rows with an attempt that succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// Rows that have arrived.
    pub(crate) rows: usize,
    /// Rows that the target cannot be told of.
    pub(crate) left_out: usize,
}

impl Target {
    /// Shipments that may be under way at once.
    pub(crate) const fn most_under_way(&self) -> usize {
        match self {
            Self::Sls(_) | Self::Kafka(_) => 4,
            // Messages are numbered.
            Self::Netflow(_) => 1,
        }
    }

    pub(crate) fn prepare(&self, shipment: &Shipment) -> Prepared {
        match self {
            Self::Sls(sls) => Prepared::Sls(sls.prepare(shipment)),
            Self::Netflow(_) => Prepared::Netflow(NetflowTarget::prepare(shipment)),
            Self::Kafka(_) => Prepared::Kafka(KafkaTarget::prepare(shipment)),
        }
    }

    /// Sends the next part. `None` when nothing is left.
    pub(crate) async fn attempt(
        &self,
        prepared: &mut Prepared,
    ) -> Option<Result<Arrived, DeliveryError>> {
        match (self, prepared) {
            (Self::Sls(sls), Prepared::Sls(parcels)) => {
                let outcome = sls.attempt(parcels).await?;
                Some(outcome.map(|rows| Arrived { rows, left_out: 0 }))
            }
            (Self::Netflow(netflow), Prepared::Netflow(waiting)) => netflow.attempt(waiting).await,
            (Self::Kafka(kafka), Prepared::Kafka(pending)) => kafka.attempt(pending).await,
            // A shipment is prepared by the target that it goes to.
            _ => None,
        }
    }

    /// From now on the target's time counts.
    pub(crate) fn set_clock(&self, server: flowlog_record::Timestamp) {
        if let Self::Sls(sls) = self {
            sls.set_clock(server);
        }
    }

    /// Parts what was refused; how many rows are left out because they cannot be parted.
    pub(crate) fn split(&self, prepared: &mut Prepared) -> usize {
        match (self, prepared) {
            (Self::Sls(sls), Prepared::Sls(parcels)) => sls.split(parcels),
            (_, Prepared::Kafka(pending)) => pending.split(),
            (_, prepared) => Self::reject(prepared),
        }
    }

    /// Leaves out what was refused; how many rows.
    pub(crate) fn reject(prepared: &mut Prepared) -> usize {
        match prepared {
            Prepared::Sls(parcels) => parcels.reject(),
            Prepared::Netflow(waiting) => waiting.reject(),
            Prepared::Kafka(pending) => pending.reject(),
        }
    }

    /// What it has to know after a planned end, in its own words.
    pub(crate) async fn save(&self) -> Option<String> {
        match self {
            Self::Sls(_) | Self::Kafka(_) => None,
            Self::Netflow(netflow) => Some(netflow.save().await),
        }
    }
}
