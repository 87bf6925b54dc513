use super::{FlowLogId, LogstoreName, ProjectName, ResourceId};
use crate::{FlowLog, SAG_DEFAULT};

#[test]
fn ids_of_flow_logs_fit_into_row_ids() {
    for good in [
        "default",
        "fl-m5e8vhz2t21sel1nq",
        "a",
        "Branch_12.core",
        "0",
    ] {
        assert_eq!(FlowLogId::new(good).unwrap().as_str(), good);
    }
    let long = "x".repeat(129);
    for bad in ["", "-a", "a-", "a b", "a/b", "ä", "_", "a\n", long.as_str()] {
        let error = FlowLogId::new(bad).unwrap_err();
        assert_eq!(error.value, bad);
        assert!(error.remedy.starts_with("1 to 128 of letters"));
    }
    assert!(FlowLogId::new("x".repeat(128)).is_ok());
}

#[test]
fn resources_may_be_called_by_any_printable_ascii() {
    assert!(ResourceId::new("tr-attach-0@b:1/2").is_ok());
    for bad in ["", "a b", "ä", "a\t"] {
        assert!(ResourceId::new(bad).is_err());
    }
}

#[test]
fn projects_and_logstores_have_the_limits_of_simple_log_service() {
    let longest = "a".repeat(63);
    for good in ["abc", "flow-logs", "0-9", longest.as_str()] {
        assert!(ProjectName::new(good).is_ok());
        assert!(LogstoreName::new(good).is_ok());
    }
    let too_long = "a".repeat(64);
    for bad in ["ab", "Abc", "-ab", "ab-", "a b", "a.b", too_long.as_str()] {
        assert!(ProjectName::new(bad).is_err());
        assert!(LogstoreName::new(bad).is_err());
    }
    assert!(ProjectName::new("a_b").is_err());
    assert!(LogstoreName::new("a_b").is_ok());
}

#[test]
fn names_of_our_own_keep_the_rules() {
    let built_in = FlowLog::built_in();
    assert!(FlowLogId::new(built_in.id().as_str()).is_ok());
    assert!(ProjectName::new(built_in.project().as_str()).is_ok());
    assert!(LogstoreName::new(built_in.logstore().as_str()).is_ok());
    assert!(ResourceId::new(SAG_DEFAULT).is_ok());
}
