//! The target `volume`: see [`quarry_fuzz::volume`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(volume);
