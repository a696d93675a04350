//! The fuzz target `pe`; its property is [`fuzz::pe::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::pe::run);
