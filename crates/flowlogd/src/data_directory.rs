//! The data directory: everything the daemon keeps, for one daemon at a time.
//!
//! Guarantees: the directory has mode 0700 and is locked while [`DataDirectory`] lives; its files
//! are written whole or not at all; what it is (partitions, secret hash key) is drawn once and never
//! changes. Other commands read [`credentials`] without the lock.

mod file;
mod hexadecimal;
#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use flowlog_access::AccessKey;
use flowlog_record::HashKey;
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// The format of the directory that this program writes.
const FORMAT: u32 = 1;
/// Partitions of a new directory: Exporters hash to them, workers own them.
const PARTITIONS: u16 = 64;

const LOCK: &str = "lock";
const IDENTITY: &str = "identity.toml";
const EPOCH: &str = "epoch";
const CREDENTIALS: &str = "credentials.toml";

/// Why a data directory cannot be used, as one sentence for whoever starts the daemon.
#[derive(Debug, thiserror::Error)]
pub enum DataDirectoryError {
    /// Another daemon has it.
    #[error(
        "{} is in use by another flowlogd ({}); stop that one, or give this one another directory \
         with --data",
        path.display(), holder_text(*holder)
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The process that has it, if it says so.
        holder: Option<u32>,
    },
    /// The disk is full.
    #[error(
        "{} cannot be written: no space is left on its disk; free some, or put \"data\" (--data) on \
         another disk",
        path.display()
    )]
    Full {
        /// The file or directory.
        path: PathBuf,
    },
    /// It cannot be made, read or written.
    #[error(
        "{} cannot be {doing}: {problem}; run as a user who may do that, or point \"data\" (--data) \
         at another directory",
        path.display()
    )]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What failed: `made`, `read`, `written`, `locked`.
        doing: &'static str,
        /// What the system says.
        problem: io::Error,
    },
    /// A file in it is not what this program wrote.
    #[error(
        "{} is damaged: {problem}; restore it from a backup, or begin with an empty directory",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// It was written by a later version.
    #[error(
        "{} has format {found}, this program knows formats up to {FORMAT}; run the version that \
         wrote it",
        path.display()
    )]
    TooNew {
        /// The file that says so.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// It has files, and none of them is ours.
    #[error(
        "{} is not empty and no data directory of flowlogd; name another one with \"data\" or --data",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
    },
    /// There are no credentials yet.
    #[error(
        "{} does not exist and the configuration has no [[access_key]]; start the daemon once, or \
         name its configuration and directory with --config and --data",
        path.display()
    )]
    NoCredentials {
        /// Where they would be.
        path: PathBuf,
    },
}

/// What a data directory is, from its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The format of the directory.
    pub format: u32,
    /// Partitions that Exporters hash to. Rows carry the number, so it never changes.
    pub partitions: u16,
    /// The key of all tables that strangers can fill.
    #[serde(with = "hexadecimal")]
    pub hash_key: HashKey,
}

/// How the root access key came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootKey {
    /// The configuration has it.
    Configured(AccessKey),
    /// An earlier start generated it.
    Found(AccessKey),
    /// It was generated now, into this file: say where.
    Generated(AccessKey, PathBuf),
}

impl RootKey {
    /// The key.
    pub fn key(&self) -> &AccessKey {
        match self {
            Self::Configured(key) | Self::Found(key) | Self::Generated(key, _) => key,
        }
    }
}

/// A data directory that is ours as long as this lives.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    identity: Identity,
    /// Held for its lock, which the system releases with the last handle, however we end.
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory if it is not there, closes it to others, locks it and reads what it is.
    ///
    /// # Errors
    /// [`DataDirectoryError`]: in use, not writable, full, damaged, or of a later format.
    pub fn open(path: &Path) -> Result<Self, DataDirectoryError> {
        let unusable = |doing| move |problem| unusable(path, doing, problem);
        (DirBuilder::new().recursive(true).mode(0o700).create(path)).map_err(unusable("made"))?;
        // nobody's home directory is closed to others because of a slip of the hand
        let mut entries = fs::read_dir(path).map_err(unusable("read"))?;
        if entries.next().is_some() && !path.join(LOCK).exists() {
            return Err(DataDirectoryError::NotOurs {
                path: path.to_owned(),
            });
        }
        let mode = fs::metadata(path)
            .map_err(unusable("read"))?
            .permissions()
            .mode();
        if mode & 0o777 != 0o700 {
            fs::set_permissions(path, Permissions::from_mode(0o700))
                .map_err(unusable("closed to other users"))?;
        }
        let lock = lock(path)?;
        let identity = identity(path)?;
        Ok(Self {
            path: path.to_owned(),
            identity,
            _lock: lock,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A place in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What it is.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// How many partitions its Exporters hash to.
    pub fn partitions(&self) -> NonZeroU16 {
        NonZeroU16::new(self.identity.partitions).unwrap_or(NonZeroU16::MIN)
    }

    /// Begins an epoch: a number that no earlier start had, from 1. It is on the disk when this
    /// returns, so that row ids of different starts never meet.
    ///
    /// # Errors
    /// [`DataDirectoryError`]: not writable, full, or damaged.
    pub fn begin_epoch(&self) -> Result<u64, DataDirectoryError> {
        let path = self.join(EPOCH);
        let before = match file::read(&path)? {
            None => 0,
            Some(text) => text
                .trim()
                .parse()
                .map_err(|_| DataDirectoryError::Damaged {
                    path: path.clone(),
                    problem: "it holds no number".to_owned(),
                })?,
        };
        let epoch = u64::saturating_add(before, 1);
        file::write(&path, format!("{epoch}\n").as_bytes())?;
        Ok(epoch)
    }

    /// The root access key: the first configured one, else that of `credentials.toml`, which is
    /// made if it is not there.
    ///
    /// # Errors
    /// [`DataDirectoryError`]: not readable or writable, full, or damaged.
    pub fn root_key(&self, config: &Config) -> Result<RootKey, DataDirectoryError> {
        if let Some(key) = config.root_keys().next() {
            return Ok(RootKey::Configured(key.clone()));
        }
        let path = self.join(CREDENTIALS);
        if let Some(text) = file::read(&path)? {
            return parse_credentials(&path, &text).map(RootKey::Found);
        }
        let mut octets = [0; 64];
        draw(&path, &mut octets)?;
        let key = AccessKey::generate(&octets);
        let text = format!(
            "# The root access key of this directory, generated on the first start. Whoever has it \
             may do everything.\nid = \"{}\"\nsecret = \"{}\"\n",
            key.id,
            key.secret.expose()
        );
        file::write(&path, text.as_bytes())?;
        Ok(RootKey::Generated(key, path))
    }
}

/// The root access key for a command beside the daemon: the first configured one, else that of
/// `credentials.toml` in `data`.
///
/// # Errors
/// [`DataDirectoryError`]: none there yet, not readable, or damaged.
pub fn credentials(data: &Path, config: &Config) -> Result<AccessKey, DataDirectoryError> {
    if let Some(key) = config.root_keys().next() {
        return Ok(key.clone());
    }
    let path = data.join(CREDENTIALS);
    match file::read(&path)? {
        Some(text) => parse_credentials(&path, &text),
        None => Err(DataDirectoryError::NoCredentials { path }),
    }
}

fn parse_credentials(path: &Path, text: &str) -> Result<AccessKey, DataDirectoryError> {
    // what serde says could hold the secret
    toml::from_str(text).map_err(|_| DataDirectoryError::Damaged {
        path: path.to_owned(),
        problem: "it holds no id and secret".to_owned(),
    })
}

/// Locks the directory and writes our process id beside the lock, for the error of the next one.
fn lock(directory: &Path) -> Result<File, DataDirectoryError> {
    let path = directory.join(LOCK);
    let written = |problem| unusable(&path, "written", problem);
    let mut file = file::options(&path).map_err(written)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = (&file).take(32).read_to_string(&mut holder);
            return Err(DataDirectoryError::InUse {
                path: directory.to_owned(),
                holder: read.ok().and_then(|_| holder.trim().parse().ok()),
            });
        }
        Err(TryLockError::Error(problem)) => return Err(unusable(&path, "locked", problem)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(written)?;
    Ok(file)
}

fn identity(directory: &Path) -> Result<Identity, DataDirectoryError> {
    let path = directory.join(IDENTITY);
    let Some(text) = file::read(&path)? else {
        return new_identity(&path);
    };
    let damaged = |problem: String| DataDirectoryError::Damaged {
        path: path.clone(),
        problem,
    };
    // a later format may have other keys: its number is read first
    let table: toml::Table = (text.parse()).map_err(|_| damaged("it is no TOML".to_owned()))?;
    let format = table.get("format").and_then(toml::Value::as_integer);
    if let Some(found) = format.and_then(|format| u32::try_from(format).ok())
        && found > FORMAT
    {
        return Err(DataDirectoryError::TooNew { path, found });
    }
    let identity: Identity =
        (table.try_into()).map_err(|error: toml::de::Error| damaged(error.message().to_owned()))?;
    if identity.partitions == 0 {
        return Err(damaged("it has no partitions".to_owned()));
    }
    Ok(identity)
}

fn new_identity(path: &Path) -> Result<Identity, DataDirectoryError> {
    let mut octets = [0; 32];
    draw(path, &mut octets)?;
    let mut words = octets
        .as_chunks()
        .0
        .iter()
        .map(|word| u64::from_be_bytes(*word));
    let identity = Identity {
        format: FORMAT,
        partitions: PARTITIONS,
        hash_key: HashKey([(); 4].map(|()| words.next().unwrap_or_default())),
    };
    let text = toml::to_string(&identity).map_err(|problem| DataDirectoryError::Damaged {
        path: path.to_owned(),
        problem: problem.to_string(),
    })?;
    let text = format!("# What this directory is. Never change it: rows depend on it.\n{text}");
    file::write(path, text.as_bytes())?;
    Ok(identity)
}

/// Octets of the system's generator.
fn draw(path: &Path, octets: &mut [u8]) -> Result<(), DataDirectoryError> {
    getrandom::fill(octets).map_err(|problem| {
        unusable(
            path,
            "drawn at random",
            io::Error::other(problem.to_string()),
        )
    })
}

fn unusable(path: &Path, doing: &'static str, problem: io::Error) -> DataDirectoryError {
    let path = path.to_owned();
    match problem.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            DataDirectoryError::Full { path }
        }
        _ => DataDirectoryError::Unusable {
            path,
            doing,
            problem,
        },
    }
}

fn holder_text(holder: Option<u32>) -> String {
    match holder {
        Some(pid) => format!("process {pid}"),
        None => "its process is not known".to_owned(),
    }
}
