use super::*;

fn deflated(octets: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(octets, 6)
}

#[test]
fn every_compression_is_undone() {
    let octets = b"10.0.0.1 443 10.0.0.1 443 10.0.0.2 80".repeat(1000);
    let bodies = [
        (Compression::Lz4, lz4_flex::block::compress(&octets)),
        (Compression::Deflate, deflated(&octets)),
        (Compression::Zstd, zstd::bulk::compress(&octets, 1).unwrap()),
    ];
    for (compression, body) in bodies {
        assert_eq!(
            decompress(compression, &body, octets.len()),
            Ok(octets.clone())
        );
        for size in [0, 1, octets.len() - 1, octets.len() + 1] {
            let error = decompress(compression, &body, size).unwrap_err();
            assert_eq!(
                error.code,
                ErrorCode::PostBodyUncompressError,
                "{compression:?} {size}"
            );
        }
        let error = decompress(compression, &body[..body.len() / 2], octets.len()).unwrap_err();
        assert_eq!(
            error.code,
            ErrorCode::PostBodyUncompressError,
            "{compression:?}"
        );
    }
}

#[test]
fn the_vector_of_the_service_is_read() {
    let raw = b"\x0a\x20\x08\x80\xe2\xcf\xaa\x06\x12\x13\x0a\x07srcaddr\x12\x0810.0.0.1\
        %\x15\xcd[\x07\x1a\x08flow_log\"\x09192.0.2.1\
        2\x0d\x0a\x04host\x12\x05exp-1";
    let body = [&b"\xf0\x37"[..], raw].concat();
    assert_eq!(decompress(Compression::Lz4, &body, 70), Ok(raw.to_vec()));
}

#[test]
fn answers_are_compressed_with_what_clients_read() {
    let octets = vec![7; 5000];
    for compression in [Compression::Lz4, Compression::Zstd] {
        let body = compress(compression, &octets).unwrap();
        assert!(body.len() < 100);
        assert_eq!(decompress(compression, &body, 5000), Ok(octets.clone()));
    }
    assert!(compress(Compression::Deflate, &octets).is_err());
}
