//! Compressing and decompressing bodies, into buffers of exactly the size that was said.

use flowlog_sls::{Compression, Error, ErrorCode};

/// `octets` compressed, as an answer has them: LZ4 and Zstandard.
pub(super) fn compress(compression: Compression, octets: &[u8]) -> Result<Vec<u8>, Error> {
    match compression {
        Compression::Lz4 => Ok(lz4_flex::block::compress(octets)),
        Compression::Zstd => zstd::bulk::compress(octets, 1)
            .map_err(|error| Error::new(ErrorCode::InternalServerError, error.to_string())),
        // Clients name it out of habit and cannot read it.
        Compression::Deflate => Err(Error::new(
            ErrorCode::InternalServerError,
            "answers are not deflated",
        )),
    }
}

/// A body of `size` octets before compression.
///
/// Nothing beyond that size is allocated or written, whatever the body would become.
///
/// # Errors
/// `PostBodyUncompressError` when it does not become exactly `size` octets.
pub(super) fn decompress(
    compression: Compression,
    body: &[u8],
    size: usize,
) -> Result<Vec<u8>, Error> {
    let mut octets = vec![0; size];
    let written = match compression {
        Compression::Lz4 => lz4_flex::block::decompress_into(body, &mut octets).ok(),
        Compression::Deflate => miniz_oxide::inflate::decompress_slice_iter_to_slice(
            &mut octets,
            std::iter::once(body),
            true,
            false,
        )
        .ok(),
        Compression::Zstd => zstd::bulk::decompress_to_buffer(body, octets.as_mut_slice()).ok(),
    };
    match written {
        Some(written) if written == size => Ok(octets),
        Some(written) => {
            let message = format!(
                "Failed to decompress logs: they have {written} octets, not the {size} of \
                 x-log-bodyrawsize."
            );
            Err(Error::new(ErrorCode::PostBodyUncompressError, message))
        }
        None => Err(Error::new(
            ErrorCode::PostBodyUncompressError,
            "Failed to decompress logs.",
        )),
    }
}

#[cfg(test)]
mod tests;
