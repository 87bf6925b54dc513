//! Where the rows of each flow log go: into its Logstore, or into a spool for the targets that read
//! it.

mod figures;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use flowlog_flowlog::{FlowLog, NetflowVersion, Product, Status, Transport};
use flowlog_kafka::Producer;
use flowlog_logstore::{Logstore, SPOOL};
use flowlog_sink::{
    Collector, DeliveryError, Destination, Layout, MostBacklog, OwnSockets, SetError, Settings,
    Sink, SinkError, SlsClient, Spec, Speech,
};

use super::{Numbered, StartError, system_time};
use crate::config::{self, Config};
use crate::data_directory::DataDirectory;

pub(super) use figures::publish;

/// Where it is remembered how far rows were delivered.
fn database(data: &DataDirectory) -> PathBuf {
    data.join("sink.sqlite")
}

/// Opens it; streams that were there go on.
pub(super) fn open(
    config: &Config,
    data: &DataDirectory,
    logstore: &Arc<Logstore>,
) -> Result<Sink, StartError> {
    let settings = settings(config).map_err(StartError::Configuration)?;
    let path = database(data);
    Sink::open(&path, Arc::clone(logstore), settings).map_err(|problem| match problem {
        SinkError::Database { problem, .. } => StartError::Sink {
            path,
            problem: problem.to_string(),
        },
        SinkError::Threads(problem) => StartError::System {
            what: "the threads that deliver rows",
            problem,
        },
    })
}

fn settings(config: &Config) -> Result<Settings, String> {
    let mut regions = BTreeMap::new();
    for region in config::regions(config)? {
        let name = region.name.clone();
        let client = SlsClient::new(region, system_time)
            .map_err(|problem| format!("sls.region.{name}: {problem}"))?;
        regions.insert(name, Arc::new(client));
    }
    Ok(Settings {
        regions,
        clusters: clusters(config)?,
        most: MostBacklog {
            octets: config.sink.max_backlog.0,
            age: config.sink.max_backlog_age.duration(),
        },
        own: OwnSockets::default(),
        now: system_time,
    })
}

/// A producer for each cluster.
fn clusters(config: &Config) -> Result<BTreeMap<String, Arc<Producer>>, String> {
    let mut clusters = BTreeMap::new();
    for (name, settings) in config::clusters(config)? {
        let producer =
            Producer::open(settings).map_err(|problem| format!("kafka.{name}: {problem}"))?;
        clusters.insert(name, Arc::new(producer));
    }
    Ok(clusters)
}

/// A target that was tried, and what is wrong with it.
pub(crate) type Tried = (Spec, Result<(), DeliveryError>);

/// Tries every target of the flow logs of a configuration, without a row.
///
/// # Errors
/// One sentence with key and remedy, for a configuration that cannot be carried out.
pub(crate) fn try_all(config: &Config) -> Result<Vec<Tried>, String> {
    let settings = settings(config)?;
    let numbered = Numbered::new(config, Vec::new(), Vec::new());
    let numbered = numbered.map_err(|problem| problem.to_string())?;
    let specs = streams(config, &numbered.flow_logs);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|problem| format!("the system refuses a thread: {problem}"))?;
    let tried = specs.into_iter().map(|spec| {
        let outcome = runtime.block_on(flowlog_sink::try_target(&spec, &settings));
        (spec, outcome)
    });
    Ok(tried.collect())
}

/// Lets rows go where the flow logs say with which the daemon starts.
pub(super) fn begin(
    sink: &Sink,
    config: &Config,
    numbered: &Numbered,
    data: &DataDirectory,
) -> Result<(), StartError> {
    set(sink, config, numbered).map_err(|problem| StartError::Sink {
        path: database(data),
        problem: problem.to_string(),
    })
}

/// Lets rows go where these flow logs say.
///
/// # Errors
/// What the database says; then nothing has changed.
pub(super) fn set(sink: &Sink, config: &Config, numbered: &Numbered) -> Result<(), SetError> {
    sink.set(streams(config, &numbered.flow_logs))
}

/// The Project and the Logstore into which the rows of a flow log are written: its own where that is
/// embedded and wanted, else one that nobody sees.
pub(crate) fn place(config: &Config, flow_log: &FlowLog) -> (Arc<str>, Arc<str>) {
    if flow_log.output().has_sls() && !is_real(config, flow_log) {
        let (project, logstore) = (flow_log.project(), flow_log.logstore());
        (project.as_str().into(), logstore.as_str().into())
    } else {
        (SPOOL.into(), flow_log.id().as_str().into())
    }
}

/// The streams that bring rows elsewhere.
pub(crate) fn streams(config: &Config, flow_logs: &[FlowLog]) -> Vec<Spec> {
    let numbered = (1..).zip(flow_logs);
    let there = numbered.filter(|(_, flow_log)| !is_gone(flow_log));
    there
        .flat_map(|(number, flow_log)| of(config, flow_log, number))
        .collect()
}

/// `number` is the flow log's, from 1, the same after a restart: its Observation Domain.
fn of(config: &Config, flow_log: &FlowLog, number: u32) -> Vec<Spec> {
    let (project, logstore) = place(config, flow_log);
    let spec = |to| Spec {
        flow_log: flow_log.id().as_str().into(),
        project: Arc::clone(&project),
        logstore: Arc::clone(&logstore),
        to,
    };
    let mut specs = Vec::new();
    if flow_log.output().has_sls() && is_real(config, flow_log) {
        specs.push(spec(Destination::Sls {
            region: region(config, flow_log).to_owned(),
            project: flow_log.project().as_str().to_owned(),
            logstore: flow_log.logstore().as_str().to_owned(),
        }));
    }
    if let Some(collector) = flow_log.collector() {
        specs.push(spec(Destination::Netflow(Collector {
            server: collector.server,
            speech: match (collector.version, collector.transport) {
                (NetflowVersion::V5, _) => Speech::V5,
                (NetflowVersion::V9, _) => Speech::V9,
                (NetflowVersion::V10, Transport::Udp) => Speech::V10,
                (NetflowVersion::V10, Transport::Tcp) => Speech::V10Tcp,
            },
            domain: number,
            layout: match flow_log.product() {
                Product::Vpc => Layout::Vpc,
                Product::Cen => Layout::Cen,
                Product::Sag => Layout::Sag,
            },
        })));
    }
    let id = flow_log.id().as_str();
    let clusters = config.kafka.iter().filter(|(_, cluster)| cluster.takes(id));
    specs.extend(clusters.map(|(name, _)| {
        spec(Destination::Kafka {
            cluster: name.clone(),
        })
    }));
    specs
}

/// Whether it is kept only for rows that may still be open. One of SAG without an instance looks the
/// same while it is inactive: it has no rows either.
fn is_gone(flow_log: &FlowLog) -> bool {
    flow_log.status() == Status::Inactive && flow_log.resources().is_empty()
}

/// Whether its Project lies in the real service.
fn is_real(config: &Config, flow_log: &FlowLog) -> bool {
    config.sls.region.contains_key(region(config, flow_log))
}

fn region<'a>(config: &'a Config, flow_log: &'a FlowLog) -> &'a str {
    flow_log.region().unwrap_or_else(|| config.home_region())
}

#[cfg(test)]
mod tests;
