//! All streams of a process: which there are, how far they have come, and their end.

mod check;
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flowlog_kafka::Producer;
use flowlog_logstore::Logstore;
use flowlog_record::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::book::{Book, Progress};
use crate::figures::Figures;
use crate::netflow::OwnSockets;
use crate::sls::SlsClient;
use crate::spec::{MostBacklog, Spec};
use crate::stream::{Order, lock};
pub use check::try_target;
use shared::Shared;

/// How often it is remembered how far the streams have come.
const SAVE: Duration = Duration::from_secs(1);

/// What streams need that their specs do not have.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The regions of the real service, by name.
    pub regions: BTreeMap<String, Arc<SlsClient>>,
    /// The Kafka clusters, by name.
    pub clusters: BTreeMap<String, Arc<Producer>>,
    /// How much may wait for one target.
    pub most: MostBacklog,
    /// The sockets from which NetFlow is exported are entered here.
    pub own: OwnSockets,
    /// The time.
    pub now: fn() -> Timestamp,
}

/// Why there are no streams.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The database.
    #[error("cannot use {path}: {problem}")]
    Database {
        /// Where it is.
        path: String,
        /// What is wrong.
        problem: rusqlite::Error,
    },
    /// Threads.
    #[error("cannot start the threads that deliver: {0}")]
    Threads(#[from] io::Error),
}

/// It could not be remembered which streams there are.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SetError(#[from] rusqlite::Error);

/// All streams of a process.
#[derive(Debug)]
pub struct Sink {
    shared: Arc<Shared>,
    runtime: Runtime,
    saver: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Sink {
    /// Opens the database in `path`, made if absent. The streams that it names go on when it is
    /// [said](Self::set) which there are.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn open(
        path: &Path,
        logstore: Arc<Logstore>,
        settings: Settings,
    ) -> Result<Self, SinkError> {
        let failed = |problem| SinkError::Database {
            path: path.display().to_string(),
            problem,
        };
        let book = Book::open(path).map_err(failed)?;
        let (known, unknown) = book.streams().map_err(failed)?;
        for name in unknown {
            warn!(%name, "a stream of rows is not understood; it stays where it is");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sink")
            .enable_all()
            .build()?;
        let shared = Arc::new(Shared {
            logstore,
            book,
            settings,
            resting: Mutex::new(known.into_iter().map(|it| (it.0.name(), it)).collect()),
            streams: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let saver = runtime.spawn(save_again_and_again(Arc::clone(&shared), stopped));
        Ok(Self {
            shared,
            runtime,
            saver: Some((stop, saver)),
        })
    }

    /// From now on there are these streams. A new one begins with the rows that come from now on;
    /// one that is no longer named ends when everything has arrived, and rows of a flow log whose
    /// target is another go there from where they are.
    ///
    /// # Errors
    /// What the database says; then nothing has changed.
    pub fn set(&self, wanted: Vec<Spec>) -> Result<(), SetError> {
        let names: BTreeSet<String> = wanted.iter().map(Spec::name).collect();
        let mut beginning = Vec::new();
        for spec in wanted {
            let known = lock(&self.shared.streams);
            let running = known.get(&spec.name());
            match running {
                Some(running) if *running.spec == spec && !running.has_ended() => {
                    // It may have been told to finish.
                    let _ = running.orders.send(Order::Run);
                }
                Some(running) => {
                    let progress = lock(&running.progress).clone();
                    beginning.push((spec, progress));
                }
                None => {
                    let resting = lock(&self.shared.resting);
                    let known = resting.get(&spec.name());
                    let progress = known.map(|(_, progress)| progress.clone());
                    let progress = progress.unwrap_or_else(|| self.shared.beginning(&spec));
                    beginning.push((spec, progress));
                }
            }
        }
        let saved = beginning.iter().map(|(spec, progress)| (spec, progress));
        self.shared.book.save(saved)?;
        self.finish_others(&names);
        for (spec, progress) in beginning {
            self.replace(spec, progress);
        }
        Ok(())
    }

    /// Lets those streams end that are not among `names` when everything has arrived.
    fn finish_others(&self, names: &BTreeSet<String>) {
        for (_, gone) in lock(&self.shared.streams)
            .iter()
            .filter(|(name, _)| !names.contains(*name))
        {
            let _ = gone.orders.send(Order::Finish);
        }
        let resting = std::mem::take(&mut *lock(&self.shared.resting));
        for (_, (spec, progress)) in resting
            .into_iter()
            .filter(|(name, _)| !names.contains(name))
        {
            self.shared
                .start(spec, progress, Order::Finish, &self.runtime);
        }
    }

    /// Starts a stream; another of its name is ended first, wherever it is.
    fn replace(&self, spec: Spec, progress: Progress) {
        let before = lock(&self.shared.streams).remove(&spec.name());
        let mut progress = progress;
        if let Some(before) = before {
            let _ = before.orders.send(Order::Stop(Instant::now()));
            if let Some(task) = before.task {
                task.abort();
                // It is at an await point soon; what it sent and did not note is sent again.
                let _ = self.runtime.block_on(task);
            }
            progress = lock(&before.progress).clone();
        }
        self.shared.start(spec, progress, Order::Run, &self.runtime);
    }

    /// The figures of all streams.
    pub fn figures(&self) -> Vec<Figures> {
        self.shared.figures()
    }

    /// The sockets from which NetFlow is exported.
    pub fn own_sockets(&self) -> OwnSockets {
        self.shared.settings.own.clone()
    }

    /// Whether rows of a flow log arrive wherever they go; `true` for one without streams.
    pub fn delivers(&self, flow_log: &str) -> bool {
        self.shared.delivers(flow_log)
    }

    /// Something that tells the figures for as long as there are streams.
    pub fn watcher(&self) -> Watcher {
        Watcher(Arc::downgrade(&self.shared))
    }

    /// Ends all streams: lets what has been read arrive, for so long at most, and remembers how far
    /// they have come.
    pub fn stop(mut self, patience: Duration) {
        self.runtime.block_on(async {
            let deadline = Instant::now() + patience;
            let tasks: Vec<_> = {
                let mut streams = lock(&self.shared.streams);
                let each = streams.values_mut();
                each.filter_map(|running| {
                    let _ = running.orders.send(Order::Stop(deadline));
                    running.task.take()
                })
                .collect()
            };
            for mut task in tasks {
                if timeout_at(deadline + SAVE, &mut task).await.is_err() {
                    task.abort();
                }
            }
            if let Some((stop, saver)) = self.saver.take() {
                let _ = stop.send(());
                let _ = saver.await;
            }
        });
        self.shared.save();
        self.runtime.shutdown_timeout(SAVE);
    }
}

/// Tells of a [`Sink`] that may have ended; the default is one that has.
#[derive(Clone, Debug, Default)]
pub struct Watcher(std::sync::Weak<Shared>);

impl Watcher {
    /// The figures of all streams.
    pub fn figures(&self) -> Vec<Figures> {
        let shared = self.0.upgrade();
        shared.map_or_else(Vec::new, |shared| shared.figures())
    }

    /// As [`Sink::delivers`].
    pub fn delivers(&self, flow_log: &str) -> bool {
        let shared = self.0.upgrade();
        shared.is_none_or(|shared| shared.delivers(flow_log))
    }
}

async fn save_again_and_again(shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    while tokio::time::timeout(SAVE, &mut stopped).await.is_err() {
        let shared = Arc::clone(&shared);
        let _ = tokio::task::spawn_blocking(move || shared.save()).await;
    }
}

#[cfg(test)]
mod tests;
