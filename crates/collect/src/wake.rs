//! Ending the wait of a [`Receiver`](crate::Receiver) from another thread.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys;

/// What is added to the event's counter: not zero, and far from the limit, in either byte order.
const ONE_WAKE: [u8; 8] = [0, 0, 0, 1, 1, 0, 0, 0];

/// A handle by which any thread makes a receiver return at once. Clones wake the same receiver.
#[derive(Clone, Debug)]
pub struct Waker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Looked at before every call, so that a receiver under load is woken as well.
    woken: AtomicBool,
    /// Ends the waiting.
    event: File,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        let inner = Inner {
            woken: AtomicBool::new(false),
            event: File::from(sys::event()?),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Makes the running call of [`Receiver::receive`](crate::Receiver::receive), or else the
    /// next one, return [woken](crate::Received::woken). Several wakes before that are one.
    pub fn wake(&self) {
        if !self.inner.woken.swap(true, Ordering::AcqRel) {
            // The only refusal is a counter at its limit, which wakes just as well.
            drop((&self.inner.event).write(&ONE_WAKE));
        }
    }

    /// Whether somebody has woken the receiver since the last time; `signalled`: the event says so.
    pub(crate) fn take(&self, signalled: bool) -> bool {
        if !signalled && !self.inner.woken.load(Ordering::Acquire) {
            return false;
        }
        // The event is emptied even if the flag was taken before the event came.
        drop((&self.inner.event).read(&mut [0; 8]));
        self.inner.woken.swap(false, Ordering::AcqRel) || signalled
    }

    pub(crate) fn event(&self) -> BorrowedFd<'_> {
        self.inner.event.as_fd()
    }
}
