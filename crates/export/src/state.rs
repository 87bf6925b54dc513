//! What must outlive a restart: numbers and the clock, so that collectors see no gap and no boot.
//!
//! Postcard, behind a version. Templates are not saved: after a restart each is sent again before
//! the first record that needs it.

use alloc::vec::Vec;
use core::fmt;

use flowlog_record::{ObservationDomain, Timestamp};
use serde::{Deserialize, Serialize};

use crate::process::ExportingProcess;
use crate::settings::{Protocol, Settings};

/// The first field of every saved state; another number is not read.
const VERSION: u16 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u16,
    protocol: Protocol,
    domain: ObservationDomain,
    sequence: u32,
    boot: Option<Timestamp>,
}

/// Why saved state was not taken; [`ExportingProcess::new`] is the way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is not what `save` wrote.
    Damaged,
    /// Another version of this program wrote it.
    Version(u16),
    /// It is of another protocol or Observation Domain, whose numbers are others.
    OtherStream,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => f.write_str("saved state is damaged"),
            Self::Version(version) => {
                write!(
                    f,
                    "saved state has version {version}, this program reads {VERSION}"
                )
            }
            Self::OtherStream => f.write_str("saved state is of another protocol or domain"),
        }
    }
}

impl core::error::Error for RestoreError {}

impl ExportingProcess {
    /// The number of the next message and the boot, as octets.
    ///
    /// To be saved when nothing more is sent. State that is older than the last message gives its
    /// numbers a second time, which look late to a collector: who cannot know that it is not begins
    /// anew instead, which looks like a restart and is one.
    pub fn save(&self) -> Vec<u8> {
        let saved = Saved {
            version: VERSION,
            protocol: self.settings.protocol,
            domain: self.settings.domain,
            sequence: self.sequence,
            boot: self.boot,
        };
        // Encoding into memory fails for no value of these types.
        postcard::to_allocvec(&saved).unwrap_or_default()
    }

    /// What [`save`](Self::save) wrote, going on under `settings`. No connection outlives a restart:
    /// over TCP the numbers begin at 0 with the one that follows.
    ///
    /// # Errors
    /// [`RestoreError`]; nothing of such state is used.
    pub fn restore(octets: &[u8], settings: Settings) -> Result<Self, RestoreError> {
        let (version, _) =
            postcard::take_from_bytes::<u16>(octets).map_err(|_| RestoreError::Damaged)?;
        if version != VERSION {
            return Err(RestoreError::Version(version));
        }
        let saved: Saved = postcard::from_bytes(octets).map_err(|_| RestoreError::Damaged)?;
        if (saved.protocol, saved.domain) != (settings.protocol, settings.domain) {
            return Err(RestoreError::OtherStream);
        }
        let sequence = match settings.protocol {
            Protocol::IpfixTcp => 0,
            _ => saved.sequence,
        };
        Ok(Self {
            sequence,
            boot: saved.boot,
            ..Self::new(settings)
        })
    }
}

#[cfg(test)]
mod tests;
