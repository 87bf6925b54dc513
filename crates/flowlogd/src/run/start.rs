//! Building the daemon: everything that can fail does so here, before the first datagram, and
//! leaves the saved state as it was.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crossbeam_channel::{Sender, bounded, unbounded};
use flowlog_collect::{BindError, Bound, HugePages};
use flowlog_control::DatabaseError;
use flowlog_logstore::{Access, Keys, Logstore, ManageError, OpenError};
use flowlog_sink::{Sink, Watcher};
use flowlog_sls::Endpoints;
use tracing::{info, warn};

use super::begin::{self, Begun, Owned};
use super::bind;
use super::control::{self, Api, Places};
use super::daemon::{Daemon, Proofs, Workers};
use super::deliverer::Deliverer;
use super::delivery::Delivery;
use super::figures::{Board, publish_logstore};
use super::http::{Servers, Serving};
use super::keys;
use super::merging::Merging;
use super::saved;
use super::storage;
use super::system_time;
use super::targets;
use super::thread::{self, Event};
use super::worker::{Command, Handover, Links, Worker};
use crate::config::{self, Config};
use crate::data_directory::{DataDirectory, DataDirectoryError};
use crate::telemetry::{Publisher, Readiness};

/// Hand-overs that may wait between the workers and the Logstore.
const HANDOVERS: usize = 64;

/// Why the daemon cannot start, go on, or end as it should.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be carried out.
    #[error("{0}")]
    Configuration(String),
    /// The data directory.
    #[error(transparent)]
    Data(#[from] DataDirectoryError),
    /// The Logstore.
    #[error(
        "the Logstore in {} cannot be opened: {problem}; see that its disk is whole, writable and \
         has room, or put \"data\" (--data) on another disk",
        path.display()
    )]
    Logstore {
        /// Where it is.
        path: PathBuf,
        /// What was wrong.
        problem: OpenError,
    },
    /// A project or Logstore of a flow log.
    #[error(
        "the Logstore of a flow log cannot be made in {}: {problem}; see that its disk is whole, \
         writable and has room, or put \"data\" (--data) on another disk",
        path.display()
    )]
    Manage {
        /// Where all of them are.
        path: PathBuf,
        /// What was wrong.
        problem: ManageError,
    },
    /// The flow logs of the control API.
    #[error(
        "the flow logs of the control API in {} cannot be read: {problem}; see that the file is \
         whole and writable, or put \"data\" (--data) on another disk",
        path.display()
    )]
    Control {
        /// Where they are.
        path: PathBuf,
        /// What was wrong.
        problem: DatabaseError,
    },
    /// Rows on their way to targets elsewhere.
    #[error(
        "how far rows were delivered, in {}, cannot be read: {problem}; see that the file is whole \
         and writable, or put \"data\" (--data) on another disk",
        path.display()
    )]
    Sink {
        /// Where it is.
        path: PathBuf,
        /// What was wrong.
        problem: String,
    },
    /// The UDP sockets.
    #[error("collect.listen: {0}")]
    Bind(#[from] BindError),
    /// A TCP address.
    #[error("{0}")]
    Listen(String),
    /// Threads, the metrics recorder, the saved state.
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
    /// Something ended without which the daemon is of no use.
    #[error("{0}; what was open is saved, start the daemon again")]
    Broken(String),
    /// State could not be saved.
    #[error("state cannot be saved: {0}; open rows of this run are lost")]
    Save(io::Error),
}

impl StartError {
    /// Whether the configuration is at fault: exit status 2 instead of 1.
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::Configuration(_))
    }

    pub(super) fn system(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |problem| Self::System { what, problem }
    }
}

/// Builds the daemon and sets it going; `events` is where it hears of trouble.
pub(super) fn start(config: Config, events: &Sender<Event>) -> Result<Daemon, StartError> {
    let data = DataDirectory::open(&config.data)?;
    reserve(&config);
    let readiness = Readiness::default();
    let publisher = Publisher::default();
    let telemetry = bind::telemetry(&config, &readiness, &publisher)?;
    let logstore_listener = bind::tcp("logstore.listen", config.logstore.listen)?;
    let control_listener = bind::tcp("control.listen", config.control.listen)?;
    let tls = config::certificate(&config).map_err(StartError::Configuration)?;
    let keyring = keys::keyring(&data, &config)?;
    let keys = Keys::new(Arc::clone(&keyring));
    let refusing = Arc::new(AtomicBool::new(false));
    let logstore = storage::open(&data, &config.logstore)?;
    let sink = targets::open(&config, &data, &logstore)?;
    let places = Places::new(&config, &logstore, &refusing, &sink);
    let api = control::open(&config, &data, (&logstore, keyring, places), events)?;
    let begun = begin::begin(&config, &api.wanted.flow_logs, &data)?;
    let delivery = Arc::new(Delivery::new(&config, begun.epoch, &begun.numbered));
    delivery
        .make_logstores(&logstore)
        .map_err(|problem| StartError::Manage {
            path: storage::directory(&data),
            problem,
        })?;
    targets::begin(&sink, &config, &begun.numbered, &data)?;
    readiness.logstore_open();
    let bound = bind::collect(&config, &data)?;
    readiness.collecting();
    let control_address = (control_listener.local_addr())
        .map_err(StartError::system("to tell the address of the control API"))?;
    let serving = Serving {
        telemetry,
        logstore_listener,
        logstore: Arc::clone(&logstore),
        tls: tls.clone(),
        access: Access {
            keys: keys.clone(),
            region: config.home_region().to_owned(),
            account: config.account.clone(),
        },
        control_listener,
        control: Arc::clone(&api.control),
        endpoints: Endpoints::new(config.logstore.endpoints.iter().map(String::as_str)),
    };
    Built {
        config,
        data,
        readiness,
        publisher,
        logstore,
        sink,
        delivery,
        servers: Servers::start(serving, events)?,
        bound,
        begun,
        control_address,
        api,
        proofs: Proofs { keys, tls },
        refusing,
    }
    .launch(events)
}

/// Lets the figures be published when somebody asks for them.
fn publish_with(
    publisher: &Publisher,
    board: &Arc<Board>,
    logstore: &Arc<Logstore>,
    streams: Watcher,
) {
    let board = Arc::clone(board);
    // The Logstore ends when the daemon lets go of it, not when the last request does.
    let logstore = Arc::downgrade(logstore);
    publisher.set(move || {
        board.publish();
        if let Some(logstore) = logstore.upgrade() {
            publish_logstore(&logstore);
        }
        targets::publish(&streams.figures());
    });
}

struct Built {
    config: Config,
    data: DataDirectory,
    readiness: Readiness,
    publisher: Publisher,
    logstore: Arc<Logstore>,
    sink: Sink,
    delivery: Arc<Delivery>,
    servers: Servers,
    bound: Bound,
    begun: Begun,
    control_address: SocketAddr,
    api: Api,
    proofs: Proofs,
    refusing: Arc<AtomicBool>,
}

impl Built {
    /// Starts the threads, and lets the workers begin when all of them are there.
    fn launch(self, events: &Sender<Event>) -> Result<Daemon, StartError> {
        let Begun {
            numbered,
            epoch,
            partitions,
            merger,
        } = self.begun;
        let board = Arc::new(Board::new(self.bound.receivers.len(), numbered.names()));
        publish_with(&self.publisher, &board, &self.logstore, self.sink.watcher());
        let (rows, handovers) = bounded::<Handover>(HANDOVERS);
        let (stopping, stopped) = bounded(0);
        let deliverer = Deliverer::new(
            Arc::clone(&self.logstore),
            (handovers, stopped),
            Arc::clone(&board),
            events.clone(),
            (system_time, self.refusing),
        );
        let deliverer = thread::spawn("delivery", events, move || deliverer.run())?;
        let (notices, said) = unbounded();
        let merging = Merging::new(
            merger,
            said,
            rows.clone(),
            Arc::clone(&board),
            Arc::clone(&self.delivery),
        );
        let merging = thread::spawn("merger", events, move || merging.run())?;
        let addresses = self.bound.report.addresses();
        let links = Links {
            rows,
            notices,
            shed: Arc::new(AtomicBool::new(false)),
            own: self.sink.own_sockets(),
            board: Arc::clone(&board),
            delivery: Arc::clone(&self.delivery),
        };
        let workers = workers(self.bound, partitions, &links, &self.data, events)?;
        forget_saved(&self.data)?;
        let_begin(&workers, &self.config, self.control_address);
        Ok(Daemon {
            config: self.config,
            data: self.data,
            readiness: self.readiness,
            numbered,
            epoch,
            addresses,
            logstore: self.logstore,
            sink: self.sink,
            servers: self.servers,
            deliverer,
            stopping,
            merging,
            notices: links.notices,
            workers,
            shed: links.shed,
            board,
            api: self.api,
            proofs: self.proofs,
            events: events.clone(),
        })
    }
}

/// From here on the saved state is ours: taken up once, so that no row leaves twice.
fn forget_saved(data: &DataDirectory) -> Result<(), StartError> {
    saved::remove(&saved::directory(data.path()))
        .map_err(StartError::system("to remove the state that was taken up"))
}

fn let_begin(workers: &Workers, config: &Config, control: SocketAddr) {
    workers.tell(&Command::Begin);
    info!(
        %control,
        logstore = %config.logstore.listen,
        telemetry = %config.telemetry.listen,
        "ready: ask with \"flowlogd query\", metrics and health by http"
    );
}

/// A thread for each receiver, with the partitions whose datagrams it gets.
fn workers(
    bound: Bound,
    partitions: Vec<Owned>,
    links: &Links,
    data: &DataDirectory,
    events: &Sender<Event>,
) -> Result<Workers, StartError> {
    let count = bound.receivers.len();
    let mut shares: Vec<Vec<Owned>> = (0..count).map(|_| Vec::new()).collect();
    for owned in partitions {
        let worker = usize::from(owned.number) % count.max(1);
        if let Some(share) = shares.get_mut(worker) {
            share.push(owned);
        }
    }
    let mut workers = Workers::default();
    for (number, (receiver, owned)) in bound.receivers.into_iter().zip(shares).enumerate() {
        let (commands, inbox) = unbounded();
        let waker = receiver.waker();
        let place = (number, count, data.partitions());
        let worker = Worker::new(place, receiver, owned, inbox, links.clone());
        let thread = thread::spawn(&format!("worker-{number}"), events, move || worker.run())?;
        workers.add(commands, waker, thread);
    }
    Ok(workers)
}

/// Before anything is received: later it would be in the way.
fn reserve(config: &Config) {
    let limits = &config.limits;
    let octets = limits.reserve.0.min(limits.memory.0 / 2);
    if !HugePages.reserve(usize::try_from(octets).unwrap_or(usize::MAX)) {
        warn!(
            octets,
            "the system has no memory to reserve: limits.reserve"
        );
    }
}
