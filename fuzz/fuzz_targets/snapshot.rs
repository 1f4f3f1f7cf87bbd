//! The target `snapshot`: see [`quarry_fuzz::snapshot`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(snapshot);
