//! The fuzz target `hive`; its property is [`fuzz::hive::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::hive::run, fuzz::hive::mutate);
