//! The fuzz target `package`; its property is [`fuzz::package::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::package::run);
