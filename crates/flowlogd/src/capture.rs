//! Captures of NetFlow datagrams: pcap, pcapng and text files, read one datagram at a time.
//!
//! Guarantees: a file that is cut short or damaged yields every datagram that is whole before the
//! damage, then one error with the file's offset, then nothing. Memory does not depend on what a
//! file claims: a record is read as far as it is there, and never beyond [`RECORD_LIMIT`].
//! What is no UDP datagram is skipped and counted ([`Skipped`]).

mod fragments;
mod frame;
mod pcap;
mod pcapng;
mod source;
mod text;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;

use fragments::Fragments;
use frame::Link;
use source::Source;

/// The longest record that a capture may have, in octets; four times the largest snapshot length
/// of libpcap.
pub const RECORD_LIMIT: usize = 1 << 20;

/// One datagram of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The source address: the Exporter.
    pub exporter: IpAddr,
    /// The UDP source port.
    pub source_port: u16,
    /// The UDP destination port.
    pub destination_port: u16,
    /// When it was captured, in microseconds of the UTC epoch.
    pub at_us: i64,
    /// The UDP payload, at most 65,535 octets.
    pub payload: Vec<u8>,
}

/// What a capture held beside UDP datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Packets of other protocols than UDP over IP, and of link types that are not known.
    pub not_udp: u64,
    /// Packets of which the capture holds only the beginning (a snapshot length that is too short).
    pub truncated: u64,
    /// Packets whose own lengths contradict each other.
    pub malformed: u64,
    /// IP fragments whose datagram never became whole.
    pub fragments: u64,
}

impl Skipped {
    /// Whether nothing was skipped.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.not_udp, "that are not UDP"),
            (self.truncated, "cut by the capture's snapshot length"),
            (self.malformed, "malformed"),
            (self.fragments, "IP fragments without the rest"),
        ];
        let mut separator = "packets skipped: ";
        for (count, what) in parts.into_iter().filter(|&(count, _)| count > 0) {
            write!(f, "{separator}{count} {what}")?;
            separator = ", ";
        }
        Ok(())
    }
}

/// Why a capture cannot be read (further).
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}{}", place(problem, *offset))]
pub struct CaptureError {
    /// The file's name, `-` for standard input.
    pub file: String,
    /// Where the record begins that could not be read, in octets from the beginning of the file.
    pub offset: u64,
    /// What is wrong there.
    pub problem: CaptureProblem,
}

/// What is wrong with a capture.
#[derive(Debug, thiserror::Error)]
pub enum CaptureProblem {
    /// The file ends within a record.
    #[error("the capture is cut short: {there} of {wanted} octets of its last record are there")]
    CutShort {
        /// Octets that the record should have, as far as that is known.
        wanted: u64,
        /// Octets that are there.
        there: u64,
    },
    /// A record claims to be longer than [`RECORD_LIMIT`].
    #[error("a record of {0} octets is longer than any packet: the capture is damaged here")]
    RecordTooLong(u64),
    /// A record that contradicts itself.
    #[error("{0}: the capture is damaged here")]
    Damaged(&'static str),
    /// A line of a text capture that is not one.
    #[error("line {line}: {problem}; expected EXPORTER SRC-PORT DST-PORT TIME-US HEX")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The first octets belong to no known format.
    #[error("neither pcap, pcapng nor text with one datagram a line")]
    UnknownFormat,
    /// The file is compressed.
    #[error("the file is compressed ({0}); decompress it first")]
    Compressed(&'static str),
    /// The file cannot be opened or read.
    #[error("the capture cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// A capture, read as an iterator of its datagrams.
#[derive(Debug)]
pub struct Capture {
    file: String,
    source: Source,
    format: Format,
    fragments: Fragments,
    skipped: Skipped,
    finished: bool,
}

#[derive(Debug)]
enum Format {
    Pcap(pcap::Reader),
    Pcapng(pcapng::Reader),
    Text(text::Reader),
}

/// A packet with the link layer it was captured on, as a reader of a format finds it.
struct Packet<'a> {
    link: Link,
    at_us: i64,
    octets: &'a [u8],
    truncated: bool,
}

/// What a reader of a format finds next.
enum Found<'a> {
    Datagram(Captured),
    Packet(Packet<'a>),
    /// A record without a packet.
    Nothing,
    End,
}

impl Capture {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// A file that cannot be opened, or whose first octets belong to no known format.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let name = path.display().to_string();
        if name == "-" {
            return Self::new(name, io::stdin());
        }
        match File::open(path) {
            Ok(file) => Self::new(name, file),
            Err(problem) => Err(CaptureError {
                file: name,
                offset: 0,
                problem: problem.into(),
            }),
        }
    }

    /// Reads from any reader; `name` is what errors call it.
    ///
    /// # Errors
    /// A reader that fails, or first octets that belong to no known format.
    pub fn new(name: impl Into<String>, reader: impl Read + 'static) -> Result<Self, CaptureError> {
        let file = name.into();
        let mut source = Source::new(reader);
        match Format::detect(&mut source) {
            Ok(format) => Ok(Self {
                file,
                source,
                format,
                fragments: Fragments::default(),
                skipped: Skipped::default(),
                finished: false,
            }),
            Err(problem) => Err(CaptureError {
                file,
                offset: 0,
                problem,
            }),
        }
    }

    /// What was skipped so far; complete when the iterator has ended.
    pub fn skipped(&self) -> Skipped {
        Skipped {
            fragments: self.skipped.fragments + self.fragments.pending(),
            ..self.skipped
        }
    }

    /// The next datagram, `None` at the end of the file.
    fn read(&mut self) -> Result<Option<Captured>, CaptureProblem> {
        loop {
            let found = match &mut self.format {
                Format::Pcap(reader) => reader.read(&mut self.source)?,
                Format::Pcapng(reader) => reader.read(&mut self.source)?,
                Format::Text(reader) => reader.read(&mut self.source)?,
            };
            let packet = match found {
                Found::End => return Ok(None),
                Found::Datagram(captured) => return Ok(Some(captured)),
                Found::Nothing => continue,
                Found::Packet(packet) => packet,
            };
            match frame::datagram(&packet, &mut self.fragments) {
                Ok(Some(captured)) => return Ok(Some(captured)),
                Ok(None) => {}
                Err(reason) => reason.count(&mut self.skipped),
            }
        }
    }
}

impl Iterator for Capture {
    type Item = Result<Captured, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        match self.read() {
            Ok(Some(captured)) => Some(Ok(captured)),
            Ok(None) => {
                self.finished = true;
                None
            }
            Err(problem) => {
                self.finished = true;
                Some(Err(CaptureError {
                    file: self.file.clone(),
                    offset: self.source.record(),
                    problem,
                }))
            }
        }
    }
}

/// Where the problem is, unless the file could not even be opened.
fn place(problem: &CaptureProblem, offset: u64) -> String {
    match problem {
        CaptureProblem::Io(_) if offset == 0 => String::new(),
        _ => format!(" (offset {offset})"),
    }
}

impl Format {
    fn detect(source: &mut Source) -> Result<Self, CaptureProblem> {
        let magic = source.peek()?;
        match *magic {
            [0xa1, 0xb2, 0xc3, 0xd4] | [0xd4, 0xc3, 0xb2, 0xa1] // microseconds
            | [0xa1, 0xb2, 0x3c, 0x4d] | [0x4d, 0x3c, 0xb2, 0xa1] // nanoseconds
            | [0xa1, 0xb2, 0xcd, 0x34] | [0x34, 0xcd, 0xb2, 0xa1] // modified
                => Ok(Self::Pcap(pcap::Reader::default())),
            [0x0a, 0x0d, 0x0d, 0x0a] => Ok(Self::Pcapng(pcapng::Reader::default())),
            [0x1f, 0x8b, ..] => Err(CaptureProblem::Compressed("gzip")),
            [0x28, 0xb5, 0x2f, 0xfd] => Err(CaptureProblem::Compressed("zstd")),
            [0xfd, b'7', b'z', b'X'] => Err(CaptureProblem::Compressed("xz")),
            ref head if head.iter().all(|o| o.is_ascii_graphic() || o.is_ascii_whitespace()) => {
                Ok(Self::Text(text::Reader::default()))
            }
            _ => Err(CaptureProblem::UnknownFormat),
        }
    }
}
