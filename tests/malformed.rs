//! Datagrams broken on purpose, made from those of the conformance cases: no panic, no endless
//! loop, bounded work, every error counted, and good datagrams are read as before.
//!
//! The derivations are numbered as in the description of the captures; all are deterministic.

#[path = "malformed/feeding.rs"]
mod feeding;
#[path = "malformed/random.rs"]
mod random;
#[path = "malformed/resources.rs"]
mod resources;

use feeding::{Feeding, Flow, Place, Seen, What};
use flowlog_decode::{Decoder, Settings};
use flowlog_record::{HashKey, Timestamp};
use flowlog_tests::captures::{self, Case, Datagram};

/// The version word of a datagram.
pub fn version(octets: &[u8]) -> u16 {
    match octets {
        [high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

/// Runs a check over every case, if there are captures.
pub fn each_case(check: impl Fn(&Case)) {
    for case in captures::all().unwrap_or_default() {
        check(&case);
    }
}

/// For each datagram of a case: a decoder that knows the case, the datagram, and its reading.
fn each_datagram(case: &Case, mut check: impl FnMut(&mut Feeding, &Datagram, &Seen)) {
    for (n, datagram) in case.datagrams.iter().enumerate() {
        // Templates may change within a case: each datagram is read in its place.
        let mut feeding = Feeding::default();
        for earlier in &case.datagrams[..n] {
            feeding.feed(earlier);
        }
        let whole = feeding.feed(datagram);
        check(&mut feeding, datagram, &whole);
    }
}

/// The flows of all datagrams of a case.
fn flows(feeding: &mut Feeding, case: &Case) -> Vec<Vec<Flow>> {
    case.datagrams
        .iter()
        .map(|datagram| feeding.feed(datagram).flows)
        .collect()
}

/// Breaks every datagram of a case in many ways, each before a decoder that knows the case; then
/// the good datagrams are read as ever.
fn break_all(case: &Case, broken: impl Fn(&Datagram, &Seen) -> Vec<Vec<u8>>) {
    let expected = flows(&mut Feeding::default(), case);
    let mut feeding = Feeding::that_knows(case);
    for datagram in &case.datagrams {
        let whole = Feeding::that_knows(case).feed(datagram);
        for octets in broken(datagram, &whole) {
            feeding.feed_octets(datagram, &octets);
        }
    }
    // The Templates of the case come again with it; what it lacks may be spoilt.
    let first = flows(&mut feeding, case);
    let second = flows(&mut feeding, case);
    for (n, expected) in expected.iter().enumerate() {
        assert!(first[n].len() >= expected.len(), "{} {n}", case.name);
        if !expected.is_empty() {
            assert_eq!(&second[n], expected, "{} {n}", case.name);
        }
    }
}

/// Octets with a number of one or two octets written over them.
fn patched(octets: &[u8], offset: usize, width: usize, value: usize) -> Vec<u8> {
    let mut patched = octets.to_vec();
    let value = value.to_be_bytes();
    if let Some(place) = patched.get_mut(offset..offset + width) {
        place.copy_from_slice(&value[value.len() - width..]);
    }
    patched
}

#[test]
fn derivation_1_a_datagram_cut_at_every_length() {
    each_case(|case| {
        each_datagram(case, |feeding, datagram, whole| {
            let octets = &datagram.octets;
            for length in 0..octets.len() {
                let seen = feeding.feed_octets(datagram, &octets[..length]);
                let what = format!("{} cut to {length} of {}", case.name, octets.len());
                assert!(seen.is_part_of(whole), "{what}");
                let header = match version(octets) {
                    5 => 24,
                    9 => 20,
                    _ => 16,
                };
                if length < header {
                    assert!(seen.errors > 0 && seen.flows.is_empty(), "{what}");
                    continue;
                }
                match version(octets) {
                    5 => {
                        let count = usize::from(u16::from_be_bytes([octets[2], octets[3]]));
                        assert_eq!(seen.flows.len(), count.min((length - 24) / 48), "{what}");
                    }
                    9 => {
                        let last = whole.boundaries.iter().rfind(|&&end| end <= length);
                        let rest = &octets[*last.unwrap_or(&20)..length];
                        let is_padding = rest.iter().all(|&octet| octet == 0);
                        assert!(seen.errors > 0 || is_padding, "{what}");
                    }
                    _ => {
                        let message = usize::from(u16::from_be_bytes([octets[2], octets[3]]));
                        assert!(seen.errors > 0 || length >= message, "{what}");
                    }
                }
            }
        });
    });
}

#[test]
fn derivation_2_octets_behind_the_end() {
    each_case(|case| {
        each_datagram(case, |feeding, datagram, whole| {
            if whole.errors > 0 {
                // What is cut short already may take up what is put behind it.
                return;
            }
            let zeros = (1..=8).chain([1_220]).map(|count| vec![0; count]);
            let ones = (1..=8).map(|count| vec![0xff; count]);
            for more in zeros.chain(ones) {
                let octets = [&datagram.octets[..], &more].concat();
                let seen = feeding.feed_octets(datagram, &octets);
                assert_eq!(seen.flows, whole.flows, "{} and {more:?}", case.name);
            }
            let twice = [&datagram.octets[..], &datagram.octets].concat();
            let seen = feeding.feed_octets(datagram, &twice);
            // V9 has no length: what follows is read as Sets, as far as it goes.
            assert!(seen.flows.starts_with(&whole.flows), "{} twice", case.name);
            if version(&datagram.octets) == 10 {
                assert_eq!(seen.flows, whole.flows, "{} twice", case.name);
            }
        });
    });
}

/// The values that a length of `own` is set to; `remaining` octets are behind its place.
fn lengths(own: usize, remaining: usize) -> Vec<usize> {
    let own = [own.wrapping_sub(1) & 0xffff, own + 1, own + 4];
    let others = [0, 1, 2, 3, 4, remaining, remaining + 1, 0x7fff, 0xffff];
    own.into_iter().chain(others).collect()
}

fn number(octets: &[u8], offset: usize, width: usize) -> usize {
    octets[offset..offset + width]
        .iter()
        .fold(0, |sum, &octet| sum * 256 + usize::from(octet))
}

#[test]
fn derivation_3_lengths_and_counts_that_lie() {
    each_case(|case| {
        break_all(case, |datagram, whole| {
            let octets = &datagram.octets;
            let mut places: Vec<(usize, usize)> = whole
                .places
                .iter()
                .filter(|place| !matches!(place.what, What::Template { .. }))
                .map(|place| (place.offset, place.width))
                .collect();
            places.push((2, 2));
            // The long form of a length, where the short one stood.
            let long = |place: &Place| {
                let at = place.offset;
                let short = usize::from(octets[at]);
                let form = [255, 0, octets[at]];
                (short < 255).then(|| [&octets[..at], &form, &octets[at + 1..]].concat())
            };
            let variable = whole
                .places
                .iter()
                .filter(|p| p.what == What::VariableLength);
            let mut broken: Vec<Vec<u8>> = variable.filter_map(long).collect();
            for (offset, width) in places {
                let own = number(octets, offset, width);
                for value in lengths(own, octets.len() - offset) {
                    if value < 256_usize.pow(u32::try_from(width).unwrap()) {
                        broken.push(patched(octets, offset, width, value));
                    }
                }
            }
            broken
        });
    });
}

#[test]
fn derivation_3_flows_before_a_lying_set_are_read() {
    each_case(|case| {
        each_datagram(case, |feeding, datagram, whole| {
            for &(offset, before) in &whole.sets {
                for value in [0, 1, 2, 3, 0x7fff, 0xffff] {
                    let octets = patched(&datagram.octets, offset + 2, 2, value);
                    let seen = feeding.feed_octets(datagram, &octets);
                    let what = format!("{} set at {offset}, length {value}", case.name);
                    assert!(seen.errors > 0, "{what}");
                    assert_eq!(seen.flows, whole.flows[..before], "{what}");
                }
            }
        });
    });
}

#[test]
fn derivation_3_counts_of_v5_and_v9() {
    each_case(|case| {
        each_datagram(case, |feeding, datagram, whole| {
            let octets = &datagram.octets;
            for value in lengths(number(octets, 2, 2), octets.len()) {
                let seen = feeding.feed_octets(datagram, &patched(octets, 2, 2, value));
                match version(octets) {
                    5 => {
                        let room = (octets.len() - 24) / 48;
                        assert_eq!(
                            seen.flows.len(),
                            (value & 0xffff).min(room),
                            "{}",
                            case.name
                        );
                    }
                    9 => assert_eq!(seen.flows, whole.flows, "{} count {value}", case.name),
                    // One whose length is wrong as it is may gain by another.
                    _ => assert!(
                        seen.is_part_of(whole) || whole.errors > 0,
                        "{} length {value}",
                        case.name
                    ),
                }
            }
        });
    });
}

#[test]
fn derivation_4_templates_that_lie() {
    each_case(|case| {
        let expected = flows(&mut Feeding::default(), case);
        for datagram in &case.datagrams {
            let whole = Feeding::that_knows(case).feed(datagram);
            for place in &whole.places {
                let What::Template { fields, is_options } = place.what else {
                    continue;
                };
                let mut feeding = Feeding::that_knows(case);
                for octets in lying_templates(&datagram.octets, place.offset, fields, is_options) {
                    feeding.feed_octets(datagram, &octets);
                    for datagram in &case.datagrams {
                        feeding.feed(datagram);
                    }
                }
                // The case brings its Templates again: twice, and it is read as ever.
                let again = flows(&mut feeding, case);
                for (n, expected) in expected.iter().enumerate() {
                    if !expected.is_empty() {
                        assert_eq!(&again[n], expected, "{} {n}", case.name);
                    }
                }
            }
        }
    });
}

/// Template Records with wrong ids, counts and lengths in the place of the one at `offset`.
fn lying_templates(octets: &[u8], offset: usize, fields: usize, is_options: bool) -> Vec<Vec<u8>> {
    let mut broken = Vec::new();
    for id in [0, 1, 2, 3, 255] {
        broken.push(patched(octets, offset, 2, id));
    }
    for count in [0, 1, fields.saturating_sub(1), fields + 1, 1_000, 65_535] {
        broken.push(patched(octets, offset + 2, 2, count));
    }
    if is_options {
        for count in [0, 1, 2, 3, 5, fields + 1, 65_535] {
            broken.push(patched(octets, offset + 4, 2, count));
        }
    }
    let first = offset + if is_options { 6 } else { 4 };
    let lengths: Vec<usize> = (0..fields).map(|field| first + field * 4 + 2).collect();
    for &at in lengths.iter().take(3) {
        for length in [0, 65_534, 65_535] {
            broken.push(patched(octets, at, 2, length));
        }
        // The enterprise bit, whose number takes the room of the next field.
        let id = number(octets, (at - 2).min(octets.len() - 2), 2);
        broken.push(patched(octets, at - 2, 2, id | 0x8000));
    }
    let all = |length| {
        let patch = |octets: Vec<u8>, &at: &usize| patched(&octets, at, 2, length);
        lengths.iter().fold(octets.to_vec(), patch)
    };
    broken.extend([all(0), all(65_535), all(40_000)]);
    broken
}

#[test]
fn derivation_5_data_before_or_without_templates() {
    each_case(|case| {
        let mut feeding = Feeding::default();
        for datagram in case.datagrams.iter().rev() {
            feeding.feed(datagram);
        }
        // Never: each datagram alone before a decoder that knows nothing.
        for datagram in &case.datagrams {
            let seen = Feeding::default().feed(datagram);
            if version(&datagram.octets) != 5 && !seen.has_templates {
                assert!(seen.flows.is_empty(), "{}", case.name);
            }
        }
    });
}

#[test]
fn derivation_5_templates_of_another_exporter_or_domain() {
    each_case(|case| {
        for datagram in &case.datagrams {
            if version(&datagram.octets) == 5 {
                continue;
            }
            let mut feeding = Feeding::that_knows(case);
            let other = Datagram {
                exporter: "198.51.100.77".parse().unwrap(),
                ..datagram.clone()
            };
            let seen = feeding.feed(&other);
            assert!(seen.flows.is_empty() || seen.has_templates, "{}", case.name);
            let at = if version(&datagram.octets) == 9 {
                16
            } else {
                12
            };
            let octets = patched(&datagram.octets, at, 4, 0xdead_beef);
            let seen = feeding.feed_octets(datagram, &octets);
            assert!(seen.flows.is_empty() || seen.has_templates, "{}", case.name);
        }
    });
}

#[test]
fn derivation_5_each_datagram_twice() {
    each_case(|case| {
        let count = |times: usize| {
            let mut decoder = Decoder::new(Settings::default(), HashKey::PUBLIC);
            let mut seen = Seen::default();
            for datagram in &case.datagrams {
                for _ in 0..times {
                    let at = Timestamp::from_micros(datagram.at_us);
                    let _ = decoder.decode(at, datagram.exporter, &datagram.octets, &mut seen);
                }
            }
            seen.flows.len()
        };
        assert_eq!(count(2), count(1), "{}", case.name);
    });
}

#[test]
fn derivation_6_other_versions() {
    each_case(|case| {
        each_datagram(case, |feeding, datagram, whole| {
            for word in [0, 1, 6, 7, 8, 11, 0x0a00, 0xffff] {
                let seen = feeding.feed_octets(datagram, &patched(&datagram.octets, 0, 2, word));
                assert!(
                    seen.errors > 0 && seen.flows.is_empty(),
                    "{} as {word}",
                    case.name
                );
            }
            for word in [5, 9, 10] {
                feeding.feed_octets(datagram, &patched(&datagram.octets, 0, 2, word));
            }
            let again = feeding.feed(datagram);
            assert_eq!(again.flows, whole.flows, "{}", case.name);
        });
    });
}

#[test]
fn derivation_9_times_and_counters_at_their_ends() {
    each_case(|case| {
        let mut feeding = Feeding::that_knows(case);
        for datagram in &case.datagrams {
            let octets = &datagram.octets;
            let (uptime, export, sequence) = match version(octets) {
                5 => (Some(4), 8, 16),
                9 => (Some(4), 8, 12),
                _ => (None, 4, 8),
            };
            let values = [
                0,
                1,
                1_000,
                0x7fff_ffff,
                0x8000_0000,
                0xffff_fffe,
                0xffff_ffff,
            ];
            for value in values {
                for offset in [uptime, Some(export), Some(sequence)].into_iter().flatten() {
                    // What settling promises of every record is checked on the way.
                    feeding.feed_octets(datagram, &patched(octets, offset, 4, value));
                }
            }
            // Every counter and time at its greatest, and at its least.
            let header = if version(octets) == 5 {
                24
            } else {
                octets.len()
            };
            for fill in [0, 0x7f, 0x80, 0xff] {
                let mut filled = octets.clone();
                filled[header..].fill(fill);
                feeding.feed_octets(datagram, &filled);
            }
        }
        let expected = flows(&mut Feeding::default(), case);
        assert_eq!(flows(&mut feeding, case).len(), expected.len());
    });
}
