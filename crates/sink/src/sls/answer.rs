//! What the service's answers mean.

use flowlog_record::Timestamp;
use serde::Deserialize;

use crate::error::{Class, DeliveryError};

/// Characters of a message that are kept.
const SHOWN: usize = 300;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    error_code: String,
    #[serde(default)]
    error_message: String,
}

/// The error in an answer that is not 200. `server_time` is what its headers say.
pub(super) fn refusal(status: u16, body: &[u8], server_time: Option<Timestamp>) -> DeliveryError {
    let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else {
        // Whoever answers so is not the service: something in between, or another program.
        let class = if status >= 500 || status == 429 {
            Class::Busy
        } else {
            Class::Denied
        };
        return DeliveryError::new(
            class,
            format!("status {status}, and no error of the service"),
        );
    };
    let class = class_of(status, &refusal.error_code, server_time);
    let message: String = refusal.error_message.chars().take(SHOWN).collect();
    DeliveryError::new(
        class,
        format!("{} ({status} {})", message, refusal.error_code),
    )
}

fn class_of(status: u16, code: &str, server_time: Option<Timestamp>) -> Class {
    match (status, code) {
        (_, "RequestTimeExpired" | "RequestTimeTooSkewed") => {
            server_time.map_or(Class::Busy, Class::Clock)
        }
        (500.. | 429, _) | (_, "InternalServerError" | "ServerBusy" | "RequestTimeout") => {
            Class::Busy
        }
        (_, "MetaOperationQpsLimitExceeded") => Class::Quota,
        (_, code) if code.ends_with("QuotaExceed") => Class::Quota,
        (413, _) | (_, "PostBodyTooLarge") => Class::TooLarge,
        (401 | 403, _) => Class::Denied,
        (404, _) => Class::Missing,
        (_, "PostBodyInvalid" | "InvalidTimestamp" | "InvalidEncoding" | "InvalidKey") => {
            Class::Invalid
        }
        _ => Class::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Disposition;

    fn disposition(status: u16, code: &str) -> Disposition {
        let body = format!(r#"{{"errorCode":"{code}","errorMessage":"why"}}"#);
        refusal(status, body.as_bytes(), Some(Timestamp(7))).disposition()
    }

    #[test]
    fn every_documented_error_has_its_disposition() {
        use Disposition::{FixClock, Hold, Reject, Retry, Split};
        let cases = [
            (400, "RequestTimeExpired", FixClock(Timestamp(7))),
            (400, "RequestTimeTooSkewed", FixClock(Timestamp(7))),
            (400, "InvalidRequestTime", Reject),
            (400, "ParameterInvalid", Reject),
            (400, "MissingBodyRawSize", Reject),
            (400, "InvalidCompressType", Reject),
            (400, "PostBodyInvalid", Split),
            (499, "PostBodyInvalid", Split),
            (400, "PostBodyUncompressError", Reject),
            (401, "Unauthorized", Hold),
            (401, "InvalidAccessKeyId", Hold),
            (401, "SignatureNotMatch", Hold),
            (403, "WriteQuotaExceed", Retry),
            (403, "ShardWriteQuotaExceed", Retry),
            (403, "MetaOperationQpsLimitExceeded", Retry),
            (403, "ProjectForbidden", Hold),
            (404, "ProjectNotExist", Hold),
            (404, "LogStoreNotExist", Hold),
            (411, "MissingContentLength", Reject),
            (413, "PostBodyTooLarge", Split),
            (400, "PostBodyTooLarge", Split),
            (500, "InternalServerError", Retry),
            (503, "ServerBusy", Retry),
            (429, "Anything", Retry),
        ];
        for (status, code, wanted) in cases {
            assert_eq!(disposition(status, code), wanted, "{status} {code}");
        }
    }

    #[test]
    fn an_answer_that_is_none_of_the_service_loses_nothing() {
        let answer = |status| refusal(status, b"<html>", None).disposition();
        assert_eq!(answer(502), Disposition::Retry);
        assert_eq!(answer(400), Disposition::Hold);
        let expired = br#"{"errorCode":"RequestTimeExpired"}"#;
        assert_eq!(
            refusal(400, expired, None).disposition(),
            Disposition::Retry
        );
    }

    #[test]
    fn a_message_says_what_the_service_said() {
        let body =
            br#"{"errorCode":"ProjectNotExist","errorMessage":"The Project does not exist : p"}"#;
        let refused = refusal(404, body, None);
        assert_eq!(
            refused.to_string(),
            "missing: The Project does not exist : p (404 ProjectNotExist)"
        );
    }
}
