//! Forward access: what a registered service asks for before it calls on for a principal that sent it a request.
//!
//! A service of Trent's own, in AWS JSON, with one operation. Only registered services are let in.

mod catalogue;
mod issue_forward_access_token;

use std::sync::Arc;

use trent_api::Protocol;
use trent_identity::services::Forwarding;
use trent_service::{Clock, Service};

/// Forward access in one deployment.
pub struct ForwardAccess {
    forwarding: Forwarding,
    machine: Arc<dyn Clock>,
}

impl ForwardAccess {
    /// What requests to this service are signed for.
    pub const SIGNING_NAME: &'static str = "trent";

    /// Forward access with tokens from `forwarding`; the signatures of forwarded requests are as old as the clock of the
    /// machine says.
    pub fn new(forwarding: Forwarding, machine: Arc<dyn Clock>) -> Self {
        Self { forwarding, machine }
    }
}

impl Service for ForwardAccess {
    type Rules = ();

    const PROTOCOL: Protocol = Protocol::Json {
        target_prefix: "TrentForwardAccess",
        version: trent_api::JsonVersion::V1_1,
    };
    const EVENT_SOURCE: &'static str = "forward-access.trent";
}
