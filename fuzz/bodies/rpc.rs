//! Requests to the control API, and the policies by which they are judged.

use std::net::SocketAddr;
use std::sync::LazyLock;

use flowlog_access::policy::{Attempt, Circumstances, Decision, Policy, decide};
use flowlog_access::rpc::{Parameters, RpcRequest};
use flowlog_control::{Destinations, Settings, understand};
use flowlog_flowlog::Inventory;
use flowlog_record::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

#[derive(Debug)]
struct Nowhere;

impl Destinations for Nowhere {
    fn has_project(&self, _: &str, _: &str) -> bool {
        false
    }

    fn delivers(&self, _: &str) -> bool {
        true
    }

    fn may_export_to(&self, _: SocketAddr) -> bool {
        true
    }

    fn has_logstore(&self, _: &str, _: &str, _: &str) -> bool {
        false
    }
}

static SETTINGS: LazyLock<Settings> =
    LazyLock::new(|| Settings::new("1000000000000001", ["cn-hangzhou"]));

/// Method, query, headers and form, each on a line of its own but for the headers. A request is
/// understood or answered with an error of the client's, and understood again it is the same.
pub fn rpc_request(octets: &[u8]) {
    let Ok(text) = str::from_utf8(octets) else {
        return;
    };
    let mut lines = text.split('\n');
    let method = lines.next().unwrap_or_default();
    let query = Parameters::parse(lines.next().unwrap_or_default());
    let form = Parameters::parse(lines.next().unwrap_or_default());
    let (Ok(query), Ok(form)) = (query, form) else {
        return;
    };
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let request = RpcRequest {
        method,
        query: &query,
        form: &form,
        headers: &headers,
        body: b"",
    };
    let inventory = Inventory::new(Vec::new()).expect("the built-in resource");
    let again = || understand(&request, &SETTINGS, &inventory, &Nowhere, NOW);
    let first = again();
    assert_eq!(
        first,
        again(),
        "the same request is understood in the same way"
    );
    if let Err(problem) = first {
        assert!((400..500).contains(&problem.status), "{problem}");
        assert!(!problem.code.is_empty() && !problem.message.is_empty());
    }
}

/// A policy, an empty line, then action, resource and a tag's value, each on a line. What a policy
/// says is said again, and a policy that denies everything goes before it.
pub fn policy(octets: &[u8]) {
    let Ok(text) = str::from_utf8(octets) else {
        return;
    };
    let (document, attempt) = text.split_once("\n\n").unwrap_or((text, ""));
    let Ok(policy) = serde_json::from_str::<Policy>(document) else {
        return;
    };
    let mut lines = attempt.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (action, resource) = (line(), line());
    let tags = [("key".to_owned(), line().to_owned())];
    let circumstances = Circumstances {
        source: [192, 0, 2, 1].into(),
        now: NOW,
        secure: false,
        request_tags: &tags,
        resource_tags: &tags,
    };
    let attempt = Attempt {
        action,
        resource,
        circumstances: &circumstances,
    };
    let decision = policy.decide(&attempt);
    assert_eq!(decision, decide([&policy, &policy], &attempt));
    let deny = r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    let deny: Policy = serde_json::from_str(deny).expect("a policy");
    for both in [[&policy, &deny], [&deny, &policy]] {
        assert_eq!(decide(both, &attempt), Decision::Denied);
    }
}
