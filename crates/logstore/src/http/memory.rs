//! The memory that requests may take together: who needs more waits, in the order of coming.

use std::sync::Arc;

use flowlog_sls::{Error, ErrorCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Octets of one permit.
const UNIT: usize = 1024;

/// What is left of the memory.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    free: Arc<Semaphore>,
    all: u32,
}

impl Memory {
    pub(super) fn new(octets: usize) -> Self {
        let most = Semaphore::MAX_PERMITS.min(usize::try_from(u32::MAX).unwrap_or(usize::MAX));
        let units = (octets / UNIT).clamp(1, most);
        Self {
            free: Arc::new(Semaphore::new(units)),
            all: u32::try_from(units).unwrap_or(u32::MAX),
        }
    }

    /// How many permits stand for so many octets.
    pub(super) fn permits(&self, octets: usize) -> usize {
        let all = usize::try_from(self.all).unwrap_or(usize::MAX);
        octets.div_ceil(UNIT).clamp(1, all)
    }

    /// Waits for room; what needs more than there is at all waits until it is alone.
    ///
    /// # Errors
    /// `ServerBusy` when the server is stopping.
    pub(super) async fn take(&self, octets: usize) -> Result<OwnedSemaphorePermit, Error> {
        let units = u32::try_from(self.permits(octets)).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.free).acquire_many_owned(units).await;
        taken.map_err(|_| Error::new(ErrorCode::ServerBusy, "the server is stopping"))
    }
}
