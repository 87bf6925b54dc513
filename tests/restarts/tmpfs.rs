//! A disk that is small enough to be filled.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A file system of its own, in memory; gone when it is dropped.
#[derive(Debug)]
pub struct Tmpfs {
    place: TempDir,
}

impl Tmpfs {
    /// Mounts one; `None`, loudly, where that is not permitted. It is not required in CI either:
    /// whether a job may mount is up to the machine.
    pub fn mount(options: &str) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(place.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { place }),
            refused => {
                eprintln!("SKIPPED: no file system can be mounted here: {refused:?}");
                None
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Takes all room that is left, but for so many octets.
    pub fn fill(&self, but: u64) -> Ballast {
        let path = self.path().join("ballast");
        let mut file = File::create(&path).unwrap();
        let full = loop {
            if let Err(full) = file.write_all(&[0; 4096]) {
                break full;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(but)).unwrap();
        Ballast { path }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: what was killed a moment ago may still have files open.
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.place.path())
            .status();
    }
}

/// What takes the room; dropped, it gives it back.
#[derive(Debug)]
pub struct Ballast {
    path: PathBuf,
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
