use super::*;

#[test]
fn names_are_as_the_service_takes_them() {
    for name in ["abc", "a-1", "123", &"a".repeat(63)] {
        assert!(is_project_name(name) && is_logstore_name(name), "{name}");
    }
    assert!(is_logstore_name("flow_log") && !is_project_name("flow_log"));
    for name in [
        "",
        "ab",
        "-ab",
        "ab-",
        "aBc",
        "a.c",
        "a/c",
        "äbc",
        &"a".repeat(64),
        "_ab",
    ] {
        assert!(!is_project_name(name) && !is_logstore_name(name), "{name}");
    }
}

#[test]
fn a_log_is_neither_too_old_nor_too_new() {
    let now = Timestamp(1_700_000_000_999);
    for time in [1_700_000_000 - 604_800, 1_700_000_000 + 900] {
        assert_eq!(check_log_time(time, now), Ok(()));
    }
    for time in [1_700_000_000 - 604_801, 1_700_000_000 + 901, 0, u32::MAX] {
        assert_eq!(
            check_log_time(time, now).unwrap_err().code,
            ErrorCode::PostBodyInvalid
        );
    }
}
