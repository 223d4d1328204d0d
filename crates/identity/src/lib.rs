//! Who is calling: accounts, users, roles and their credentials, and the verification of signed requests.
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
mod document;
pub mod entitlements;
pub mod error;
mod holder;
mod impersonation;
pub mod organization;
mod principals;
pub mod rules;
mod sender;
pub mod services;
pub mod session;
mod signing_keys;
pub mod sigv4;
mod standings;
mod trust;
mod unique_id;
mod verifying;
pub mod web_identity;

pub use access_key::{AccessKeyId, InvalidAccessKeyId};
pub use authenticator::{Authenticator, Outcome, Times, Verdict};
pub use caller::{Caller, Identity, PrincipalKind};
pub use declaration::bootstrap::Bootstrap;
pub use declaration::seed::Seed;
pub use dev::DevAuthenticator;
pub use directory::{AssumableRole, Directory, DirectoryError, Edit, EntityError, Party};
pub use document::Document;
pub use entitlements::Entitlements;
pub use error::AuthenticationError;
pub use principals::{Presence, PrincipalDirectory};
pub use sender::Sender;
pub use services::{ServiceCaller, Via};
pub use session::Session;
pub use sigv4::{Realm, SignedRequest};
pub use unique_id::{IdKind, InvalidUniqueId, UniqueId};
pub use verifying::VerifyingAuthenticator;
