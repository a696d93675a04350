//! The fuzz target `delta`; its property is [`fuzz::delta::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::delta::run, fuzz::delta::mutate);
