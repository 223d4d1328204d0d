//! Sessions through the real pipeline: what begins them, what they may do and what ends them.

mod assuming;
mod callers;
mod chaining;
mod ending;
mod idp;
mod limiting;
mod unsigned;
mod web_identity;
mod wire;
mod world;
