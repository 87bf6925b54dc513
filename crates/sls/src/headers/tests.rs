use super::*;

fn headers<'a>(name: &'a str, value: &'a str) -> Headers<'a> {
    [(name, value)].into_iter().collect()
}

#[test]
fn names_are_folded_and_values_trimmed() {
    let given = [
        ("X-Log-B", " 2 "),
        ("x-log-a", "1"),
        ("X-LOG-B", "3"),
        ("Empty", " "),
    ];
    let headers: Headers<'_> = given.into_iter().collect();
    assert_eq!(
        (headers.get("x-log-b"), headers.get("x-log-a")),
        (Some("2"), Some("1"))
    );
    assert_eq!((headers.get("empty"), headers.get("absent")), (None, None));
    let names: Vec<_> = headers.iter().collect();
    let want: [(&str, &[u8]); 4] = [
        ("empty", b" "),
        ("x-log-a", b"1"),
        ("x-log-b", b" 2 "),
        ("x-log-b", b"3"),
    ];
    assert_eq!(names, want);
    let octets: Headers<'_> = [("a", &b"\xff"[..])].into_iter().collect();
    assert_eq!(octets.get("a"), None);
}

#[test]
fn the_version_of_the_api_is_known() {
    assert_eq!(
        headers("x-log-apiversion", "0.6.0").check_api_version(),
        Ok(())
    );
    let code = |headers: Headers<'_>| headers.check_api_version().unwrap_err().code;
    assert_eq!(
        code(headers("x-log-apiversion", "0.7.0")),
        ErrorCode::InvalidAPIVersion
    );
    assert_eq!(code(Headers::default()), ErrorCode::MissingAPIVersion);
}

#[test]
fn the_raw_size_is_a_number_within_the_limit() {
    let size = |text| headers("x-log-bodyrawsize", text).body_raw_size(100);
    assert_eq!((size("0"), size("100")), (Ok(0), Ok(100)));
    assert_eq!(size("101").unwrap_err().code, ErrorCode::PostBodyTooLarge);
    for text in ["-1", "+1", "1.0", "x", "99999999999999999999"] {
        assert_eq!(
            size(text).unwrap_err().code,
            ErrorCode::InvalidBodyRawSize,
            "{text}"
        );
    }
    let error = Headers::default().body_raw_size(100).unwrap_err();
    assert_eq!(error.code, ErrorCode::MissingBodyRawSize);
}

#[test]
fn a_body_is_compressed_as_its_header_says() {
    let compression = |text| headers("x-log-compresstype", text).compression();
    assert_eq!(compression("lz4"), Ok(Some(Compression::Lz4)));
    assert_eq!(compression("ZSTD"), Ok(Some(Compression::Zstd)));
    assert_eq!(compression("deflate"), Ok(Some(Compression::Deflate)));
    assert_eq!(compression(""), Ok(None));
    let error = compression("br").unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidCompressType);
    assert_eq!(error.message, "x-log-compresstype br is unsupported.");
}

#[test]
fn an_answer_is_compressed_as_the_client_accepts() {
    let offered = [Compression::Lz4, Compression::Zstd];
    let accepted = |text| headers("Accept-Encoding", text).accepted(&offered);
    assert_eq!(accepted("lz4"), Some(Compression::Lz4));
    assert_eq!(accepted("zstd, lz4;q=0.5"), Some(Compression::Lz4));
    assert_eq!(accepted("gzip, zstd"), Some(Compression::Zstd));
    assert_eq!(accepted("lz4;q=0, zstd;q=0.1"), Some(Compression::Zstd));
    assert_eq!(
        (accepted("deflate, gzip"), accepted("*"), accepted("")),
        (None, None, None)
    );
    assert_eq!(Headers::default().accepted(&offered), None);
}
