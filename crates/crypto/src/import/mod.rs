//! Import of key material: how it is wrapped on its way, what it must be, and the token that goes with it.
//!
//! A caller gets a public key, which encrypts, and a [token], which says for which KMS key, until when and by which
//! algorithm. What comes back is [unwrapped](unwrap), [read](Material::read) as strictly as the key's spec demands, and
//! known again by its [id](Material::id), which outlives it (guide, "Importing key material").

mod ber;
mod der;
mod material;
mod pkcs8;
pub mod token;
mod wrapping;

pub use material::{Material, Unfit};
pub use wrapping::{UnwrapError, WrapError, unwrap, wrap};
