//! Who sent a request: a principal of an account, or a service.

use crate::caller::Caller;
use crate::services::ServiceCaller;

/// Who sent a request, once that is established; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A principal of an account, itself or by a service that calls for it: [`via`](crate::Identity::via) tells.
    Principal(Caller),
    /// A registered service, as itself.
    Service(ServiceCaller),
}

impl Sender {
    /// The principal of an account, if it is one.
    pub fn principal(&self) -> Option<&Caller> {
        match self {
            Self::Principal(caller) => Some(caller),
            Self::Service(_) => None,
        }
    }

    /// The access key that signed, or for whose request a service calls.
    pub fn access_key_id(&self) -> &str {
        match self {
            Self::Principal(caller) => &caller.access_key_id,
            Self::Service(service) => &service.access_key_id,
        }
    }
}
