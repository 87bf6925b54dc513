//! RAM policies: what a user may do to what, under which conditions.
//!
//! A policy is read once, when the configuration is; what is wrong with it is said then. Evaluation
//! cannot fail, allocates nothing but the request's own values, and takes time in proportion to the
//! texts: patterns have a greatest length, and matching them never goes back further than to the
//! last `*`.

mod condition;
mod pattern;
#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use flowlog_record::Timestamp;
use serde::Deserialize;

use condition::Conditions;
pub use pattern::InvalidPattern;
use pattern::{Case, Pattern};

/// A policy document: `{"Version":"1","Statement":[…]}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "DocumentForm")]
pub struct Policy {
    statements: Vec<Statement>,
}

/// What a policy, or all policies of a user together, say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it, whatever others say.
    Denied,
    /// No statement speaks of it: refused as well.
    NotAllowed,
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// `vpc:CreateFlowLog`.
    pub action: &'a str,
    /// `acs:vpc:cn-hangzhou:1000000000000001:flowlog/*`; `*` for an action on nothing in particular.
    pub resource: &'a str,
    /// What conditions ask for.
    pub circumstances: &'a Circumstances<'a>,
}

/// What conditions ask for.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Where the request comes from: `acs:SourceIp`.
    pub source: IpAddr,
    /// The present: `acs:CurrentTime`.
    pub now: Timestamp,
    /// Whether it came over TLS: `acs:SecureTransport`.
    pub secure: bool,
    /// Tags that the request brings: `acs:RequestTag/KEY`.
    pub request_tags: &'a [(String, String)],
    /// Tags of what it is done to: `acs:ResourceTag/KEY`.
    pub resource_tags: &'a [(String, String)],
}

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidPolicy {
    /// `Version` is not `"1"`.
    Version,
    /// A statement has both of `Action` and `NotAction` (or of `Resource` and `NotResource`), or
    /// neither.
    OneOf(&'static str, &'static str),
    /// A pattern that cannot be.
    Pattern(InvalidPattern),
    /// An action that is neither `*` nor `service:Operation`.
    Action(String),
    /// A condition whose value is not what its operator compares with.
    Condition {
        /// The operator.
        operator: String,
        /// The value.
        value: String,
    },
    /// An operator that is none.
    Operator(String),
    /// A condition key that is none here.
    Key(String),
}

#[derive(Clone, Debug)]
struct Statement {
    effect: Effect,
    actions: Listed,
    resources: Listed,
    conditions: Conditions,
}

/// Patterns of which one must match, or none.
#[derive(Clone, Debug)]
struct Listed {
    patterns: Vec<Pattern>,
    negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DocumentForm {
    version: String,
    statement: Vec<StatementForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct StatementForm {
    effect: Effect,
    action: Option<Texts>,
    not_action: Option<Texts>,
    resource: Option<Texts>,
    not_resource: Option<Texts>,
    #[serde(default)]
    condition: condition::Form,
}

/// One text, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Policy {
    /// What it says of an attempt.
    pub fn decide(&self, attempt: &Attempt<'_>) -> Decision {
        decide(core::iter::once(self), attempt)
    }
}

/// What policies say together: one that denies goes before all that allow.
pub fn decide<'p>(
    policies: impl IntoIterator<Item = &'p Policy>,
    attempt: &Attempt<'_>,
) -> Decision {
    let mut decision = Decision::NotAllowed;
    let statements = policies.into_iter().flat_map(|policy| &policy.statements);
    for statement in statements.filter(|statement| statement.speaks_of(attempt)) {
        match statement.effect {
            Effect::Deny => return Decision::Denied,
            Effect::Allow => decision = Decision::Allowed,
        }
    }
    decision
}

impl Statement {
    fn speaks_of(&self, attempt: &Attempt<'_>) -> bool {
        self.actions.has(attempt.action)
            && self.resources.has(attempt.resource)
            && self.conditions.hold(attempt.circumstances)
    }
}

impl Listed {
    fn has(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text)) != self.negated
    }

    fn read(
        (name, texts): (&'static str, Option<Texts>),
        (not_name, not_texts): (&'static str, Option<Texts>),
        case: Case,
    ) -> Result<Self, InvalidPolicy> {
        let (texts, negated) = match (texts, not_texts) {
            (Some(texts), None) => (texts, false),
            (None, Some(texts)) => (texts, true),
            _ => return Err(InvalidPolicy::OneOf(name, not_name)),
        };
        let patterns = texts
            .into_vec()
            .into_iter()
            .map(|text| Pattern::new(text, case).map_err(InvalidPolicy::Pattern))
            .collect::<Result<_, _>>()?;
        Ok(Self { patterns, negated })
    }
}

impl Texts {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => alloc::vec![text],
            Self::Several(texts) => texts,
        }
    }

    fn iter(&self) -> impl Iterator<Item = &String> {
        match self {
            Self::One(text) => core::slice::from_ref(text).iter(),
            Self::Several(texts) => texts.iter(),
        }
    }
}

impl TryFrom<DocumentForm> for Policy {
    type Error = InvalidPolicy;

    fn try_from(form: DocumentForm) -> Result<Self, InvalidPolicy> {
        if form.version != "1" {
            return Err(InvalidPolicy::Version);
        }
        let statements = form.statement.into_iter().map(Statement::try_from);
        Ok(Self {
            statements: statements.collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<StatementForm> for Statement {
    type Error = InvalidPolicy;

    fn try_from(form: StatementForm) -> Result<Self, InvalidPolicy> {
        let named = form.action.iter().chain(&form.not_action);
        let is_action = |text: &&String| *text == "*" || text.contains(':');
        if let Some(text) = named.flat_map(Texts::iter).find(|text| !is_action(text)) {
            return Err(InvalidPolicy::Action(text.clone()));
        }
        let actions = (("Action", form.action), ("NotAction", form.not_action));
        let resources = (
            ("Resource", form.resource),
            ("NotResource", form.not_resource),
        );
        Ok(Self {
            effect: form.effect,
            actions: Listed::read(actions.0, actions.1, Case::Ignored)?,
            resources: Listed::read(resources.0, resources.1, Case::Counts)?,
            conditions: Conditions::read(form.condition)?,
        })
    }
}

impl core::fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Version => f.write_str("Version must be \"1\""),
            Self::OneOf(name, not_name) => {
                write!(f, "a statement has one of {name} and {not_name}")
            }
            Self::Pattern(problem) => write!(f, "{problem}"),
            Self::Action(action) => write!(
                f,
                "`{action}` is no action: write `*` or `service:Operation`, such as `vpc:Describe*`"
            ),
            Self::Condition { operator, value } => {
                write!(f, "`{value}` is nothing that {operator} compares with")
            }
            Self::Operator(operator) => write!(f, "`{operator}` is no condition operator"),
            Self::Key(key) => write!(
                f,
                "`{key}` is no condition key: acs:CurrentTime, acs:SecureTransport, acs:SourceIp, \
                 acs:MFAPresent, acs:RequestTag/KEY, acs:ResourceTag/KEY"
            ),
        }
    }
}

impl core::error::Error for InvalidPolicy {}
