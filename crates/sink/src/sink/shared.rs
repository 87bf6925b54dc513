//! The streams of a process while they run: their beginning, what is remembered of them, their end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use flowlog_logstore::{Logstore, SPOOL};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, warn};

use super::Settings;
use crate::book::{Book, Known, Progress};
use crate::figures::{Counters, Figures};
use crate::kafka::KafkaTarget;
use crate::netflow::NetflowTarget;
use crate::sls::SlsTarget;
use crate::source::Source;
use crate::spec::{Destination, Spec};
use crate::stream::{Order, Setting, Stream, lock};
use crate::target::Target;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) logstore: Arc<Logstore>,
    pub(super) book: Book,
    pub(super) settings: Settings,
    /// Streams of an earlier process, until somebody says which there are.
    pub(super) resting: Mutex<BTreeMap<String, Known>>,
    pub(super) streams: Mutex<BTreeMap<String, Running>>,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) spec: Arc<Spec>,
    pub(super) counters: Arc<Counters>,
    pub(super) progress: Arc<Mutex<Progress>>,
    /// As it was remembered last.
    pub(super) saved: Progress,
    pub(super) orders: watch::Sender<Order>,
    /// Whether everything had arrived when it ended; absent while its target is unknown.
    pub(super) task: Option<JoinHandle<bool>>,
    /// Closed when it has ended.
    pub(super) end: watch::Receiver<()>,
}

impl Running {
    /// Whether it delivers nothing more, whatever it is told: it may not have been forgotten yet.
    pub(super) fn has_ended(&self) -> bool {
        self.task.as_ref().is_some_and(JoinHandle::is_finished)
    }
}

impl Shared {
    /// How far a stream has come that begins now.
    pub(super) fn beginning(&self, spec: &Spec) -> Progress {
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

    pub(super) fn start(&self, spec: Spec, progress: Progress, order: Order, runtime: &Runtime) {
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
    pub(super) fn before(&self, spec: &Spec) -> Vec<watch::Receiver<()>> {
        let (name, line) = (spec.name(), spec.line());
        let streams = lock(&self.streams);
        let others = streams.values();
        others
            .filter(|it| it.spec.line() == line && it.spec.name() != name)
            .map(|it| it.end.clone())
            .collect()
    }

    pub(super) fn target(&self, spec: &Spec, saved: Option<&str>) -> Option<Target> {
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

    pub(super) fn delivers(&self, flow_log: &str) -> bool {
        let streams = lock(&self.streams);
        let mut of_it = streams.values().filter(|it| *it.spec.flow_log == *flow_log);
        of_it.all(|running| running.task.is_some() && !running.counters.is_failing())
    }

    pub(super) fn figures(&self) -> Vec<Figures> {
        let streams = lock(&self.streams);
        let figures = |running: &Running| running.counters.figures(&running.spec);
        streams.values().map(figures).collect()
    }

    /// Remembers how far the streams have come, forgets those that have ended, and gives back what
    /// they no longer need.
    pub(super) fn save(&self) {
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

    pub(super) fn forget(&self, name: &str, spec: &Spec, spools: &BTreeMap<(Arc<str>, u32), i64>) {
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
