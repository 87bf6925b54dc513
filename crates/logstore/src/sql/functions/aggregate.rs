//! Functions of many values.
//!
//! Whatever one keeps of its values is taken from the [`Budget`] of the statement.

mod collect;
mod digest;
mod distinct;
mod extreme;
mod moments;
mod periods;
mod simple;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::Value;
use rusqlite::{Connection, Result};

use super::value::wrong;

pub(in crate::sql) use periods::MOST_PERIODS;

/// The memory that all functions of a statement may take together, octets.
#[derive(Debug)]
pub(in crate::sql) struct Budget(AtomicUsize);

impl Budget {
    pub(in crate::sql) fn of(octets: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(octets)))
    }

    fn take(&self, octets: usize) -> Result<()> {
        let less = |left: usize| left.checked_sub(octets);
        match self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(wrong(TOO_MUCH)),
        }
    }

    fn give(&self, octets: usize) {
        self.0.fetch_add(octets, Ordering::Relaxed);
    }
}

/// What is said when the budget is used up.
const TOO_MUCH: &str =
    "the functions of the SQL need too much memory; ask for a shorter period or fewer groups";

/// A part of the budget, which goes back in the end.
#[derive(Debug)]
pub(in crate::sql) struct Share {
    budget: Arc<Budget>,
    octets: usize,
}

impl Share {
    pub(in crate::sql) fn of(budget: &Arc<Budget>) -> Self {
        let budget = Arc::clone(budget);
        Self { budget, octets: 0 }
    }

    pub(in crate::sql) fn take(&mut self, octets: usize) -> Result<()> {
        self.budget.take(octets)?;
        self.octets += octets;
        Ok(())
    }

    pub(in crate::sql) fn give(&mut self, octets: usize) {
        let octets = octets.min(self.octets);
        self.octets -= octets;
        self.budget.give(octets);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give(self.octets);
    }
}

/// What a function knows of the values of a group so far.
trait State: RefUnwindSafe + UnwindSafe + Send {
    /// Takes the values of a row.
    fn step(&mut self, ctx: &Context<'_>) -> Result<()>;

    /// What it says of all.
    fn result(&mut self) -> Result<Value>;
}

/// A function, by the state it begins with.
struct Function<S> {
    budget: Arc<Budget>,
    begin: fn(Share) -> S,
}

impl<S: State> Aggregate<S, Value> for Function<S> {
    fn init(&self, _: &mut Context<'_>) -> Result<S> {
        Ok((self.begin)(Share::of(&self.budget)))
    }

    fn step(&self, ctx: &mut Context<'_>, state: &mut S) -> Result<()> {
        state.step(ctx)
    }

    fn finalize(&self, _: &mut Context<'_>, state: Option<S>) -> Result<Value> {
        let mut state = state.unwrap_or_else(|| (self.begin)(Share::of(&self.budget)));
        state.result()
    }
}

impl<S: State> WindowAggregate<S, Value> for Function<S> {
    fn value(&self, state: Option<&mut S>) -> Result<Value> {
        match state {
            Some(state) => state.result(),
            None => (self.begin)(Share::of(&self.budget)).result(),
        }
    }

    fn inverse(&self, _: &mut Context<'_>, _: &mut S) -> Result<()> {
        Err(wrong(
            "this function needs a window that begins with the partition",
        ))
    }
}

/// A connection that gets functions, and their names.
struct Registry<'a> {
    connection: Option<&'a Connection>,
    budget: Arc<Budget>,
    names: Vec<&'static str>,
}

impl Registry<'_> {
    fn add<S: State + 'static>(
        &mut self,
        name: &'static str,
        arguments: &[i32],
        begin: fn(Share) -> S,
    ) -> Result<()> {
        self.names.push(name);
        let Some(connection) = self.connection else {
            return Ok(());
        };
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        for arguments in arguments {
            let budget = Arc::clone(&self.budget);
            let function = Function { budget, begin };
            connection.create_window_function(name, *arguments, flags, function)?;
        }
        Ok(())
    }
}

/// Makes all of them known to a connection.
pub(super) fn register(connection: &Connection, budget: &Arc<Budget>) -> Result<()> {
    add_all(&mut Registry {
        connection: Some(connection),
        budget: Arc::clone(budget),
        names: Vec::new(),
    })
}

/// The names of all.
pub(super) fn names() -> Vec<&'static str> {
    let mut registry = Registry {
        connection: None,
        budget: Budget::of(0),
        names: Vec::new(),
    };
    // Without a connection there is nothing that could fail.
    let _: Result<()> = add_all(&mut registry);
    registry.names
}

fn add_all(to: &mut Registry<'_>) -> Result<()> {
    simple::add(to)?;
    extreme::add(to)?;
    moments::add(to)?;
    collect::add(to)?;
    distinct::add(to)?;
    digest::add(to)?;
    periods::add(to)
}
