//! `flowlogd send`: the datagrams of captures, sent to a collector at a pace.

mod pace;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, SendArgs};
use crate::capture::{Capture, Captured};
use crate::output::{Format, Output, say};
use pace::{Kind, Pace};

/// The port of NetFlow that an address without one means.
const PORT: u16 = 9995;
/// Exporters that the summary tells apart.
const EXPORTERS_COUNTED: usize = 65_536;

pub(super) fn send(args: &SendArgs) -> Result<(), Failure> {
    let stdin = args.files.iter().filter(|file| file.as_os_str() == "-");
    if stdin.count() > usize::from(args.times == 1) {
        return Err(Failure::usage(
            "standard input can be read once: name a file instead",
        ));
    }
    let to = match &args.to {
        Some(text) => resolved(text)?,
        None => daemon(args)?,
    };
    let mut sender = Sender::new(to, args)?;
    for _ in 0..args.times {
        for file in &args.files {
            sender.send_file(file)?;
        }
    }
    sender.finish()
}

/// An address with or without a port, or a name.
fn resolved(text: &str) -> Result<SocketAddr, Failure> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, PORT));
    }
    let with_port = if text.contains(':') {
        text.to_owned()
    } else {
        format!("{text}:{PORT}")
    };
    let unknown = |problem: String| {
        let expected = "write an address with a port, such as 192.0.2.10:9995";
        Failure::usage(format!("--to {text}: {problem}; {expected}"))
    };
    with_port
        .to_socket_addrs()
        .map_err(|problem| unknown(problem.to_string()))?
        .next()
        .ok_or_else(|| unknown("no address has this name".to_owned()))
}

/// Where the daemon of the configuration receives, seen from this machine.
fn daemon(args: &SendArgs) -> Result<SocketAddr, Failure> {
    let config = args.place.load()?;
    let listen = config.collect.listen.first().copied();
    let listen = listen.unwrap_or_else(|| SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT)));
    // [::] is both families, and IPv4 is there on every machine
    let ip = match listen.ip() {
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, listen.port()))
}

struct Sender {
    socket: UdpSocket,
    to: SocketAddr,
    pace: Pace,
    began: Instant,
    bar: ProgressBar,
    datagrams: u64,
    octets: u64,
    exporters: BTreeSet<IpAddr>,
}

impl Sender {
    fn new(to: SocketAddr, args: &SendArgs) -> Result<Self, Failure> {
        let from: SocketAddr = match to {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(from)
            .and_then(|socket| socket.connect(to).map(|()| socket))
            .map_err(|problem| Failure::failed(format!("cannot send to {to}: {problem}")))?;
        let kind = match (args.as_recorded, args.rate) {
            (true, _) => Kind::AsRecorded,
            (false, 0) => Kind::Unlimited,
            (false, rate) => Kind::Rate(rate),
        };
        Ok(Self {
            socket,
            to,
            pace: Pace::new(kind),
            began: now(),
            bar: progress(),
            datagrams: 0,
            octets: 0,
            exporters: BTreeSet::new(),
        })
    }

    fn send_file(&mut self, file: &Path) -> Result<(), Failure> {
        self.pace.begin_file();
        let mut capture = Capture::open(file)?;
        for captured in capture.by_ref() {
            self.send_one(&captured?)?;
        }
        let skipped = capture.skipped();
        if !skipped.is_empty() {
            say(format_args!("{}: {skipped}", file.display()));
        }
        Ok(())
    }

    fn send_one(&mut self, captured: &Captured) -> Result<(), Failure> {
        let due = self.pace.due(captured.at_us);
        wait(due.saturating_sub(self.began.elapsed()));
        (self.socket.send(&captured.payload)).map_err(|problem| self.failure(&problem))?;
        self.datagrams += 1;
        self.octets += u64::try_from(captured.payload.len()).unwrap_or(u64::MAX);
        if self.exporters.len() < EXPORTERS_COUNTED {
            self.exporters.insert(captured.exporter);
        }
        self.bar.inc(1);
        Ok(())
    }

    /// The summary; on this machine a collector that is not there is known by now.
    fn finish(self) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        if let Ok(Some(problem)) = self.socket.take_error() {
            return Err(self.failure(&problem));
        }
        let exporters = match self.exporters.len() {
            EXPORTERS_COUNTED => format!("{EXPORTERS_COUNTED} or more Exporters"),
            1 => "1 Exporter".to_owned(),
            count => format!("{count} Exporters"),
        };
        let mut output = Output::stdout(Format::Table);
        output.line(format_args!(
            "sent {} datagrams ({} octets) of {exporters} to {} in {:.1} s",
            self.datagrams,
            self.octets,
            self.to,
            self.began.elapsed().as_secs_f64()
        ))?;
        Ok(output.finish()?)
    }

    fn failure(&self, problem: &io::Error) -> Failure {
        let (to, datagrams) = (self.to, self.datagrams);
        match problem.kind() {
            io::ErrorKind::ConnectionRefused => Failure::failed(format!(
                "nobody listens on UDP {to}; start the collector, or name another one with --to"
            )),
            _ => Failure::failed(format!(
                "datagram {datagrams} cannot be sent to {to}: {problem}"
            )),
        }
    }
}

/// A bar on a terminal, nothing elsewhere.
fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    match ProgressStyle::with_template("{spinner} {human_pos} datagrams, {per_sec}, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "sending at a pace needs the time"
)]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "nothing but time is waited for")]
fn wait(time: Duration) {
    if !time.is_zero() {
        std::thread::sleep(time);
    }
}
