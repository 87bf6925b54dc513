//! Every rule of the operations: what is refused, in which order, and what is answered.

mod cen;
mod neighbours;
mod sag;
mod vpc;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use flowlog_access::rpc::Parameters;
use flowlog_flowlog::{Inventory, Product, Resource, ResourceId, ResourceKind};
use flowlog_record::Timestamp;
use serde_json::{Map, Value};

use crate::arguments::Arguments;
use crate::book::{Answered, Book, token_key};
use crate::operation::{Field, Operation, Shape};
use crate::plan::{Call, Destinations, Settings};
use crate::problem::Problem;

/// No rows are sent there.
const FORBIDDEN: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

/// Projects and Logstores by name.
#[derive(Debug)]
struct Places {
    known: Vec<(&'static str, Vec<&'static str>)>,
    takes: bool,
}

impl Places {
    fn new(known: Vec<(&'static str, Vec<&'static str>)>) -> Self {
        Self { known, takes: true }
    }
}

impl Destinations for Places {
    fn has_project(&self, _: &str, project: &str) -> bool {
        self.known.iter().any(|(name, _)| *name == project)
    }

    fn delivers(&self, _: &str) -> bool {
        self.takes
    }

    fn may_export_to(&self, collector: SocketAddr) -> bool {
        collector.ip() != FORBIDDEN
    }

    fn has_logstore(&self, _: &str, project: &str, logstore: &str) -> bool {
        let found = self.known.iter().find(|(name, _)| *name == project);
        found.is_some_and(|(_, logstores)| logstores.contains(&logstore))
    }
}

/// The API without disk and pipeline; a change comes into effect when [`Api::settle`] says so.
struct Api {
    settings: Settings,
    inventory: Inventory,
    places: Places,
    book: Book,
    now: Timestamp,
    random: [u8; 64],
}

fn resource(id: &str, kind: ResourceKind) -> Resource {
    Resource::new(ResourceId::new(id).unwrap(), kind)
}

impl Api {
    fn new() -> Self {
        Self::with(Vec::new())
    }

    fn with(resources: Vec<Resource>) -> Self {
        Self {
            settings: Settings::new("1000000000000001", ["cn-hangzhou", "cn-shanghai"]),
            inventory: Inventory::new(resources).unwrap(),
            places: Places::new(Vec::new()),
            book: Book::default(),
            now: Timestamp(1_800_000_000_000),
            random: [7; 64],
        }
    }

    /// Calls an operation; `text` is `Name=value` joined by `&`.
    fn call(
        &mut self,
        product: Product,
        action: &str,
        text: &str,
    ) -> Result<Map<String, Value>, Problem> {
        let operation = Operation::named(product, action).unwrap();
        let parameters = Parameters::parse(text).unwrap();
        let arguments = Arguments::new(&parameters, &Parameters::default());
        operation.check_required(&arguments)?;
        // Another id for each flow log.
        self.random.rotate_left(1);
        self.random[0] = self.random[0].wrapping_add(31);
        let call = Call {
            operation,
            arguments: &arguments,
            settings: &self.settings,
            inventory: &self.inventory,
            destinations: &self.places,
            book: &self.book,
            now: self.now,
            random: &self.random,
        };
        let plan = (operation.run)(&call)?;
        conforms(operation.name, &plan.answer, operation.answer);
        if let Some(token) = arguments.get("ClientToken").filter(|_| plan.remember) {
            let answered = Answered {
                fingerprint: arguments.fingerprint(),
                answer: Value::Object(plan.answer.clone()),
                at: self.now.millis(),
            };
            self.book
                .remember(token_key(product, action, token), answered);
        }
        self.book.begin(&plan.change);
        Ok(plan.answer)
    }

    fn settle(&mut self) {
        self.book.settle(self.book.generation());
    }

    fn done(&mut self, product: Product, action: &str, text: &str) -> Map<String, Value> {
        let answer = self.call(product, action, text);
        answer.unwrap_or_else(|problem| panic!("{action} {text}: {problem}"))
    }

    /// Calls, and lets it come into effect.
    fn settled(&mut self, product: Product, action: &str, text: &str) -> Map<String, Value> {
        let answer = self.done(product, action, text);
        self.settle();
        answer
    }

    fn code(&mut self, product: Product, action: &str, text: &str) -> String {
        match self.call(product, action, text) {
            Ok(answer) => panic!("{action} {text}: {answer:?}"),
            Err(problem) => problem.code.into_owned(),
        }
    }
}

/// An answer has exactly the fields of the table, with exactly their types.
fn conforms(what: &str, answer: &Map<String, Value>, fields: &[Field]) {
    let names: Vec<_> = fields.iter().map(|field| field.name).collect();
    for name in answer.keys() {
        assert!(
            names.contains(&name.as_str()),
            "{what}: {name} is not told of"
        );
    }
    for field in fields {
        let value = answer.get(field.name);
        let value = value.unwrap_or_else(|| panic!("{what}: {} is missing", field.name));
        let fits = match (field.shape, value) {
            (Shape::Text, Value::String(_))
            | (Shape::Number, Value::Number(_))
            | (Shape::Truth, Value::Bool(_)) => true,
            (Shape::Texts, Value::Array(items)) => items.iter().all(Value::is_string),
            (Shape::Object(fields), Value::Object(object)) => {
                conforms(field.name, object, fields);
                true
            }
            (Shape::Objects(fields), Value::Array(items)) => {
                for item in items {
                    conforms(field.name, item.as_object().unwrap(), fields);
                }
                true
            }
            _ => false,
        };
        assert!(fits, "{what}: {} is {value}", field.name);
    }
}

/// `text` with one parameter other, or without it.
fn but(text: &str, name: &str, value: Option<&str>) -> String {
    let kept = text
        .split('&')
        .filter(|pair| pair.split('=').next() != Some(name));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.extend(value.map(|value| format!("{name}={value}")));
    pairs.join("&")
}

fn text<'a>(answer: &'a Map<String, Value>, name: &str) -> &'a str {
    answer[name].as_str().unwrap()
}
