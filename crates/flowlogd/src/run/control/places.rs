//! Where rows may go, as the control API asks.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use flowlog_control::Destinations;
use flowlog_logstore::Logstore;
use flowlog_record::Address;
use flowlog_sink::{Sink, Watcher};

use crate::config::Config;

/// The embedded Logstore, the regions of the real service, and other collectors.
#[derive(Debug)]
pub(in crate::run) struct Places {
    config: Config,
    /// As long as the daemon has it.
    logstore: Weak<Logstore>,
    /// Whether rows wait because it refuses them.
    refusing: Arc<AtomicBool>,
    streams: Watcher,
}

impl Places {
    pub(in crate::run) fn new(
        config: &Config,
        logstore: &Arc<Logstore>,
        refusing: &Arc<AtomicBool>,
        sink: &Sink,
    ) -> Self {
        Self {
            config: config.clone(),
            logstore: Arc::downgrade(logstore),
            refusing: Arc::clone(refusing),
            streams: sink.watcher(),
        }
    }

    /// Nobody looks there for Projects: what is wrong shows when rows are delivered.
    fn is_real(&self, region: &str) -> bool {
        self.config.sls.region.contains_key(region)
    }
}

impl Destinations for Places {
    fn has_project(&self, region: &str, project: &str) -> bool {
        let logstore = self.logstore.upgrade();
        self.is_real(region) || logstore.is_some_and(|it| it.project(project).is_some())
    }

    fn has_logstore(&self, region: &str, project: &str, logstore: &str) -> bool {
        let it = self.logstore.upgrade();
        self.is_real(region) || it.is_some_and(|it| it.logstore(project, logstore).is_some())
    }

    fn delivers(&self, flow_log: &str) -> bool {
        !self.refusing.load(Ordering::Relaxed) && self.streams.delivers(flow_log)
    }

    fn may_export_to(&self, collector: SocketAddr) -> bool {
        let address = Address::from(collector.ip().to_canonical());
        let mut allowed = self.config.sink.netflow_allow.iter();
        allowed.any(|prefix| prefix.contains(address)) && !is_ours(&self.config, collector)
    }
}

/// Whether we listen there ourselves.
fn is_ours(config: &Config, collector: SocketAddr) -> bool {
    let ip = collector.ip().to_canonical();
    config.collect.listen.iter().any(|listen| {
        let here = listen.ip().to_canonical();
        let is_there = here == ip || (here.is_unspecified() && is_of_this_machine(ip));
        listen.port() == collector.port() && is_there
    })
}

/// An address of this machine is one to which a socket can be bound.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_unspecified() || ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectors_lie_in_the_prefixes_that_are_allowed_and_are_not_ourselves() {
        let places = Places {
            config: Config::default(),
            logstore: Weak::new(),
            refusing: Arc::default(),
            streams: Watcher::default(),
        };
        let may = |address: &str| places.may_export_to(address.parse().unwrap());
        for allowed in [
            "10.1.2.3:9995",
            "192.168.0.2:2055",
            "127.0.0.1:2055",
            "[fd00::1]:9995",
        ] {
            assert!(may(allowed), "{allowed}");
        }
        for refused in [
            "8.8.8.8:9995",
            "[2001:4860::8888]:9995",
            "127.0.0.1:9995",
            "[::ffff:127.0.0.1]:9995",
            "[::1]:9995",
            "224.0.0.1:9995",
        ] {
            assert!(!may(refused), "{refused}");
        }
    }
}
