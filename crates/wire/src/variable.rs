//! Values that carry their own length (RFC 7011 §7).

/// Where the value begins, and how long it is, in octets that begin with its length: one octet,
/// or 255 and two octets.
///
/// `None` when the length or the value runs past `octets`.
///
/// ```text
/// | length < 255 |  value ...           short form
/// |     255      |  length (2)  |  value ...   long form, of any length
/// ```
#[inline]
pub fn variable_length(octets: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match *octets {
        [255, high, low, ..] => (3, usize::from(u16::from_be_bytes([high, low]))),
        [255, ..] | [] => return None,
        [length, ..] => (1, usize::from(length)),
    };
    (start + length <= octets.len()).then_some((start, length))
}

#[cfg(test)]
mod tests;
