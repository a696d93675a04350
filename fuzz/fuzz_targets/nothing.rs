//! A target that does nothing: what the machinery itself takes. Speeds are given as ratios to it.
#![cfg_attr(fuzzing, no_main)]

fuzz::define_target!(drop);
