//! The crate's tests, in one binary.

mod applied;
mod bucket;
mod table;
