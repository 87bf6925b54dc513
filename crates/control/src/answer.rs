//! Answers on the wire: one object as JSON or XML, with the id of the request.

mod xml;

use serde_json::{Map, Value, json};

use crate::problem::Problem;

pub(crate) const JSON: &str = "application/json;charset=utf-8";
/// The only spelling by which the newer SDKs know an error in XML.
pub(crate) const XML: &str = "text/xml;charset=utf-8";

/// How an answer is written. JSON unless a request asks for XML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Json,
    Xml,
}

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) request_id: String,
    pub(crate) retry_after: Option<u32>,
    pub(crate) body: String,
}

/// What is said of an error beside the error itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) format: Format,
    pub(crate) request_id: &'a str,
    /// The host that the client addressed.
    pub(crate) host: &'a str,
    /// The product's name, if it is known.
    pub(crate) product: &'a str,
    /// The operation.
    pub(crate) action: &'a str,
}

impl Format {
    pub(crate) fn of(parameter: Option<&str>) -> Self {
        match parameter {
            Some(format) if format.eq_ignore_ascii_case("xml") => Self::Xml,
            _ => Self::Json,
        }
    }
}

impl Answer {
    /// 200.
    pub(crate) fn success(context: &Context<'_>, fields: Map<String, Value>) -> Self {
        let mut object = Map::new();
        object.insert("RequestId".to_owned(), context.request_id.into());
        object.extend(fields);
        let root = format!("{}Response", context.action);
        Self::new(context, 200, (&root, object))
    }

    /// An error.
    pub(crate) fn error(context: &Context<'_>, problem: &Problem) -> Self {
        let id = context.request_id;
        let recommend = format!(
            "https://api.aliyun.com/troubleshoot?q={}&product={}&requestId={id}",
            problem.code, context.product
        );
        let fields = json!({
            "RequestId": id,
            "HostId": context.host,
            "Code": problem.code,
            "Message": problem.message,
            "Recommend": recommend,
        });
        let mut object = match fields {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        if let Some(detail) = &problem.detail {
            object.insert("AccessDeniedDetail".to_owned(), Value::clone(detail));
        }
        Self {
            retry_after: problem.retry_after,
            ..Self::new(context, problem.status, ("Error", object))
        }
    }

    fn new(context: &Context<'_>, status: u16, (root, object): (&str, Map<String, Value>)) -> Self {
        let (content_type, body) = match context.format {
            Format::Json => (JSON, Value::Object(object).to_string()),
            Format::Xml => (XML, xml::document(root, &object)),
        };
        Self {
            status,
            content_type,
            request_id: context.request_id.to_owned(),
            retry_after: None,
            body,
        }
    }
}
