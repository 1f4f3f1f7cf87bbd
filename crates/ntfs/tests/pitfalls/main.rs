//! How real volumes surprise parsers, as far as a single record, run list or boot sector shows it.
//!
//! Each test is named for a row of `docs/pitfalls.md`. The bytes come from the forge, which knows nothing of the parser,
//! and each test was seen to fail with the guard that it holds taken out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod attributes;
mod boot;
mod contents;
mod records;
mod runs;
