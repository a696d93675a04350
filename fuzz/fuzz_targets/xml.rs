//! The fuzz target `xml`; its property is [`fuzz::xml::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::xml::run);
