//! Percent-encoding (RFC 3986 §2.1), as paths and parameters of requests have it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Encodes every octet outside the unreserved set `A-Z a-z 0-9 - _ . ~` as `%XX` in upper case.
pub fn encode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    encode_into(octets, &mut text);
    text
}

/// As [`encode`], at the end of `text`.
pub fn encode_into(octets: &[u8], text: &mut String) {
    for &octet in octets {
        if octet.is_ascii_alphanumeric() || b"-_.~".contains(&octet) {
            text.push(char::from(octet));
        } else {
            text.push('%');
            text.extend(digit(octet >> 4));
            text.extend(digit(octet & 15));
        }
    }
}

fn digit(value: u8) -> Option<char> {
    DIGITS.get(usize::from(value)).copied().map(char::from)
}

/// Decodes `%XX`; a `%` that two hexadecimal digits do not follow stays as it is.
///
/// `plus_is_space` also decodes `+`, as forms and most clients write a space in a parameter; in a
/// path it is an ordinary character. Nothing is copied when nothing is encoded.
pub fn decode(text: &str, plus_is_space: bool) -> Cow<'_, [u8]> {
    let octets = text.as_bytes();
    if !octets
        .iter()
        .any(|&c| c == b'%' || (plus_is_space && c == b'+'))
    {
        return Cow::Borrowed(octets);
    }
    let mut decoded = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, tail @ ..]) => {
                if let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) {
                    decoded.push(high << 4 | low);
                    rest = tail;
                } else {
                    decoded.push(b'%');
                }
            }
            (b'+', _) if plus_is_space => decoded.push(b' '),
            _ => decoded.push(first),
        }
    }
    Cow::Owned(decoded)
}

/// The value of a hexadecimal digit of either case.
const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Lower-case hexadecimal digits of `octets`.
pub fn hex_lower(octets: &[u8]) -> String {
    let mut text = hex_upper(octets);
    text.make_ascii_lowercase();
    text
}

/// Upper-case hexadecimal digits of `octets`.
pub fn hex_upper(octets: &[u8]) -> String {
    let digits = octets
        .iter()
        .flat_map(|&octet| [digit(octet >> 4), digit(octet & 15)]);
    digits.flatten().collect()
}

/// Exactly `N` octets from `2 N` hexadecimal digits of either case.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != N {
        return None;
    }
    let mut octets = [0; N];
    for (octet, [high, low]) in octets.iter_mut().zip(pairs) {
        *octet = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests;
