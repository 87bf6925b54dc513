//! A change on its way through the workers: the last one that has applied it tells the daemon.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::Sender;

use super::thread::Event;

/// A change on its way.
#[derive(Debug)]
pub(crate) struct Application {
    left: AtomicUsize,
    generation: u64,
    events: Sender<Event>,
}

impl Application {
    /// Of `generation` of the control API, through so many workers.
    pub(super) const fn new(workers: usize, generation: u64, events: Sender<Event>) -> Self {
        Self {
            left: AtomicUsize::new(workers),
            generation,
            events,
        }
    }

    /// A worker works by it with all its partitions.
    pub(super) fn worker_done(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Without anybody who listens the process is at its end anyway.
            let _ = self.events.send(Event::Applied(self.generation));
        }
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;

    #[test]
    fn the_last_worker_tells_and_no_other() {
        let (events, inbox) = unbounded();
        let application = Application::new(3, 7, events);
        application.worker_done();
        application.worker_done();
        assert!(inbox.is_empty());
        application.worker_done();
        assert_eq!(inbox.try_recv(), Ok(Event::Applied(7)));
    }
}
