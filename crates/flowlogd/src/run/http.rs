//! The HTTP interfaces on a runtime of their own: the Logstore's and telemetry's.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use flowlog_access::Keyring;
use flowlog_logstore::Logstore;
use flowlog_sls::Endpoints;
use tokio::sync::watch;

use crate::telemetry::server::TelemetryServer;

/// Binds a TCP address for the runtime; `key` is the configuration's name for it.
///
/// # Errors
/// One sentence with key, address and remedy.
pub(crate) fn bind(key: &'static str, listen: SocketAddr) -> Result<TcpListener, String> {
    let refused = |problem: io::Error| refusal(key, listen, &problem);
    let listener = TcpListener::bind(listen).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    Ok(listener)
}

/// Why an address cannot be listened on, and what to do.
pub(crate) fn refusal(key: &'static str, listen: SocketAddr, problem: &io::Error) -> String {
    let remedy = match problem.kind() {
        io::ErrorKind::AddrInUse => "stop what listens there or choose another port",
        io::ErrorKind::AddrNotAvailable => "choose an address of this machine",
        io::ErrorKind::PermissionDenied => "choose a port above 1023",
        _ => "choose another address",
    };
    format!("{key}: cannot listen on tcp {listen}: {problem}; {remedy}")
}

/// The servers; [`Servers::stop`] ends them.
#[derive(Debug)]
pub(crate) struct Servers {
    stop: watch::Sender<bool>,
    thread: JoinHandle<io::Result<()>>,
}

/// What is served.
pub(crate) struct Serving {
    pub(crate) telemetry: TelemetryServer,
    pub(crate) logstore_listener: TcpListener,
    pub(crate) logstore: Arc<Logstore>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) endpoints: Endpoints,
}

impl Servers {
    /// Serves on a thread of its own until it is stopped.
    pub(crate) fn start(serving: Serving) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || runtime.block_on(serve(serving, stopped)))?;
        Ok(Self { stop, thread })
    }

    /// Ends the servers and waits for them.
    pub(crate) fn stop(self) -> io::Result<()> {
        // It fails only if the thread has ended, which is what is wanted.
        let _: Result<(), _> = self.stop.send(true);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the http thread panicked")))
    }
}

async fn serve(serving: Serving, stopped: watch::Receiver<bool>) -> io::Result<()> {
    let until = |mut stopped: watch::Receiver<bool>| async move {
        // A sender that is gone means the same.
        drop(stopped.wait_for(|stopped| *stopped).await);
    };
    let Serving {
        telemetry,
        logstore_listener,
        logstore,
        keyring,
        endpoints,
    } = serving;
    let listener = tokio::net::TcpListener::from_std(logstore_listener)?;
    let logstore = flowlog_logstore::serve(
        listener,
        logstore,
        keyring,
        endpoints,
        until(stopped.clone()),
    );
    let (telemetry, logstore) = tokio::join!(telemetry.serve(until(stopped)), logstore);
    telemetry.and(logstore)
}
