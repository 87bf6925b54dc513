use super::*;

fn error(problem: Problem, rows: usize) -> DeliveryError {
    DeliveryError {
        problem,
        rows,
        confirmed: 0,
    }
}

#[test]
fn what_is_too_large_is_split_down_to_one_row_that_is_rejected() {
    for problem in [Problem::TooLarge, Problem::Invalid] {
        assert_eq!(error(problem, 2).disposition(), Disposition::Split);
        assert_eq!(error(problem, 1).disposition(), Disposition::Reject);
    }
}

#[test]
fn what_somebody_must_mend_is_held() {
    for code in [
        Code::SSL,
        Code::SaslAuthenticationFailed,
        Code::TopicAuthorizationFailed,
        Code::TransactionalIdAuthorizationFailed,
        Code::UnknownTopicOrPartition,
    ] {
        let error = error(Problem::of(code), 9);
        assert_eq!(error.disposition(), Disposition::Hold, "{code:?}");
    }
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    for code in [
        Code::MessageTimedOut,
        Code::AllBrokersDown,
        Code::NotEnoughReplicas,
        Code::GaplessGuarantee,
        Code::QueueFull,
        Code::PurgeInflight,
        Code::Unknown,
    ] {
        let error = error(Problem::of(code), 9);
        assert_eq!(error.disposition(), Disposition::Retry, "{code:?}");
    }
}

#[test]
fn an_error_says_what_and_how_much_and_is_the_same_text_each_time() {
    let error = DeliveryError {
        problem: Problem::TimedOut,
        rows: 10,
        confirmed: 4,
    };
    assert_eq!(
        error.to_string(),
        "the cluster did not confirm in time; 4 of 10 rows confirmed"
    );
}
