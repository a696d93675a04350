//! The fuzz target `servicing_log`; its property is [`fuzz::servicing_log::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::servicing_log::run);
