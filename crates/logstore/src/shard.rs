//! One shard: its journal, its head in memory, its segments, and how they follow each other.
//!
//! ```text
//! append ─► journal ─► head ─┬─► (full or old) frozen ─► segment ─► metadata ─► journal freed
//!                            └─► queries see head, frozen and segments as one
//! ```
//!
//! The writer's thread alone appends and freezes; the sealer's thread alone makes segments of what
//! is frozen; queries take a [`Snapshot`] and hold no lock while they read.

mod files;
mod journal;
mod pull;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use flowlog_sls::KeyRange;

use crate::batch::Group;
use crate::error::OpenError;
use crate::metadata::{Mark, Metadata, SegmentRow, ShardRow};
use crate::segment::Segment;

use files::remove_unknown;

pub(crate) use files::set_aside;
pub(crate) use journal::{MOST_SEQUENCES, Replayed, Writing};
pub(crate) use pull::{Most, Pulled, Unreadable};

/// Frozen heads that may wait for the sealer before appends have to wait too.
pub(crate) const MOST_FROZEN: usize = 2;

/// A LogGroup with its cursor.
#[derive(Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) cursor: i64,
    /// Seconds of the epoch.
    pub(crate) received: u32,
    /// The least and the greatest time of its rows.
    pub(crate) times: (u32, u32),
    pub(crate) group: Group,
}

impl Stored {
    pub(crate) fn new(cursor: i64, received: u32, group: Group) -> Self {
        let least = group.time.iter().min().copied().unwrap_or(0);
        let greatest = group.time.iter().max().copied().unwrap_or(0);
        Self {
            cursor,
            received,
            times: (least, greatest),
            group,
        }
    }
}

/// What was a head and waits to become a segment.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) groups: Vec<Arc<Stored>>,
    /// The journal's position behind the last of the groups.
    pub(crate) position: u64,
    pub(crate) marks: Vec<Mark>,
    octets: usize,
}

/// A shard.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) id: i64,
    pub(crate) dir: PathBuf,
    /// As the metadata had it when the shard was opened.
    row: ShardRow,
    state: RwLock<State>,
    writing: Mutex<Writing>,
    /// The cursor behind the last LogGroup that is on disk.
    durable: AtomicI64,
    /// Others have taken over: it takes no more.
    readonly: AtomicBool,
    /// The Logstore was deleted.
    closed: AtomicBool,
    journal_octets: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    segments: Vec<Arc<Segment>>,
    frozen: Vec<Arc<Frozen>>,
    head: Vec<Arc<Stored>>,
    head_octets: usize,
}

/// How much of a shard is in memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fill {
    /// Octets of the head.
    pub(crate) head: usize,
    /// When the first `LogGroup` of the head was received.
    pub(crate) since: Option<u32>,
    /// Frozen heads, and their octets.
    pub(crate) frozen: usize,
    pub(crate) frozen_octets: usize,
}

/// What a query sees: everything that was appended when it was taken, each row once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// Of which shard.
    pub(crate) shard: i64,
    /// By cursor.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// By cursor, all behind the segments.
    pub(crate) groups: Vec<Arc<Stored>>,
}

/// What was found when a shard was opened.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) replayed: Replayed,
    /// Files that a death left behind, before the metadata knew them.
    pub(crate) removed_files: u64,
    /// Segments whose files are missing or have another length.
    pub(crate) set_aside: Vec<PathBuf>,
}

impl Shard {
    /// Opens the shard's directory: replays the journal behind the last segment.
    pub(crate) fn open(
        row: &ShardRow,
        dir: PathBuf,
        metadata: &Metadata,
    ) -> Result<(Self, Found), OpenError> {
        fs::create_dir_all(&dir).map_err(OpenError::io(&dir))?;
        let mut found = Found::default();
        let known = metadata.segments(row.id)?;
        let mut state = State::default();
        for segment in &known {
            let segment = Segment::known(&dir, segment.clone());
            let octets = fs::metadata(segment.path()).map(|file| file.len());
            if octets.is_ok_and(|octets| octets == segment.row().octets) {
                state.segments.push(Arc::new(segment));
            } else {
                found.set_aside.push(set_aside(&segment, metadata)?);
            }
        }
        found.removed_files = remove_unknown(&dir, &known)?;
        let marks = metadata.marks(row.id)?;
        let (writing, groups, replayed) = Writing::open(row, &dir, marks)?;
        found.replayed = replayed;
        state.head_octets = groups.iter().map(|stored| stored.group.octets()).sum();
        state.head = groups;
        let shard = Self {
            id: row.id,
            dir,
            row: row.clone(),
            durable: AtomicI64::new(writing.next_cursor),
            readonly: AtomicBool::new(row.readonly),
            journal_octets: AtomicU64::new(writing.disk_octets()),
            state: RwLock::new(state),
            writing: Mutex::new(writing),
            closed: AtomicBool::new(false),
        };
        Ok((shard, found))
    }

    /// Its number within the Logstore.
    pub(crate) fn number(&self) -> u32 {
        self.row.number
    }

    /// The keys that it takes.
    pub(crate) fn range(&self) -> KeyRange {
        self.row.range
    }

    /// As the metadata had it when the shard was opened.
    pub(crate) fn row(&self) -> &ShardRow {
        &self.row
    }

    /// The cursor behind the last LogGroup that is on disk.
    pub(crate) fn durable(&self) -> i64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Everything before `cursor` is on disk.
    pub(crate) fn is_durable_before(&self, cursor: i64) {
        self.durable.fetch_max(cursor, Ordering::AcqRel);
    }

    /// Whether others have taken over.
    pub(crate) fn is_readonly(&self) -> bool {
        self.readonly.load(Ordering::Acquire)
    }

    /// Others take over.
    pub(crate) fn set_readonly(&self) {
        self.readonly.store(true, Ordering::Release);
    }

    /// What queries may see now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let frozen = state.frozen.iter().flat_map(|frozen| &frozen.groups);
        Snapshot {
            shard: self.id,
            segments: state.segments.clone(),
            groups: frozen.chain(&state.head).cloned().collect(),
        }
    }

    /// The journal and what belongs to it.
    pub(crate) fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the rows of each origin are stored, as of the last append.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        self.writing().marks()
    }

    /// Lets queries see `LogGroup`s.
    pub(crate) fn push(&self, groups: Vec<Arc<Stored>>) {
        self.change(|state| {
            state.head_octets += groups
                .iter()
                .map(|stored| stored.group.octets())
                .sum::<usize>();
            state.head.extend(groups);
        });
    }

    /// Takes the `LogGroup`s from `cursor` on out of the head: the journal has lost them.
    pub(crate) fn take_back(&self, cursor: i64) -> Vec<Arc<Stored>> {
        self.change(|state| {
            let at = state.head.partition_point(|stored| stored.cursor < cursor);
            let lost = state.head.split_off(at);
            let octets: usize = lost.iter().map(|stored| stored.group.octets()).sum();
            state.head_octets = state.head_octets.saturating_sub(octets);
            lost
        })
    }

    /// How much of it is in memory.
    pub(crate) fn fill(&self) -> Fill {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Fill {
            head: state.head_octets,
            since: state.head.first().map(|stored| stored.received),
            frozen: state.frozen.len(),
            frozen_octets: state.frozen.iter().map(|frozen| frozen.octets).sum(),
        }
    }

    /// Sets the head aside for the sealer. The journal begins a new file, so that all before it
    /// can be freed.
    pub(crate) fn freeze(
        &self,
        writing: &mut Writing,
    ) -> Result<Option<Arc<Frozen>>, flowlog_journal::JournalError> {
        let position = writing.roll()?;
        let marks = writing.marks();
        Ok(self.change(|state| {
            if state.head.is_empty() {
                return None;
            }
            let groups = std::mem::take(&mut state.head);
            let octets = std::mem::take(&mut state.head_octets);
            let frozen = Arc::new(Frozen {
                groups,
                position,
                marks,
                octets,
            });
            state.frozen.push(Arc::clone(&frozen));
            Some(frozen)
        }))
    }

    /// The metadata names the segment: queries read it instead of what was frozen.
    pub(crate) fn sealed(&self, frozen: &Arc<Frozen>, segment: Segment) {
        self.change(|state| {
            state.frozen.retain(|waiting| !Arc::ptr_eq(waiting, frozen));
            state.segments.push(Arc::new(segment));
        });
    }

    /// Drops what was frozen of a shard that is no more.
    pub(crate) fn thaw(&self, frozen: &Arc<Frozen>) {
        self.change(|state| state.frozen.retain(|waiting| !Arc::ptr_eq(waiting, frozen)));
    }

    /// Takes segments out of sight.
    pub(crate) fn forget(&self, gone: &[SegmentRow]) -> Vec<Arc<Segment>> {
        self.change(|state| {
            let gone = |segment: &Arc<Segment>| gone.contains(segment.row());
            let taken = state
                .segments
                .iter()
                .filter(|segment| gone(segment))
                .cloned()
                .collect();
            state.segments.retain(|segment| !gone(segment));
            taken
        })
    }

    /// The neighbours among the segments that `choose` picks, those that are to stay apart aside.
    pub(crate) fn run_of_segments(
        &self,
        choose: impl Fn(&[SegmentRow]) -> Option<std::ops::Range<usize>>,
    ) -> Vec<Arc<Segment>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let runs = state.segments.split(|segment| segment.is_apart());
        for run in runs {
            let rows: Vec<_> = run.iter().map(|segment| segment.row().clone()).collect();
            if let Some(chosen) = choose(&rows).and_then(|range| run.get(range)) {
                return chosen.to_vec();
            }
        }
        Vec::new()
    }

    /// The metadata names `segment` instead of those that are gone.
    pub(crate) fn merged(&self, gone: &[SegmentRow], segment: Segment) {
        self.change(|state| {
            state.segments.retain(|old| !gone.contains(old.row()));
            let first = segment.row().first;
            let at = state
                .segments
                .partition_point(|old| old.row().first < first);
            state.segments.insert(at, Arc::new(segment));
        });
    }

    /// The segments by cursor.
    pub(crate) fn segments(&self) -> Vec<SegmentRow> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state
            .segments
            .iter()
            .map(|segment| segment.row().clone())
            .collect()
    }

    /// Octets of the journal's files, as of the last append.
    pub(crate) fn journal_octets(&self) -> u64 {
        self.journal_octets.load(Ordering::Relaxed)
    }

    pub(crate) fn note_journal(&self, writing: &Writing) {
        self.journal_octets
            .store(writing.disk_octets(), Ordering::Relaxed);
    }

    /// Takes no more appends and seals no more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }
}
