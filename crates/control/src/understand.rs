//! A request as far as it can be done without a database, a clock and keys: for the fuzz target.

use flowlog_access::rpc::{Claim, RpcRequest};
use flowlog_flowlog::Inventory;
use flowlog_record::Timestamp;
use serde_json::{Map, Value};

use crate::arguments::Arguments;
use crate::book::Book;
use crate::operation::Operation;
use crate::plan::{Call, Destinations, Settings};
use crate::problem::{self, Problem};
use crate::product::of_version;

/// Reads a request and plans what it asks for, with no flow log there and nobody's signature
/// checked. Nothing is kept.
///
/// # Errors
/// What the server would answer.
pub fn understand(
    request: &RpcRequest<'_>,
    settings: &Settings,
    inventory: &Inventory,
    destinations: &dyn Destinations,
    now: Timestamp,
) -> Result<Map<String, Value>, Problem> {
    let claim = Claim::read(request)?;
    let product = of_version(claim.version).ok_or(problem::BAD_VERSION)?;
    let operation = Operation::named(product, claim.action).ok_or(problem::NO_ACTION)?;
    let arguments = Arguments::of(request);
    operation.check_required(&arguments)?;
    let call = Call {
        operation,
        arguments: &arguments,
        settings,
        inventory,
        destinations,
        book: &Book::default(),
        now,
        random: &[0; 64],
    };
    let plan = (operation.run)(&call)?;
    Ok(plan.answer)
}
