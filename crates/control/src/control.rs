//! The API's heart: who asks, may they, what is to be done; then one transaction, and the pipeline
//! is told.

mod admission;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use flowlog_access::{Keyring, Nonces};
use flowlog_flowlog::{Definition, Inventory, Product};
use flowlog_record::{HashKey, Timestamp};
use serde_json::{Map, Value};

use crate::arguments::Arguments;
use crate::audit::{Audit, Audited};
use crate::book::{Answered, Book, TokenKey, token_key};
use crate::calls::Calls;
use crate::database::{Database, DatabaseError};
use crate::operation::Operation;
use crate::plan::{Call, Destinations, Plan, Settings};
use crate::problem::{self, Problem};

pub(crate) use admission::{Admitted, Origin};

/// Nonces that are remembered at the most: 4660 requests a second for 15 minutes. Some 130 MB when
/// all are there.
const MOST_NONCES: usize = 1 << 22;
/// How long a call of SAG, which has no states between, waits for its effect.
const EFFECT: Duration = Duration::from_secs(5);

/// What the API is told to begin with.
pub struct Beginning {
    /// How it behaves.
    pub settings: Settings,
    /// What is where.
    pub inventory: Inventory,
    /// Who may ask.
    pub keyring: Arc<Keyring>,
    /// The secret under which nonces are digested.
    pub hash_key: HashKey,
    /// Where rows go.
    pub destinations: Arc<dyn Destinations>,
    /// Where calls are recorded.
    pub audit: Arc<dyn Audit>,
    /// Called when the pipeline has something new to work by: [`Control::wanted`].
    pub changed: Box<dyn Fn() + Send + Sync>,
    /// The present.
    pub clock: fn() -> Timestamp,
}

/// What the pipeline is to work by.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Its number: to be given back to [`Control::applied`].
    pub generation: u64,
    /// The flow logs.
    pub flow_logs: Vec<Definition>,
}

/// The flow logs that are kept in `path`, beside a daemon or without one; none when nothing is there.
///
/// # Errors
/// [`DatabaseError`].
pub fn kept(path: &Path) -> Result<Vec<Definition>, DatabaseError> {
    let Some(database) = Database::look(path)? else {
        return Ok(Vec::new());
    };
    let (flow_logs, tokens) = database.read()?;
    Ok(Book::restore(flow_logs, tokens).definitions())
}

/// The control API without its connections.
pub struct Control {
    world: RwLock<Arc<World>>,
    book: RwLock<Book>,
    /// Held while something changes: changes follow each other.
    database: Mutex<Database>,
    nonces: Mutex<Nonces>,
    calls: Mutex<Calls>,
    /// The generation that every partition has applied.
    applied: (Mutex<u64>, Condvar),
    audit: Arc<dyn Audit>,
    changed: Box<dyn Fn() + Send + Sync>,
    clock: fn() -> Timestamp,
}

/// What a reload replaces.
#[derive(Debug)]
struct World {
    settings: Settings,
    inventory: Inventory,
    keyring: Arc<Keyring>,
    destinations: Arc<dyn Destinations>,
}

impl Control {
    /// Opens the database in `path`. What it holds is what the pipeline is to begin with; it counts
    /// as in effect.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub fn open(path: &Path, beginning: Beginning) -> Result<Self, DatabaseError> {
        let database = Database::open(path)?;
        let (flow_logs, tokens) = database.read()?;
        let mut nonces = Nonces::new(beginning.hash_key, MOST_NONCES);
        for nonce in database.nonces()? {
            nonces.restore(nonce);
        }
        Ok(Self {
            world: RwLock::new(Arc::new(World {
                settings: beginning.settings,
                inventory: beginning.inventory,
                keyring: beginning.keyring,
                destinations: beginning.destinations,
            })),
            book: RwLock::new(Book::restore(flow_logs, tokens)),
            database: Mutex::new(database),
            nonces: Mutex::new(nonces),
            calls: Mutex::default(),
            applied: (Mutex::new(0), Condvar::new()),
            audit: beginning.audit,
            changed: beginning.changed,
            clock: beginning.clock,
        })
    }

    /// Other settings, another inventory, other users from now on.
    pub fn reload(&self, settings: Settings, inventory: Inventory, keyring: Arc<Keyring>) {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        *world = Arc::new(World {
            settings,
            inventory,
            keyring,
            destinations: Arc::clone(&world.destinations),
        });
    }

    /// What the pipeline is to work by now.
    pub fn wanted(&self) -> Wanted {
        let book = self.book();
        Wanted {
            generation: book.generation(),
            flow_logs: book.definitions(),
        }
    }

    /// Every partition works by this generation now.
    pub fn applied(&self, generation: u64) {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        book.settle(generation);
        drop(book);
        let (applied, notice) = &self.applied;
        let mut applied = lock(applied);
        *applied = generation.max(*applied);
        notice.notify_all();
    }

    fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does what a caller may do.
    pub(crate) fn perform(
        &self,
        admitted: &Admitted,
        arguments: &Arguments,
        random: &[u8; 64],
    ) -> Result<Map<String, Value>, Problem> {
        admitted.allowed.clone()?;
        let operation = admitted.operation;
        operation.check_required(arguments)?;
        let world = self.world();
        let now = (self.clock)();
        // Whoever only reads waits for nobody's disk.
        let mut database = operation.changes().then(|| lock(&self.database));
        let plan = {
            let book = self.book();
            let call = Call {
                operation,
                arguments,
                settings: &world.settings,
                inventory: &world.inventory,
                destinations: &*world.destinations,
                book: &book,
                now,
                random,
            };
            (operation.run)(&call)?
        };
        let token = remembered(operation, arguments, &plan, now);
        if plan.change.is_nothing() && token.is_none() {
            return Ok(plan.answer);
        }
        if let Some(database) = &mut database
            && let Err(problem) = database.write(&plan.change, token.as_ref(), admitted.nonce)
        {
            tracing::error!(%problem, "a change of a flow log cannot be kept");
            return Err(match operation.product {
                Product::Vpc => problem::VPC_FAILED,
                _ => problem::UNAVAILABLE,
            });
        }
        let before = self.book().generation();
        let generation = self.begin(&plan, token);
        drop(database);
        if generation > before {
            (self.changed)();
            if operation.product == Product::Sag {
                self.wait_applied(generation);
            }
        }
        Ok(plan.answer)
    }

    /// Records a call that was to change something.
    pub(crate) fn audit(&self, call: Audited) {
        let at = (self.clock)();
        self.audit.record(Audited { at, ..call });
    }

    fn begin(&self, plan: &Plan, token: Option<(TokenKey, Answered)>) -> u64 {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((key, answered)) = token {
            book.remember(key, answered);
        }
        book.begin(&plan.change)
    }

    fn wait_applied(&self, generation: u64) {
        let (applied, notice) = &self.applied;
        let waiting = |applied: &mut u64| *applied < generation;
        let waited = notice.wait_timeout_while(lock(applied), EFFECT, waiting);
        if waited.is_ok_and(|(_, outcome)| outcome.timed_out()) {
            tracing::warn!("a change of a flow log takes long to come into effect");
        }
    }
}

/// What is remembered of an answer, if the request has a token and the operation heeds it.
fn remembered(
    operation: &Operation,
    arguments: &Arguments,
    plan: &Plan,
    now: Timestamp,
) -> Option<(TokenKey, Answered)> {
    let heeds = plan.remember && operation.parameter("ClientToken").is_some();
    let token = arguments.get("ClientToken").filter(|_| heeds)?;
    let answered = Answered {
        fingerprint: arguments.fingerprint(),
        answer: Value::Object(plan.answer.clone()),
        at: now.millis(),
    };
    Some((
        token_key(operation.product, operation.name, token),
        answered,
    ))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is whole between two statements; a panic leaves it so.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("world", &self.world)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beginning")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
