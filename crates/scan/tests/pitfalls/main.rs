//! How real volumes surprise parsers, as whole volumes and dumps show it.
//!
//! Each test is named for a row of `docs/pitfalls.md`. The volumes come from the forge, which knows nothing of the
//! parser; they are opened and scanned as a user's would be, and what is asserted is what that user would see. Each test
//! was seen to fail with the guard that it holds taken out.

#[path = "../common/mod.rs"]
mod common;

mod names;
mod reading;
mod records;
mod roots;
mod sectors;
mod sizes;
mod times;
mod tree;
