//! The HTTP interfaces on a runtime of their own: the control API's, the Logstore's, telemetry's.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Sender;
use flowlog_control::Control;
use flowlog_http::Tls;
use flowlog_logstore::{Access, Logstore};
use flowlog_sls::Endpoints;
use tokio::sync::watch;

use super::StartError;
use super::thread::{self, Event};
use crate::telemetry::server::TelemetryServer;

/// How long queries that run may keep the daemon from its end.
const LAST_QUERIES: Duration = Duration::from_secs(1);

/// The servers; [`Servers::stop`] ends them.
#[derive(Debug)]
pub(super) struct Servers {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

/// What is served.
pub(super) struct Serving {
    pub(super) telemetry: TelemetryServer,
    /// What the control API and the Logstore prove themselves with.
    pub(super) tls: Option<Tls>,
    pub(super) control_listener: TcpListener,
    pub(super) control: Arc<Control>,
    pub(super) logstore_listener: TcpListener,
    pub(super) logstore: Arc<Logstore>,
    pub(super) access: Access,
    pub(super) endpoints: Endpoints,
}

impl Servers {
    /// Serves on a thread of its own until it is stopped; a server that ends before is told.
    pub(super) fn start(serving: Serving, events: &Sender<Event>) -> Result<Self, StartError> {
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(StartError::system("the threads of the http interfaces"))?;
        let told = events.clone();
        let thread = thread::spawn("http", events, move || {
            let served = runtime.block_on(serve(serving, stopped));
            runtime.shutdown_timeout(LAST_QUERIES);
            if let Err(problem) = served {
                let problem = format!("the http interfaces have ended: {problem}");
                // Without anybody who listens the process is at its end anyway.
                let _ = told.send(Event::Broken(problem));
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends the servers and waits for them.
    pub(super) fn stop(self) {
        self.stop.send_replace(true);
        // Its panic was reported when it happened.
        drop(self.thread.join());
    }
}

async fn serve(serving: Serving, stopped: watch::Receiver<bool>) -> io::Result<()> {
    let until = |mut stopped: watch::Receiver<bool>| async move {
        // A sender that is gone means the same.
        drop(stopped.wait_for(|stopped| *stopped).await);
    };
    let Serving {
        telemetry,
        tls,
        control_listener,
        control,
        logstore_listener,
        logstore,
        access,
        endpoints,
    } = serving;
    let listener = tokio::net::TcpListener::from_std(logstore_listener)?;
    let logstore = flowlog_logstore::serve(
        (listener, tls.clone()),
        logstore,
        access,
        endpoints,
        until(stopped.clone()),
    );
    let listener = tokio::net::TcpListener::from_std(control_listener)?;
    let control = flowlog_control::serve((listener, tls), control, until(stopped.clone()));
    tokio::try_join!(telemetry.serve(until(stopped)), logstore, control).map(|_| ())
}
