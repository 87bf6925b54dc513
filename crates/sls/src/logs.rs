//! `GetLogs` and `GetHistograms`: what is asked and what is answered, as JSON has it.

mod answer;
mod request;

pub use answer::{
    ContextResponse, GetLogsMeta, GetLogsResponse, Histogram, LogRow, Progress, Term,
};
pub use request::{GetLogsRequest, HistogramRequest, TimeRange};

#[cfg(test)]
mod tests;
