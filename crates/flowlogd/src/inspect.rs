//! Decoding captures without a daemon.

use crate::commands::{Failure, InspectArgs};

/// `flowlogd inspect`.
///
/// # Errors
/// What the user has to know.
pub fn inspect(_: &InspectArgs) -> Result<(), Failure> {
    Err(Failure::failed("this command is not built yet"))
}
