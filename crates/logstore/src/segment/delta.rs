//! Parquet's `DELTA_BINARY_PACKED`: the differences of neighbours, less the least of their block, in as
//! few bits as the greatest needs.

/// Values of a block, and of the parts of it that have a width each.
const BLOCK: usize = 128;
const PARTS: usize = 4;
const PART: usize = BLOCK / PARTS;

/// Writes numbers behind what is in `out`.
pub(super) fn encode(values: &[i64], out: &mut Vec<u8>) {
    varint(number(BLOCK), out);
    varint(number(PARTS), out);
    varint(number(values.len()), out);
    let Some((first, rest)) = values.split_first() else {
        return zigzag(0, out);
    };
    zigzag(*first, out);
    out.reserve(rest.len() * 2);
    let mut before = *first;
    for block in rest.chunks(BLOCK) {
        let mut deltas = [0; BLOCK];
        for (delta, value) in deltas.iter_mut().zip(block) {
            *delta = value.wrapping_sub(before);
            before = *value;
        }
        pack_block(&mut deltas, block.len(), out);
    }
}

/// Packs the differences of a block, of which so many are there.
fn pack_block(deltas: &mut [i64; BLOCK], count: usize, out: &mut Vec<u8>) {
    let there = deltas.get_mut(..count).unwrap_or_default();
    let least = there.iter().copied().min().unwrap_or(0);
    zigzag(least, out);
    for delta in there {
        *delta = delta.wrapping_sub(least);
    }
    let widths_at = out.len();
    out.extend([0; PARTS]);
    for (part, deltas) in deltas.chunks(PART).enumerate() {
        if part * PART >= count {
            break;
        }
        let all = deltas
            .iter()
            .fold(0, |all, delta| all | delta.cast_unsigned());
        let width = u64::BITS - all.leading_zeros();
        if let Some(known) = out.get_mut(widths_at + part) {
            *known = u8::try_from(width).unwrap_or(64);
        }
        pack(deltas, width, out);
    }
}

/// Writes numbers of at most `width` bits, as many as fill whole octets.
fn pack(deltas: &[i64], width: u32, out: &mut Vec<u8>) {
    if width == 0 {
        return;
    }
    let (mut buffer, mut bits) = (0_u64, 0);
    for delta in deltas {
        let delta = delta.cast_unsigned();
        buffer |= delta << bits;
        bits += width;
        if bits >= u64::BITS {
            out.extend(buffer.to_le_bytes());
            bits -= u64::BITS;
            // What of it did not fit.
            buffer = delta.checked_shr(width - bits).unwrap_or(0);
        }
    }
    let octets = usize::try_from(bits.div_ceil(8)).unwrap_or(8);
    out.extend(buffer.to_le_bytes().into_iter().take(octets));
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint((value << 1 ^ value >> 63).cast_unsigned(), out);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests;
