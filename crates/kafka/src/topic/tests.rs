use super::*;

#[test]
fn one_topic_takes_every_flow_log() {
    let topic = Topic::new("flow-logs").unwrap();
    assert_eq!(topic.of("fl-1"), "flow-logs");
    assert_eq!(topic.of("a/b"), "flow-logs");
}

#[test]
fn a_template_has_the_flow_log_in_its_place() {
    let topic = Topic::new("net.{flow_log}.rows").unwrap();
    assert_eq!(topic.of("fl-0a1b"), "net.fl-0a1b.rows");
    assert_eq!(Topic::new("{flow_log}").unwrap().of("default"), "default");
}

#[test]
fn names_that_kafka_refuses_are_refused() {
    for (name, problem) in [
        ("", InvalidTopic::Empty),
        (".", InvalidTopic::Empty),
        ("..", InvalidTopic::Empty),
        ("a b", InvalidTopic::Character),
        ("a/{flow_log}", InvalidTopic::Character),
        ("{flow_log}{flow_log}", InvalidTopic::Character),
        ("{flowlog}", InvalidTopic::Character),
        ("ä", InvalidTopic::Character),
    ] {
        assert_eq!(Topic::new(name), Err(problem), "{name}");
    }
    assert!(Topic::new(&"a".repeat(249)).is_ok());
    assert_eq!(Topic::new(&"a".repeat(250)), Err(InvalidTopic::TooLong));
    let long = format!("{}{{flow_log}}", "a".repeat(186));
    assert_eq!(Topic::new(&long), Err(InvalidTopic::TooLong));
}

#[test]
fn names_that_must_change_stay_distinct_and_the_same_at_every_start() {
    let topic = Topic::new("{flow_log}").unwrap();
    let long = "x".repeat(300);
    let names = ["a/b", "a b", "a_b", ".", "..", "", "ä", &long];
    let mut topics: Vec<_> = names.iter().map(|name| topic.of(name)).collect();
    for topic in &topics {
        assert!(
            topic.len() <= LONGEST && topic.bytes().all(allowed),
            "{topic}"
        );
        assert!(!matches!(topic.as_str(), "" | "." | ".."));
    }
    assert_eq!(topics[0], "a_b-e620c3190468cf61");
    topics.sort();
    topics.dedup();
    assert_eq!(topics.len(), names.len());
}
