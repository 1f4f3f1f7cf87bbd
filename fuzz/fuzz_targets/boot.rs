//! The target `boot`: see [`quarry_fuzz::boot`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(boot);
