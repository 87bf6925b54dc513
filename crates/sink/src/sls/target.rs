//! Rows of one flow log on their way to a Logstore of the service.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use flowlog_sls::Parameters;
use flowlog_sls::signature::content_md5;

use super::Routing;
use super::client::{Call, SlsClient, encoded};
use super::encode::{Encoder, Parcel};
use crate::error::DeliveryError;
use crate::lane::Lane;
use crate::window::Shipment;

/// A Logstore of the service.
#[derive(Debug)]
pub(crate) struct SlsTarget {
    client: Arc<SlsClient>,
    project: String,
    path: String,
    flow_log: Arc<str>,
    encoder: Mutex<Encoder>,
}

/// The requests of a shipment that have not been answered.
#[derive(Debug)]
pub(crate) struct Parcels {
    parameters: Parameters,
    left: VecDeque<Parcel>,
}

impl SlsTarget {
    pub(crate) fn new(
        client: Arc<SlsClient>,
        (project, logstore): (&str, &str),
        flow_log: Arc<str>,
    ) -> Self {
        let route = match client.region().routing {
            Routing::Key => "route",
            Routing::Balanced => "lb",
        };
        Self {
            project: project.to_owned(),
            path: format!("/logstores/{}/shards/{route}", encoded(logstore)),
            flow_log,
            encoder: Mutex::new(Encoder::new(client.region().columns)),
            client,
        }
    }

    /// Encodes a shipment, once for all attempts.
    pub(crate) fn prepare(&self, shipment: &Shipment) -> Parcels {
        let parameters = match self.client.region().routing {
            Routing::Key => [("key", &*self.key(shipment.lane))].into_iter().collect(),
            Routing::Balanced => Parameters::default(),
        };
        let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        Parcels {
            parameters,
            left: encoder.parcels(&shipment.groups).into(),
        }
    }

    /// Sends the next request; how many rows have arrived with it. `None` when none is left.
    pub(crate) async fn attempt(
        &self,
        parcels: &mut Parcels,
    ) -> Option<Result<usize, DeliveryError>> {
        let parcel = parcels.left.front()?;
        let call = Call {
            method: "POST",
            project: self.project.clone(),
            path: self.path.clone(),
            parameters: parcels.parameters.clone(),
            logs: Some((parcel.body.clone(), parcel.raw)),
        };
        let rows = parcel.rows();
        let outcome = self.client.send(&call).await;
        if outcome.is_ok() {
            parcels.left.pop_front();
        }
        Some(outcome.map(|()| rows))
    }

    /// From now on requests have the service's time.
    pub(crate) fn set_clock(&self, server: flowlog_record::Timestamp) {
        self.client.set_clock(server);
    }

    /// Parts the request that was refused; how many rows are left out because they cannot be parted.
    pub(crate) fn split(&self, parcels: &mut Parcels) -> usize {
        let Some(refused) = parcels.left.pop_front() else {
            return 0;
        };
        let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        let Some([before, behind]) = encoder.split(&refused) else {
            return refused.rows();
        };
        for parcel in before.into_iter().chain(behind).rev() {
            parcels.left.push_front(parcel);
        }
        0
    }

    /// The same lane, the same shard: what its key is does not matter.
    fn key(&self, lane: Lane) -> String {
        let lane = format!("{}-{}", self.flow_log, lane.partition);
        content_md5(lane.as_bytes()).to_ascii_lowercase()
    }
}

impl Parcels {
    /// Leaves out the request that was refused; how many rows.
    pub(crate) fn reject(&mut self) -> usize {
        self.left.pop_front().map_or(0, |parcel| parcel.rows())
    }
}
