//! The collector daemon: configuration, threads, commands and telemetry around the pure core.

pub mod capture;
pub mod commands;
pub mod config;
pub mod data_directory;
pub mod inspect;
pub mod manual;
pub mod output;
pub mod replay;
pub mod run;
pub mod telemetry;
