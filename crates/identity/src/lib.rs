//! Who is calling: accounts and their access keys, and the verification of signed requests.
//!
//! [`Authenticator`] turns a request's bytes into a [`Caller`] or a typed [`AuthenticationError`]. It knows nothing of
//! operations or policies. Secrets are never seen here: the keystore unseals them and hands out the signing key of a
//! day, a Region and a service.

mod access_key;
mod authenticator;
mod caller;
pub mod declaration;
mod dev;
pub mod directory;
pub mod error;
mod principals;
mod signing_keys;
pub mod sigv4;
mod standings;
mod verifying;

pub use access_key::{AccessKeyId, InvalidAccessKeyId};
pub use authenticator::{Authenticator, Outcome, Verdict};
pub use caller::{Caller, Identity};
pub use declaration::bootstrap::Bootstrap;
pub use declaration::seed::Seed;
pub use dev::DevAuthenticator;
pub use directory::{Directory, DirectoryError};
pub use error::AuthenticationError;
pub use principals::{Presence, PrincipalDirectory};
pub use sigv4::{Realm, SignedRequest};
pub use verifying::VerifyingAuthenticator;
