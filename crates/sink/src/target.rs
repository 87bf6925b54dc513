//! One attempt at a time: trying again is the stream's business, in one place.

use crate::error::DeliveryError;
use crate::sls::{Parcels, SlsTarget};
use crate::window::Shipment;

/// Where the rows of a stream go.
#[derive(Debug)]
pub(crate) enum Target {
    Sls(SlsTarget),
}

/// A shipment as its target wants it, made once for all attempts.
#[derive(Debug)]
pub(crate) enum Prepared {
    Sls(Parcels),
}

impl Target {
    /// Shipments that may be under way at once.
    pub(crate) const fn most_under_way(&self) -> usize {
        match self {
            Self::Sls(_) => 4,
        }
    }

    pub(crate) fn prepare(&self, shipment: &Shipment) -> Prepared {
        match self {
            Self::Sls(sls) => Prepared::Sls(sls.prepare(shipment)),
        }
    }

    /// Sends the next part; how many rows have arrived with it. `None` when nothing is left.
    pub(crate) async fn attempt(
        &self,
        prepared: &mut Prepared,
    ) -> Option<Result<usize, DeliveryError>> {
        match (self, prepared) {
            (Self::Sls(sls), Prepared::Sls(parcels)) => sls.attempt(parcels).await,
        }
    }

    /// From now on the target's time counts.
    pub(crate) fn set_clock(&self, server: flowlog_record::Timestamp) {
        match self {
            Self::Sls(sls) => sls.set_clock(server),
        }
    }

    /// Parts what was refused; how many rows are left out because they cannot be parted.
    pub(crate) fn split(&self, prepared: &mut Prepared) -> usize {
        match (self, prepared) {
            (Self::Sls(sls), Prepared::Sls(parcels)) => sls.split(parcels),
        }
    }

    /// Leaves out what was refused; how many rows.
    pub(crate) fn reject(prepared: &mut Prepared) -> usize {
        match prepared {
            Prepared::Sls(parcels) => parcels.reject(),
        }
    }
}
