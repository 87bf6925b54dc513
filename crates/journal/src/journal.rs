//! The journal: one writer on a directory of segments.

#[cfg(test)]
mod model;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::file::{Disk, SegmentFile};
use crate::frame::{self, size};
use crate::header::{self, FIRST_FRAME, SegmentHeader};
use crate::read::{Records, Span};
use crate::recovery::{Segment, Survey, survey};
use crate::{JournalError, Position, Recovery};

pub use settings::Settings;

/// The write buffer keeps no more than this between records.
const BUFFER_KEPT: usize = 1024 * 1024;

/// A segmented, checksummed log of opaque records with consecutive positions.
///
/// A record is *appended* (with the kernel: it outlives the process, not a power cut), then
/// *durable* (on disk) by [`sync`](Self::sync). The directory is locked while the journal lives.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    directory: File,
    disk: Disk,
    settings: Settings,
    /// Complete and durable, oldest first.
    closed: VecDeque<Segment>,
    active: Segment,
    file: Arc<SegmentFile>,
    next: Position,
    /// Every record before it is on disk, and so many octets of the active segment.
    durable: Position,
    durable_octets: u64,
    failed: Option<JournalError>,
    buffer: Vec<u8>,
}

/// A sync that has begun: what it will have made durable.
#[derive(Debug)]
pub(crate) struct Sync {
    file: Arc<SegmentFile>,
    upto: Position,
    octets: u64,
}

impl Sync {
    /// Waits for the disk; the journal may be appended to meanwhile.
    pub(crate) fn run(&self) -> Result<(), JournalError> {
        self.file.sync()
    }
}

impl Journal {
    /// Opens the journal in `dir` (made with mode 0700 if absent), cuts a torn tail and says what
    /// was found. All records found are durable afterwards.
    ///
    /// # Errors
    /// [`JournalError::Io`], [`JournalError::InUse`], [`JournalError::UnknownVersion`].
    pub fn open(dir: &Path, settings: Settings) -> Result<(Self, Recovery), JournalError> {
        let directory = lock(dir)?;
        let mut survey = survey(dir)?;
        let disk = Disk::default();
        for path in &survey.unfinished {
            fs::remove_file(path).map_err(JournalError::io("remove", path))?;
        }
        let (active, file) = if let Some(active) = survey.segments.pop() {
            let file = mend(&active, &survey, &disk)?;
            (active, file)
        } else {
            let header = SegmentHeader {
                first: settings.first_position,
                previous_end: settings.first_position,
            };
            create_segment(dir, header, &disk)?
        };
        sync_directory(&directory, dir)?;
        let mut recovery = survey.recovery;
        let mut journal = Self {
            dir: dir.to_path_buf(),
            directory,
            disk,
            closed: survey.segments.into(),
            next: active.end,
            durable: active.end,
            durable_octets: active.octets,
            active,
            file: Arc::new(file),
            failed: None,
            buffer: Vec::new(),
            settings,
        };
        if journal.next < journal.settings.first_position {
            journal.begin_segment(journal.settings.first_position)?;
        }
        recovery.first = journal.first();
        recovery.next = journal.next;
        Ok((journal, recovery))
    }

    /// Appends one record, gathered from `parts`, and returns its position. Not yet durable.
    ///
    /// # Errors
    /// [`JournalError::RecordTooLong`]; [`JournalError::Io`] (disk full and the like: nothing of
    /// the record stays, it may be tried again); [`JournalError::Failed`].
    pub fn append(&mut self, parts: &[&[u8]]) -> Result<Position, JournalError> {
        self.refuse_after_failure()?;
        let position = self.next;
        let after = position.next().ok_or(JournalError::PositionsExhausted)?;
        let limit = self.settings.record_octets_max;
        let mut buffer = std::mem::take(&mut self.buffer);
        let written =
            frame::encode(&mut buffer, position, parts, limit).and_then(|()| self.write(&buffer));
        let octets = size(buffer.len());
        buffer.clear();
        buffer.shrink_to(BUFFER_KEPT);
        self.buffer = buffer;
        let offset = written?;
        self.active.push(position, offset, octets);
        self.next = after;
        Ok(position)
    }

    /// Makes all appended records durable; returns the position behind the last of them.
    ///
    /// # Errors
    /// [`JournalError::Failed`], now and ever after: what was not durable is cut off, and the
    /// journal must be opened again.
    pub fn sync(&mut self) -> Result<Position, JournalError> {
        self.refuse_after_failure()?;
        if let Some(sync) = self.begin_sync() {
            let outcome = sync.run();
            self.finish_sync(&sync, outcome)?;
        }
        Ok(self.durable)
    }

    /// Closes the segment that is being written, unless it is empty, so that
    /// [`free_before`](Self::free_before) can free all that is in the journal now.
    ///
    /// # Errors
    /// As [`append`](Self::append) and [`sync`](Self::sync).
    pub fn roll(&mut self) -> Result<(), JournalError> {
        self.refuse_after_failure()?;
        if self.active.end > self.active.first {
            self.begin_segment(self.next)?;
        }
        Ok(())
    }

    /// Deletes the closed segments in which every record stands before `position`; returns how
    /// many octets of disk that gave back.
    ///
    /// # Errors
    /// [`JournalError::Io`]: what was deleted is deleted, the rest stays; may be tried again.
    pub fn free_before(&mut self, position: Position) -> Result<u64, JournalError> {
        let mut freed = 0_u64;
        while let Some(oldest) = self.closed.front().filter(|oldest| oldest.end <= position) {
            match fs::remove_file(&oldest.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(JournalError::io("remove", &oldest.path)(error));
                }
                _ => freed = freed.saturating_add(oldest.octets),
            }
            self.closed.pop_front();
        }
        if freed > 0 {
            sync_directory(&self.directory, &self.dir)?;
        }
        Ok(freed)
    }

    /// The records from `from` on that are in the journal now, durable or not, in order. Later
    /// appends do not disturb the reading and are not part of it. Records that are damaged or
    /// freed meanwhile are left out: the positions tell.
    pub fn read(&self, from: Position) -> Records {
        let segments = self.closed.iter().chain([&self.active]);
        let spans = segments
            .filter(|segment| segment.end > from && segment.end > segment.first)
            .map(|segment| Span::of(segment, from))
            .collect();
        Records::new(spans, from)
    }

    /// Where the oldest segment begins: no record before it can be read.
    pub fn first(&self) -> Position {
        self.closed.front().unwrap_or(&self.active).first
    }

    /// The position that the next record will have.
    pub const fn next(&self) -> Position {
        self.next
    }

    /// Every record before this position is on disk.
    pub const fn durable(&self) -> Position {
        self.durable
    }

    /// Octets of all segment files.
    pub fn disk_octets(&self) -> u64 {
        let segments = self.closed.iter().chain([&self.active]);
        segments.map(|segment| segment.octets).sum()
    }

    /// Number of segment files.
    pub fn segments(&self) -> usize {
        self.closed.len().saturating_add(1)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The failure after which the journal refuses everything, if there was one.
    pub const fn failure(&self) -> Option<&JournalError> {
        self.failed.as_ref()
    }

    /// Whether a record of `octets` octets would begin a new segment, and thus sync the old one.
    pub(crate) fn would_roll(&self, octets: u64) -> bool {
        let frame = octets.saturating_add(size(frame::FRAME_HEADER));
        self.active.end > self.active.first
            && self.active.octets.saturating_add(frame) > self.settings.segment_octets
    }

    /// What [`Sync::run`] must bring to disk; `None` when all is there.
    pub(crate) fn begin_sync(&self) -> Option<Sync> {
        (self.durable < self.next).then(|| Sync {
            file: Arc::clone(&self.file),
            upto: self.next,
            octets: self.active.octets,
        })
    }

    /// Takes note of how [`Sync::run`] ended. No segment may have begun in between: one
    /// descriptor's write error is reported to one `fdatasync` only.
    pub(crate) fn finish_sync(
        &mut self,
        sync: &Sync,
        outcome: Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.refuse_after_failure()?;
        match outcome {
            Ok(()) => {
                self.durable = sync.upto;
                self.durable_octets = sync.octets;
                Ok(())
            }
            Err(cause) => Err(self.fail(cause)),
        }
    }

    /// Writes a frame behind the last one, in a new segment if it is time; returns its offset.
    fn write(&mut self, frame: &[u8]) -> Result<u64, JournalError> {
        if self.would_roll(size(frame.len().saturating_sub(frame::FRAME_HEADER))) {
            self.begin_segment(self.next)?;
        }
        let offset = self.active.octets;
        let Err(error) = self.file.write_all(frame, offset) else {
            return Ok(offset);
        };
        // A part of the frame may be there. If it cannot be taken back, the end is unknown.
        match self.file.set_len(offset) {
            Ok(()) => Err(error),
            Err(cause) => Err(self.fail(cause)),
        }
    }

    /// Brings the active segment to disk and goes on in a new one from `first`.
    fn begin_segment(&mut self, first: Position) -> Result<(), JournalError> {
        self.sync()?;
        let header = SegmentHeader {
            first,
            previous_end: self.next,
        };
        let (segment, file) = create_segment(&self.dir, header, &self.disk)?;
        if let Err(cause) = sync_directory(&self.directory, &self.dir) {
            // The new segment may come back after a crash and would end the old one there.
            return Err(self.fail(cause));
        }
        self.file = Arc::new(file);
        self.closed
            .push_back(std::mem::replace(&mut self.active, segment));
        self.next = first;
        self.durable = first;
        self.durable_octets = self.active.octets;
        Ok(())
    }

    /// Gives up: cuts off what is not known to be on disk, so that nothing is found again that
    /// its writer was told had failed.
    fn fail(&mut self, cause: JournalError) -> JournalError {
        let failed = JournalError::Failed {
            cause: Arc::new(cause),
        };
        self.failed = Some(failed.clone());
        if self.file.set_len(self.durable_octets).is_ok() {
            self.active.octets = self.durable_octets;
        }
        failed
    }

    #[cfg(test)]
    pub(crate) fn faults(&self) -> Arc<crate::file::faults::Faults> {
        Arc::clone(&self.disk.faults)
    }

    fn refuse_after_failure(&self) -> Result<(), JournalError> {
        self.failed.clone().map_or(Ok(()), Err)
    }
}

/// Makes the directory if need be, and takes it for this journal.
fn lock(dir: &Path) -> Result<File, JournalError> {
    if !dir.is_dir() {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(dir)
            .map_err(JournalError::io("create", dir))?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            let directory = File::open(parent).map_err(JournalError::io("open", parent))?;
            sync_directory(&directory, parent)?;
        }
    }
    let directory = File::open(dir).map_err(JournalError::io("open", dir))?;
    match directory.try_lock() {
        Ok(()) => Ok(directory),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
            dir: dir.to_path_buf(),
        }),
        Err(TryLockError::Error(error)) => Err(JournalError::io("lock", dir)(error)),
    }
}

fn sync_directory(directory: &File, path: &Path) -> Result<(), JournalError> {
    directory.sync_all().map_err(JournalError::io("sync", path))
}

/// Opens the last segment for writing: without its torn tail, with a good header, on disk.
fn mend(active: &Segment, survey: &Survey, disk: &Disk) -> Result<SegmentFile, JournalError> {
    let file = SegmentFile::open(&active.path, disk)?;
    if let Some(header) = survey.header {
        file.write_all(&header.encode(), 0)?;
    }
    file.set_len(active.octets)?;
    file.sync()?;
    Ok(file)
}

/// Makes a segment that is on disk with its header before it has its name, so that a crash leaves
/// a whole segment or none. The directory is left to the caller.
fn create_segment(
    dir: &Path,
    header: SegmentHeader,
    disk: &Disk,
) -> Result<(Segment, SegmentFile), JournalError> {
    let unfinished = dir.join(header::unfinished_name(header.first));
    let path = dir.join(header::file_name(header.first));
    let make = || {
        let file = SegmentFile::create(&unfinished, disk)?;
        file.write_all(&header.encode(), 0)?;
        file.set_len(FIRST_FRAME)?;
        file.sync()?;
        fs::rename(&unfinished, &path).map_err(JournalError::io("rename", &unfinished))?;
        Ok(file.renamed(&path))
    };
    match make() {
        Ok(file) => Ok((Segment::new(path, header.first), file)),
        Err(error) => {
            // Opening the journal removes it too, should this fail.
            drop(fs::remove_file(&unfinished));
            Err(error)
        }
    }
}
