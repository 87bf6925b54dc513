//! The addresses that the daemon listens on: bound at the start, or it does not start.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use flowlog_collect::{Bound, Steering};
use tracing::{info, warn};

use super::StartError;
use crate::config::Config;
use crate::data_directory::DataDirectory;
use crate::telemetry::server::{Telemetry, TelemetryServer};
use crate::telemetry::{Publisher, Readiness, metrics};

/// Binds a TCP address for a runtime; `key` is the configuration's name for it.
///
/// # Errors
/// One sentence with key, address and remedy.
pub(super) fn tcp(key: &'static str, listen: SocketAddr) -> Result<TcpListener, StartError> {
    let refused = |problem: io::Error| StartError::Listen(refusal(key, listen, &problem));
    let listener = TcpListener::bind(listen).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    Ok(listener)
}

/// Binds the address of metrics and health.
pub(super) fn telemetry(
    config: &Config,
    readiness: &Readiness,
    publisher: &Publisher,
) -> Result<TelemetryServer, StartError> {
    let metrics = metrics::install().map_err(|problem| StartError::System {
        what: "the metrics recorder",
        problem: io::Error::other(problem),
    })?;
    let telemetry = Telemetry {
        metrics,
        readiness: readiness.clone(),
        publisher: publisher.clone(),
    };
    let listen = config.telemetry.listen;
    TelemetryServer::bind(listen, telemetry)
        .map_err(|problem| StartError::Listen(refusal("telemetry.listen", listen, &problem)))
}

/// Binds the UDP addresses, one socket per worker.
pub(super) fn collect(config: &Config, data: &DataDirectory) -> Result<Bound, StartError> {
    let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let asked = NonZeroUsize::new(config.collect.workers.into()).unwrap_or(cores);
    let bound = flowlog_collect::bind(&flowlog_collect::Settings {
        listen: config.collect.listen.clone(),
        workers: asked,
        partitions: data.partitions(),
        receive_buffer: u32::try_from(config.collect.receive_buffer.0).unwrap_or(u32::MAX),
        batch: config.collect.receive_batch.into(),
    })?;
    for listener in &bound.report.listeners {
        let buffer = listener.receive_buffer;
        info!(address = %listener.bound, receive_buffer = buffer.granted, "receiving netflow");
        if buffer.granted < buffer.asked {
            warn!(
                asked = buffer.asked,
                granted = buffer.granted,
                "the kernel caps the receive buffer: raise net.core.rmem_max (sysctl), or lower \
                 collect.receive_buffer"
            );
        }
    }
    if let Steering::Refused { reason, workers } = &bound.report.steering {
        warn!(
            reason,
            workers, "the kernel refuses to steer datagrams: one worker receives for all"
        );
    }
    Ok(bound)
}

/// Why an address cannot be listened on, and what to do.
fn refusal(key: &'static str, listen: SocketAddr, problem: &io::Error) -> String {
    let remedy = match problem.kind() {
        io::ErrorKind::AddrInUse => "stop what listens there or choose another port",
        io::ErrorKind::AddrNotAvailable => "choose an address of this machine",
        io::ErrorKind::PermissionDenied => "choose a port above 1023",
        _ => "choose another address",
    };
    format!("{key}: cannot listen on tcp {listen}: {problem}; {remedy}")
}
