//! Requests to the Logstore's HTTP interface: what their heads and bodies ask for.

use std::sync::LazyLock;

use flowlog_logstore::understand;
use flowlog_record::Timestamp;
use flowlog_sls::operation::allowed;
use flowlog_sls::{ErrorCode, Headers};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Headers that a request has where it does not say otherwise.
static USUAL: LazyLock<[(&str, &str); 2]> = LazyLock::new(|| {
    [
        ("host", "flow-logs.localhost:9082"),
        ("x-log-apiversion", "0.6.0"),
    ]
});

/// `METHOD target`, a line for each header, an empty line, the body. A request is understood or
/// answered with an error of the client's, and understood again it is the same.
pub fn http_request(octets: &[u8]) {
    let end = octets.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&octets[..end], &octets[end + 2..]),
        None => (octets, &[][..]),
    };
    let Ok(head) = str::from_utf8(head) else {
        return;
    };
    let mut lines = head.split('\n');
    let (method, target) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .unwrap_or(("GET", "/"));
    let sent: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let usual = USUAL.iter().copied().filter(|(name, _)| {
        sent.iter()
            .all(|(known, _)| !known.eq_ignore_ascii_case(name))
    });
    let headers: Headers<'_> = sent.iter().copied().chain(usual).collect();
    let first = understand((method, target), headers.clone(), body, NOW);
    assert_eq!(
        first,
        understand((method, target), headers, body, NOW),
        "the same request is understood in the same way"
    );
    match first {
        Ok(understood) => {
            let operation = &understood.operation;
            assert!(operation.action().starts_with("log:"));
            let project = understood.project.as_deref().unwrap_or_default();
            assert!(operation.resource(project).starts_with("project/"));
            let writes = operation.action() == "log:PostLogStoreLogs";
            assert_eq!(writes, understood.rows > 0, "{operation:?}");
            let path = target.split('?').next().unwrap_or_default();
            assert!(!path.starts_with('/') || allowed(path).contains(&method));
        }
        Err(error) => {
            assert!((400..500).contains(&error.status), "{error}");
            assert!(error.message.len() < 4096, "{error}");
            assert!(error.code != ErrorCode::InternalServerError);
        }
    }
}
