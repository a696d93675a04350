//! The fuzz target `whole_store`; its property is [`fuzz::whole_store::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::whole_store::run);
