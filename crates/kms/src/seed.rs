//! Applies a development seed.
