//! The fuzz target `keyform`; its property is [`fuzz::keyform::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::keyform::run);
