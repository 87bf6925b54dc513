//! Building the daemon: everything that can fail does so here, before the first datagram.

use std::io;
use std::num::{NonZeroU16, NonZeroUsize};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;

use crossbeam_channel::{bounded, unbounded};
use flowlog_access::Keyring;
use flowlog_collect::{BindError, Bound, Steering};
use flowlog_logstore::{Logstore, ManageError, OpenError, QueryLimits};
use flowlog_pipeline::{Generation, Partition, Settings};
use flowlog_sls::Endpoints;
use tracing::{info, warn};

use super::book::{Numbered, NumberingError};
use super::daemon::Daemon;
use super::deliverer::{Current, Deliverer};
use super::delivery::Delivery;
use super::figures::Board;
use super::http::{self, Servers, Serving};
use super::saved::{self, Saved};
use super::worker::{Handover, Links, Owned, Worker};
use super::{delivery, system_time};
use crate::config::Config;
use crate::data_directory::{DataDirectory, DataDirectoryError, RootKey};
use crate::telemetry::server::{Telemetry, TelemetryServer};
use crate::telemetry::{Readiness, metrics};

/// Hand-overs that may wait between the workers and the Logstore.
const HANDOVERS: usize = 64;

/// Why the daemon cannot start, or could not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be carried out.
    #[error("{0}")]
    Configuration(String),
    /// The data directory.
    #[error(transparent)]
    Data(#[from] DataDirectoryError),
    /// The Logstore.
    #[error("the Logstore cannot be opened: {0}")]
    Logstore(#[from] OpenError),
    /// A project or Logstore of a flow log.
    #[error("the Logstore of a flow log cannot be made: {0}")]
    Manage(#[from] ManageError),
    /// The UDP sockets.
    #[error("collect.listen: {0}")]
    Bind(#[from] BindError),
    /// A TCP address.
    #[error("{0}")]
    Listen(String),
    /// Signals, threads, the metrics recorder.
    #[error("the system refuses {what}: {problem}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What it said.
        problem: io::Error,
    },
    /// Signals cannot be caught.
    #[error("signals cannot be caught: {0}")]
    Signals(io::Error),
    /// State could not be saved.
    #[error("state cannot be saved: {0}; open rows of this run are lost")]
    Save(io::Error),
}

impl StartError {
    /// Whether the configuration is at fault: exit status 2 instead of 1.
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::Configuration(_))
    }

    fn system(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |problem| Self::System { what, problem }
    }
}

/// The partitions as a start finds them, and what their numbers mean.
struct Begun {
    numbered: Numbered,
    epoch: u64,
    partitions: Vec<Owned>,
}

/// Builds the daemon and sets it going.
pub(super) fn start(config: Config) -> Result<Daemon, StartError> {
    let readiness = Readiness::default();
    let telemetry = bind_telemetry(&config, &readiness)?;
    let logstore_listener =
        http::bind("logstore.listen", config.logstore.listen).map_err(StartError::Listen)?;
    let data = DataDirectory::open(&config.data)?;
    let keyring = keyring(&data, &config)?;
    let begun = begin(&config, &data)?;
    let logstore = open_logstore(&data, &config, &begun.numbered)?;
    readiness.logstore_open();
    let bound = bind_collect(&config, &data)?;
    readiness.collecting();
    // From here on the saved state is ours: taken up once, so that no row leaves twice.
    saved::remove(&saved::directory(data.path())).map_err(StartError::system("to remove state"))?;

    let servers = Servers::start(Serving {
        telemetry,
        logstore_listener,
        logstore: Arc::clone(&logstore),
        keyring: Arc::new(keyring),
        endpoints: Endpoints::new(config.logstore.endpoints.iter().map(String::as_str)),
    })
    .map_err(StartError::system("a thread"))?;
    launch(Built {
        config,
        data,
        readiness,
        logstore,
        servers,
        bound,
        begun,
    })
}

struct Built {
    config: Config,
    data: DataDirectory,
    readiness: Readiness,
    logstore: Arc<Logstore>,
    servers: Servers,
    bound: Bound,
    begun: Begun,
}

/// Starts the threads.
fn launch(built: Built) -> Result<Daemon, StartError> {
    let Built {
        config,
        data,
        readiness,
        logstore,
        servers,
        bound,
        begun,
    } = built;
    let workers = bound.receivers.len();
    let board = Arc::new(Board::new(workers, begun.numbered.names()));
    let shed = Arc::new(AtomicBool::new(false));
    let (rows, handovers) = bounded::<Handover>(HANDOVERS);
    let delivery = current_delivery(&config, &begun);
    let deliverer = Deliverer::new(
        Arc::clone(&logstore),
        Arc::clone(&delivery),
        handovers,
        system_time,
    );
    let deliverer = spawn("delivery".to_owned(), move || deliverer.run())?;

    let shares = shares(begun.partitions, workers);
    let partitions = partitions(&data);
    let addresses = bound
        .report
        .listeners
        .iter()
        .map(|listener| listener.bound)
        .collect();
    let mut commands = Vec::new();
    let mut threads = Vec::new();
    for (number, (receiver, owned)) in bound.receivers.into_iter().zip(shares).enumerate() {
        let (command, inbox) = unbounded();
        let waker = receiver.waker();
        let links = Links {
            commands: inbox,
            rows: rows.clone(),
            shed: Arc::clone(&shed),
            board: Arc::clone(&board),
        };
        let worker = Worker::new((number, workers), partitions, receiver, owned, links);
        threads.push(spawn(format!("worker-{number}"), move || worker.run())?);
        commands.push((command, waker));
    }
    Ok(Daemon {
        config,
        data,
        readiness,
        numbered: begun.numbered,
        epoch: begun.epoch,
        addresses,
        logstore,
        servers,
        delivery,
        deliverer,
        commands,
        threads,
        shed,
        board,
    })
}

fn current_delivery(config: &Config, begun: &Begun) -> Current {
    let inventory = Arc::new(begun.numbered.inventory.clone());
    let flow_logs = &begun.numbered.flow_logs;
    let delivery = Delivery::new(inventory, &config.account, begun.epoch, flow_logs);
    Arc::new(Mutex::new(Arc::new(delivery)))
}

/// Which partitions each worker owns.
fn shares(partitions: Vec<Owned>, workers: usize) -> Vec<Vec<Owned>> {
    let mut shares: Vec<Vec<Owned>> = (0..workers).map(|_| Vec::new()).collect();
    for owned in partitions {
        let worker = usize::from(owned.number) % workers.max(1);
        if let Some(share) = shares.get_mut(worker) {
            share.push(owned);
        }
    }
    shares
}

pub(super) fn spawn<T: Send + 'static>(
    name: String,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, StartError> {
    thread::Builder::new()
        .name(name)
        .spawn(body)
        .map_err(StartError::system("a thread"))
}

fn bind_telemetry(config: &Config, readiness: &Readiness) -> Result<TelemetryServer, StartError> {
    let metrics = metrics::install().map_err(|problem| StartError::System {
        what: "the metrics recorder",
        problem: io::Error::other(problem),
    })?;
    let telemetry = Telemetry {
        metrics,
        readiness: readiness.clone(),
    };
    let listen = config.telemetry.listen;
    TelemetryServer::bind(listen, telemetry)
        .map_err(|problem| StartError::Listen(http::refusal("telemetry.listen", listen, &problem)))
}

fn keyring(data: &DataDirectory, config: &Config) -> Result<Keyring, StartError> {
    let root = data.root_key(config)?;
    if let RootKey::Generated(_, path) = &root {
        info!(path = %path.display(), "a root access key was generated");
    }
    let mut keyring = Keyring::new(root.key().clone());
    for key in config.root_keys().filter(|key| key.id != root.key().id) {
        // Its id is new here: the configuration has each once.
        drop(keyring.add(key.clone()));
    }
    Ok(keyring)
}

/// Takes up saved state, or begins a new epoch.
fn begin(config: &Config, data: &DataDirectory) -> Result<Begun, StartError> {
    let settings = partition_settings(config, data);
    let dir = saved::directory(data.path());
    let found = match saved::read(&dir) {
        Ok(found) => found,
        Err(problem) => {
            set_aside(&dir, data, &problem.to_string())?;
            None
        }
    };
    if let Some(saved) = found {
        match resume(config, data, &settings, saved) {
            Ok(begun) => return Ok(begun),
            Err(Unusable::Configuration(problem)) => return Err(problem),
            Err(Unusable::State(problem)) => set_aside(&dir, data, &problem)?,
        }
    }
    let numbered = numbered(config, Vec::new(), Vec::new())?;
    let generation = generation(&numbered)?;
    let epoch = data.begin_epoch()?;
    info!(epoch, "a new epoch of row ids begins");
    let partitions = (0..data.identity().partitions)
        .map(|number| Owned {
            number,
            partition: Partition::new(&settings, &generation),
        })
        .collect();
    Ok(Begun {
        numbered,
        epoch,
        partitions,
    })
}

enum Unusable {
    Configuration(StartError),
    State(String),
}

fn resume(
    config: &Config,
    data: &DataDirectory,
    settings: &Settings,
    saved: Saved,
) -> Result<Begun, Unusable> {
    let Saved { book, partitions } = saved;
    if book.partitions != data.identity().partitions {
        return Err(Unusable::State(format!(
            "it has {} partitions",
            book.partitions
        )));
    }
    let numbered =
        numbered(config, book.resources, book.flow_logs).map_err(Unusable::Configuration)?;
    let generation = generation(&numbered).map_err(Unusable::Configuration)?;
    let restored = (0..book.partitions)
        .zip(partitions)
        .map(|(number, octets)| {
            Partition::restore(&octets, settings, &generation)
                .map(|partition| Owned { number, partition })
                .map_err(|problem| Unusable::State(format!("partition {number}: {problem}")))
        });
    let partitions = restored.collect::<Result<Vec<_>, _>>()?;
    info!(epoch = book.epoch, "going on from saved state");
    Ok(Begun {
        numbered,
        epoch: book.epoch,
        partitions,
    })
}

fn set_aside(dir: &Path, data: &DataDirectory, problem: &str) -> Result<(), StartError> {
    let aside = saved::set_aside(dir, data.begin_epoch()?)
        .map_err(StartError::system("to set saved state aside"))?;
    warn!(problem, path = %aside.display(), "saved state cannot be used and was set aside");
    Ok(())
}

fn numbered(
    config: &Config,
    resources: Vec<flowlog_flowlog::ResourceId>,
    before: Vec<flowlog_flowlog::Definition>,
) -> Result<Numbered, StartError> {
    Numbered::new(config, resources, before)
        .map_err(|problem: NumberingError| StartError::Configuration(problem.to_string()))
}

fn generation(numbered: &Numbered) -> Result<Generation, StartError> {
    let generation = numbered
        .generation()
        .map_err(|problem| StartError::Configuration(problem.to_string()))?;
    for warning in numbered.warnings(&generation) {
        warn!("{warning}");
    }
    Ok(generation)
}

/// The daemon's limits, divided among its partitions with room for an uneven spread.
fn partition_settings(config: &Config, data: &DataDirectory) -> Settings {
    let identity = data.identity();
    let share = |all: u64| (all.saturating_mul(4) / u64::from(identity.partitions)).max(64);
    let mut settings = Settings::with_key(identity.hash_key);
    settings.exporters = usize::try_from(share(config.limits.exporters.into())).unwrap_or(4096);
    settings.decode.limits.exporters = settings.exporters;
    settings.decode.limits.templates = usize::try_from(config.limits.templates).unwrap_or(1024);
    settings.aggregate.exporters = settings.exporters;
    settings.aggregate.rows = share(config.limits.live_flows.into());
    settings
}

fn partitions(data: &DataDirectory) -> NonZeroU16 {
    NonZeroU16::new(data.identity().partitions).unwrap_or(NonZeroU16::MIN)
}

fn open_logstore(
    data: &DataDirectory,
    config: &Config,
    numbered: &Numbered,
) -> Result<Arc<Logstore>, StartError> {
    let section = &config.logstore;
    let settings = flowlog_logstore::Settings {
        seal_octets: usize::try_from(section.seal_size.0).unwrap_or(usize::MAX),
        seal_age: section.seal_after.duration(),
        disk_budget: (section.disk_budget.0 > 0).then_some(section.disk_budget.0),
        query: QueryLimits {
            deadline: section.query_timeout.duration(),
            sql_memory: section.query_memory.0,
            concurrent: section.concurrent_queries.into(),
            ..QueryLimits::default()
        },
        ..flowlog_logstore::Settings::default()
    };
    let (logstore, recovered) = Logstore::open(&data.join("logstore"), settings)?;
    if recovered.rows > 0 || recovered.torn_octets > 0 || recovered.lost_records > 0 {
        info!(
            rows = recovered.rows,
            torn_octets = recovered.torn_octets,
            lost_records = recovered.lost_records,
            "the Logstore's journal was read again"
        );
    }
    for path in &recovered.set_aside {
        warn!(path = %path.display(), "a segment cannot be used and was set aside");
    }
    ensure_logstores(&logstore, config, numbered)?;
    Ok(Arc::new(logstore))
}

/// Makes the projects and Logstores of the flow logs, with an index for their columns.
pub(super) fn ensure_logstores(
    logstore: &Logstore,
    config: &Config,
    numbered: &Numbered,
) -> Result<(), ManageError> {
    for flow_log in &numbered.flow_logs {
        let (project, name) = (flow_log.project().as_str(), flow_log.logstore().as_str());
        logstore.ensure_logstore(project, name, delivery::index(flow_log))?;
        logstore.set_ttl(project, name, config.logstore.retention_days.into())?;
    }
    Ok(())
}

fn bind_collect(config: &Config, data: &DataDirectory) -> Result<Bound, StartError> {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let asked = NonZeroUsize::new(config.collect.workers.into()).unwrap_or(cores);
    let bound = flowlog_collect::bind(&flowlog_collect::Settings {
        listen: config.collect.listen.clone(),
        workers: asked,
        partitions: partitions(data),
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
