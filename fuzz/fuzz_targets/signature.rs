//! The fuzz target `signature`; its property is [`fuzz::signature::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::signature::run);
