use alloc::string::ToString;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::date;

fn policy(text: &str) -> Policy {
    serde_json::from_str(text).unwrap()
}

fn circumstances() -> Circumstances<'static> {
    Circumstances {
        source: "192.0.2.1".parse().unwrap(),
        now: date::parse_timestamp("2026-11-20T14:40:58Z").unwrap(),
        secure: false,
        request_tags: &[],
        resource_tags: &[],
    }
}

fn decide_with(policies: &[Policy], action: &str, resource: &str) -> Decision {
    let attempt = Attempt {
        action,
        resource,
        circumstances: &circumstances(),
    };
    decide(policies, &attempt)
}

const FLOW_LOG: &str = "acs:vpc:cn-hangzhou:123456:flowlog/fl-1";

#[test]
fn nothing_is_allowed_unless_a_statement_allows_it() {
    assert_eq!(
        decide_with(&[], "vpc:CreateFlowLog", FLOW_LOG),
        Decision::NotAllowed
    );
    let may = policy(
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["vpc:CreateFlowLog","vpc:Describe*"],"Resource":"acs:vpc:*:123456:flowlog/*"}]}"#,
    );
    for (action, resource, expected) in [
        ("vpc:CreateFlowLog", FLOW_LOG, Decision::Allowed),
        ("vpc:createflowlog", FLOW_LOG, Decision::Allowed),
        ("vpc:DescribeFlowLogs", FLOW_LOG, Decision::Allowed),
        ("vpc:DeleteFlowLog", FLOW_LOG, Decision::NotAllowed),
        ("cen:DescribeFlowlogs", FLOW_LOG, Decision::NotAllowed),
        (
            "vpc:CreateFlowLog",
            "acs:vpc:cn-hangzhou:654321:flowlog/fl-1",
            Decision::NotAllowed,
        ),
        (
            "vpc:CreateFlowLog",
            "acs:VPC:cn-hangzhou:123456:flowlog/fl-1",
            Decision::NotAllowed,
        ),
        ("vpc:CreateFlowLog", "*", Decision::NotAllowed),
    ] {
        let decision = decide_with(core::slice::from_ref(&may), action, resource);
        assert_eq!(decision, expected, "{action} {resource}");
        assert_eq!(
            decision,
            may.decide(&Attempt {
                action,
                resource,
                circumstances: &circumstances()
            })
        );
    }
}

#[test]
fn one_that_denies_goes_before_all_that_allow() {
    let all =
        policy(r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#);
    let but = policy(
        r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"vpc:DeleteFlowLog","Resource":["*"]}]}"#,
    );
    for policies in [[all.clone(), but.clone()], [but, all]] {
        assert_eq!(
            decide_with(&policies, "vpc:DeleteFlowLog", FLOW_LOG),
            Decision::Denied
        );
        assert_eq!(
            decide_with(&policies, "vpc:CreateFlowLog", FLOW_LOG),
            Decision::Allowed
        );
    }
}

#[test]
fn not_action_and_not_resource_take_all_others() {
    let others = policy(
        r#"{"Version":"1","Statement":[{"Effect":"Allow","NotAction":["vpc:Delete*","vpc:Create*"],"NotResource":"acs:vpc:*:*:flowlog/fl-2"}]}"#,
    );
    let policies = [others];
    assert_eq!(
        decide_with(&policies, "vpc:ActiveFlowLog", FLOW_LOG),
        Decision::Allowed
    );
    assert_eq!(
        decide_with(&policies, "vpc:DeleteFlowLog", FLOW_LOG),
        Decision::NotAllowed
    );
    assert_eq!(
        decide_with(
            &policies,
            "vpc:ActiveFlowLog",
            "acs:vpc:cn-hangzhou:123456:flowlog/fl-2"
        ),
        Decision::NotAllowed
    );
}

fn holds(condition: &str) -> bool {
    let tags = vec![("team".to_string(), "net".to_string())];
    let policy = policy(&alloc::format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}]}}"#
    ));
    let circumstances = Circumstances {
        request_tags: &tags,
        resource_tags: &tags,
        ..circumstances()
    };
    let attempt = Attempt {
        action: "vpc:CreateFlowLog",
        resource: FLOW_LOG,
        circumstances: &circumstances,
    };
    policy.decide(&attempt) == Decision::Allowed
}

/// A condition, and whether it holds.
const CONDITIONS: &[(&str, bool)] = &[
    (
        r#"{"IpAddress":{"acs:SourceIp":["10.0.0.0/8","192.0.2.1"]}}"#,
        true,
    ),
    (r#"{"IpAddress":{"acs:SourceIp":"192.0.2.0/24"}}"#, true),
    (r#"{"IpAddress":{"acs:SourceIp":"0.0.0.0/0"}}"#, true),
    (r#"{"IpAddress":{"acs:SourceIp":"192.0.3.0/24"}}"#, false),
    (r#"{"IpAddress":{"acs:SourceIp":"::/0"}}"#, false),
    (
        r#"{"NotIpAddress":{"acs:SourceIp":["10.0.0.0/8","192.0.2.1"]}}"#,
        false,
    ),
    (
        r#"{"NotIpAddress":{"acs:SourceIp":["10.0.0.0/8","192.0.2.2"]}}"#,
        true,
    ),
    (r#"{"Bool":{"acs:SecureTransport":"true"}}"#, false),
    (r#"{"Bool":{"acs:SecureTransport":["false"]}}"#, true),
    (r#"{"Bool":{"acs:SecureTransport":false}}"#, true),
    (r#"{"Bool":{"acs:MFAPresent":"false"}}"#, false),
    (
        r#"{"DateLessThan":{"acs:CurrentTime":"2026-11-20T14:40:59Z"}}"#,
        true,
    ),
    (
        r#"{"DateLessThan":{"acs:CurrentTime":"2026-11-20T22:40:58+08:00"}}"#,
        false,
    ),
    (
        r#"{"DateLessThanEquals":{"acs:CurrentTime":"2026-11-20T22:40:58+08:00"}}"#,
        true,
    ),
    (
        r#"{"DateGreaterThan":{"acs:CurrentTime":"2026-11-20T14:40:57Z"}}"#,
        true,
    ),
    (
        r#"{"DateGreaterThanEquals":{"acs:CurrentTime":"2027-01-01T00:00:00Z"}}"#,
        false,
    ),
    (
        r#"{"DateEquals":{"acs:CurrentTime":"2026-11-20T14:40:58Z"}}"#,
        true,
    ),
    (
        r#"{"DateNotEquals":{"acs:CurrentTime":"2026-11-20T14:40:58Z"}}"#,
        false,
    ),
    (
        r#"{"StringEquals":{"acs:RequestTag/team":["x","net"]}}"#,
        true,
    ),
    (r#"{"StringEquals":{"acs:RequestTag/team":"NET"}}"#, false),
    (
        r#"{"StringEqualsIgnoreCase":{"acs:ResourceTag/team":"NET"}}"#,
        true,
    ),
    (
        r#"{"StringNotEquals":{"acs:ResourceTag/team":["net","x"]}}"#,
        false,
    ),
    (
        r#"{"StringNotEqualsIgnoreCase":{"acs:ResourceTag/team":["x"]}}"#,
        true,
    ),
    (
        r#"{"StringNotEquals":{"acs:ResourceTag/absent":"x"}}"#,
        false,
    ),
    (r#"{"StringLike":{"acs:ResourceTag/team":"n?*"}}"#, true),
    (r#"{"StringNotLike":{"acs:ResourceTag/team":"n?*"}}"#, false),
    (r#"{"NumericLessThan":{"acs:RequestTag/team":5}}"#, false),
    (
        r#"{"StringEquals":{"acs:RequestTag/team":"net"},"Bool":{"acs:SecureTransport":"true"}}"#,
        false,
    ),
    (
        r#"{"Bool":{"acs:SecureTransport":"false"},"StringLike":{"acs:RequestTag/team":"*"}}"#,
        true,
    ),
    ("{}", true),
];

#[test]
fn every_operator_compares_as_it_says() {
    for &(condition, expected) in CONDITIONS {
        assert_eq!(holds(condition), expected, "{condition}");
    }
}

#[test]
fn numbers_compare_as_numbers() {
    let tags = vec![("n".to_string(), "10".to_string())];
    for (operator, value, expected) in [
        ("NumericEquals", "10.0", true),
        ("NumericNotEquals", "10", false),
        ("NumericLessThan", "9", false),
        ("NumericLessThanEquals", "10", true),
        ("NumericGreaterThan", "9.5", true),
        ("NumericGreaterThanEquals", "11", false),
    ] {
        let policy = policy(&alloc::format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"{operator}":{{"acs:RequestTag/n":"{value}"}}}}}}]}}"#
        ));
        let circumstances = Circumstances {
            request_tags: &tags,
            ..circumstances()
        };
        let attempt = Attempt {
            action: "a:b",
            resource: "*",
            circumstances: &circumstances,
        };
        let allowed = policy.decide(&attempt) == Decision::Allowed;
        assert_eq!(allowed, expected, "{operator} {value}");
    }
}

/// A statement that is none, and a part of the reason.
const BROKEN: &[(&str, &str)] = &[
    (
        r#"{"Effect":"Allow","Resource":"*"}"#,
        "one of Action and NotAction",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}"#,
        "one of Action",
    ),
    (r#"{"Effect":"Allow","Action":"*"}"#, "one of Resource"),
    (
        r#"{"Effect":"Permit","Action":"*","Resource":"*"}"#,
        "unknown variant",
    ),
    (
        r#"{"Effect":"Allow","Action":"CreateFlowLog","Resource":"*"}"#,
        "is no action",
    ),
    (
        r#"{"Effect":"Allow","Action":"","Resource":"*"}"#,
        "is no action",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":""}"#,
        "1 to 2048",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}"#,
        "unknown field",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Like":{"acs:SourceIp":"x"}}}"#,
        "no condition operator",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"acs:Secure":"true"}}}"#,
        "no condition key",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/33"}}}"#,
        "nothing that IpAddress",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"acs:CurrentTime":"tomorrow"}}}"#,
        "nothing that DateLessThan",
    ),
];

#[test]
fn what_is_no_policy_is_refused_with_the_reason() {
    let statements = BROKEN.iter().map(|(statement, reason)| {
        let text = alloc::format!(r#"{{"Version":"1","Statement":[{statement}]}}"#);
        (text, *reason)
    });
    let documents = [
        (r#"{"Version":"2","Statement":[]}"#, "Version must be"),
        (r#"{"Statement":[]}"#, "missing field `Version`"),
    ];
    let documents = documents.map(|(text, reason)| (text.to_string(), reason));
    for (text, reason) in documents.into_iter().chain(statements) {
        let problem = serde_json::from_str::<Policy>(&text).unwrap_err();
        assert!(problem.to_string().contains(reason), "{text}: {problem}");
    }
}

/// What a pattern means, without any care for time.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            naive(rest, text) || text.split_first().is_some_and(|(_, t)| naive(pattern, t))
        }
        (Some(('?', pattern)), Some((_, text))) => naive(pattern, text),
        (Some((a, pattern)), Some((b, text))) => a == b && naive(pattern, text),
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_pattern_matches_what_it_means(pattern in "[ab*?é]{1,8}", text in "[abé]{0,10}") {
        let expected = naive(
            &pattern.chars().collect::<Vec<_>>(),
            &text.chars().collect::<Vec<_>>(),
        );
        let pattern = Pattern::new(pattern, Case::Counts).unwrap();
        prop_assert_eq!(pattern.matches(&text), expected);
    }
}
