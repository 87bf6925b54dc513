//! One segment file: the few calls that are made on it, and where tests let them fail.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
#[cfg(test)]
use std::sync::Arc;

use crate::JournalError;

/// A segment file that is written at offsets which the journal knows.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    file: File,
    path: PathBuf,
    #[cfg(test)]
    faults: Arc<faults::Faults>,
}

impl SegmentFile {
    pub(crate) fn create(path: &Path, disk: &Disk) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(JournalError::io("create", path))?;
        Ok(Self::new(file, path, disk))
    }

    pub(crate) fn open(path: &Path, disk: &Disk) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(JournalError::io("open", path))?;
        Ok(Self::new(file, path, disk))
    }

    /// Tells the file its new name.
    pub(crate) fn renamed(mut self, path: &Path) -> Self {
        self.path = path.to_path_buf();
        self
    }

    /// All of `octets` at `offset`, or an error; then any part of them may be there.
    pub(crate) fn write_all(&self, octets: &[u8], offset: u64) -> Result<(), JournalError> {
        self.write_all_raw(octets, offset)
            .map_err(JournalError::io("write", &self.path))
    }

    /// Waits until what was written is on disk.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        self.sync_raw()
            .map_err(JournalError::io("sync", &self.path))
    }

    /// Cuts or extends the file.
    pub(crate) fn set_len(&self, octets: u64) -> Result<(), JournalError> {
        self.set_len_raw(octets)
            .map_err(JournalError::io("truncate", &self.path))
    }

    fn set_len_raw(&self, octets: u64) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_set_len()?;
        self.file.set_len(octets)
    }

    fn sync_raw(&self) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_sync()?;
        self.file.sync_data()
    }

    fn write_all_raw(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        #[cfg(test)]
        if let Some((allowed, error)) = self.faults.before_write(octets) {
            self.file.write_all_at(allowed, offset)?;
            return Err(error);
        }
        self.file.write_all_at(octets, offset)
    }

    #[cfg(not(test))]
    fn new(file: File, path: &Path, _: &Disk) -> Self {
        Self {
            file,
            path: path.to_path_buf(),
        }
    }

    #[cfg(test)]
    fn new(file: File, path: &Path, disk: &Disk) -> Self {
        Self {
            file,
            path: path.to_path_buf(),
            faults: Arc::clone(&disk.faults),
        }
    }
}

/// The disk under a journal; in tests it can be told to fail.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    #[cfg(test)]
    pub(crate) faults: Arc<faults::Faults>,
}

#[cfg(test)]
pub(crate) mod faults {
    //! Faults that a disk shows when a test asks for them.

    use std::io;
    use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

    const EIO: i32 = 5;
    const ENOSPC: i32 = 28;

    #[derive(Debug)]
    pub(crate) struct Faults {
        /// Octets that can still be written; negative: no limit.
        pub(crate) room: AtomicI64,
        pub(crate) sync_fails: AtomicBool,
        pub(crate) set_len_fails: AtomicBool,
        pub(crate) syncs: AtomicU64,
    }

    impl Default for Faults {
        fn default() -> Self {
            Self {
                room: AtomicI64::new(-1),
                sync_fails: AtomicBool::new(false),
                set_len_fails: AtomicBool::new(false),
                syncs: AtomicU64::new(0),
            }
        }
    }

    impl Faults {
        pub(crate) fn before_write<'a>(&self, octets: &'a [u8]) -> Option<(&'a [u8], io::Error)> {
            let room = usize::try_from(self.room.load(Ordering::SeqCst)).ok()?;
            let left = room.checked_sub(octets.len());
            self.room
                .store(i64::try_from(left.unwrap_or(0)).unwrap(), Ordering::SeqCst);
            match left {
                Some(_) => None,
                None => Some((&octets[..room], io::Error::from_raw_os_error(ENOSPC))),
            }
        }

        pub(crate) fn before_sync(&self) -> io::Result<()> {
            self.syncs.fetch_add(1, Ordering::SeqCst);
            failing(&self.sync_fails)
        }

        pub(crate) fn before_set_len(&self) -> io::Result<()> {
            failing(&self.set_len_fails)
        }
    }

    fn failing(switch: &AtomicBool) -> io::Result<()> {
        if switch.load(Ordering::SeqCst) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        Ok(())
    }
}
