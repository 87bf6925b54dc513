//! The Logstore as a whole: opening, making, appending, closing.

mod busy;
mod catalog;
mod consumers;
mod manage;
mod merger;
mod reading;
mod receipt;
mod reshard;
mod retention;
mod sealer;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, TrySendError, bounded, unbounded};
use flowlog_sls::HashKey;
use flowlog_sls::operation::Route;

use crate::batch::{self, Batch};
use crate::error::{AppendError, OpenError, Refused};
use crate::metadata::Metadata;
use crate::query::Helpers;
use crate::settings::Settings;
use crate::stats::{Counters, Stats, count};

pub(crate) use catalog::Store;
pub use catalog::{LogstoreInfo, NewLogstore, ProjectInfo, ShardInfo};
pub(crate) use consumers::{Checkpoint, ConsumerGroupSettings};
pub use reading::{Backlog, ReadGroup, ReadGroups, Readable, SPOOL};
pub use receipt::{Appended, Receipt};
pub(crate) use reshard::Reshard;

use catalog::Catalog;
use receipt::Completion;
use writer::{Command, Pending};

/// Rows with an origin go to the shard that has the first key: it, and whatever takes over from it,
/// knows which of them it has.
const FIRST_SHARD: Route = Route::Key(HashKey(0));

/// The embedded Logstore.
///
/// [`append`](Self::append) takes batches, [`query`](Self::query) asks. Dropping it makes
/// everything appended durable; nothing is lost when the process dies instead.
#[derive(Debug)]
pub struct Logstore {
    inner: Arc<Inner>,
    commands: Option<Sender<Command>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) dir: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) metadata: Metadata,
    pub(crate) catalog: RwLock<Catalog>,
    pub(crate) counters: Arc<Counters>,
    /// The budget is used up and there is nothing left to delete.
    pub(crate) full: AtomicBool,
    /// The last attempt to seal failed.
    pub(crate) seal_failing: AtomicBool,
    /// Notified whenever the sealer has done something.
    pub(crate) progress: (Mutex<()>, Condvar),
    /// Queries that are running.
    queries: AtomicUsize,
    /// Threads that may help them.
    pub(crate) helpers: Arc<Helpers>,
}

/// What was found when a Logstore was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// `LogGroup`s that were not yet in segments and are in memory again.
    pub groups: u64,
    /// Their rows.
    pub rows: u64,
    /// Octets of writes that a death cut short; they were never acknowledged.
    pub torn_octets: u64,
    /// Records of journals that the disk has damaged: their rows are lost.
    pub lost_records: u64,
    /// Files that a death left behind unfinished, now removed; their rows are among `rows`.
    pub removed_files: u64,
    /// Segments that are missing or have the wrong length; what is left of them stands there.
    pub set_aside: Vec<PathBuf>,
}

impl Logstore {
    /// Opens the Logstore in `dir`, made if absent: reads the metadata, replays the journals.
    ///
    /// # Errors
    /// [`OpenError`] when a file cannot be used or is not ours. Damage inside files is no error:
    /// it is in [`Recovered`].
    pub fn open(dir: &Path, settings: Settings) -> Result<(Self, Recovered), OpenError> {
        std::fs::create_dir_all(dir).map_err(OpenError::io(dir))?;
        let metadata = Metadata::open(&dir.join("metadata.sqlite"))?;
        let mut recovered = Recovered::default();
        let catalog = Catalog::open(dir, &metadata, &mut recovered)?;
        let counters = Arc::new(Counters::default());
        count(&counters.journal_torn_octets, recovered.torn_octets);
        count(
            &counters.segments_set_aside,
            recovered.set_aside.len().try_into().unwrap_or(0),
        );
        let helpers = Arc::new(Helpers::new(settings.query.helpers));
        let (commands, received) = bounded(settings.queue.max(1));
        let (seal, frozen) = unbounded();
        let inner = Arc::new(Inner {
            dir: dir.to_path_buf(),
            settings,
            metadata,
            catalog: RwLock::new(catalog),
            counters,
            full: AtomicBool::new(false),
            seal_failing: AtomicBool::new(false),
            progress: (Mutex::new(()), Condvar::new()),
            queries: AtomicUsize::new(0),
            helpers,
        });
        let threads = vec![
            writer::spawn(Arc::clone(&inner), received, seal).map_err(OpenError::io(dir))?,
            sealer::spawn(Arc::clone(&inner), frozen).map_err(OpenError::io(dir))?,
        ];
        Ok((
            Self {
                inner,
                commands: Some(commands),
                threads,
            },
            recovered,
        ))
    }

    /// Appends a batch; waits while the queue to the writer is full.
    ///
    /// The receipt comes once the batch is on disk. Rows whose numbers the Logstore has are not
    /// stored again.
    pub fn append(&self, batch: Batch) -> Receipt {
        let (completion, receipt) = Completion::receipt();
        self.submit(batch, FIRST_SHARD, completion);
        receipt
    }

    /// Appends a batch; `done` is called once it is on disk or refused, on the writer's thread:
    /// it must not wait.
    pub fn append_then(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<Appended, Refused>) + Send + 'static,
    ) {
        self.submit(batch, FIRST_SHARD, Completion::Call(Box::new(done)));
    }

    /// As [`append_then`](Self::append_then), into a shard of the caller's choice. What has an
    /// origin belongs into the first shard, or that of its key, which knows what it has.
    pub(crate) fn append_routed(
        &self,
        batch: Batch,
        route: Route,
        done: impl FnOnce(Result<Appended, Refused>) + Send + 'static,
    ) {
        self.submit(batch, route, Completion::Call(Box::new(done)));
    }

    /// Appends a batch unless the queue to the writer is full.
    ///
    /// # Errors
    /// The batch, when the queue is full.
    pub fn try_append(&self, batch: Batch) -> Result<Receipt, Box<Batch>> {
        let (completion, receipt) = Completion::receipt();
        let Some(pending) = self.prepare(batch, FIRST_SHARD, completion) else {
            return Ok(receipt);
        };
        let Some(commands) = &self.commands else {
            return Ok(receipt);
        };
        match commands.try_send(Command::Append(pending)) {
            Err(TrySendError::Full(Command::Append(pending))) => Err(Box::new(pending.batch)),
            _ => Ok(receipt),
        }
    }

    /// Seals every head that has rows, and returns when they are segments or cannot be.
    pub fn seal(&self) {
        let (done, wait) = bounded(1);
        if let Some(commands) = &self.commands
            && commands.send(Command::Seal(done)).is_ok()
        {
            // The writer is gone: so is everything to wait for.
            let _: Result<(), _> = wait.recv();
            self.inner.wait_for_sealer();
        }
    }

    /// The counters.
    pub fn stats(&self) -> Stats {
        self.inner.counters.read()
    }

    /// Octets on disk: segments and journals.
    pub fn disk_octets(&self) -> u64 {
        self.inner.disk_octets()
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    fn submit(&self, batch: Batch, route: Route, completion: Completion) {
        let Some(pending) = self.prepare(batch, route, completion) else {
            return;
        };
        let Some(commands) = &self.commands else {
            return;
        };
        if let Err(error) = commands.send(Command::Append(pending))
            && let Command::Append(pending) = error.into_inner()
        {
            pending.refuse(AppendError::Closed);
        }
    }

    /// Checks and encodes on the caller's thread; `None` when the batch is refused already.
    fn prepare(&self, batch: Batch, route: Route, completion: Completion) -> Option<Box<Pending>> {
        let refuse = |completion: Completion, batch, error| {
            count(&self.inner.counters.batches_refused, 1);
            completion.complete(Err(Refused {
                error,
                batch: Some(Box::new(batch)),
            }));
            None
        };
        if let Err(error) = batch.validate() {
            return refuse(completion, batch, AppendError::Invalid(error));
        }
        let Some(shard) = self.inner.shard_for(&batch, route) else {
            let (project, logstore) = (Arc::clone(&batch.project), Arc::clone(&batch.logstore));
            return refuse(
                completion,
                batch,
                AppendError::NoSuchLogstore { project, logstore },
            );
        };
        let Some(record) = batch::encode(batch.origin.as_ref(), &batch.groups) else {
            return refuse(completion, batch, AppendError::TooLong);
        };
        Some(Box::new(Pending {
            shard,
            route,
            batch,
            record,
            completion,
        }))
    }
}

impl Drop for Logstore {
    fn drop(&mut self) {
        self.commands = None;
        for thread in self.threads.drain(..) {
            // Its panic was reported when it happened.
            let _: Result<(), _> = thread.join();
        }
    }
}

/// A query that is running; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Inner {
    /// Room for a query, if there is any.
    pub(crate) fn enter_query(&self) -> Option<Running<'_>> {
        let running = Running(&self.queries);
        let before = self.queries.fetch_add(1, Ordering::AcqRel);
        (before < self.settings.query.concurrent).then_some(running)
    }

    /// Tells those who wait for the sealer.
    pub(crate) fn sealer_moved(&self) {
        let _held = self
            .progress
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.progress.1.notify_all();
    }

    /// Waits until nothing is frozen, or the sealer fails.
    fn wait_for_sealer(&self) {
        let mut held = self
            .progress
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while self.shards().iter().any(|shard| shard.fill().frozen > 0)
            && !self.seal_failing.load(Ordering::Acquire)
        {
            held = self
                .progress
                .1
                .wait(held)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for the sealer to do anything, at most a moment.
    pub(crate) fn wait_for_progress(&self) {
        let held = self
            .progress
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Whether it was notified does not matter: the caller looks again.
        let _unused = self
            .progress
            .1
            .wait_timeout(held, std::time::Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests;
