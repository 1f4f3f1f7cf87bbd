//! The target `catalog`: see [`quarry_fuzz::catalog`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(catalog);
