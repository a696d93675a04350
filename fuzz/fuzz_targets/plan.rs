//! The fuzz target `plan`; its property is [`fuzz::plan::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::plan::run);
