//! Brings the metrics up to date when somebody asks for them, and not before.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// What to do before the metrics are shown. Set once, by whom the figures belong to; nothing is done
/// until then. Clones share it.
#[derive(Clone, Default)]
pub struct Publisher(Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>);

impl Publisher {
    /// Sets what to do; only the first time counts.
    pub fn set(&self, publish: impl Fn() + Send + Sync + 'static) {
        self.0.get_or_init(|| Box::new(publish));
    }

    /// Does it.
    pub fn publish(&self) {
        if let Some(publish) = self.0.get() {
            publish();
        }
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Publisher")
            .field(&self.0.get().is_some())
            .finish()
    }
}
