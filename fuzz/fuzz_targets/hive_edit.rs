//! The fuzz target `hive_edit`; its property is [`fuzz::hive_edit::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::hive_edit::run, fuzz::hive::mutate);
