//! The pcapng format: sections of blocks, each with its length; parsed by `pcap-parser`.

use pcap_parser::{
    Block, InterfaceDescriptionBlock, OptionCode, PcapError, nom::IResult, parse_block_be,
    parse_block_le,
};

use super::frame::Link;
use super::source::Source;
use super::{CaptureProblem, Found, Packet, RECORD_LIMIT};

const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// Interfaces of one section; more are a damaged file.
const INTERFACES_LIMIT: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Reader {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// The latest time seen: what packets without a time get.
    latest_us: i64,
    octets: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Interface {
    pub(super) link: Link,
    pub(super) snapshot_length: u32,
    pub(super) units_per_second: u128,
    pub(super) offset_seconds: i64,
}

impl Reader {
    pub(super) fn read(&mut self, source: &mut Source) -> Result<Found<'_>, CaptureProblem> {
        source.begin_record();
        if source.at_end()? {
            return Ok(Found::End);
        }
        self.fill_block(source)?;
        let (_, block) = parser(self.big_endian)(&self.octets)
            .map_err(|_| CaptureProblem::Damaged("a pcapng block that is none"))?;
        match block {
            Block::SectionHeader(_) => {
                self.interfaces.clear();
                Ok(Found::Nothing)
            }
            Block::InterfaceDescription(description) => {
                if self.interfaces.len() >= INTERFACES_LIMIT {
                    return Err(CaptureProblem::Damaged("thousands of interfaces"));
                }
                let interface = Interface::new(&description, self.big_endian);
                self.interfaces.push(interface);
                Ok(Found::Nothing)
            }
            Block::EnhancedPacket(packet) => {
                let interface = usize::try_from(packet.if_id)
                    .ok()
                    .and_then(|id| self.interfaces.get(id))
                    .ok_or(CaptureProblem::Damaged("a packet of an unknown interface"))?;
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                self.latest_us = interface.microseconds(units);
                Ok(Found::Packet(Packet {
                    link: interface.link,
                    at_us: self.latest_us,
                    octets: first(packet.data, packet.caplen),
                    truncated: packet.origlen > packet.caplen,
                }))
            }
            Block::SimplePacket(packet) => {
                let interface = (self.interfaces.first())
                    .ok_or(CaptureProblem::Damaged("a packet of an unknown interface"))?;
                let octets = first(packet.data, packet.origlen);
                let whole = usize::try_from(packet.origlen).is_ok_and(|len| len <= octets.len());
                Ok(Found::Packet(Packet {
                    link: interface.link,
                    at_us: self.latest_us,
                    octets,
                    truncated: !whole
                        || (interface.snapshot_length > 0
                            && packet.origlen > interface.snapshot_length),
                }))
            }
            _ => Ok(Found::Nothing),
        }
    }

    /// Reads one block whole; a Section Header Block says in which order its octets are.
    fn fill_block(&mut self, source: &mut Source) -> Result<(), CaptureProblem> {
        self.octets.clear();
        source.fill(8, &mut self.octets)?;
        if self.octets.starts_with(&SECTION_HEADER) {
            source.fill(4, &mut self.octets)?;
            self.big_endian = match self.octets.get(8..) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => true,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => false,
                _ => return Err(CaptureProblem::Damaged("a section without byte order")),
            };
        }
        let length = (self.octets.get(4..8))
            .and_then(|octets| octets.try_into().ok())
            .map_or(0, |octets| self.u32(octets));
        let wanted = usize::try_from(length).unwrap_or(usize::MAX);
        if wanted > RECORD_LIMIT {
            return Err(CaptureProblem::RecordTooLong(length.into()));
        }
        let rest = (wanted.checked_sub(self.octets.len()))
            .filter(|_| wanted >= 12 && wanted.is_multiple_of(4))
            .ok_or(CaptureProblem::Damaged("a block of impossible length"))?;
        source.fill(rest, &mut self.octets)?;
        // pcap-parser takes the second length on trust
        let again = self.octets.last_chunk().copied().map(|o| self.u32(o));
        if again != Some(length) {
            return Err(CaptureProblem::Damaged("a block whose two lengths differ"));
        }
        Ok(())
    }

    fn u32(&self, octets: [u8; 4]) -> u32 {
        if self.big_endian {
            u32::from_be_bytes(octets)
        } else {
            u32::from_le_bytes(octets)
        }
    }
}

impl Interface {
    fn new(description: &InterfaceDescriptionBlock<'_>, big_endian: bool) -> Self {
        let option = |code| {
            (description.options.iter())
                .find(|option| option.code == code)
                .map(|option| &*option.value)
        };
        let units_per_second = match option(OptionCode::IfTsresol) {
            Some(&[power, ..]) if power & 0x80 != 0 => {
                1_u128.checked_shl(u32::from(power & 0x7f)).unwrap_or(1)
            }
            Some(&[power, ..]) => 10_u128.checked_pow(u32::from(power)).unwrap_or(u128::MAX),
            _ => 1_000_000,
        };
        let offset_seconds = option(OptionCode::IfTsoffset)
            .and_then(|value| value.first_chunk().copied())
            .map_or(0, |octets| {
                if big_endian {
                    i64::from_be_bytes(octets)
                } else {
                    i64::from_le_bytes(octets)
                }
            });
        Self {
            link: Link(u16::try_from(description.linktype.0).unwrap_or(u16::MAX)),
            snapshot_length: description.snaplen,
            units_per_second: units_per_second.max(1),
            offset_seconds,
        }
    }

    pub(super) fn microseconds(&self, units: u64) -> i64 {
        let micros = u128::from(units) * 1_000_000 / self.units_per_second;
        i64::try_from(micros)
            .unwrap_or(i64::MAX)
            .saturating_add(self.offset_seconds.saturating_mul(1_000_000))
    }
}

type Parser = fn(&[u8]) -> IResult<&[u8], Block<'_>, PcapError<&[u8]>>;

fn parser(big_endian: bool) -> Parser {
    if big_endian {
        parse_block_be
    } else {
        parse_block_le
    }
}

/// The packet without its padding.
fn first(octets: &[u8], length: u32) -> &[u8] {
    usize::try_from(length)
        .ok()
        .and_then(|length| octets.get(..length))
        .unwrap_or(octets)
}
