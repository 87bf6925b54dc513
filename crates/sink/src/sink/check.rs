//! Whether a target takes rows, found out without one.

use std::sync::Arc;

use super::Settings;
use crate::error::{Class, DeliveryError};
use crate::spec::{Destination, Spec};
use crate::{kafka, netflow};

/// Tries whether a target takes rows, without one: whether it is there and lets us in. Over UDP nobody
/// says.
///
/// # Errors
/// What the target, or the system, says.
pub async fn try_target(spec: &Spec, settings: &Settings) -> Result<(), DeliveryError> {
    match &spec.to {
        Destination::Sls {
            region,
            project,
            logstore,
        } => {
            let Some(client) = settings.regions.get(region) else {
                let message = format!("the region {region} is not in the configuration");
                return Err(DeliveryError::new(Class::Missing, message));
            };
            client.check(project, logstore).await
        }
        Destination::Netflow(collector) => netflow::check(collector).await,
        Destination::Kafka { cluster } => {
            let Some(producer) = settings.clusters.get(cluster) else {
                let message = format!("the cluster {cluster} is not in the configuration");
                return Err(DeliveryError::new(Class::Missing, message));
            };
            kafka::check(Arc::clone(producer), Arc::clone(&spec.flow_log)).await
        }
    }
}
