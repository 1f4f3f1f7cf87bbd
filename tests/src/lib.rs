//! What the tests over the whole project share: the built command, its rows, and the manifests of real volumes.
//!
//! These tests see Quarry from outside only. They read what `quarry` prints, as a script would, and hold it against what
//! other programs said of the same volume; nothing here links the project's own crates, which could agree with each other
//! and be wrong together.

pub mod command;
pub mod compare;
pub mod filetime;
pub mod manifest;
pub mod needs;
pub mod rows;
pub mod second_opinion;
pub mod shipped;
pub mod sources;
pub mod wtf8;
