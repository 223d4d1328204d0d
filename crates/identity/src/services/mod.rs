//! Services: callers that belong to no account, which the operator registers by name.
//!
//! A service signs with an access key of its own. It calls as itself, or for a principal of an account: with a
//! *forward-access token*, which it gets for a request that this principal signed and sent to the service, or, where the
//! operator trusts it to, by naming a user. What policies learn of the service comes from its registration; what the
//! service adds stands in headers of its signed request, which nobody else may send.

mod caller;
mod forwarding;
pub mod headers;
pub mod registration;
mod source;
mod speaking;
mod token;
mod via;

pub use caller::ServiceCaller;
pub use forwarding::{ForwardedRequest, Forwarding, IssuedToken, LIFETIME, Refusal};
pub use registration::RegisteredService;
pub use source::Source;
pub use token::is_content;
pub use via::Via;
