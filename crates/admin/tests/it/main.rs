//! The operator's questions, asked through the pipeline of a deployment in memory.

mod explain;
mod no_bypass;
mod recover_key;
mod who_can;
mod world;
