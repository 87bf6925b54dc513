//! The flow-log control API of VPC, CEN and SAG: operations, state, persistence, HTTP.
//!
//! ```text
//!  HTTP ─► admission: signature, nonce, version, action, rights ─► operation: checks, then a plan
//!                                                                        │
//!          answer ◄── book in memory ◄── one transaction in SQLite ◄─────┘
//!                          │
//!                          └─► pipeline: the newest definitions; it says when all partitions have them
//! ```
//!
//! - **One table** ([`Operation`]) says what each operation takes, answers, needs the right for and does.
//! - **Operations are pure**: they see flow logs, inventory and settings as values and return what is
//!   to change. All of it is on disk before the answer goes out, or none.
//! - **What is kept is where a flow log goes** (active, inactive, gone); what is shown until every
//!   partition has applied that is the state in between. After a death a flow log is in the old state
//!   or in the new one.
//! - **Strangers cost little**: a request is bounded before it is read, and believed before anything
//!   else is done for it; nothing of an unsigned one is remembered.
//!
//! Begin with [`Control`] and [`serve`]. Live traffic is not touched here: the daemon takes
//! [`Control::wanted`] to its partitions and says [`Control::applied`]. Layer 5.

mod answer;
mod arguments;
mod audit;
mod book;
mod calls;
mod control;
mod database;
mod flow_log;
mod http;
mod openapi;
mod operation;
mod plan;
mod problem;
mod product;
mod products;
mod understand;

pub use audit::{Audit, Audited};
pub use control::{Beginning, Control, Wanted, kept};
pub use database::DatabaseError;
pub use http::serve;
pub use openapi::openapi;
pub use operation::{Operation, Parameter};
pub use plan::{Destinations, Quota, Settings};
pub use problem::Problem;
pub use understand::understand;
