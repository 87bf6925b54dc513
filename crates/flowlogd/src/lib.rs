//! The collector daemon: configuration, threads, commands and telemetry around the pure core.

pub mod capture;
pub mod config;
pub mod data_directory;
pub mod output;
pub mod telemetry;
