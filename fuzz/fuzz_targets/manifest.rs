//! The fuzz target `manifest`; its property is [`fuzz::manifest::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::manifest::run);
