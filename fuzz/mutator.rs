//! Changes scripts step by step, so that what is tried is still a sequence of datagrams: libFuzzer
//! itself sees octets, and most of what it does to a script breaks the lengths in it.

use libfuzzer_sys::fuzzer_mutate;

/// Elements that decoding looks at (`decode/elements.rs`), and some that it does not.
const ELEMENTS: [u16; 58] = [
    1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 14, 21, 22, 23, 24, 27, 28, 32, 34, 48, 50, 61, 82, 85, 86,
    89, 130, 131, 136, 139, 148, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 176,
    177, 225, 231, 232, 233, 252, 291, 292, 293, 298, 305, 309, 323, 352,
];
const LENGTHS: [u16; 10] = [0, 1, 2, 3, 4, 8, 16, 9, 0xfffe, 0xffff];
const DELTAS: [u16; 10] = [
    0, 1, 999, 1000, 5_000, 15_000, 16_000, 60_000, 64_999, 0xffff,
];
/// Octets before the steps.
const HEAD: usize = 7;
const STEP_HEAD: usize = 5;

struct Step {
    first: u8,
    delta: u16,
    octets: Vec<u8>,
}

struct Rng(u32);

impl Rng {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.next() % from.len()]
    }
}

/// Mutates the script in the first `size` octets of `data`; `prefix` octets before it are left to
/// libFuzzer. Returns the new size.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32, prefix: usize) -> usize {
    let mut rng = Rng(seed | 1);
    let head = HEAD + prefix;
    if size < head + STEP_HEAD || rng.next().is_multiple_of(6) {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut steps = read(&data[head..size]);
    for _ in 0..=rng.next() % 3 {
        change(&mut steps, &mut rng);
    }
    let mut out = data[..head].to_vec();
    if rng.next().is_multiple_of(8) {
        let at = rng.next() % head;
        out[at] = rng.next().to_le_bytes()[1];
    }
    for step in steps {
        let length = step.octets.len().min(usize::from(u16::MAX));
        out.push(step.first);
        out.extend(step.delta.to_be_bytes());
        out.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        out.extend(&step.octets[..length]);
    }
    let size = out.len().min(max_size).min(data.len());
    data[..size].copy_from_slice(&out[..size]);
    size
}

fn read(mut rest: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some((&[first, delta_high, delta, high, low], behind)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (octets, behind) = behind.split_at(length.min(behind.len()));
        let delta = u16::from_be_bytes([delta_high, delta]);
        steps.push(Step {
            first,
            delta,
            octets: octets.to_vec(),
        });
        rest = behind;
    }
    steps
}

fn change(steps: &mut Vec<Step>, rng: &mut Rng) {
    if steps.is_empty() {
        return steps.push(Step {
            first: 0,
            delta: 0,
            octets: Vec::new(),
        });
    }
    let (at, other) = (rng.next() % steps.len(), rng.next() % steps.len());
    match rng.next() % 12 {
        0 => drop(steps.remove(at)),
        1 => {
            let Step {
                first,
                delta,
                ref octets,
            } = steps[at];
            let copy = Step {
                first,
                delta,
                octets: octets.clone(),
            };
            steps.insert(other, copy);
        }
        2 => steps.swap(at, other),
        3 => steps[at].first = rng.next().to_le_bytes()[1],
        4 => {
            steps[at].delta = rng.pick(&DELTAS);
            steps[at].first ^= rng.pick(&[0, 0, 4, 8]);
        }
        5 => steps[at].first = rng.pick(&[0x10, 0x20, 0x21, 0x22, 0x23, 0x30]),
        6 => steps[at].first = steps[other].first & 3,
        7 | 8 => field(&mut steps[at].octets, rng),
        9 => number(&mut steps[at].octets, rng),
        _ => {
            let octets = &mut steps[at].octets;
            let size = octets.len();
            octets.resize(size + 64, 0);
            let size = fuzzer_mutate(octets, size, size + 64);
            octets.truncate(size);
            mend(octets, rng);
        }
    }
}

/// Gives a Field Specifier of a Template Set another element, or another length.
fn field(octets: &mut [u8], rng: &mut Rng) {
    let mut at = match octets.first_chunk() {
        Some([0, 9]) => 20,
        Some([0, 10]) => 16,
        _ => return number(octets, rng),
    };
    let mut places = Vec::new();
    while let Some(&[id_high, id, high, low]) = octets.get(at..).and_then(|o| o.first_chunk()) {
        let length = usize::from(u16::from_be_bytes([high, low]));
        if u16::from_be_bytes([id_high, id]) < 4 {
            places.extend((at + 8..(at + length).min(octets.len())).step_by(4));
        }
        if length < 4 {
            break;
        }
        at += length;
    }
    if places.is_empty() {
        return number(octets, rng);
    }
    let place = rng.pick(&places);
    if rng.next().is_multiple_of(4) {
        put(octets, place + 2, rng.pick(&LENGTHS));
    } else {
        put(octets, place, rng.pick(&ELEMENTS));
    }
}

/// Overwrites a counter, a time or whatever stands there.
fn number(octets: &mut [u8], rng: &mut Rng) {
    if octets.is_empty() {
        return;
    }
    let (at, length) = (rng.next() % octets.len(), rng.pick(&[1, 2, 4, 8]));
    let fill = rng.pick(&[0, 0, 1, 0x7f, 0x80, 0xff]);
    for octet in octets.iter_mut().skip(at).take(length) {
        *octet = fill;
    }
}

/// Lets the length of an IPFIX message be that of the datagram, most of the time.
fn mend(octets: &mut [u8], rng: &mut Rng) {
    if octets.first_chunk() == Some(&[0, 10]) && !rng.next().is_multiple_of(4) {
        let length = u16::try_from(octets.len()).unwrap_or(u16::MAX);
        put(octets, 2, length);
    }
}

fn put(octets: &mut [u8], at: usize, value: u16) {
    if let Some(place) = octets.get_mut(at..).and_then(|o| o.first_chunk_mut()) {
        *place = value.to_be_bytes();
    }
}
