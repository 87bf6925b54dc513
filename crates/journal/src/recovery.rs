//! What a directory holds when a journal is opened: good records, and what was lost.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::frame::size;
use crate::header::{self, FIRST_FRAME, HeaderFound, SEGMENT_HEADER, SegmentHeader};
use crate::scan::{ReadAt, Scan, Step};
use crate::{JournalError, Position};

/// How many places of damage are listed one by one.
const DAMAGE_LISTED: usize = 64;
/// How far apart the known offsets in a segment are: what a reader must walk to begin anywhere.
const MARK_OCTETS: u64 = 256 * 1024;

/// What was found in a journal's directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Where the oldest segment begins: no record before it is left.
    pub first: Position,
    /// The position behind the last good record.
    pub next: Position,
    /// Good records.
    pub records: u64,
    /// What the end of the last segment lost.
    pub torn_tail: Option<TornTail>,
    /// Other places of damage, in order; the first 64 of them.
    pub damage: Vec<Damage>,
    /// All places of damage, the torn tail not among them.
    pub damaged_places: u64,
    /// Records that are missing between `first` and `next`.
    pub lost_records: u64,
    /// Octets of headers and frames that could not be read, the torn tail not among them.
    pub lost_octets: u64,
}

/// What a death in the middle of a write left behind the last good record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The last segment.
    pub segment: PathBuf,
    /// Where the tail begins.
    pub offset: u64,
    /// How long it is. [`Journal::open`](crate::Journal::open) cuts it; [`recover`] does not.
    pub octets: u64,
}

/// Octets before the journal's end that are not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub segment: PathBuf,
    /// Where in it.
    pub offset: u64,
    /// How many octets cannot be read; 0 when the file ends too early or is missing.
    pub octets: u64,
    /// How many records are lost with them; 0 for a segment header, which can be done without.
    pub records: u64,
}

/// Looks at a journal without changing anything: what [`Journal::open`](crate::Journal::open)
/// would find. Takes any file content.
///
/// # Errors
/// [`JournalError::Io`] when the directory or a segment cannot be read,
/// [`JournalError::UnknownVersion`].
pub fn recover(dir: &Path) -> Result<Recovery, JournalError> {
    survey(dir).map(|survey| survey.recovery)
}

/// A segment as the journal remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    /// The first record's position, and the one behind the last.
    pub(crate) first: Position,
    pub(crate) end: Position,
    /// The length of the file; of the last one, of its good part.
    pub(crate) octets: u64,
    /// Known offsets of records, ascending.
    marks: Vec<(Position, u64)>,
}

impl Segment {
    pub(crate) fn new(path: PathBuf, first: Position) -> Self {
        Self {
            path,
            first,
            end: first,
            octets: FIRST_FRAME,
            marks: Vec::new(),
        }
    }

    /// Takes note of a record at the end.
    pub(crate) fn push(&mut self, position: Position, offset: u64, octets: u64) {
        let last = self.marks.last().map(|&(_, offset)| offset);
        if last.is_none_or(|last| offset.saturating_sub(last) >= MARK_OCTETS) {
            self.marks.push((position, offset));
        }
        self.octets = offset.saturating_add(octets);
        self.end = position.next().unwrap_or(position);
    }

    /// The last known record at or before `position`.
    pub(crate) fn seek(&self, position: Position) -> (Position, u64) {
        let behind = self.marks.partition_point(|&(mark, _)| mark <= position);
        behind
            .checked_sub(1)
            .and_then(|at| self.marks.get(at).copied())
            .unwrap_or((self.first, FIRST_FRAME))
    }
}

/// All that opening a journal needs to know.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub(crate) recovery: Recovery,
    pub(crate) segments: Vec<Segment>,
    /// Segments whose making was cut short; nothing is in them.
    pub(crate) unfinished: Vec<PathBuf>,
    /// The last segment's header is bad and must be written anew, as this.
    pub(crate) header: Option<SegmentHeader>,
}

pub(crate) fn survey(dir: &Path) -> Result<Survey, JournalError> {
    let mut survey = Survey::default();
    let names = survey.list(dir)?;
    let mut names = names.into_iter().peekable();
    if let Some(&(first, _)) = names.peek() {
        survey.recovery.first = first;
        survey.recovery.next = first;
    }
    while let Some((first, path)) = names.next() {
        let next = names.peek().map(|&(first, _)| first);
        survey.visit(path, first, next)?;
    }
    Ok(survey)
}

impl Survey {
    fn list(&mut self, dir: &Path) -> Result<BTreeMap<Position, PathBuf>, JournalError> {
        let mut segments = BTreeMap::new();
        for entry in fs::read_dir(dir).map_err(JournalError::io("list", dir))? {
            let entry = entry.map_err(JournalError::io("list", dir))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(first) = header::first_position(name) {
                segments.insert(first, entry.path());
            } else if header::is_unfinished(name) {
                self.unfinished.push(entry.path());
            }
        }
        self.unfinished.sort();
        Ok(segments)
    }

    /// Walks over one segment; `next` is where the one behind it begins, if there is one.
    fn visit(
        &mut self,
        path: PathBuf,
        first: Position,
        next: Option<Position>,
    ) -> Result<(), JournalError> {
        let file = File::open(&path).map_err(JournalError::io("open", &path))?;
        let metadata = file.metadata().map_err(JournalError::io("read", &path))?;
        let mut segment = Segment::new(path, first);
        let reading = |error| JournalError::io("read", &segment.path)(error);
        let header = read_header(&file).map_err(reading)?;
        self.enter_header(&segment, header, metadata.len(), next.is_none())?;

        let mut scan = Scan::new(file, FIRST_FRAME, metadata.len(), first).until(next);
        loop {
            match scan.step() {
                Ok(Step::Record {
                    position,
                    offset,
                    payload,
                }) => {
                    let frame = size(crate::frame::FRAME_HEADER.saturating_add(payload.len()));
                    segment.push(position, offset, frame);
                    self.recovery.records = self.recovery.records.saturating_add(1);
                }
                Ok(Step::Damaged { offset, octets }) => self.damaged(&segment, offset, octets, 1),
                Ok(Step::Lost { offset, octets }) if next.is_none() => {
                    self.recovery.torn_tail = Some(TornTail {
                        segment: segment.path.clone(),
                        offset,
                        octets,
                    });
                }
                Ok(Step::Lost { offset, octets }) => self.damaged(&segment, offset, octets, 0),
                Ok(Step::End) => break,
                Err(error) => return Err(JournalError::io("read", &segment.path)(error)),
            }
        }
        if next.is_some() {
            segment.octets = metadata.len();
        }
        self.recovery.next = segment.end;
        self.segments.push(segment);
        Ok(())
    }

    /// Judges a segment's header, and with it what is missing before the segment.
    fn enter_header(
        &mut self,
        segment: &Segment,
        found: HeaderFound,
        octets: u64,
        last: bool,
    ) -> Result<(), JournalError> {
        let before = self.recovery.next;
        let previous_end = match found {
            HeaderFound::UnknownVersion(version) => {
                return Err(JournalError::UnknownVersion {
                    path: segment.path.clone(),
                    version,
                    known: header::VERSION,
                });
            }
            HeaderFound::Good(header) if header.first == segment.first => Some(header.previous_end),
            HeaderFound::Good(_) | HeaderFound::Damaged => None,
        };
        if !self.segments.is_empty() {
            self.missing(previous_end.unwrap_or(segment.first).since(before));
        }
        if previous_end.is_some() {
            return Ok(());
        }
        if last {
            self.header = Some(SegmentHeader {
                first: segment.first,
                previous_end: before,
            });
        }
        if last && octets < FIRST_FRAME {
            self.recovery.torn_tail = Some(TornTail {
                segment: segment.path.clone(),
                offset: 0,
                octets,
            });
        } else {
            self.damaged(segment, 0, octets.min(FIRST_FRAME), 0);
        }
        Ok(())
    }

    /// `records` are missing at the end of the newest segment that was visited.
    fn missing(&mut self, records: u64) {
        let Some(segment) = self.segments.last() else {
            return;
        };
        if records == 0 {
            return;
        }
        let at_its_end = |damage: &&mut Damage| {
            damage.segment == segment.path
                && damage.offset.saturating_add(damage.octets) == segment.octets
        };
        self.recovery.lost_records = self.recovery.lost_records.saturating_add(records);
        if let Some(damage) = self.recovery.damage.last_mut().filter(at_its_end) {
            damage.records = damage.records.saturating_add(records);
            return;
        }
        let (segment, offset) = (segment.path.clone(), segment.octets);
        self.list_damage(Damage {
            segment,
            offset,
            octets: 0,
            records,
        });
    }

    fn damaged(&mut self, segment: &Segment, offset: u64, octets: u64, records: u64) {
        let recovery = &mut self.recovery;
        recovery.lost_octets = recovery.lost_octets.saturating_add(octets);
        recovery.lost_records = recovery.lost_records.saturating_add(records);
        self.list_damage(Damage {
            segment: segment.path.clone(),
            offset,
            octets,
            records,
        });
    }

    fn list_damage(&mut self, damage: Damage) {
        let recovery = &mut self.recovery;
        recovery.damaged_places = recovery.damaged_places.saturating_add(1);
        if recovery.damage.len() < DAMAGE_LISTED {
            recovery.damage.push(damage);
        }
    }
}

fn read_header(file: &File) -> std::io::Result<HeaderFound> {
    let mut octets = [0; SEGMENT_HEADER];
    let mut filled = 0;
    while let Some(room) = octets.get_mut(filled..).filter(|room| !room.is_empty()) {
        match ReadAt::read_at(file, room, size(filled)) {
            Ok(0) => break,
            Ok(read) => filled = filled.saturating_add(read),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(SegmentHeader::parse(octets.get(..filled).unwrap_or(&[])))
}
