//! The fuzz target `digest`; its property is [`fuzz::digest::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::digest::run);
