//! The state that a planned stop leaves and the next start takes up.
//!
//! One directory `state` in the data directory: `book`, which names resources and flow logs in the
//! order of their numbers, one file for each partition, and one for the merger behind them. It is written beside and renamed, so it
//! is whole or absent; every file ends with its checksum. What is taken up is removed once the
//! daemon is ready: after an unplanned death there is none, and a new epoch begins.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flowlog_flowlog::{Definition, ResourceId};
use serde::{Deserialize, Serialize};

/// The format of the files; another one is not read.
const FORMAT: u16 = 2;
const BOOK: &str = "book";
const MERGER: &str = "merger";

/// What the numbers in saved partitions mean.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Book {
    format: u16,
    /// The epoch of the row ids.
    pub(crate) epoch: u64,
    /// How many partitions there are.
    pub(crate) partitions: u16,
    /// Those whose state was lost with their worker; the number behind the last one is the merger.
    #[serde(default)]
    pub(crate) missing: Vec<u16>,
    /// The resources, in the order of their indices.
    pub(crate) resources: Vec<ResourceId>,
    /// The flow logs, in the order of their indices; those that are gone too.
    pub(crate) flow_logs: Vec<Definition>,
}

/// State as it was found.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) book: Book,
    /// One for each partition, in order; `None` for those that are missing.
    pub(crate) partitions: Vec<Option<Vec<u8>>>,
    /// The merger, unless it is missing.
    pub(crate) merger: Option<Vec<u8>>,
}

/// Why state that is there cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SavedError {
    #[error("{}: {problem}", path.display())]
    Unreadable { path: PathBuf, problem: io::Error },
    #[error("{}: its checksum is wrong", path.display())]
    Damaged { path: PathBuf },
    #[error("{}: it is of format {format}, this program reads {FORMAT}", path.display())]
    Format { path: PathBuf, format: u16 },
}

impl Book {
    pub(crate) fn new(
        epoch: u64,
        partitions: u16,
        resources: Vec<ResourceId>,
        flow_logs: Vec<Definition>,
    ) -> Self {
        Self {
            format: FORMAT,
            epoch,
            partitions,
            missing: Vec::new(),
            resources,
            flow_logs,
        }
    }

    /// The file of a partition, or of the merger behind them.
    fn file(&self, number: u16) -> String {
        if number == self.partitions {
            return MERGER.to_owned();
        }
        partition_file(number)
    }
}

/// The directory that holds saved state.
pub(crate) fn directory(data: &Path) -> PathBuf {
    data.join("state")
}

/// The state that was saved, `None` when there is none.
///
/// # Errors
/// [`SavedError`] when it is there and cannot be used.
pub(crate) fn read(dir: &Path) -> Result<Option<Saved>, SavedError> {
    let path = dir.join(BOOK);
    if !dir.exists() {
        return Ok(None);
    }
    let damaged = |path: &Path| SavedError::Damaged {
        path: path.to_owned(),
    };
    let book: Book = serde_json::from_slice(&checked(&path)?).map_err(|_| damaged(&path))?;
    if book.format != FORMAT {
        return Err(SavedError::Format {
            path,
            format: book.format,
        });
    }
    let state = |number| {
        let lost = book.missing.contains(&number);
        (!lost)
            .then(|| checked(&dir.join(book.file(number))))
            .transpose()
    };
    let partitions = (0..book.partitions).map(state).collect::<Result<_, _>>()?;
    let merger = state(book.partitions)?;
    Ok(Some(Saved {
        book,
        partitions,
        merger,
    }))
}

/// Writes state; `partition` gives the octets of each that is not missing in turn, at last of the
/// merger under the number behind them, so that one at a time is in memory.
///
/// # Errors
/// What the file system says; nothing half-written is ever taken up.
pub(crate) fn write(
    dir: &Path,
    book: &Book,
    mut partition: impl FnMut(u16) -> Vec<u8>,
) -> io::Result<()> {
    let beside = dir.with_extension("new");
    remove(&beside)?;
    fs::create_dir_all(&beside)?;
    for number in (0..=book.partitions).filter(|number| !book.missing.contains(number)) {
        write_checked(&beside.join(book.file(number)), &partition(number))?;
    }
    write_checked(&beside.join(BOOK), &serde_json::to_vec(book)?)?;
    File::open(&beside)?.sync_all()?;
    remove(dir)?;
    fs::rename(&beside, dir)?;
    dir.parent()
        .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// Removes state that has been taken up.
///
/// # Errors
/// What the file system says: state that stays would be taken up twice.
pub(crate) fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Puts state that cannot be used beside, under a name that says since when.
///
/// # Errors
/// What the file system says.
pub(crate) fn set_aside(dir: &Path, epoch: u64) -> io::Result<PathBuf> {
    let aside = dir.with_extension(format!("unusable-{epoch}"));
    fs::rename(dir, &aside)?;
    Ok(aside)
}

fn partition_file(number: u16) -> String {
    format!("partition-{number:05}")
}

fn checked(path: &Path) -> Result<Vec<u8>, SavedError> {
    let unreadable = |problem| SavedError::Unreadable {
        path: path.to_owned(),
        problem,
    };
    let mut octets = fs::read(path).map_err(unreadable)?;
    let damaged = || SavedError::Damaged {
        path: path.to_owned(),
    };
    let Some((content, checksum)) = octets.split_last_chunk::<4>() else {
        return Err(damaged());
    };
    if crc32fast::hash(content).to_be_bytes() != *checksum {
        return Err(damaged());
    }
    octets.truncate(octets.len().saturating_sub(4));
    Ok(octets)
}

fn write_checked(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(octets)?;
    file.write_all(&crc32fast::hash(octets).to_be_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
