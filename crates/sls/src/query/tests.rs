//! Parsing in `parsing`, binding and evaluation in `evaluation`.

mod evaluation;
mod parsing;
