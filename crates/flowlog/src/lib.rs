//! What a flow log is: the inventory it points at, its definition, which records belong to it, and
//! what its rows look like.
//!
//! Promise: no I/O, no clock, no threads, no panic. Matching a batch allocates nothing; everything
//! else happens when a configuration or a change is read.
//!
//! Begin with [`Inventory`] (what is where), [`FlowLog`] (a valid definition), [`MatchTable`]
//! (which records belong to which flow log) and [`Layout`] (a row as columns). Layer 1: depends on
//! `record` alone.

#![no_std]

extern crate alloc;

mod definition;
mod duration;
mod error;
mod form;
mod inventory;
mod layout;
mod matching;
mod name;
mod prefix;

pub use definition::{
    ActiveAging, Aging, AllowedLateness, CaptureWindow, Collector, Definition, FlowLog, Hold,
    InactiveAging, IpVersion, LogFormat, NetflowVersion, Output, Product, Resources, Status,
    TimeSource, TrafficPath, TrafficPaths, TrafficType, Transport,
};
pub use error::{DefinitionError, InvalidValue, InventoryError};
pub use inventory::{
    Attachment, ExporterSelector, Interface, InterfacePath, Inventory, Resource, ResourceKind,
    SAG_DEFAULT, StatedSampling,
};
pub use layout::{
    Column, ColumnType, Layout, Names, RowId, RowTime, SLS_TOPIC, Value, is_own_column, row_source,
    row_time,
};
pub use matching::{Because, Claim, CompileError, ExporterScope, MatchTable, Mode, Warning};
pub use name::{FlowLogId, LogstoreName, ProjectName, ResourceId};
pub use prefix::Prefix;
