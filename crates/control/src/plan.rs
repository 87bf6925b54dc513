//! What an operation sees, and what it wants done: pure values, so that every rule can be tested
//! without a database, a clock or a pipeline.

use std::fmt;
use std::net::SocketAddr;

use flowlog_flowlog::{Inventory, Product, Resource};
use flowlog_record::Timestamp;
use serde_json::{Map, Value};

use crate::arguments::Arguments;
use crate::book::Book;
use crate::flow_log::{Entry, FlowLog, Phase};
use crate::operation::Operation;
use crate::problem::{self, Problem};
use crate::product::new_id;

/// How the API behaves; from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Settings {
    /// The account that owns everything.
    pub account: String,
    /// The regions that there are.
    pub regions: Vec<String>,
    /// How many flow logs there may be of each product.
    pub quota: Quota,
    /// Whether a VPC flow log may only be made on what is in the inventory.
    pub strict_resources: bool,
    /// Whether projects and Logstores are made where they are absent.
    pub create_logstores: bool,
    /// Whether VPC flow logs may ask for single paths.
    pub custom_paths: bool,
    /// Whether VPC flow logs may take IPv6.
    pub dual_stack: bool,
    /// Whether VPC flow logs can be made at all.
    pub open: bool,
    /// Whether the account's VPC flow logs are locked.
    pub locked: bool,
    /// Calls of one operation within a minute; 0 is without a limit.
    pub calls_per_minute: u32,
}

impl Settings {
    /// Those that a configuration has without a word of its own.
    pub fn new<'r>(account: &str, regions: impl IntoIterator<Item = &'r str>) -> Self {
        Self {
            account: account.to_owned(),
            regions: regions.into_iter().map(str::to_owned).collect(),
            quota: Quota {
                vpc: 10,
                cen: 100,
                sag: 100,
            },
            strict_resources: false,
            create_logstores: true,
            custom_paths: true,
            dual_stack: true,
            open: true,
            locked: false,
            calls_per_minute: 0,
        }
    }
}

/// How many flow logs there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Of VPC.
    pub vpc: usize,
    /// Of CEN.
    pub cen: usize,
    /// Of SAG.
    pub sag: usize,
}

/// Where rows go: whether it is there.
pub trait Destinations: fmt::Debug + Send + Sync {
    /// Whether there is a project of this name in the region, for all that is known.
    fn has_project(&self, region: &str, project: &str) -> bool;
    /// Whether there is a Logstore of this name in the project, for all that is known.
    fn has_logstore(&self, region: &str, project: &str, logstore: &str) -> bool;
    /// Whether the rows of a flow log arrive, for all that is known: not while a disk is full, or a
    /// target in trouble.
    fn delivers(&self, flow_log: &str) -> bool;
    /// Whether rows may be sent to a collector there: it is allowed, and not ourselves.
    fn may_export_to(&self, collector: SocketAddr) -> bool;
}

/// A request of a known caller, and what it meets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) operation: &'static Operation,
    pub(crate) arguments: &'a Arguments,
    pub(crate) settings: &'a Settings,
    pub(crate) inventory: &'a Inventory,
    pub(crate) destinations: &'a dyn Destinations,
    pub(crate) book: &'a Book,
    pub(crate) now: Timestamp,
    pub(crate) random: &'a [u8; 64],
}

/// What an operation wants done, and what it answers then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) answer: Map<String, Value>,
    pub(crate) change: Change,
    /// Whether a request with the same `ClientToken` is to get the same answer.
    pub(crate) remember: bool,
}

/// What changes, all of it or nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    /// New or other flow logs, and what they go through.
    pub(crate) put: Vec<(FlowLog, Phase)>,
    /// Flow logs that go.
    pub(crate) delete: Vec<String>,
}

impl Change {
    pub(crate) fn is_nothing(&self) -> bool {
        self.put.is_empty() && self.delete.is_empty()
    }
}

impl Plan {
    /// An answer alone; `answer` is an object.
    pub(crate) fn answer(answer: Value) -> Self {
        let answer = match answer {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self {
            answer,
            ..Self::default()
        }
    }

    /// The same with a flow log put.
    pub(crate) fn put(mut self, flow_log: FlowLog, phase: Phase) -> Self {
        self.change.put.push((flow_log, phase));
        self.remember = true;
        self
    }

    /// The same, remembered under its token though nothing changes.
    pub(crate) const fn remembered(mut self) -> Self {
        self.remember = true;
        self
    }

    /// The same with a flow log gone.
    pub(crate) fn delete(mut self, id: &str) -> Self {
        self.change.delete.push(id.to_owned());
        self.remember = true;
        self
    }
}

impl<'a> Call<'a> {
    pub(crate) fn product(&self) -> Product {
        self.operation.product
    }

    /// Whether a region of this name is there.
    pub(crate) fn has_region(&self, region: &str) -> bool {
        self.settings.regions.iter().any(|known| known == region)
    }

    /// A flow log of this product, wherever it is in its life.
    pub(crate) fn entry(&self, id: &str) -> Option<&'a Entry> {
        let entry = self.book.get(id)?;
        (entry.flow_log.product() == self.product()).then_some(entry)
    }

    /// The flow logs of this product in the order in which they were made, without those that go.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let product = self.product();
        self.book
            .entries()
            .filter(move |entry| entry.flow_log.product() == product)
    }

    /// Those that are there to stay.
    pub(crate) fn staying(&self) -> impl Iterator<Item = &'a Entry> + use<'a> {
        self.entries()
            .filter(|entry| entry.phase != Phase::Deleting)
    }

    /// What the inventory says of an id.
    pub(crate) fn resource(&self, id: &str) -> Option<&'a Resource> {
        self.inventory.get(id)
    }

    /// Whether a flow log can have rows: a resource that is not in the inventory matches nothing.
    /// Ours, beside what the products answer.
    pub(crate) fn resource_status(&self, id: &str) -> &'static str {
        match self.resource(id) {
            Some(_) => "InInventory",
            None => "NotInInventory",
        }
    }

    /// Refuses when there are as many flow logs as may be.
    pub(crate) fn check_quota(&self, quota: usize, refusal: &Problem) -> Result<(), Problem> {
        if self.staying().count() < quota {
            Ok(())
        } else {
            Err(refusal.clone())
        }
    }

    /// Refuses a project or Logstore that is not there and will not be made.
    pub(crate) fn check_destination(
        &self,
        region: &str,
        (project, logstore): (&str, &str),
    ) -> Result<(), Problem> {
        if self.settings.create_logstores {
            Ok(())
        } else if !self.destinations.has_project(region, project) {
            Err(problem::PROJECT_NOT_EXIST)
        } else if self.destinations.has_logstore(region, project, logstore) {
            Ok(())
        } else {
            Err(problem::LOGSTORE_NOT_EXIST)
        }
    }

    /// An id that no flow log has.
    pub(crate) fn new_id(&self) -> String {
        let mut random = *self.random;
        let mut id = new_id(self.product(), &random);
        // Never in the life of a server; a loop costs nothing.
        while self.book.get(&id).is_some() {
            random.rotate_left(1);
            if let Some(first) = random.first_mut() {
                *first = first.wrapping_add(1);
            }
            id = new_id(self.product(), &random);
        }
        id
    }

    /// Refuses a `ClientToken` that is none: ASCII, at most 64 characters.
    pub(crate) fn check_token(&self, invalid: &Problem) -> Result<(), Problem> {
        let token = self.arguments.text("ClientToken");
        if token.len() <= 64 && token.is_ascii() {
            Ok(())
        } else {
            Err(invalid.clone())
        }
    }

    /// The answer to an earlier request with the same `ClientToken`.
    ///
    /// # Errors
    /// A token that is none, or that came with another request.
    pub(crate) fn replayed(&self, invalid: &Problem) -> Result<Option<Plan>, Problem> {
        self.check_token(invalid)?;
        let Some(token) = self.arguments.get("ClientToken") else {
            return Ok(None);
        };
        let key = (self.product(), self.operation.name, token);
        match self.book.answered(key, self.now) {
            None => Ok(None),
            Some(known) if known.fingerprint == self.arguments.fingerprint() => {
                Ok(Some(Plan::answer(known.answer.clone())))
            }
            Some(_) => Err(problem::TOKEN_MISMATCH),
        }
    }
}
