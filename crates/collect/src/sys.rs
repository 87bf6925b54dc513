//! System calls that the standard library and `socket2` lack. The only unsafe code of this crate.

#![expect(
    unsafe_code,
    reason = "foreign functions; every block is one operation"
)]

pub(crate) mod pages;

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_void, cmsghdr, mmsghdr, msghdr, pollfd, sock_filter, socklen_t, timespec};

/// The most messages that one call takes.
pub(crate) const BATCH: usize = 64;

/// Room for the timestamp (16 + 16 octets) and the count of drops (16 + 8), aligned.
type Control = [u64; 8];
const CONTROL_OCTETS: usize = size_of::<Control>();

/// What the kernel says of one datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) from: SocketAddr,
    /// By the system clock.
    pub(crate) at_us: i64,
    pub(crate) octets: usize,
    pub(crate) truncated: bool,
}

impl Arrival {
    pub(crate) const NONE: Self = Self {
        from: SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
        at_us: 0,
        octets: 0,
        truncated: false,
    };
}

/// A batch of datagrams: where they lie and what is said of them. Allocated once.
pub(crate) struct Batch {
    slab: Box<[u8]>,
    stride: usize,
    slot: usize,
    names: Box<[libc::sockaddr_in6]>,
    controls: Box<[Control]>,
    arrivals: Box<[Arrival]>,
    filled: usize,
    /// The count of drops that the newest datagram carries (`SO_RXQ_OVFL`).
    overflow: Option<u32>,
}

impl Batch {
    /// Room for `messages` (at most [`BATCH`]) of `slot` octets, `stride` octets apart. Pages of
    /// the slab that no datagram touches cost no memory.
    pub(crate) fn new(messages: usize, slot: usize, stride: usize) -> Self {
        let messages = messages.clamp(1, BATCH);
        let name = libc::sockaddr_in6 {
            sin6_family: 0,
            sin6_port: 0,
            sin6_flowinfo: 0,
            sin6_addr: libc::in6_addr { s6_addr: [0; 16] },
            sin6_scope_id: 0,
        };
        Self {
            slab: vec![0; stride.max(slot).saturating_mul(messages)].into(),
            stride: stride.max(slot),
            slot,
            names: vec![name; messages].into(),
            controls: vec![[0; 8]; messages].into(),
            arrivals: vec![Arrival::NONE; messages].into(),
            filled: 0,
            overflow: None,
        }
    }

    /// How many messages have room.
    pub(crate) fn capacity(&self) -> usize {
        self.arrivals.len()
    }

    /// How many datagrams the last call brought.
    pub(crate) fn len(&self) -> usize {
        self.filled
    }

    /// Forgets the datagrams.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }

    /// The count of drops that came with the last call, if one came.
    pub(crate) fn overflow(&self) -> Option<u32> {
        self.overflow
    }

    /// A datagram of the last call.
    pub(crate) fn get(&self, at: usize) -> Option<(&Arrival, &[u8])> {
        let arrival = self.arrivals.get(..self.filled)?.get(at)?;
        let from = at.checked_mul(self.stride)?;
        let octets = arrival.octets.min(self.slot);
        let slot = self.slab.get(from..from.checked_add(octets)?)?;
        Some((arrival, slot))
    }

    /// Takes what waits at the socket, up to the capacity, without waiting (`recvmmsg(2)`).
    ///
    /// # Errors
    /// `WouldBlock` when nothing waits; whatever the kernel says.
    pub(crate) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.filled = 0;
        self.overflow = None;
        let mut parts = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
        let mut messages = [const { MaybeUninit::<mmsghdr>::uninit() }; BATCH];
        let slots = self.slab.chunks_exact_mut(self.stride);
        let rooms = self.names.iter_mut().zip(self.controls.iter_mut());
        let headers = messages.iter_mut().zip(parts.iter_mut());
        for ((slot, (name, control)), (message, part)) in slots.zip(rooms).zip(headers) {
            let part = part.write(libc::iovec {
                iov_base: slot.as_mut_ptr().cast(),
                iov_len: self.slot,
            });
            message.write(mmsghdr {
                msg_hdr: message_header(name, part, control),
                msg_len: 0,
            });
        }
        let wanted = libc::c_uint::try_from(self.arrivals.len()).unwrap_or(0);
        // SAFETY: the first `wanted` headers are initialised; their pointers lead to distinct
        // names, parts, slots and controls that outlive the call and are borrowed by nobody else,
        // with their true lengths (a slot is `self.slot <= self.stride` octets long).
        let received = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                messages.as_mut_ptr().cast(),
                wanted,
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
        let names = self.names.iter();
        let arrivals = self.arrivals.iter_mut().zip(names);
        for (message, (arrival, name)) in messages.iter().take(received).zip(arrivals) {
            // SAFETY: `received <= wanted`, and so many headers were initialised above.
            let message = unsafe { message.assume_init_ref() };
            let (at_us, overflow) = controls_of(&message.msg_hdr);
            self.overflow = overflow.or(self.overflow);
            *arrival = Arrival {
                from: address_of(name),
                at_us: at_us.unwrap_or_else(|| clock_us(libc::CLOCK_REALTIME)),
                octets: usize::try_from(message.msg_len).unwrap_or(usize::MAX),
                truncated: message.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
            };
        }
        self.filled = received.min(self.arrivals.len());
        Ok(self.filled)
    }
}

fn message_header(
    name: &mut libc::sockaddr_in6,
    part: &mut libc::iovec,
    control: &mut Control,
) -> msghdr {
    // SAFETY: all fields of a msghdr are integers and raw pointers, for which zeros are values.
    let mut header: msghdr = unsafe { mem::zeroed() };
    header.msg_name = ptr::from_mut(name).cast();
    header.msg_namelen = length_of::<libc::sockaddr_in6>();
    header.msg_iov = part;
    header.msg_iovlen = 1;
    header.msg_control = ptr::from_mut(control).cast();
    header.msg_controllen = CONTROL_OCTETS;
    header
}

/// The sender, IPv4 in its own form. A `sockaddr_in` has its port where a `sockaddr_in6` has it,
/// and its address in the place of the flow information.
fn address_of(name: &libc::sockaddr_in6) -> SocketAddr {
    let port = u16::from_be(name.sin6_port);
    let ip = if c_int::from(name.sin6_family) == libc::AF_INET {
        IpAddr::V4(Ipv4Addr::from_bits(u32::from_be(name.sin6_flowinfo)))
    } else {
        IpAddr::V6(Ipv6Addr::from_octets(name.sin6_addr.s6_addr)).to_canonical()
    };
    SocketAddr::new(ip, port)
}

/// The kernel's receive time in microseconds, and the count of drops.
fn controls_of(header: &msghdr) -> (Option<i64>, Option<u32>) {
    let (mut at_us, mut overflow) = (None, None);
    // SAFETY: the kernel has filled `msg_control` and set `msg_controllen`, and the buffer that
    // they describe is still borrowed by the caller.
    let mut next: *const cmsghdr = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !next.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR return null or a whole header in the buffer,
        // which is aligned for it.
        let control = unsafe { &*next };
        // SAFETY: as above; the pointer stays within the buffer.
        let data = unsafe { libc::CMSG_DATA(next) };
        match (control.cmsg_level, control.cmsg_type) {
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                // SAFETY: the kernel writes a timespec for this type.
                at_us = Some(micros(unsafe { data.cast::<timespec>().read_unaligned() }));
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                // SAFETY: the kernel writes 32 bits for this type.
                overflow = Some(unsafe { data.cast::<u32>().read_unaligned() });
            }
            _ => {}
        }
        // SAFETY: `next` is a header in the buffer of `header`.
        next = unsafe { libc::CMSG_NXTHDR(header, next) };
    }
    (at_us, overflow)
}

/// Waits until one of the descriptors is ready, at most `timeout` (rounded up to milliseconds).
/// An interrupted wait ends early with nothing ready.
pub(crate) fn poll(descriptors: &mut [pollfd], timeout: Duration) -> io::Result<()> {
    let millis = timeout.as_nanos().div_ceil(1_000_000);
    let millis = c_int::try_from(millis).unwrap_or(c_int::MAX);
    let count = libc::nfds_t::try_from(descriptors.len()).unwrap_or(0);
    for descriptor in descriptors.iter_mut() {
        descriptor.revents = 0;
    }
    // SAFETY: the pointer leads to `count` descriptors, which the kernel may write.
    let ready = unsafe { libc::poll(descriptors.as_mut_ptr(), count, millis) };
    match succeeded(ready) {
        Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
        _ => Ok(()),
    }
}

/// A new `eventfd(2)`, non-blocking.
pub(crate) fn event() -> io::Result<OwnedFd> {
    // SAFETY: no pointers.
    let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    succeeded(descriptor)?;
    // SAFETY: the descriptor is new and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Sets a socket option that is an integer, of level `SOL_SOCKET`.
pub(crate) fn set_option(socket: BorrowedFd<'_>, name: c_int, value: c_int) -> io::Result<()> {
    // SAFETY: the pointer leads to an integer of the length that is given.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            name,
            ptr::from_ref(&value).cast::<c_void>(),
            length_of::<c_int>(),
        )
    };
    succeeded(outcome)
}

/// Lets `program` pick the socket within the group of `socket`.
pub(crate) fn attach_steering(
    socket: BorrowedFd<'_>,
    program: &mut [sock_filter],
) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(io::Error::other)?,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the option takes a sock_fprog, which describes a slice that is borrowed during the
    // call; the kernel copies it.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            ptr::from_ref(&program).cast::<c_void>(),
            length_of::<libc::sock_fprog>(),
        )
    };
    succeeded(outcome)
}

/// The datagrams that the kernel has dropped at this socket, modulo 2³² (`SO_MEMINFO`).
pub(crate) fn drops(socket: BorrowedFd<'_>) -> io::Result<u32> {
    const DROPS: usize = 8;
    let mut words = [0_u32; DROPS + 1];
    let mut length = length_of::<[u32; DROPS + 1]>();
    // SAFETY: the pointers lead to `length` octets and to that length.
    let outcome = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            words.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    succeeded(outcome)?;
    match words.get(DROPS) {
        Some(&drops) if length == length_of::<[u32; DROPS + 1]>() => Ok(drops),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// A clock of the kernel in microseconds; 0 if there is no such clock.
pub(crate) fn clock_us(clock: libc::clockid_t) -> i64 {
    let mut time = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer leads to a timespec that the kernel may write.
    let outcome = unsafe { libc::clock_gettime(clock, &raw mut time) };
    if outcome == 0 { micros(time) } else { 0 }
}

fn micros(time: timespec) -> i64 {
    time.tv_sec
        .saturating_mul(1_000_000)
        .saturating_add(time.tv_nsec / 1000)
}

fn succeeded(outcome: c_int) -> io::Result<()> {
    if outcome < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn length_of<T>() -> socklen_t {
    socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}
