//! One request: read within its limits, admitted, done, audited, answered.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flowlog_access::rpc::{Parameters, RpcRequest};
use flowlog_http::Peer;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::Server;
use crate::answer::{Answer, Context, Format};
use crate::arguments::Arguments;
use crate::audit::Audited;
use crate::control::{Admitted, Control, Origin};
use crate::operation::{Operation, Resources};
use crate::problem::{self, Problem};
use crate::product::{naming, of_version};

/// The largest body, octets.
const MOST_BODY: u64 = 1 << 20;
/// How long a body may take, and wait for room.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const FORM: &str = "application/x-www-form-urlencoded";

/// A request as it was received.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Result<Parameters, Problem>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Result<Bytes, Problem>,
    pub(crate) origin: Origin,
}

/// Answers a request, whatever it is.
pub(super) async fn answer(
    server: Arc<Server>,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut received = Received::of_head(&head, peer);
    received.body = if server.private && !peer.secure {
        Err(problem::NEEDS_TLS)
    } else {
        read(&server, body).await
    };
    let control = Arc::clone(&server.control);
    let answer = if received.may_block() {
        let failed = Context {
            format: Format::Json,
            request_id: "",
            host: "",
            product: "",
            action: "",
        };
        let done = tokio::task::spawn_blocking(move || respond(&control, &received));
        let crashed = |_| Answer::error(&failed, &problem::INTERNAL);
        done.await.unwrap_or_else(crashed)
    } else {
        respond(&control, &received)
    };
    Ok(finish(answer))
}

/// The body, unless it is too large: then nothing of it is kept.
async fn read(server: &Server, body: Incoming) -> Result<Bytes, Problem> {
    let size = body.size_hint();
    if size.exact() == Some(0) {
        return Ok(Bytes::new());
    }
    if size.lower() > MOST_BODY {
        return Err(problem::TOO_LARGE);
    }
    let read = async {
        // One that does not say how long it is may become as long as any.
        let most = size.exact().unwrap_or(MOST_BODY);
        let kib = u32::try_from(most.div_ceil(1024)).unwrap_or(u32::MAX);
        let room = server.bodies.acquire_many(kib).await;
        let room = room.map_err(|_closed| problem::UNAVAILABLE)?;
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let read = Limited::new(body, limit).collect().await;
        drop(room);
        match read {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(problem::TOO_LARGE),
            Err(_) => Err(problem::UNREADABLE),
        }
    };
    let read = tokio::time::timeout(BODY_TIMEOUT, read).await;
    read.unwrap_or(Err(problem::UNREADABLE))
}

impl Received {
    fn of_head(head: &Parts, peer: Peer) -> Self {
        let headers = head.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let query = head.uri.query().unwrap_or_default();
        Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: Parameters::parse(query).map_err(|_| problem::UNREADABLE),
            headers: headers.collect(),
            body: Ok(Bytes::new()),
            origin: Origin {
                peer: peer.address,
                secure: peer.secure,
            },
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The parameters of the body, when it is a form.
    fn form(&self) -> Result<Parameters, Problem> {
        let content_type = self.header("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let body = self.body.as_ref().map_err(Clone::clone)?;
        if self.method != "POST" || !essence.eq_ignore_ascii_case(FORM) {
            return Ok(Parameters::default());
        }
        Parameters::parse(&String::from_utf8_lossy(body)).map_err(|_| problem::UNREADABLE)
    }

    /// Whether what it asks for waits for the disk. What reads alone is told by its name, so that it
    /// need not leave its thread.
    fn may_block(&self) -> bool {
        let query = self.query.as_ref().ok();
        let parameter = |name| query.and_then(|query| query.get(name));
        let action = self.header("x-acs-action").or_else(|| parameter("Action"));
        let reads = |action: &str| {
            ["Describe", "Get", "List"]
                .iter()
                .any(|verb| action.starts_with(verb))
        };
        !action.is_some_and(reads)
    }
}

/// What is known of a request as it goes on, for its answer.
struct Progress<'a> {
    format: Format,
    request_id: &'a str,
    host: &'a str,
    product: &'static str,
    action: &'static str,
}

impl Progress<'_> {
    fn context(&self) -> Context<'_> {
        Context {
            format: self.format,
            request_id: self.request_id,
            host: self.host,
            product: self.product,
            action: self.action,
        }
    }
}

/// The answer to a request.
pub(crate) fn respond(control: &Control, received: &Received) -> Answer {
    let mut random = [0; 80];
    let drawn = getrandom::fill(&mut random);
    let (id, rest) = random.split_first_chunk().unwrap_or((&[0; 16], &[]));
    let request_id = request_id(id);
    let host = received.header("host").unwrap_or_default();
    let mut progress = Progress {
        format: Format::default(),
        request_id: &request_id,
        host: host.get(..host.floor_char_boundary(255)).unwrap_or(host),
        product: "",
        action: "",
    };
    let rest = rest.first_chunk().unwrap_or(&[0; 64]);
    let outcome = match drawn {
        // Whoever asked has an answer with an id, even if something here is wrong.
        Ok(()) => catch_unwind(AssertUnwindSafe(|| {
            dispatch(control, received, &mut progress, rest)
        }))
        .unwrap_or(Err(problem::INTERNAL)),
        Err(_) => Err(problem::UNAVAILABLE),
    };
    match outcome {
        Ok(fields) => Answer::success(&progress.context(), fields),
        Err(problem) => Answer::error(&progress.context(), &problem),
    }
}

fn dispatch(
    control: &Control,
    received: &Received,
    progress: &mut Progress<'_>,
    random: &[u8; 64],
) -> Result<Map<String, Value>, Problem> {
    if let Ok(query) = &received.query {
        progress.format = Format::of(query.get("Format"));
    }
    if !matches!(received.method.as_str(), "GET" | "POST") {
        return Err(problem::BAD_METHOD);
    }
    if received.path != "/" {
        return Err(problem::NO_ACTION);
    }
    let query = received.query.as_ref().map_err(Clone::clone)?;
    let form = received.form()?;
    let headers = received.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let request = RpcRequest {
        method: &received.method,
        query,
        form: &form,
        headers: &headers,
        body: received.body.as_deref().unwrap_or_default(),
    };
    progress.format = Format::of(request.parameter("Format"));
    let version = request
        .parameter("Version")
        .or_else(|| request.header("x-acs-version"));
    if let Some(product) = version.and_then(of_version) {
        progress.product = naming(product).name;
    }
    let arguments = Arguments::of(&request);
    let admitted = control.admit(&request, &arguments, received.origin)?;
    progress.product = naming(admitted.operation.product).name;
    progress.action = admitted.operation.spelled(arguments.text("Action"));
    let outcome = control.perform(&admitted, &arguments, random);
    if admitted.operation.changes() {
        let call = audited(
            &admitted,
            &arguments,
            (received, progress.request_id),
            &outcome,
        );
        control.audit(call);
    }
    outcome
}

fn audited(
    admitted: &Admitted,
    arguments: &Arguments,
    (received, request_id): (&Received, &str),
    outcome: &Result<Map<String, Value>, Problem>,
) -> Audited {
    let made = outcome.as_ref().ok();
    let made = made.and_then(|answer| answer.get("FlowLogId")?.as_str());
    let named = match admitted.operation.resources {
        Resources::ResourceIds => {
            let one = arguments.get("ResourceId").into_iter();
            one.chain(arguments.list("ResourceId")).collect()
        }
        _ => vec![arguments.text("FlowLogId")],
    };
    let parameters: Map<_, _> = arguments
        .business()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    Audited {
        at: flowlog_record::Timestamp::MIN,
        request_id: request_id.to_owned(),
        caller: admitted.caller.clone(),
        access_key: admitted.access_key.clone(),
        source: received.origin.peer,
        action: Operation::action(admitted.operation),
        region: arguments.text("RegionId").to_owned(),
        flow_log: made.map_or_else(|| named.join(","), str::to_owned),
        parameters: Value::Object(parameters).to_string(),
        outcome: match outcome {
            Ok(_) => "Success".to_owned(),
            Err(problem) => problem.code.clone().into_owned(),
        },
    }
}

/// An upper-case UUID of version 4.
fn request_id(random: &[u8; 16]) -> String {
    let number = u128::from_be_bytes(*random);
    let number = number & !(0xf << 76) | (4 << 76);
    let number = number & !(0b11 << 62) | (0b10 << 62);
    let hex = format!("{number:032X}");
    let mut id = String::with_capacity(36);
    for (place, digit) in hex.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

fn finish(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body.into()));
    let status = StatusCode::from_u16(answer.status);
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    let retry_after = answer.retry_after.map(|millis| millis.to_string());
    let further = [
        ("x-acs-request-id", Some(answer.request_id)),
        ("x-acs-retry-after", retry_after),
    ];
    for (name, value) in further {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}
