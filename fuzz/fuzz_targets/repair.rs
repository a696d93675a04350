//! The fuzz target `repair`; its property is [`fuzz::repair::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::repair::run);
