//! Parquet's hybrid of runs and bit-packed groups of eight, to and fro.

use super::SegmentError;
use super::page::{SHORT, size};

/// Values of a group that are packed together.
const GROUP: usize = 8;

/// Writes numbers of at most `width` bits behind what is in `out`.
pub(super) fn encode(mut values: &[u32], width: u32, out: &mut Vec<u8>) {
    while let Some(first) = values.first() {
        let run = run_of(values);
        if run >= GROUP || run == values.len() {
            encode_run(*first, run, width, out);
            values = values.get(run..).unwrap_or_default();
            continue;
        }
        let groups = groups_of(values);
        header(groups << 1 | 1, out);
        let (packed, rest) = values.split_at(values.len().min(groups * GROUP));
        for group in packed.chunks(GROUP) {
            pack(group, width, out);
        }
        values = rest;
    }
}

/// Writes so many times the same number.
pub(super) fn encode_run(value: u32, times: usize, width: u32, out: &mut Vec<u8>) {
    header(times << 1, out);
    let octets = usize::try_from(width.div_ceil(8)).unwrap_or(4);
    out.extend(value.to_le_bytes().into_iter().take(octets));
}

/// How many values at the front are equal.
fn run_of(values: &[u32]) -> usize {
    let first = values.first();
    values
        .iter()
        .take_while(|value| Some(*value) == first)
        .count()
}

/// How many groups there are before a run is worth its header.
fn groups_of(values: &[u32]) -> usize {
    let starts = (0..values.len()).step_by(GROUP);
    starts
        .take_while(|at| values.get(*at..).is_some_and(|rest| run_of(rest) < GROUP))
        .count()
}

/// A length, seven bits to an octet.
fn header(mut length: usize, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = length.to_le_bytes();
        length >>= 7;
        if length == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

/// A group; what is missing in the last one is 0.
fn pack(group: &[u32], width: u32, out: &mut Vec<u8>) {
    let (mut buffer, mut bits) = (0_u64, 0);
    let missing = std::iter::repeat_n(&0, GROUP - group.len().min(GROUP));
    for value in group.iter().chain(missing) {
        buffer |= u64::from(*value) << bits;
        bits += width;
        while bits >= 8 {
            let [low, ..] = buffer.to_le_bytes();
            out.push(low);
            buffer >>= 8;
            bits -= 8;
        }
    }
}

/// Parquet's hybrid of runs and bit-packed groups of eight.
pub(super) struct Runs<'a> {
    pub(super) octets: &'a [u8],
    pub(super) width: u32,
}

impl Runs<'_> {
    pub(super) fn decode(mut self, count: usize, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        if self.width > 32 {
            return Err(SegmentError::Foreign("a page has a bit width beyond 32"));
        }
        let end = out.len() + count;
        while out.len() < end {
            let header = self.header()?;
            let room = end - out.len();
            let length = usize::try_from(header >> 1).map_err(|_| SHORT)?;
            if length == 0 {
                return Err(SegmentError::Foreign("a page has an empty run"));
            }
            if header & 1 == 0 {
                let value = self.run_value()?;
                out.resize(out.len() + length.min(room), value);
            } else {
                self.groups(length, room, out)?;
            }
        }
        Ok(())
    }

    fn header(&mut self) -> Result<u64, SegmentError> {
        let mut header = 0;
        for shift in (0..35).step_by(7) {
            let (octet, rest) = self.octets.split_first().ok_or(SHORT)?;
            self.octets = rest;
            header |= u64::from(octet & 0x7f) << shift;
            if octet & 0x80 == 0 {
                return Ok(header);
            }
        }
        Err(SegmentError::Foreign("the length of a run is too long"))
    }

    fn run_value(&mut self) -> Result<u32, SegmentError> {
        let width = size(self.width.div_ceil(8))?;
        let (value, rest) = self.octets.split_at_checked(width).ok_or(SHORT)?;
        self.octets = rest;
        Ok(value
            .iter()
            .rev()
            .fold(0, |all, octet| all << 8 | u32::from(*octet)))
    }

    /// `groups` times eight values of `width` bits, of which `room` are wanted.
    fn groups(
        &mut self,
        groups: usize,
        room: usize,
        out: &mut Vec<u32>,
    ) -> Result<(), SegmentError> {
        let octets = groups.checked_mul(size(self.width)?).ok_or(SHORT)?;
        // The last group may be cut where the values end.
        let (packed, rest) = self.octets.split_at(octets.min(self.octets.len()));
        self.octets = rest;
        let wanted = room.min(groups.saturating_mul(8));
        let width = size(self.width)?;
        if wanted.saturating_mul(width).div_ceil(8) > packed.len() {
            return Err(SHORT);
        }
        let mask = u64::from(u32::MAX) >> (32 - self.width);
        // A value of up to 32 bits, wherever it begins in an octet, is within eight octets.
        let whole = packed.len().saturating_sub(8) * 8 / width.max(1);
        let (wide, narrow) = (whole.min(wanted), wanted - whole.min(wanted));
        let value = |word: u64, bit: usize| low(word >> (bit & 7) & mask);
        out.extend((0..wide).map(|at| {
            let bit = at * width;
            let octets = packed.get(bit >> 3..).and_then(<[u8]>::first_chunk);
            value(octets.map_or(0, |octets| u64::from_le_bytes(*octets)), bit)
        }));
        out.extend((wide..wide + narrow).map(|at| {
            let bit = at * width;
            let mut octets = [0; 8];
            let there = packed.get(bit >> 3..).unwrap_or_default();
            octets
                .iter_mut()
                .zip(there)
                .for_each(|(to, from)| *to = *from);
            value(u64::from_le_bytes(octets), bit)
        }));
        Ok(())
    }
}

/// The lower half of a number.
const fn low(number: u64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests;
