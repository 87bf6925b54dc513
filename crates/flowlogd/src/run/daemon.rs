//! The running daemon: what holds it together, how it reloads, how it ends.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;
use flowlog_collect::Waker;
use flowlog_logstore::Logstore;
use tracing::{error, info, warn};

use super::book::Numbered;
use super::deliverer::Current;
use super::delivery::Delivery;
use super::figures::{Board, publish_logstore};
use super::http::Servers;
use super::saved;
use super::start::{StartError, ensure_logstores};
use super::worker::{Command, Handover, Owned};
use crate::config::{Config, Sources, changes};
use crate::data_directory::DataDirectory;
use crate::telemetry::Readiness;

/// What a worker's thread gives back.
type Ended = (Vec<Owned>, std::collections::VecDeque<Handover>);

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
    pub(super) servers: Servers,
    pub(super) delivery: Current,
    pub(super) deliverer: JoinHandle<Vec<Handover>>,
    pub(super) commands: Vec<(Sender<Command>, Waker)>,
    pub(super) threads: Vec<JoinHandle<Ended>>,
    pub(super) shed: Arc<AtomicBool>,
    pub(super) board: Arc<Board>,
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
        let changes = changes(&self.config, &next);
        if !changes.needs_restart.is_empty() {
            warn!(keys = ?changes.needs_restart, "these keys change only with a restart");
        }
        if let Err(problem) = self.change_to(&next) {
            return error!(problem, "the configuration was not reloaded");
        }
        info!(keys = ?changes.applied, "the configuration was reloaded");
        self.config.flow_log = next.flow_log;
        self.config.resource = next.resource;
        self.config.regions = next.regions;
        self.config.limits.memory = next.limits.memory;
        self.config.logstore.retention_days = next.logstore.retention_days;
    }

    fn change_to(&mut self, next: &Config) -> Result<(), String> {
        let numbered = self
            .numbered
            .changed_to(next)
            .map_err(|problem| problem.to_string())?;
        let generation = numbered
            .generation()
            .map_err(|problem| problem.to_string())?;
        ensure_logstores(&self.logstore, next, &numbered).map_err(|problem| problem.to_string())?;
        let delivery = Delivery::new(
            Arc::new(numbered.inventory.clone()),
            &self.config.account,
            self.epoch,
            &numbered.flow_logs,
        );
        *self.delivery.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(delivery);
        self.board.set_flow_logs(numbered.names());
        self.numbered = numbered;
        self.tell(&Command::Change(Arc::new(generation)));
        Ok(())
    }

    /// Takes what the kernel has queued, delivers what has left, saves what is open.
    pub(super) fn stop(self) -> Result<(), StartError> {
        self.readiness.stopping();
        self.tell(&Command::Stop);
        let Self {
            data,
            numbered,
            epoch,
            logstore,
            servers,
            deliverer,
            threads,
            ..
        } = self;
        let mut partitions = Vec::new();
        let mut handovers = Vec::new();
        for thread in threads {
            if let Ok((owned, outbox)) = thread.join() {
                partitions.extend(owned);
                handovers.extend(outbox);
            } else {
                error!("a worker has died: its open rows are lost");
            }
        }
        // Rows that were on their way come before those that had not left their worker.
        let mut undelivered = deliverer.join().unwrap_or_default();
        undelivered.append(&mut handovers);
        partitions.sort_by_key(|owned| owned.number);
        put_back(&mut partitions, undelivered);
        let saved = save(&data, &numbered, epoch, &partitions);
        if let Err(problem) = servers.stop() {
            warn!(%problem, "the http interfaces did not end well");
        }
        drop(logstore);
        saved.map_err(StartError::Save)?;
        info!("stopped; the next start goes on from here");
        Ok(())
    }

    fn tell(&self, command: &Command) {
        for (worker, waker) in &self.commands {
            // A worker that has died is reported when it is joined.
            drop(worker.send(command.clone()));
            waker.wake();
        }
    }

    /// What is done every second.
    pub(super) fn keep_house(&self) {
        self.guard_memory();
        self.board.publish();
        publish_logstore(&self.logstore);
    }

    /// Looks after memory: above the limit datagrams are shed, counted, until it is below again.
    fn guard_memory(&self) {
        let Some(resident) = resident_octets() else {
            return;
        };
        let over = resident > self.config.limits.memory.0;
        if self.shed.swap(over, Ordering::Relaxed) != over {
            if over {
                warn!(
                    resident,
                    limit = self.config.limits.memory.0,
                    "shedding datagrams: memory"
                );
            } else {
                info!(resident, "memory is below its limit again");
            }
        }
    }
}

/// Rows that could not be stored go back to where they came from, before any that left later.
fn put_back(partitions: &mut [Owned], undelivered: Vec<Handover>) {
    for handover in undelivered.into_iter().rev() {
        let owner = partitions
            .iter_mut()
            .find(|owned| owned.number == handover.partition);
        if let Some(owner) = owner {
            owner.partition.put_back_rows(handover.rows);
        }
    }
}

fn save(
    data: &DataDirectory,
    numbered: &Numbered,
    epoch: u64,
    partitions: &[Owned],
) -> std::io::Result<()> {
    let book = numbered.book(epoch, data.identity().partitions);
    saved::write(&saved::directory(data.path()), &book, |number| {
        let owned = partitions.iter().find(|owned| owned.number == number);
        owned
            .map(|owned| owned.partition.save())
            .unwrap_or_default()
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
