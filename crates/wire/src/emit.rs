//! Emission: builders that write datagrams into a buffer of the caller.
