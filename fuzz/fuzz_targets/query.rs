//! The target `query`: see [`quarry_fuzz::query`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(query);
