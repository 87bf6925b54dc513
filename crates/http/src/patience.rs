//! A connection whose other end has to read what it asked for.
//!
//! An answer is held in memory until it is sent; whoever asks for much and does not read it would
//! keep it there. Without progress the connection ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Octets that the other end has to take while it is waited for once.
const LEAST: usize = 64 << 10;

/// A stream on which a write that makes no progress fails.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    stream: S,
    patience: Duration,
    waiting: Option<Waiting>,
}

/// Since the other end was waited for.
#[derive(Debug)]
struct Waiting {
    end: Pin<Box<Sleep>>,
    /// Octets that it has taken meanwhile.
    taken: usize,
}

impl<S> Patient<S> {
    /// A stream whose other end may take `patience` for 64 KiB, or for what is left.
    pub(crate) const fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            waiting: None,
        }
    }

    /// The outcome of a write, unless it has waited too long.
    fn written(
        &mut self,
        outcome: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(outcome) = outcome {
            let taken = outcome.as_ref().copied().unwrap_or_default();
            if let Some(waiting) = &mut self.waiting {
                waiting.taken += taken;
            }
            if self
                .waiting
                .as_ref()
                .is_some_and(|waiting| waiting.taken >= LEAST)
            {
                self.waiting = None;
            }
            return Poll::Ready(outcome);
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            end: Box::pin(sleep(patience)),
            taken: 0,
        });
        ready!(waiting.end.as_mut().poll(cx));
        let message = "the other end does not read what it asked for";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, message)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.written(outcome, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written(outcome, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Is asked for when everything was written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        if outcome.is_ready() {
            self.waiting = None;
        }
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
