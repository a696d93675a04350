//! The fuzz target `lzms`; its property is [`fuzz::lzms::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::lzms::run);
