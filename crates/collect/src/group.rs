//! The sockets of one address: one, or a group that shares the port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;
use std::os::fd::AsFd;

use socket2::{Domain, SockFilter, Socket, Type};

use crate::report::{Listener, ReceiveBuffer};
use crate::{BindError, Settings, sys};

/// The sockets of one address, worker 0's first.
pub(crate) struct Group {
    pub(crate) listener: Listener,
    pub(crate) sockets: Vec<Socket>,
}

impl Group {
    /// Opens the sockets; they take nothing until [`let_in`](Self::let_in).
    pub(crate) fn open(
        asked: SocketAddr,
        settings: &Settings,
        workers: NonZeroU16,
    ) -> Result<Self, BindError> {
        let ipv4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, asked.port()));
        let mut opening = Opening {
            at: asked,
            // Who lists 0.0.0.0 beside [::] gets both.
            dual_stack: asked.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
                && !settings.listen.contains(&ipv4),
            receive_buffer: settings.receive_buffer,
        };
        let sockets = match opening.group(workers) {
            Err(BindError::NoIpv6 { .. }) if opening.dual_stack => {
                opening.at = ipv4;
                opening.dual_stack = false;
                opening.group(workers)
            }
            outcome => outcome,
        }?;
        Ok(Self {
            listener: Listener {
                asked,
                bound: opening.at,
                dual_stack: opening.dual_stack,
                receive_buffer: granted(&sockets, settings.receive_buffer),
            },
            sockets,
        })
    }

    /// Lets datagrams in.
    pub(crate) fn let_in(socket: &Socket, asked: SocketAddr) -> Result<(), BindError> {
        let outcome = socket.detach_filter();
        outcome.map_err(BindError::io(asked, "start receiving"))
    }
}

/// What is being opened.
struct Opening {
    at: SocketAddr,
    dual_stack: bool,
    receive_buffer: u32,
}

impl Opening {
    fn group(&mut self, workers: NonZeroU16) -> Result<Vec<Socket>, BindError> {
        let first = self.socket()?;
        self.bind(&first)?;
        let bound = first
            .local_addr()
            .map_err(BindError::io(self.at, "learn the port"))?;
        self.at = bound.as_socket().unwrap_or(self.at);
        if workers > NonZeroU16::MIN {
            // Bound alone, so that a port which another program shares among its own sockets is
            // seen as taken; from here on ours may join.
            self.share(&first)?;
        }
        let mut sockets = vec![first];
        for _ in 1..workers.get() {
            let socket = self.socket()?;
            self.share(&socket)?;
            self.bind(&socket)?;
            sockets.push(socket);
        }
        Ok(sockets)
    }

    /// A socket that is not bound and drops whatever comes.
    fn socket(&self) -> Result<Socket, BindError> {
        let domain = Domain::for_address(self.at);
        let socket = Socket::new(domain, Type::DGRAM, None).map_err(BindError::binding(self.at))?;
        let prepare = || {
            socket.set_nonblocking(true)?;
            if self.at.is_ipv6() {
                socket.set_only_v6(!self.dual_stack)?;
            }
            socket.attach_filter(&[nothing()])?;
            sys::set_option(socket.as_fd(), libc::SO_TIMESTAMPNS, 1)?;
            sys::set_option(socket.as_fd(), libc::SO_RXQ_OVFL, 1)?;
            make_room(&socket, self.receive_buffer)
        };
        prepare().map_err(BindError::io(self.at, "prepare a socket"))?;
        Ok(socket)
    }

    fn bind(&self, socket: &Socket) -> Result<(), BindError> {
        let outcome = socket.bind(&self.at.into());
        outcome.map_err(BindError::binding(self.at))
    }

    fn share(&self, socket: &Socket) -> Result<(), BindError> {
        let outcome = socket.set_reuse_port(true);
        outcome.map_err(BindError::io(self.at, "share the port"))
    }
}

/// The filter that accepts no octet of any datagram.
fn nothing() -> SockFilter {
    let [low, high, _, _] = (libc::BPF_RET | libc::BPF_K).to_le_bytes();
    SockFilter::new(u16::from_le_bytes([low, high]), 0, 0, 0)
}

/// Asks for a receive buffer: past the limit where that is permitted, else up to it.
fn make_room(socket: &Socket, octets: u32) -> io::Result<()> {
    let octets = i32::try_from(octets).unwrap_or(i32::MAX);
    sys::set_option(socket.as_fd(), libc::SO_RCVBUFFORCE, octets)
        .or_else(|_| sys::set_option(socket.as_fd(), libc::SO_RCVBUF, octets))
}

/// The least room that any of the sockets has.
fn granted(sockets: &[Socket], asked: u32) -> ReceiveBuffer {
    let least = sockets
        .iter()
        .map(|socket| socket.recv_buffer_size().unwrap_or(0))
        .min()
        .unwrap_or(0);
    ReceiveBuffer {
        asked,
        granted: u32::try_from(least / 2).unwrap_or(u32::MAX),
    }
}
