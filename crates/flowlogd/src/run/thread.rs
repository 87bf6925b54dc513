//! Threads whose death is noticed, and what the daemon's own thread is told.

use std::thread::{Builder, JoinHandle, panicking};

use crossbeam_channel::Sender;

use super::StartError;

/// What the daemon's own thread is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A signal came.
    Signal(i32),
    /// The control API wants other flow logs.
    FlowLogs,
    /// Every partition works by this generation of the control API's flow logs.
    Applied(u64),
    /// Something without which the daemon is of no use has ended; what, as a sentence.
    Broken(String),
}

/// Starts a thread; if it panics, the daemon hears of it.
///
/// # Errors
/// When the system has no room for another thread.
pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    events: &Sender<Event>,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, StartError> {
    let notice = Notice {
        name: name.to_owned(),
        events: events.clone(),
    };
    Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let _notice = notice;
            body()
        })
        .map_err(StartError::system("a thread"))
}

/// Tells of a panic when it is dropped by one.
struct Notice {
    name: String,
    events: Sender<Event>,
}

impl Drop for Notice {
    fn drop(&mut self) {
        if panicking() {
            let problem = format!("the thread \"{}\" has died", self.name);
            // Without anybody who listens the process is at its end anyway.
            let _ = self.events.send(Event::Broken(problem));
        }
    }
}

#[cfg(test)]
mod tests;
