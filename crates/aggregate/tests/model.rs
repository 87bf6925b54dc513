//! The aggregator against a slow, obvious model.

#[cfg(test)]
#[path = "model/sequences.rs"]
mod sequences;
#[cfg(test)]
#[path = "model/slow.rs"]
mod slow;
