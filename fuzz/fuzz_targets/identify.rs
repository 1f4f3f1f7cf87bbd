//! The target `identify`: see [`quarry_fuzz::identify`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(identify);
