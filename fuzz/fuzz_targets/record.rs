//! The target `record`: see [`quarry_fuzz::record`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(record);
