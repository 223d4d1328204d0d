//! Who is calling: accounts and their access keys, and the verification of signed requests.
//!
//! [`Authenticator`] turns a request's bytes into a [`Caller`] or a typed [`AuthenticationError`]. It knows
//! nothing of operations or policies. Secrets are never seen here: the keystore unseals them and hands out
//! the signing key of a day, a Region and a service.

mod authenticator;
mod caller;
pub mod error;
pub mod sigv4;

pub use authenticator::Authenticator;
pub use caller::{Caller, Identity};
pub use error::AuthenticationError;
pub use sigv4::{Realm, SignedRequest};
