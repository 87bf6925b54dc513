//! A simulated Exporter: seeded traffic, impairments, hostile octets.
