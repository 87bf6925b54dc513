//! Small files that are there whole or not at all, readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{DataDirectoryError, unusable};

/// The largest file that is read: what is larger is none of ours.
const LIMIT: u64 = 64 * 1024;

/// The text of a file; `None` when it does not exist.
pub(super) fn read(path: &Path) -> Result<Option<String>, DataDirectoryError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(problem) => return Err(unusable(path, "read", problem)),
    };
    let mut text = String::new();
    match file.take(LIMIT).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(problem) if problem.kind() == io::ErrorKind::InvalidData => {
            Err(DataDirectoryError::Damaged {
                path: path.to_owned(),
                problem: "it is no text".to_owned(),
            })
        }
        Err(problem) => Err(unusable(path, "read", problem)),
    }
}

/// Writes a file, mode 0600, so that after a loss of power the old or the new one is there.
pub(super) fn write(path: &Path, octets: &[u8]) -> Result<(), DataDirectoryError> {
    let beside = path.with_extension("new");
    let written = (|| {
        let mut file = options(&beside)?;
        file.set_len(0)?;
        file.write_all(octets)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        match path.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    })();
    written.map_err(|problem| unusable(path, "written", problem))
}

/// A file for reading and writing, made with mode 0600 if it is not there.
pub(super) fn options(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}
