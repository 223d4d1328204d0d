//! The names that everything else passes around: account ids, partitions, Regions, key ids, alias names, ARNs and
//! principals.
//!
//! Pure: no I/O, no clock, no randomness. A value of one of these types is well formed by construction, so code above
//! never checks a name twice; what was wrong with a rejected text is a typed error that carries the text.

mod account;
mod alias;
mod arn;
pub mod integrated_services;
mod key_id;
mod partition;
mod principal;
mod reference;
mod region;
mod service_name;

pub use account::{AccountId, InvalidAccountId};
pub use alias::{AliasName, AliasNameError, MAX_ALIAS_LENGTH};
pub use arn::{AliasArn, Arn, ArnError, KeyArn};
pub use key_id::{InvalidKeyId, KeyId};
pub use partition::{Partition, UnknownPartition};
pub use principal::{PrincipalArn, PrincipalError};
pub use reference::{KeyReference, KeyReferenceError};
pub use region::{InvalidRegion, Region};
pub use service_name::{InvalidServicePrincipal, ServicePrincipal, is_known_via_service, via_service};

#[cfg(test)]
mod tests;
