//! The fuzz target `hive_log`; its property is [`fuzz::hive_log::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::hive_log::run, fuzz::hive_log::mutate);
