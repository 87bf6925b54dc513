//! The `flowlogd` binary.

fn main() {}
