//! The fuzz target `lzms_round_trip`; its property is [`fuzz::lzms_round_trip::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::lzms_round_trip::run);
