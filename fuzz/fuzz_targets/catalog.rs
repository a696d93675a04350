//! The fuzz target `catalog`; its property is [`fuzz::catalog::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::catalog::run, fuzz::catalog::mutate);
