//! The target `log`: see [`quarry_fuzz::log`].
#![cfg_attr(fuzzing, no_main)]

quarry_fuzz::target!(log);
