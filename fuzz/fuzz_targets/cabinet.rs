//! The fuzz target `cabinet`; its property is [`fuzz::cabinet::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::cabinet::run, fuzz::cabinet::mutate);
