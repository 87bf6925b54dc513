//! The daemon's messages: structured, on standard error, times as RFC 3339 in UTC.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use jiff::Timestamp;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::{MakeWriter, format::Writer, time::FormatTime};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, reload};

use crate::config::{Log, LogFormat, LogLevel};

/// The level of the process, once messages are written at all.
static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// From now on messages of this level and above are written (reload). Does nothing before
/// [`install`].
pub fn set_level(level: LogLevel) {
    if let Some(handle) = LEVEL.get() {
        // fails only when the subscriber is gone, and then there is nobody to tell
        drop(handle.reload(filter(level)));
    }
}

/// Sends the messages of the process to standard error, for its whole life.
///
/// # Errors
/// When that was done before.
pub fn install(settings: &Log) -> Result<(), TryInitError> {
    let (level, handle) = reload::Layer::new(filter(settings.level));
    let colours = io::stderr().is_terminal() && settings.format == LogFormat::Text;
    let written = layer(settings.format, colours, io::stderr);
    tracing_subscriber::registry()
        .with(level)
        .with(written)
        .try_init()?;
    // it was not there: the line above succeeds once
    drop(LEVEL.set(handle));
    Ok(())
}

/// What writes messages in one of the formats.
fn layer<S, W>(format: LogFormat, colours: bool, to: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(colours)
        .with_timer(UtcTime)
        .with_writer(to);
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// `2026-11-21T09:15:00.123456Z`.
struct UtcTime;

impl FormatTime for UtcTime {
    fn format_time(&self, to: &mut Writer<'_>) -> fmt::Result {
        write!(to, "{:.6}", Timestamp::now())
    }
}

#[cfg(test)]
mod tests;
