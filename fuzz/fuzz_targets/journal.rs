//! The fuzz target `journal`; its property is [`fuzz::journal::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::journal::run);
