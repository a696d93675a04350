//! The fuzz target `delta_round_trip`; its property is [`fuzz::delta_round_trip::run`].
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(fuzz::delta_round_trip::run);
