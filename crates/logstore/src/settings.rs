//! What can be chosen about a Logstore, and the clock it reads.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What can be chosen when a Logstore is opened. The defaults suit a collector with a few GiB of
/// memory.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A head is sealed into a segment when it has this many octets in memory. Larger: fewer and
    /// better compressed segments, more memory and a longer replay after a crash. 64 MiB.
    pub seal_octets: usize,
    /// All heads together may have this many octets in memory, those that wait to be sealed
    /// included; beyond it the largest are sealed early, and appends wait for it. 512 MiB.
    pub memory: usize,
    /// A head is sealed when its first rows are this old, however few they are. 5 minutes.
    pub seal_age: Duration,
    /// All segments and journals together may take this much of the disk; beyond it the oldest
    /// segments are deleted, and when there are none, appends are refused. `None`: no limit but
    /// the disk's own, where the same is done when it is full.
    pub disk_budget: Option<u64>,
    /// Batches that may wait for the writer; when there are more, [`crate::Logstore::append`]
    /// waits and [`crate::Logstore::try_append`] gives the batch back. 64.
    pub queue: usize,
    /// How long a sync may wait for more batches that it could serve; the disk's own latency comes
    /// on top. More: fewer syncs for many small writers, each of whom waits longer. 0.
    pub sync_delay: Duration,
    /// What requests over HTTP, and the answers to pulls, may hold in memory together, octets; more
    /// wait for it. A body counts with what becomes of it, about five times its size before
    /// compression; one that is made to be costly may take three times that. 256 MiB.
    pub requests: usize,
    /// How segments are compressed.
    pub compression: Compression,
    /// Rows of a row group: the unit in which a query skips and reads. 65,536.
    pub row_group_rows: usize,
    /// What a query may take.
    pub query: QueryLimits,
    /// The clock: receive times, ages, deadlines of ttl.
    pub clock: Clock,
}

/// How segments are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// LZ4 blocks: the fastest to read and write.
    Lz4,
    /// Zstandard, level 1: smaller, a little slower.
    Zstd,
}

/// What one query, and all queries together, may take.
#[derive(Clone, Copy, Debug)]
pub struct QueryLimits {
    /// A search that takes longer is answered as `Incomplete`, SQL is refused. 30 s.
    pub deadline: Duration,
    /// The memory of SQLite, of all queries together; SQLite refuses everything in this process
    /// beyond twice as much. 256 MiB.
    pub sql_memory: u64,
    /// The most rows of a result. 1,000,000.
    pub rows: usize,
    /// The most octets of a result. 64 MiB.
    pub octets: usize,
    /// Queries that run at the same time; others are refused. 4.
    pub concurrent: usize,
    /// Threads that may help queries, all of them together: the more, the sooner a large query is
    /// answered, and the less processor is left to what collects and seals meanwhile. Half of the
    /// processors, at least 1.
    pub helpers: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seal_octets: 64 << 20,
            memory: 512 << 20,
            seal_age: Duration::from_mins(5),
            disk_budget: None,
            queue: 64,
            sync_delay: Duration::ZERO,
            requests: 256 << 20,
            compression: Compression::Zstd,
            row_group_rows: 1 << 16,
            query: QueryLimits::default(),
            clock: Clock::system(),
        }
    }
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            sql_memory: 256 << 20,
            rows: 1_000_000,
            octets: 64 << 20,
            concurrent: 4,
            helpers: processors().div_ceil(2),
        }
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Where the Logstore reads the time of day: the system, or a test.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the edge reads the clock, here alone"
        )]
        Self::new(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
        })
    }

    /// A clock that says what `now` says: the time since 1970-01-01T00:00:00Z.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time since the epoch.
    pub fn now(&self) -> Duration {
        (self.0)()
    }

    /// Seconds of the epoch, at most those of 2106, where 32 bits end.
    pub(crate) fn seconds(&self) -> u32 {
        u32::try_from(self.now().as_secs()).unwrap_or(u32::MAX)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({}s)", self.seconds())
    }
}
