//! The engine held against a naive evaluation of the same query: by examples, and by random trees and queries.

mod examples;
mod oracle;
mod property;
mod tree;
mod walk;
