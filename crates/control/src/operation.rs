//! The table of operations: what each is called, takes, answers, needs the right for, and does.
//!
//! Requests are read by it, answers are held against it, the commands of the shell and the `OpenAPI`
//! document come from it.

mod cen;
mod sag;
mod vpc;

use std::fmt;

use flowlog_flowlog::Product;

use crate::arguments::Arguments;
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};
use crate::product::naming;

/// How some SDKs spell `UntagResources`.
const OTHER_SPELLING: &str = "UnTagResources";

/// An operation.
#[derive(Clone, Copy)]
pub struct Operation {
    pub(crate) product: Product,
    /// `Action`.
    pub(crate) name: &'static str,
    /// What it does, in one sentence.
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
    pub(crate) parameters: &'static [Parameter],
    /// What it answers, beside `RequestId`.
    pub(crate) answer: &'static [Field],
    pub(crate) resources: Resources,
    /// What a user without the right is told.
    pub(crate) refusal: fn() -> Problem,
    pub(crate) run: fn(&Call<'_>) -> Result<Plan, Problem>,
}

/// Whether an operation changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A parameter of a request.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) absent: Absent,
}

/// What a parameter looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    /// `NAME.N`
    Texts,
    /// `NAME.N.Key` and `NAME.N.Value`
    Tags,
}

/// What happens without a parameter, or with an empty one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Absent {
    /// Nothing.
    Fine,
    /// `Missing<Name>`.
    Missing,
    /// What the product says.
    Refused(fn() -> Problem),
}

/// A field of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
}

/// What a field of an answer looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Text,
    Number,
    Truth,
    Texts,
    Object(&'static [Field]),
    Objects(&'static [Field]),
}

/// What an action is done to, as policies name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resources {
    /// `*`
    All,
    /// `flowlog/*`
    FlowLogs,
    /// `flowlog/*` of every region.
    FlowLogsEverywhere,
    /// `flowlog/{FlowLogId}`
    FlowLog,
    /// `flowlog/*`, and the VPC or the vSwitch.
    FlowLogsAndResource,
    /// `smartag/{SmartAGId}` and `flowlog/{FlowLogId}`
    FlowLogAndSag,
    /// `flowlog/{ResourceId}` for one, or for each of a list.
    ResourceIds,
}

impl Operation {
    /// All of them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        vpc::OPERATIONS
            .iter()
            .chain(cen::OPERATIONS)
            .chain(sag::OPERATIONS)
    }

    /// The operation of this name.
    pub(crate) fn named(product: Product, name: &str) -> Option<&'static Self> {
        let name = if name == OTHER_SPELLING {
            "UntagResources"
        } else {
            name
        };
        Self::all().find(|operation| operation.product == product && operation.name == name)
    }

    /// Its name as a request spelled it.
    pub(crate) fn spelled(&self, sent: &str) -> &'static str {
        if sent == OTHER_SPELLING {
            OTHER_SPELLING
        } else {
            self.name
        }
    }

    /// `cen:CreateFlowlog`
    pub(crate) fn action(&self) -> String {
        format!("{}:{}", naming(self.product).action, self.name)
    }

    /// What it is done to: all of these must be allowed.
    pub(crate) fn resources(&self, arguments: &Arguments, account: &str) -> Vec<String> {
        let service = naming(self.product).service;
        let region = arguments.get("RegionId").unwrap_or("*");
        let arn = |relative: String| format!("acs:{service}:{region}:{account}:{relative}");
        let flow_log = || arn(format!("flowlog/{}", arguments.text("FlowLogId")));
        match self.resources {
            Resources::All => vec!["*".to_owned()],
            Resources::FlowLogs => vec![arn("flowlog/*".to_owned())],
            Resources::FlowLogsEverywhere => {
                vec![format!("acs:{service}:*:{account}:flowlog/*")]
            }
            Resources::FlowLog => vec![flow_log()],
            Resources::FlowLogsAndResource => {
                let id = arguments.text("ResourceId");
                let kind = match arguments.text("ResourceType") {
                    "VPC" => Some("vpc"),
                    "VSwitch" => Some("vswitch"),
                    _ => None,
                };
                let resource = kind.map(|kind| arn(format!("{kind}/{id}")));
                let all = std::iter::once(arn("flowlog/*".to_owned()));
                all.chain(resource).collect()
            }
            Resources::FlowLogAndSag => {
                let sag = arn(format!("smartag/{}", arguments.text("SmartAGId")));
                vec![sag, flow_log()]
            }
            Resources::ResourceIds => {
                let one = arguments.get("ResourceId").into_iter();
                let ids: Vec<_> = one.chain(arguments.list("ResourceId")).collect();
                if ids.is_empty() {
                    return vec![arn("flowlog/*".to_owned())];
                }
                let each = ids.into_iter().map(|id| arn(format!("flowlog/{id}")));
                each.collect()
            }
        }
    }

    /// What is missing, in the order of the table.
    pub(crate) fn check_required(&self, arguments: &Arguments) -> Result<(), Problem> {
        for parameter in self.parameters {
            let is_there = match parameter.kind {
                Kind::Text | Kind::Integer => arguments.get(parameter.name).is_some(),
                Kind::Texts => !arguments.list(parameter.name).is_empty(),
                Kind::Tags => !arguments.tags(parameter.name).is_empty(),
            };
            match parameter.absent {
                _ if is_there => {}
                Absent::Fine => {}
                Absent::Missing => return Err(Problem::missing(parameter.name)),
                Absent::Refused(problem) => return Err(problem()),
            }
        }
        Ok(())
    }

    /// Whose flow logs it is for.
    pub const fn product(&self) -> Product {
        self.product
    }

    /// `Action`
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// `Version`
    pub const fn version(&self) -> &'static str {
        naming(self.product).version
    }

    /// What it takes.
    pub const fn parameters(&self) -> &'static [Parameter] {
        self.parameters
    }

    /// The parameter of this name, without a number behind it.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// Whether it changes something.
    pub fn changes(&self) -> bool {
        self.access == Access::Write
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation({})", self.action())
    }
}

const fn text(name: &'static str) -> Parameter {
    parameter(name, Kind::Text, Absent::Fine)
}

const fn integer(name: &'static str) -> Parameter {
    parameter(name, Kind::Integer, Absent::Fine)
}

const fn texts(name: &'static str) -> Parameter {
    parameter(name, Kind::Texts, Absent::Fine)
}

const fn tags(name: &'static str) -> Parameter {
    parameter(name, Kind::Tags, Absent::Fine)
}

const fn parameter(name: &'static str, kind: Kind, absent: Absent) -> Parameter {
    Parameter { name, kind, absent }
}

impl Parameter {
    /// As it is written in a request: `Tag.N.Key` and `Tag.N.Value` for tags.
    pub fn written(&self) -> String {
        let name = self.name;
        match self.kind {
            Kind::Text | Kind::Integer => name.to_owned(),
            Kind::Texts => format!("{name}.N"),
            Kind::Tags => format!("{name}.N.Key and {name}.N.Value"),
        }
    }

    /// The same, needed.
    const fn needed(mut self) -> Self {
        self.absent = Absent::Missing;
        self
    }

    /// The same, needed, with the product's own words.
    const fn or(mut self, problem: fn() -> Problem) -> Self {
        self.absent = Absent::Refused(problem);
        self
    }
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape }
}

const fn says(name: &'static str) -> Field {
    field(name, Shape::Text)
}

/// `Tags.Tag` of an answer.
const TAGS: Field = field(
    "Tags",
    Shape::Object(&[field("Tag", Shape::Objects(&[says("Key"), says("Value")]))]),
);

/// What `ListTagResources` answers.
const TAG_RESOURCES: &[Field] = &[
    says("NextToken"),
    field(
        "TagResources",
        Shape::Object(&[field(
            "TagResource",
            Shape::Objects(&[
                says("ResourceId"),
                says("ResourceType"),
                says("TagKey"),
                says("TagValue"),
            ]),
        )]),
    ),
];

const REFUSAL: fn() -> Problem = || problem::FORBIDDEN_RAM;
