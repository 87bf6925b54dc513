//! The classic pcap format: a header of 24 octets, then records; parsed by `pcap-parser`.

use pcap_parser::{
    LegacyPcapBlock, PcapError, PcapHeader, nom::IResult, parse_pcap_frame, parse_pcap_frame_be,
    parse_pcap_frame_modified, parse_pcap_header,
};

use super::frame::Link;
use super::source::Source;
use super::{CaptureProblem, Found, Packet, RECORD_LIMIT};

const FILE_HEADER: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Reader {
    header: Option<PcapHeader>,
    octets: Vec<u8>,
}

impl Reader {
    pub(super) fn read(&mut self, source: &mut Source) -> Result<Found<'_>, CaptureProblem> {
        self.octets.clear();
        source.begin_record();
        let Some(header) = &self.header else {
            source.fill(FILE_HEADER, &mut self.octets)?;
            let (_, header) = parse_pcap_header(&self.octets)
                .map_err(|_| CaptureProblem::Damaged("a pcap header that is none"))?;
            self.header = Some(header);
            return Ok(Found::Nothing);
        };
        if source.at_end()? {
            return Ok(Found::End);
        }
        source.fill(record_header(header), &mut self.octets)?;
        let captured = captured_length(header, &self.octets);
        let length = usize::try_from(captured).unwrap_or(usize::MAX);
        if length > RECORD_LIMIT {
            return Err(CaptureProblem::RecordTooLong(captured.into()));
        }
        source.fill(length, &mut self.octets)?;
        let (_, record) = parser(header)(&self.octets)
            .map_err(|_| CaptureProblem::Damaged("a pcap record that is none"))?;
        Ok(Found::Packet(Packet {
            // the upper half of the word has the length of a frame check sequence (and more)
            link: Link(u16::try_from(header.network.0 & 0xffff).unwrap_or(u16::MAX)),
            at_us: microseconds(header, &record),
            octets: record.data,
            truncated: record.origlen > record.caplen,
        }))
    }
}

fn record_header(header: &PcapHeader) -> usize {
    if header.is_modified_format() { 24 } else { 16 }
}

fn captured_length(header: &PcapHeader, record: &[u8]) -> u32 {
    match record.get(8..12).and_then(|o| o.try_into().ok()) {
        Some(octets) if header.is_bigendian() => u32::from_be_bytes(octets),
        Some(octets) => u32::from_le_bytes(octets),
        None => 0,
    }
}

type Parser = fn(&[u8]) -> IResult<&[u8], LegacyPcapBlock<'_>, PcapError<&[u8]>>;

fn parser(header: &PcapHeader) -> Parser {
    match (header.is_modified_format(), header.is_bigendian()) {
        (true, _) => parse_pcap_frame_modified,
        (false, true) => parse_pcap_frame_be,
        (false, false) => parse_pcap_frame,
    }
}

fn microseconds(header: &PcapHeader, record: &LegacyPcapBlock<'_>) -> i64 {
    let part = i64::from(record.ts_usec);
    let part = if header.is_nanosecond_precision() {
        part / 1000
    } else {
        part
    };
    i64::from(record.ts_sec) * 1_000_000 + part
}
