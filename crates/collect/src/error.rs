//! Why a socket cannot be opened, and what to do about it.

use std::io;
use std::net::SocketAddr;

/// Why a socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another socket has the port.
    #[error(
        "cannot listen on udp {address}: another program, or another address of collect.listen, has the port; \
         `ss -ulnp 'sport = :{port}'` shows who, or listen on another port",
        port = address.port()
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// No interface has the address.
    #[error(
        "cannot listen on udp {address}: no interface of this machine has the address; \
         `ip address` shows them, and [::] listens on all"
    )]
    NoSuchAddress {
        /// The address.
        address: SocketAddr,
    },
    /// The port is reserved.
    #[error(
        "cannot listen on udp {address}: not permitted; ports below 1024 need the capability \
         CAP_NET_BIND_SERVICE"
    )]
    NotPermitted {
        /// The address.
        address: SocketAddr,
    },
    /// The machine has no IPv6.
    #[error("cannot listen on udp {address}: this machine has no IPv6; listen on 0.0.0.0")]
    NoIpv6 {
        /// The address.
        address: SocketAddr,
    },
    /// Nothing to listen on.
    #[error("collect.listen is empty: there is nothing to listen on")]
    NoAddress,
    /// Anything else.
    #[error("cannot {doing} for udp {address}: {source}")]
    Io {
        /// The address.
        address: SocketAddr,
        /// What could not be done.
        doing: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
}

impl BindError {
    /// The error for `doing`, when nothing more can be said.
    pub(crate) fn io(address: SocketAddr, doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io {
            address,
            doing,
            source,
        }
    }

    /// The error for a socket that cannot be made or bound.
    pub(crate) fn binding(address: SocketAddr) -> impl Fn(io::Error) -> Self {
        move |source| match source.raw_os_error() {
            Some(libc::EADDRINUSE) => Self::InUse { address },
            Some(libc::EADDRNOTAVAIL) => Self::NoSuchAddress { address },
            Some(libc::EACCES | libc::EPERM) => Self::NotPermitted { address },
            Some(libc::EAFNOSUPPORT) if address.is_ipv6() => Self::NoIpv6 { address },
            _ => Self::io(address, "listen")(source),
        }
    }
}
