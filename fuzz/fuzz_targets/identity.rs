//! The fuzz target `identity`; its property is [`fuzz::identity::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::identity::run);
