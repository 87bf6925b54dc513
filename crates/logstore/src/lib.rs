//! The embedded Logstore: durable ingest, Parquet segments, search and SQL, HTTP.
