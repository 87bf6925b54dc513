//! Emission: builders that append datagrams and values to a buffer of the caller.
//!
//! What they write, the views of this crate read back unchanged. Sequence numbers, times and the
//! size of datagrams are the caller's; counts and lengths are filled in. What cannot be written is
//! refused whole.

mod message;
mod netflow5;
mod values;

use core::fmt;

pub use message::MessageBuilder;
pub use netflow5::{Netflow5Builder, Netflow5Record};
pub use values::{basic_list, sub_template_list, sub_template_multi_list, variable_length};

/// Why something was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmitError {
    /// There is no room for it in this message, or in a length field.
    Full,
    /// The format has no way to say it.
    NotInFormat,
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no room in the message",
            Self::NotInFormat => "the format has no way to say it",
        })
    }
}

impl core::error::Error for EmitError {}

/// Overwrites two octets that were written before.
fn patch(out: &mut [u8], at: usize, value: u16) {
    if let Some(place) = out.get_mut(at..).and_then(|o| o.first_chunk_mut()) {
        *place = value.to_be_bytes();
    }
}
