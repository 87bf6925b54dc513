//! The running daemon: what holds it together, how it reloads, how it ends.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::Sender;
use flowlog_collect::Waker;
use flowlog_control::Wanted;
use flowlog_http::Tls;
use flowlog_logstore::{Keys, Logstore};
use flowlog_pipeline::Merger;
use flowlog_sink::Sink;
use tracing::{error, info, warn};

use super::StartError;
use super::application::Application;
use super::begin::Owned;
use super::book::Numbered;
use super::control::{self, Api};
use super::delivery::Delivery;
use super::figures::Board;
use super::http::Servers;
use super::keys;
use super::merging::{self, Said};
use super::saved;
use super::targets;
use super::thread::Event;
use super::worker::{Command, Ended, Handover};
use crate::config::{self, Config, Sources};
use crate::data_directory::DataDirectory;
use crate::telemetry::{Readiness, log, metrics};

/// How often state that finds no room on the disk is saved again, and the time between.
const SAVE_TRIES: u32 = 60;
const SAVE_PAUSE: Duration = Duration::from_millis(500);

/// Everything that runs. [`Daemon::stop`] ends it.
#[derive(Debug)]
pub(super) struct Daemon {
    pub(super) config: Config,
    pub(super) data: DataDirectory,
    pub(super) readiness: Readiness,
    pub(super) numbered: Numbered,
    pub(super) epoch: u64,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) logstore: Arc<Logstore>,
    pub(super) sink: Sink,
    pub(super) servers: Servers,
    pub(super) deliverer: JoinHandle<Vec<Handover>>,
    /// Dropped, it tells the deliverer that the daemon stops.
    pub(super) stopping: Sender<()>,
    pub(super) merging: JoinHandle<merging::Ended>,
    /// Dropped, it tells the merger that nobody says anything any more.
    pub(super) notices: Sender<Said>,
    pub(super) workers: Workers,
    pub(super) shed: Arc<AtomicBool>,
    pub(super) board: Arc<Board>,
    pub(super) api: Api,
    pub(super) proofs: Proofs,
    pub(super) events: Sender<Event>,
}

/// What the daemon knows its clients by, and they the daemon; exchanged by a reload.
#[derive(Debug)]
pub(super) struct Proofs {
    /// The keys that the Logstore knows; the control API is told of them with everything else.
    pub(super) keys: Keys,
    /// The certificate of both.
    pub(super) tls: Option<Tls>,
}

/// The workers' threads, and how they are told.
#[derive(Debug, Default)]
pub(super) struct Workers {
    commands: Vec<(Sender<Command>, Waker)>,
    threads: Vec<JoinHandle<Ended>>,
}

impl Workers {
    /// Another worker.
    pub(super) fn add(
        &mut self,
        commands: Sender<Command>,
        waker: Waker,
        thread: JoinHandle<Ended>,
    ) {
        self.commands.push((commands, waker));
        self.threads.push(thread);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.commands.len()
    }

    /// Tells all of them.
    pub(super) fn tell(&self, command: &Command) {
        for (worker, waker) in &self.commands {
            // A worker that has died has been reported.
            let _ = worker.send(command.clone());
            waker.wake();
        }
    }
}

impl Daemon {
    /// Where NetFlow is received, on this machine.
    pub(super) fn collect_address(&self) -> Option<SocketAddr> {
        self.addresses.first().copied()
    }

    /// Reads the configuration again: applies what can change, says what cannot. A configuration
    /// that is wrong changes nothing.
    pub(super) fn reload(&mut self, sources: &Sources) {
        let next = match sources.load() {
            Ok(next) => next,
            Err(problem) => return error!(%problem, "the configuration was not reloaded"),
        };
        let changes = config::changes(&self.config, &next);
        let config = config::reloaded(&self.config, next);
        let keyring = match keys::keyring(&self.data, &config) {
            Ok(keyring) => keyring,
            Err(problem) => return error!(%problem, "the configuration was not reloaded"),
        };
        let wanted = self.api.control.wanted();
        if let Err(problem) = self.change_to(&config, wanted) {
            return error!(problem, "the configuration was not reloaded");
        }
        control::reload(&self.api, &config, Arc::clone(&keyring));
        self.proofs.keys.replace(keyring);
        self.renew_certificate(&config);
        let level = config.log.level;
        let quieter = level < self.config.log.level;
        self.config = config;
        // Whichever level says more is the one for the answer to a reload.
        if !quieter {
            log::set_level(level);
        }
        if !changes.needs_restart.is_empty() {
            warn!(keys = ?changes.needs_restart, "these keys change only with a restart");
        }
        info!(keys = ?changes.applied, "the configuration was reloaded");
        if quieter {
            log::set_level(level);
        }
    }

    /// Reads certificate and key again: they may be new under the same names.
    fn renew_certificate(&self, config: &Config) {
        let Some(tls) = &self.proofs.tls else {
            return;
        };
        if let Err(problem) = config::renew(tls, config) {
            error!(
                problem,
                "the certificate was not reloaded, the old one goes on"
            );
        }
    }

    /// The control API wants other flow logs. What cannot be done now is tried again every second.
    pub(super) fn change_flow_logs(&mut self) {
        let wanted = self.api.control.wanted();
        // Told several times of one change, or of several at once.
        if wanted.generation == self.api.wanted.generation {
            return;
        }
        let config = self.config.clone();
        if let Err(problem) = self.change_to(&config, wanted) {
            error!(problem, "the flow logs of the control API were not changed");
        }
    }

    fn change_to(&mut self, config: &Config, wanted: Wanted) -> Result<(), String> {
        let numbered = self
            .numbered
            .changed_to(config, &wanted.flow_logs)
            .map_err(|problem| problem.to_string())?;
        let generation = numbered
            .generation()
            .map_err(|problem| problem.to_string())?;
        let delivery = Delivery::new(config, self.epoch, &numbered);
        if let Err(problem) = delivery.make_logstores(&self.logstore) {
            // Its rows wait until it can; other flow logs have nothing to do with it.
            error!(%problem, "the Logstore of a flow log cannot be made");
        }
        // Before a row can be written: a stream begins with the rows that come then.
        targets::set(&self.sink, config, &numbered).map_err(|problem| {
            format!("how far rows were delivered cannot be written: {problem}")
        })?;
        let warnings: BTreeSet<String> = numbered.warnings(&generation).into_iter().collect();
        metrics::FLOWLOGD_UNMATCHED.measure(&[], u64::try_from(warnings.len()).unwrap_or(u64::MAX));
        // A client may change flow logs often: what was said is not said again.
        for warning in warnings.difference(&self.api.warned) {
            warn!("{warning}");
        }
        self.api.warned = warnings;
        self.board.set_flow_logs(numbered.names());
        self.numbered = numbered;
        let delivery = Arc::new(delivery);
        // Before any worker can say something of it. A merger that has died has been reported.
        let _ = self.notices.send(Said::Change(Arc::clone(&delivery)));
        let workers = self.workers.count();
        let application = Application::new(workers, wanted.generation, self.events.clone());
        self.api.wanted = wanted;
        self.workers.tell(&Command::Change(
            Arc::new(generation),
            delivery,
            Arc::new(application),
        ));
        Ok(())
    }

    /// Takes what the kernel has queued, delivers what has left, saves what is open. HTTP answers
    /// until that is done.
    pub(super) fn stop(self) -> Result<(), StartError> {
        self.readiness.stopping();
        self.workers.tell(&Command::Stop);
        drop(self.stopping);
        let mut partitions = Vec::new();
        let mut left = Vec::new();
        for thread in self.workers.threads {
            // Its panic was reported when it happened.
            if let Ok((owned, outbox)) = thread.join() {
                partitions.extend(owned);
                left.extend(outbox);
            }
        }
        // Now that the workers are gone, the merger hears the last of them.
        drop(self.notices);
        let mut merger = self.merging.join().ok().map(|(merger, outbox)| {
            left.extend(outbox);
            merger
        });
        // Rows that were on their way come before those that had not left their worker.
        let mut undelivered = self.deliverer.join().unwrap_or_default();
        undelivered.append(&mut left);
        let waiting: usize = undelivered.iter().map(|it| it.rows.len()).sum();
        if waiting > 0 {
            warn!(
                rows = waiting,
                "rows that the Logstore did not take are saved"
            );
        }
        put_back(&mut partitions, merger.as_mut(), undelivered);
        let state = (&*partitions, merger.as_ref());
        let saved = patiently(|| save(&self.data, &self.numbered, self.epoch, state));
        self.sink.stop(self.config.sink.drain.duration());
        self.servers.stop();
        drop(self.logstore);
        saved.map_err(StartError::Save)?;
        info!("stopped; the next start goes on from here");
        Ok(())
    }

    /// What is done every second.
    pub(super) fn keep_house(&mut self) {
        self.guard_memory();
        self.change_flow_logs();
    }

    /// Looks after memory: above the limit datagrams are shed, counted, until it is below again.
    fn guard_memory(&self) {
        let Some(resident) = resident_octets() else {
            return;
        };
        metrics::FLOWLOGD_RESIDENT.measure(&[], resident);
        let limit = self.config.limits.memory.0;
        let over = resident > limit;
        if self.shed.swap(over, Ordering::Relaxed) == over {
            return;
        }
        if over {
            warn!(
                resident,
                limit, "shedding datagrams: the process has more memory than limits.memory"
            );
        } else {
            info!(resident, limit, "memory is below its limit again");
        }
    }
}

/// Saves, and tries again while the disk is full: somebody may make room.
fn patiently(save: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let mut tries = SAVE_TRIES;
    loop {
        match save() {
            Err(problem) if problem.kind() == ErrorKind::StorageFull && tries > 0 => {
                if tries == SAVE_TRIES {
                    warn!(%problem, "state cannot be saved yet: free some room within half a minute");
                }
                tries -= 1;
                thread::park_timeout(SAVE_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

/// Rows that could not be stored go back to where they came from, before any that left later.
fn put_back(partitions: &mut [Owned], mut merger: Option<&mut Merger>, undelivered: Vec<Handover>) {
    for handover in undelivered.into_iter().rev() {
        let owner = partitions
            .iter_mut()
            .find(|owned| owned.number == handover.partition);
        if let Some(owner) = owner {
            owner.partition.put_back_rows(handover.rows);
        } else if let Some(merger) = merger
            .as_mut()
            .filter(|merger| merger.number() == handover.partition)
        {
            merger.put_back_rows(handover.rows.into_vec());
        }
    }
}

/// Saves the partitions and the merger; those that died with their thread are missing.
fn save(
    data: &DataDirectory,
    numbered: &Numbered,
    epoch: u64,
    (partitions, merger): (&[Owned], Option<&Merger>),
) -> io::Result<()> {
    let mut book = numbered.book(epoch, data.identity().partitions);
    let of = |number| partitions.iter().find(|owned| owned.number == number);
    let last = book.partitions;
    let is_there = |number| of(number).is_some() || (number == last && merger.is_some());
    book.missing = (0..=last).filter(|&number| !is_there(number)).collect();
    if !book.missing.is_empty() {
        error!(partitions = ?book.missing, "a worker has died: its open rows are lost");
    }
    saved::write(&saved::directory(data.path()), &book, |number| {
        let partition = of(number).map(|owned| owned.partition.save());
        let state = partition.or_else(|| merger.map(Merger::save));
        state.unwrap_or_default()
    })
}

/// What the process has in memory, as the kernel says.
fn resident_octets() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibioctets: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibioctets.saturating_mul(1024))
}
