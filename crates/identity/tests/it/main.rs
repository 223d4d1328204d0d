//! Authentication as a listener sees it: whole requests in, a caller or the exact error out.

mod errors;
mod vectors;
mod wire;
mod world;
