//! What the benches share: datagrams and flows, the same for every contestant.
