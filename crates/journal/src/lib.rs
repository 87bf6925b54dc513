//! A segmented, checksummed, group-committed log of opaque records in a directory.
//!
//! It stands under the Logstore, and under the input later: what was said to be durable is there
//! after `kill -9` and after a power cut, in the same order and with the same positions.
//!
//! - [`Journal`] writes: [`append`](Journal::append), [`sync`](Journal::sync),
//!   [`read`](Journal::read), [`free_before`](Journal::free_before). One owner, no thread.
//! - [`GroupCommit`] shares a journal between threads: many append, one `fdatasync` serves them all.
//! - [`Recovery`] says what was found when the journal was opened, and what was not.
//!
//! # On disk
//! One file per segment, named by the position of its first record
//! (`00000000000000004711.journal`); whole files are freed, never parts. A file begins with a
//! header of 32 octets, frames follow without gaps. All integers are little-endian.
//!
//! ```text
//!  0               8       12      16              24              32
//! +---------------+-------+-------+---------------+---------------+
//! | "flowjrnl"    |version| crc32 | first position| previous end  |   segment header
//! +---------------+-------+-------+---------------+---------------+
//! +-------+-------+-----------------------+
//! | length| crc32 | payload ...           |                           frame
//! +-------+-------+-----------------------+
//!  0       4       8                 length
//! ```
//!
//! `length` counts the frame with its own eight octets, so that zeros are never a frame. The
//! checksum covers the length, the record's position (which is not stored: it follows from the
//! segment's first) and the payload, so that a frame is good in one place only.
//!
//! # Damage
//! A *torn tail* is what a death in the middle of a write leaves behind the last good frame of the
//! last segment: it is cut, and said. Damage elsewhere costs the record that it hit when the chain
//! of lengths goes on behind it, else the rest of that segment; the next segment is read as usual.
//! Nothing in a file makes this crate panic or reserve more memory than the file is long.
//!
//! # Failure
//! A write that fails (disk full) is taken back and may be tried again. After a failed `fdatasync`
//! nobody knows what is on disk: what was not yet durable is cut off, and the journal refuses
//! everything until it is opened again.

mod error;
mod file;
mod frame;
mod group;
mod header;
mod journal;
mod position;
mod read;
mod recovery;
mod scan;

pub use error::JournalError;
pub use group::GroupCommit;
pub use journal::{Journal, Settings};
pub use position::Position;
pub use read::Records;
pub use recovery::{Damage, Recovery, TornTail, recover};
