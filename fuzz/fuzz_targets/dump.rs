//! The target `dump`: see [`quarry_fuzz::dump`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(dump);
