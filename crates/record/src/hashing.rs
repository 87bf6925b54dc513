//! The secret under which tables that strangers can fill are hashed.

use serde::{Deserialize, Serialize};

/// 256 secret bits, drawn once when a data directory is made and kept in it.
///
/// The same key gives the same table on replay; who chooses the addresses does not know it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashKey(pub [u64; 4]);

impl HashKey {
    /// A key that is known to everybody: for `replay` and tests, where the input is not hostile.
    pub const PUBLIC: Self = Self([
        0x243f_6a88_85a3_08d3,
        0x1319_8a2e_0370_7344,
        0xa409_3822_299f_31d0,
        0x082e_fa98_ec4e_6c89,
    ]);
}

impl core::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HashKey(secret)")
    }
}
