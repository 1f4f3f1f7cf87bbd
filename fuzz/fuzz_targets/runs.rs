//! The target `runs`: see [`quarry_fuzz::runs`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(runs);
