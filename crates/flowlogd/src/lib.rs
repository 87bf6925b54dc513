//! The collector daemon: configuration, threads, commands and telemetry around the pure core.
