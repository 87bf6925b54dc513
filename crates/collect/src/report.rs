//! How opening the sockets went.

use std::net::SocketAddr;

/// How opening the sockets went, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The listeners, in the order of [`Settings::listen`](crate::Settings::listen).
    pub listeners: Vec<Listener>,
    /// How datagrams find their worker.
    pub steering: Steering,
}

impl Report {
    /// The addresses that are bound, in the same order.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners
            .iter()
            .map(|listener| listener.bound)
            .collect()
    }
}

/// One address that is listened on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The address that was asked for.
    pub asked: SocketAddr,
    /// The address that is bound: another port if 0 was asked for, `0.0.0.0` where `[::]` was
    /// asked for on a machine without IPv6.
    pub bound: SocketAddr,
    /// Both families arrive here.
    pub dual_stack: bool,
    /// The room of each socket.
    pub receive_buffer: ReceiveBuffer,
}

/// The receive buffer of a socket, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveBuffer {
    /// What was asked for.
    pub asked: u32,
    /// What the kernel grants, counted as in the asking: it reserves twice that for its own
    /// administration.
    pub granted: u32,
}

/// How datagrams find their worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Steering {
    /// There is one worker.
    Unneeded,
    /// The kernel picks the worker's socket by source address.
    BySource,
    /// The kernel refused the program: there is one receiver for all.
    Refused {
        /// Its reason.
        reason: String,
        /// How many workers were asked for.
        workers: usize,
    },
}

impl Report {
    /// What an operator should know and may want to change, one sentence each; none when all is
    /// as asked for.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks: Vec<String> = self.listeners.iter().flat_map(Listener::remarks).collect();
        if let Steering::Refused { reason, workers } = &self.steering {
            remarks.push(format!(
                "the kernel refuses to steer datagrams by source address ({reason}): one thread \
                 receives instead of {workers}"
            ));
        }
        remarks
    }
}

impl Listener {
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.asked.is_ipv6() && self.bound.is_ipv4() {
            remarks.push(format!(
                "this machine has no IPv6: listening on udp {} instead of {}",
                self.bound, self.asked
            ));
        }
        let ReceiveBuffer { asked, granted } = self.receive_buffer;
        if granted < asked {
            remarks.push(format!(
                "udp {}: the receive buffer has {granted} octets instead of {asked}; raise the limit \
                 (sysctl -w net.core.rmem_max={asked}), or give the program CAP_NET_ADMIN",
                self.bound
            ));
        }
        remarks
    }
}

#[cfg(test)]
mod tests;
