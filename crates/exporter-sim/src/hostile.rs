//! Hostile octets: datagrams broken on purpose, and ones that want too much.

use alloc::vec;
use alloc::vec::Vec;

use flowlog_wire::emit::MessageBuilder;
use flowlog_wire::{FieldSpecifier, TemplateId, ipfix, netflow9};

use crate::encode::specifier;
use crate::rng::{MILLION, Rng};

/// The largest payload of UDP over IPv4.
const MAX_DATAGRAM: usize = 65_507;
/// Fields of a Template that no router sends.
const MANY_FIELDS: usize = 16_000;
/// Values that length fields are set to.
const LENGTHS: [u16; 10] = [0, 1, 2, 3, 4, 5, 255, 0x7fff, 0xfffe, 0xffff];
/// Version words, known and unknown.
const VERSIONS: [u16; 11] = [0, 1, 5, 6, 7, 8, 9, 10, 11, 0x0a00, 0xffff];

/// Breaks datagrams in every way that it knows, by a seed.
#[derive(Clone, Debug)]
pub struct Hostile {
    rng: Rng,
}

impl Hostile {
    /// A sequence of its own for each seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
        }
    }

    /// A hostile datagram of at most 65,507 octets; many kinds are a sound one with damage.
    pub fn datagram(&mut self, sound: &[u8]) -> Vec<u8> {
        match self.rng.below(13) {
            0 => self.noise(),
            1 => self.noise_behind_a_version(),
            2 => self.cut(sound),
            3 => self.flip_bits(sound),
            4 => self.overwrite(sound),
            5 => self.set_a_length(sound),
            6 => self.lengthen(sound),
            7 => self.change_version(sound),
            8 => self.splice(sound),
            9 => empty_sets(),
            10 => self.many_fields(),
            11 => self.new_template(),
            _ => self.unknown_data(),
        }
    }

    /// How many there are beside one honest datagram, at so many in a million.
    pub(crate) fn how_many(&mut self, ppm: u32) -> u32 {
        ppm / MILLION + u32::from(self.rng.chance(ppm % MILLION))
    }

    fn noise(&mut self) -> Vec<u8> {
        let length = self.rng.index(1500);
        (0..length).map(|_| self.rng.next_u8()).collect()
    }

    fn noise_behind_a_version(&mut self) -> Vec<u8> {
        let mut octets = vec![0, self.rng.pick(&[5, 9, 10]).unwrap_or_default()];
        octets.extend(self.noise());
        octets
    }

    fn cut(&mut self, sound: &[u8]) -> Vec<u8> {
        let length = self.rng.index(sound.len());
        sound.iter().copied().take(length).collect()
    }

    fn flip_bits(&mut self, sound: &[u8]) -> Vec<u8> {
        let mut octets = sound.to_vec();
        for _ in 0..self.rng.between(1, 8) {
            let (at, bit) = (self.rng.index(octets.len()), self.rng.below(8));
            if let Some(octet) = octets.get_mut(at) {
                *octet ^= 1 << bit;
            }
        }
        octets
    }

    fn overwrite(&mut self, sound: &[u8]) -> Vec<u8> {
        let mut octets = sound.to_vec();
        let (at, length) = (self.rng.index(octets.len()), self.rng.index(16));
        let fill = self.rng.pick(&[Some(0), Some(0xff), None]).flatten();
        for octet in octets.iter_mut().skip(at).take(length + 1) {
            *octet = fill.unwrap_or_else(|| self.rng.next_u8());
        }
        octets
    }

    /// Sets two octets at an even offset, where most length fields are.
    fn set_a_length(&mut self, sound: &[u8]) -> Vec<u8> {
        let mut octets = sound.to_vec();
        let at = self.rng.index(octets.len()) & !1;
        let length = self.rng.pick(&LENGTHS).unwrap_or_default();
        put(&mut octets, at, length);
        octets
    }

    fn lengthen(&mut self, sound: &[u8]) -> Vec<u8> {
        let mut octets = sound.to_vec();
        let few = self.rng.index(8) + 1;
        match self.rng.below(4) {
            0 => octets.extend(vec![0; few]),
            1 => octets.extend(vec![0xff; few]),
            2 => octets.extend(vec![0; 1220]),
            _ => octets.extend(sound),
        }
        octets.truncate(MAX_DATAGRAM);
        octets
    }

    fn change_version(&mut self, sound: &[u8]) -> Vec<u8> {
        let mut octets = sound.to_vec();
        let version = self.rng.pick(&VERSIONS).unwrap_or_default();
        put(&mut octets, 0, version);
        octets
    }

    /// The first part of a datagram in front of a later part of it.
    fn splice(&mut self, sound: &[u8]) -> Vec<u8> {
        let (first, second) = (self.rng.index(sound.len()), self.rng.index(sound.len()));
        let later = sound.iter().skip(second);
        sound.iter().take(first).chain(later).copied().collect()
    }

    /// A Template of thousands of fields of no octets and one of one, and data for it.
    fn many_fields(&mut self) -> Vec<u8> {
        let mut fields: Vec<FieldSpecifier> = vec![specifier((8, 0)); MANY_FIELDS];
        fields.push(specifier((4, 1)));
        let id = self.template_id();
        let mut octets = Vec::new();
        let mut builder =
            MessageBuilder::netflow9(&mut octets, &netflow9::Header::default(), MAX_DATAGRAM);
        // A refusal would only make it less hostile.
        let _written = builder.template(id, &fields);
        while builder.record(id, &[0xff]).is_ok() {}
        builder.finish();
        octets
    }

    /// One more Template, of one more Observation Domain, with random fields.
    fn new_template(&mut self) -> Vec<u8> {
        let fields: Vec<FieldSpecifier> = (0..self.rng.between(1, 40))
            .map(|_| specifier((self.rng.next_u16() & 0x1ff, self.rng.next_u16() & 0x0f)))
            .collect();
        let (mut octets, id) = (Vec::new(), self.template_id());
        let mut builder = self.builder(&mut octets);
        let _written = builder.template(id, &fields);
        builder.finish();
        octets
    }

    /// Data of a Template that nobody has announced.
    fn unknown_data(&mut self) -> Vec<u8> {
        let data = self.noise();
        let (mut octets, id) = (Vec::new(), self.template_id());
        let mut builder = self.builder(&mut octets);
        let _written = builder.record(id, &data);
        builder.finish();
        octets
    }

    fn template_id(&mut self) -> TemplateId {
        TemplateId::new(self.rng.next_u16()).unwrap_or(TemplateId::FIRST)
    }

    /// V9 or IPFIX of any Observation Domain.
    fn builder<'v>(&mut self, out: &'v mut Vec<u8>) -> MessageBuilder<'v> {
        let domain = self.rng.next_u32();
        if self.rng.below(2) == 0 {
            let header = netflow9::Header {
                source_id: domain,
                ..netflow9::Header::default()
            };
            MessageBuilder::netflow9(out, &header, MAX_DATAGRAM)
        } else {
            let header = ipfix::Header {
                observation_domain: domain,
                ..ipfix::Header::default()
            };
            MessageBuilder::ipfix(out, &header, MAX_DATAGRAM)
        }
    }
}

/// As many Sets of nothing as there is room for.
fn empty_sets() -> Vec<u8> {
    let mut octets = Vec::new();
    let header = netflow9::Header::default();
    MessageBuilder::netflow9(&mut octets, &header, MAX_DATAGRAM).finish();
    let sets = (MAX_DATAGRAM - octets.len()) / 4;
    octets.extend([1, 0, 0, 4].repeat(sets));
    octets
}

fn put(octets: &mut [u8], at: usize, value: u16) {
    if let Some(place) = octets
        .get_mut(at..)
        .and_then(|octets| octets.first_chunk_mut())
    {
        *place = value.to_be_bytes();
    }
}

#[cfg(test)]
mod tests;
