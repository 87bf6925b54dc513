//! All streams of a process: which there are, how far they have come, and their end.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flowlog_kafka::Producer;
use flowlog_logstore::{Logstore, SPOOL};
use flowlog_record::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::{error, warn};

use crate::book::{Book, Known, Progress};
use crate::error::{Class, DeliveryError};
use crate::figures::{Counters, Figures};
use crate::kafka::{self, KafkaTarget};
use crate::netflow::{self, NetflowTarget, OwnSockets};
use crate::sls::{SlsClient, SlsTarget};
use crate::source::Source;
use crate::spec::{Destination, MostBacklog, Spec};
use crate::stream::{Order, Setting, Stream, lock};
use crate::target::Target;

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

#[derive(Debug)]
struct Shared {
    logstore: Arc<Logstore>,
    book: Book,
    settings: Settings,
    /// Streams of an earlier process, until somebody says which there are.
    resting: Mutex<BTreeMap<String, Known>>,
    streams: Mutex<BTreeMap<String, Running>>,
}

#[derive(Debug)]
struct Running {
    spec: Arc<Spec>,
    counters: Arc<Counters>,
    progress: Arc<Mutex<Progress>>,
    /// As it was remembered last.
    saved: Progress,
    orders: watch::Sender<Order>,
    /// Whether everything had arrived when it ended; absent while its target is unknown.
    task: Option<JoinHandle<bool>>,
    /// Closed when it has ended.
    end: watch::Receiver<()>,
}

impl Running {
    /// Whether it delivers nothing more, whatever it is told: it may not have been forgotten yet.
    fn has_ended(&self) -> bool {
        self.task.as_ref().is_some_and(JoinHandle::is_finished)
    }
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

impl Shared {
    /// How far a stream has come that begins now.
    fn beginning(&self, spec: &Spec) -> Progress {
        let shards = self.logstore.readable(&spec.project, &spec.logstore);
        let shards = shards.unwrap_or_default();
        Progress {
            shards: shards
                .iter()
                .map(|shard| (shard.number, shard.end))
                .collect(),
            target: None,
        }
    }

    fn start(&self, spec: Spec, progress: Progress, order: Order, runtime: &Runtime) {
        let spec = Arc::new(spec);
        let counters = Arc::<Counters>::default();
        let saved = progress.clone();
        let target = self.target(&spec, progress.target.as_deref());
        let before = self.before(&spec);
        let (ending, end) = watch::channel(());
        // It holds for this start alone: whoever dies without saying so begins anew.
        let progress = Arc::new(Mutex::new(Progress {
            target: None,
            ..progress
        }));
        let (orders, ordered) = watch::channel(order);
        if target.is_none() {
            error!(
                flow_log = %spec.flow_log, target = spec.to.kind(),
                "rows wait: their target is not in the configuration"
            );
        }
        let task = target.map(|target| {
            let stream = Stream::new(Setting {
                source: Source::new(Arc::clone(&self.logstore), Arc::clone(&spec)),
                spec: Arc::clone(&spec),
                target,
                most: self.settings.most,
                now: self.settings.now,
                counters: Arc::clone(&counters),
                progress: Arc::clone(&progress),
            });
            runtime.spawn(async move {
                // Dropped when it ends, however it does.
                let _ending = ending;
                match have_ended(before, ordered).await {
                    Some(ordered) => stream.run(ordered).await,
                    None => false,
                }
            })
        });
        let running = Running {
            spec: Arc::clone(&spec),
            counters,
            progress,
            saved,
            orders,
            task,
            end,
        };
        lock(&self.streams).insert(spec.name(), running);
    }

    /// The streams whose rows arrive before those of this one: the same flow log and target, read
    /// from where its rows were written before.
    fn before(&self, spec: &Spec) -> Vec<watch::Receiver<()>> {
        let (name, line) = (spec.name(), spec.line());
        let streams = lock(&self.streams);
        let others = streams.values();
        others
            .filter(|it| it.spec.line() == line && it.spec.name() != name)
            .map(|it| it.end.clone())
            .collect()
    }

    fn target(&self, spec: &Spec, saved: Option<&str>) -> Option<Target> {
        match &spec.to {
            Destination::Sls {
                region,
                project,
                logstore,
            } => {
                let client = self.settings.regions.get(region)?;
                let place = (&**project, &**logstore);
                let flow_log = Arc::clone(&spec.flow_log);
                Some(Target::Sls(SlsTarget::new(
                    Arc::clone(client),
                    place,
                    flow_log,
                )))
            }
            Destination::Netflow(collector) => {
                let own = self.settings.own.clone();
                let target = NetflowTarget::new(collector, saved, own, self.settings.now);
                Some(Target::Netflow(Box::new(target)))
            }
            Destination::Kafka { cluster } => {
                let producer = Arc::clone(self.settings.clusters.get(cluster)?);
                let flow_log = Arc::clone(&spec.flow_log);
                Some(Target::Kafka(KafkaTarget::new(producer, flow_log)))
            }
        }
    }

    fn delivers(&self, flow_log: &str) -> bool {
        let streams = lock(&self.streams);
        let mut of_it = streams.values().filter(|it| *it.spec.flow_log == *flow_log);
        of_it.all(|running| running.task.is_some() && !running.counters.is_failing())
    }

    fn figures(&self) -> Vec<Figures> {
        let streams = lock(&self.streams);
        let figures = |running: &Running| running.counters.figures(&running.spec);
        streams.values().map(figures).collect()
    }

    /// Remembers how far the streams have come, forgets those that have ended, and gives back what
    /// they no longer need.
    fn save(&self) {
        let mut streams = lock(&self.streams);
        let mut changed = Vec::new();
        for running in streams.values_mut() {
            let now = lock(&running.progress).clone();
            if now != running.saved {
                changed.push((Arc::clone(&running.spec), now.clone()));
                running.saved = now;
            }
        }
        let finished: Vec<(String, Arc<Spec>)> = streams
            .iter()
            .filter(|(_, it)| it.has_ended() && *it.orders.borrow() == Order::Finish)
            .map(|(name, it)| (name.clone(), Arc::clone(&it.spec)))
            .collect();
        for (name, _) in &finished {
            streams.remove(name);
        }
        let spools = spools(&streams);
        drop(streams);
        let saved = self
            .book
            .save(changed.iter().map(|(spec, progress)| (&**spec, progress)));
        if let Err(problem) = saved {
            warn!(%problem, "it cannot be remembered how far rows were delivered");
            return;
        }
        for (name, spec) in finished {
            self.forget(&name, &spec, &spools);
        }
        for ((spool, shard), cursor) in spools {
            // A Logstore that is gone has nothing to give back.
            let _ = self.logstore.release(&spool, shard, cursor);
        }
    }

    fn forget(&self, name: &str, spec: &Spec, spools: &BTreeMap<(Arc<str>, u32), i64>) {
        if let Err(problem) = self.book.forget(name) {
            warn!(%problem, "a stream of rows that has ended cannot be forgotten");
        }
        let is_read = spools.keys().any(|(spool, _)| *spool == spec.logstore);
        if *spec.project == *SPOOL && !is_read {
            let deleted = self.logstore.delete_logstore(SPOOL, &spec.logstore);
            if let Err(problem) = deleted {
                warn!(%problem, "the spool of a flow log that is gone cannot be removed");
            }
        }
    }
}

/// For each shard of a spool the cursor before which nobody reads any more.
fn spools(streams: &BTreeMap<String, Running>) -> BTreeMap<(Arc<str>, u32), i64> {
    let mut all: BTreeMap<(Arc<str>, u32), i64> = BTreeMap::new();
    for running in streams.values().filter(|it| *it.spec.project == *SPOOL) {
        for (shard, cursor) in &running.saved.shards {
            let spool = (Arc::clone(&running.spec.logstore), *shard);
            let least = all.entry(spool).or_insert(*cursor);
            *least = (*least).min(*cursor);
        }
    }
    all
}

/// Waits for the end of all `before`; `None` when it is said meanwhile to stop.
async fn have_ended(
    before: Vec<watch::Receiver<()>>,
    mut ordered: watch::Receiver<Order>,
) -> Option<watch::Receiver<Order>> {
    for mut end in before {
        loop {
            tokio::select! {
                changed = end.changed() => {
                    if changed.is_err() {
                        break;
                    }
                }
                changed = ordered.changed() => {
                    let is_over = matches!(*ordered.borrow(), Order::Stop(_));
                    if changed.is_err() || is_over {
                        return None;
                    }
                }
            }
        }
    }
    Some(ordered)
}

async fn save_again_and_again(shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    while tokio::time::timeout(SAVE, &mut stopped).await.is_err() {
        let shared = Arc::clone(&shared);
        let _ = tokio::task::spawn_blocking(move || shared.save()).await;
    }
}

#[cfg(test)]
mod tests;
