//! Signature Version 4, the verifying side: from the bytes of a request to the one string that its
//! sender must have signed.
//!
//! [`Claim::read`] finds what the request says of itself (in the `Authorization` header or in the query
//! string), [`Claim::admit`] checks all that can be checked without a key, and [`Claim::string_to_sign`]
//! rebuilds what was signed. Who holds the key, and whether it is still good, is [`crate::directory`]'s
//! business.
//!
//! Stricter than the algorithm asks (see the specification's decision on `SigV4`): `host`, the date and
//! every `x-amz-*` or `x-trent-*` header must be signed, the payload hash is always computed from the body that
//! arrived, and each header that decides anything has exactly one value.

mod authorization;
mod beginnings;
mod canonical;
mod claim;
mod list;
mod query;
mod request;
mod scope;
pub mod timestamp;
mod verify;

pub(crate) use canonical::{PathForm, Payload};
pub use claim::{Admitted, CLOCK_SKEW, Claim};
pub use request::SignedRequest;
pub use scope::{Realm, Scope};
