//! Text captures: one datagram a line, `EXPORTER SRC-PORT DST-PORT TIME-US HEX`.
//!
//! `-` is an empty payload. Empty lines and lines that begin with `#` are passed over.

use std::net::IpAddr;

use super::source::Source;
use super::{CaptureProblem, Captured, Found};

/// The largest UDP payload.
const PAYLOAD_LIMIT: usize = 65_535;
/// A line with the largest payload, and room for the other fields.
const LINE_LIMIT: usize = 2 * PAYLOAD_LIMIT + 256;

#[derive(Debug, Default)]
pub(super) struct Reader {
    line: u64,
    octets: Vec<u8>,
}

impl Reader {
    pub(super) fn read(&mut self, source: &mut Source) -> Result<Found<'_>, CaptureProblem> {
        self.octets.clear();
        source.begin_record();
        source.line(LINE_LIMIT, &mut self.octets)?;
        if self.octets.is_empty() {
            return Ok(Found::End);
        }
        self.line += 1;
        let problem = |problem| CaptureProblem::Line {
            line: self.line,
            problem,
        };
        if self.octets.len() == LINE_LIMIT && self.octets.last() != Some(&b'\n') {
            return Err(problem("longer than the largest datagram"));
        }
        let line = std::str::from_utf8(&self.octets).map_err(|_| problem("not text"))?;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(Found::Nothing);
        }
        parse(line).map(Found::Datagram).map_err(problem)
    }
}

fn parse(line: &str) -> Result<Captured, &'static str> {
    let mut fields = line.split_ascii_whitespace();
    let mut next = || fields.next().ok_or("fewer than five fields");
    let exporter: IpAddr = next()?.parse().map_err(|_| "EXPORTER is no IP address")?;
    let source_port = next()?.parse().map_err(|_| "SRC-PORT is no port")?;
    let destination_port = next()?.parse().map_err(|_| "DST-PORT is no port")?;
    let at_us = next()?.parse().map_err(|_| "TIME-US is no number")?;
    let payload = match next()? {
        "-" => Vec::new(),
        digits => hex(digits.as_bytes())?,
    };
    if fields.next().is_some() {
        return Err("more than five fields");
    }
    Ok(Captured {
        exporter: exporter.to_canonical(),
        source_port,
        destination_port,
        at_us,
        payload,
    })
}

fn hex(digits: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("HEX has an odd number of digits");
    }
    if pairs.len() > PAYLOAD_LIMIT {
        return Err("HEX is longer than the largest datagram");
    }
    let digit = |octet: u8| char::from(octet).to_digit(16);
    (pairs.iter())
        .map(|&[high, low]| u8::try_from(digit(high)? * 16 + digit(low)?).ok())
        .collect::<Option<Vec<u8>>>()
        .ok_or("HEX has a character that is no hexadecimal digit")
}
