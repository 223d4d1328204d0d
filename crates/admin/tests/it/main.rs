//! The operator's questions, asked through the pipeline of a deployment in memory.

mod explain;
mod who_can;
mod world;
