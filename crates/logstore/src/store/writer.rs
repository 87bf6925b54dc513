//! The one thread that appends: batches gather while it waits for the disk, and the next sync
//! serves them all.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use flowlog_journal::JournalError;
use flowlog_sls::operation::Route;

use super::busy::Busy;
use super::receipt::{Appended, Completion};
use super::reshard::{self, Change};
use super::sealer::Work;
use super::{Inner, retention};
use crate::batch::{self, Batch};
use crate::error::{AppendError, Refused};
use crate::settings::Settings;
use crate::shard::{MOST_FROZEN, Shard, Writing};
use crate::stats::count;

/// What the writer is asked for.
#[derive(Debug)]
pub(super) enum Command {
    Append(Box<Pending>),
    /// Freezes every head, then tells.
    Seal(Sender<()>),
    /// Changes the shards of a Logstore, then tells.
    Reshard(Box<Change>),
}

/// A batch on its way.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) shard: Arc<Shard>,
    pub(super) route: Route,
    pub(super) batch: Batch,
    pub(super) record: Vec<u8>,
    pub(super) completion: Completion,
}

impl Pending {
    pub(super) fn refuse(self, error: AppendError) {
        let batch = Some(Box::new(self.batch));
        self.completion.complete(Err(Refused { error, batch }));
    }
}

/// How often ages are looked at when nothing comes.
const TICK: Duration = Duration::from_millis(500);
/// The most octets of records that one sync serves.
const ROUND_OCTETS: usize = 32 << 20;

/// A batch that is in a journal but perhaps not yet on disk.
struct Written {
    completion: Completion,
    appended: Appended,
}

struct Writer {
    inner: Arc<Inner>,
    sealer: Sender<Work>,
    /// By shard: what the next sync will make durable.
    unsynced: BTreeMap<i64, (Arc<Shard>, Vec<Written>)>,
    busy: Busy,
}

/// Starts the thread; it ends when all senders of commands are gone.
pub(super) fn spawn(
    inner: Arc<Inner>,
    commands: Receiver<Command>,
    sealer: Sender<Work>,
) -> io::Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("logstore-writer".to_owned());
    thread.spawn(move || {
        let writer = Writer {
            inner,
            sealer,
            unsynced: BTreeMap::new(),
            busy: Busy::default(),
        };
        writer.run(&commands);
    })
}

impl Writer {
    fn run(mut self, commands: &Receiver<Command>) {
        loop {
            match commands.recv_timeout(TICK) {
                Ok(command) => self.round(command, commands),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.freeze_what_is_due();
            self.busy.split(&self.inner);
        }
    }

    /// Takes what has gathered, writes it, syncs once for each shard, and tells.
    fn round(&mut self, first: Command, commands: &Receiver<Command>) {
        let mut next = Some(first);
        let mut octets = 0;
        let until = self.inner.settings.clock.now() + self.inner.settings.sync_delay;
        while let Some(command) = next {
            match command {
                Command::Append(pending) => {
                    octets += pending.record.len();
                    self.append(*pending);
                }
                Command::Reshard(change) => {
                    self.sync();
                    reshard::apply(&self.inner, &change);
                }
                Command::Seal(done) => {
                    self.sync();
                    for shard in self.inner.shards() {
                        // It was counted and said.
                        drop(self.freeze(&shard));
                    }
                    // Nobody may be waiting any more.
                    let _: Result<(), _> = done.try_send(());
                }
            }
            next = if octets < ROUND_OCTETS {
                self.another(commands, until)
            } else {
                None
            };
        }
        self.sync();
    }

    /// What else the next sync can serve: what is there, or comes until then.
    fn another(&self, commands: &Receiver<Command>, until: Duration) -> Option<Command> {
        let delay = self.inner.settings.sync_delay;
        if delay.is_zero() {
            return commands.try_recv().ok();
        }
        // A clock that is set back does not make it longer.
        let left = until.saturating_sub(self.inner.settings.clock.now());
        commands.recv_timeout(left.min(delay)).ok()
    }

    fn append(&mut self, mut pending: Pending) {
        if pending.shard.is_readonly()
            && let Some(heir) = self.inner.shard_for(&pending.batch, pending.route)
        {
            // Others took over while it waited.
            pending.shard = heir;
        }
        let shard = Arc::clone(&pending.shard);
        if let Err(error) = self.make_room(&shard) {
            return self.refuse(pending, error);
        }
        let mut writing = shard.writing();
        let rows = pending.batch.rows();
        if let Err(error) = drop_repeated(&writing, &mut pending) {
            return self.refuse(pending, error);
        }
        let new = pending.batch.rows();
        let first = writing.next_cursor;
        if new > 0
            && let Err(error) = self.write(&shard, &mut writing, &mut pending)
        {
            return self.refuse(pending, error);
        }
        // What has an origin stays together, however much it is.
        if pending.batch.origin.is_none() && new > 0 {
            let now = self.inner.settings.clock.seconds();
            self.busy.wrote(shard.id, pending.record.len(), now);
        }
        let appended = Appended {
            first,
            next: writing.next_cursor,
            rows: u64::try_from(new).unwrap_or(0),
            repeated: u64::try_from(rows - new).unwrap_or(0),
        };
        drop(writing);
        let written = Written {
            completion: pending.completion,
            appended,
        };
        let unsynced = self.unsynced.entry(shard.id);
        unsynced
            .or_insert_with(|| (shard, Vec::new()))
            .1
            .push(written);
    }

    /// Into the journal, then into the head.
    fn write(
        &self,
        shard: &Arc<Shard>,
        writing: &mut Writing,
        pending: &mut Pending,
    ) -> Result<(), AppendError> {
        let received = self.inner.settings.clock.seconds();
        let Pending { record, batch, .. } = pending;
        let stored = loop {
            match writing.append(record, received, &mut batch.groups) {
                Ok(stored) => break stored,
                Err(error) if error.is_disk_full() && !error.is_final() => {
                    if !retention::evict_oldest(&self.inner) {
                        return Err(AppendError::Full);
                    }
                }
                Err(JournalError::RecordTooLong { .. }) => return Err(AppendError::TooLong),
                Err(error) => {
                    count(&self.inner.counters.journal_failures, 1);
                    tracing::error!(shard = shard.id, %error, "cannot append to a journal");
                    return Err(AppendError::Journal(error));
                }
            }
        };
        if let Some(origin) = &batch.origin {
            writing.mark(origin);
        }
        count(
            &self.inner.counters.journal_octets,
            u64::try_from(record.len()).unwrap_or(0),
        );
        shard.note_journal(writing);
        shard.push(stored);
        Ok(())
    }

    /// Makes durable what was written, and tells.
    fn sync(&mut self) {
        for (shard, written) in std::mem::take(&mut self.unsynced).into_values() {
            let mut writing = shard.writing();
            count(&self.inner.counters.journal_syncs, 1);
            let outcome = writing.sync();
            if outcome.is_ok() {
                shard.is_durable_before(writing.next_cursor);
            }
            drop(writing);
            match outcome {
                Ok(()) => self.acknowledge(written),
                Err(error) => self.lose(&shard, written, &error),
            }
        }
    }

    fn acknowledge(&self, written: Vec<Written>) {
        for Written {
            completion,
            appended,
        } in written
        {
            count(&self.inner.counters.batches, 1);
            count(&self.inner.counters.rows, appended.rows);
            count(&self.inner.counters.rows_repeated, appended.repeated);
            completion.complete(Ok(appended));
        }
    }

    /// The disk has failed, and the journal has cut off what it does not know to be there.
    fn lose(&self, shard: &Shard, written: Vec<Written>, error: &JournalError) {
        count(&self.inner.counters.journal_failures, 1);
        tracing::error!(shard = shard.id, %error, "cannot sync a journal; it takes no more");
        if let Some(first) = written.first() {
            drop(shard.take_back(first.appended.first));
        }
        for Written { completion, .. } in written {
            count(&self.inner.counters.batches_refused, 1);
            let error = AppendError::Journal(error.clone());
            completion.complete(Err(Refused { error, batch: None }));
        }
    }

    fn refuse(&self, pending: Pending, error: AppendError) {
        let counters = &self.inner.counters;
        let counter = match error {
            AppendError::Full => &counters.batches_refused_full,
            _ => &counters.batches_refused,
        };
        count(counter, 1);
        pending.refuse(error);
    }

    /// Waits while memory is full and the sealer is behind; what was written before is made durable
    /// first, so that nobody waits for it meanwhile.
    fn make_room(&mut self, shard: &Arc<Shard>) -> Result<(), AppendError> {
        let Settings {
            seal_octets,
            memory,
            ..
        } = self.inner.settings;
        loop {
            if shard.is_closed() {
                return Err(AppendError::Closed);
            }
            if self.inner.full.load(Ordering::Acquire) {
                return Err(AppendError::Full);
            }
            let own = shard.fill();
            let is_full = own.head >= seal_octets;
            if !is_full && self.inner.memory() < memory {
                return Ok(());
            }
            let next = if is_full {
                (own.frozen < MOST_FROZEN).then(|| Arc::clone(shard))
            } else {
                self.inner.largest_head()
            };
            self.sync();
            if let Some(next) = next {
                self.freeze(&next).map_err(AppendError::Journal)?;
            } else if self.inner.seal_failing.load(Ordering::Acquire) {
                return Err(AppendError::Full);
            } else {
                self.inner.wait_for_progress();
            }
        }
    }

    fn freeze_what_is_due(&self) {
        let now = self.inner.settings.clock.seconds();
        let age = self.inner.settings.seal_age.as_secs();
        for shard in self.inner.shards() {
            let fill = shard.fill();
            let old = fill
                .since
                .is_some_and(|since| u64::from(now.saturating_sub(since)) >= age);
            let due = old || fill.head >= self.inner.settings.seal_octets;
            if due && fill.frozen < MOST_FROZEN && !shard.writing().has_failed() {
                // It was counted and said.
                drop(self.freeze(&shard));
            }
        }
    }

    /// Hands the head to the sealer.
    fn freeze(&self, shard: &Arc<Shard>) -> Result<(), JournalError> {
        let mut writing = shard.writing();
        let frozen = shard.freeze(&mut writing);
        shard.note_journal(&writing);
        drop(writing);
        match frozen {
            Ok(None) => Ok(()),
            Ok(Some(frozen)) => {
                let work = Work {
                    shard: Arc::clone(shard),
                    frozen,
                };
                if self.sealer.send(work).is_err() {
                    // Its thread has died: nothing will ever be sealed again.
                    self.inner.seal_failing.store(true, Ordering::Release);
                }
                Ok(())
            }
            Err(error) => {
                count(&self.inner.counters.journal_failures, 1);
                tracing::error!(shard = shard.id, %error, "cannot begin a new journal file");
                Err(error)
            }
        }
    }
}

/// Takes the rows out whose numbers are stored already.
fn drop_repeated(writing: &Writing, pending: &mut Pending) -> Result<(), AppendError> {
    let Some(origin) = &pending.batch.origin else {
        return Ok(());
    };
    let known = writing.known(origin);
    if origin.first >= known {
        return Ok(());
    }
    pending.batch.drop_below(known);
    let record = batch::encode(pending.batch.origin.as_ref(), &pending.batch.groups);
    pending.record = record.ok_or(AppendError::TooLong)?;
    Ok(())
}
