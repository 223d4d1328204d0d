//! Who is at the door: the one step that differs between the tenants' listeners and the operator's.

use std::sync::Arc;

use async_trait::async_trait;
use trent_api::{ApiError, ErrorShape, Protocol, protocol};
use trent_identity::sigv4::Claim;
use trent_identity::{AuthenticationError, Authenticator, Sender, Times};
use trent_names::Region;

use crate::call::{Actor, Frame, Peer};
use crate::clock::Clock;
use crate::security_log::{SecurityLog, TurnedAway};

/// An admitted actor and the Region that the request is for.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Who calls.
    pub actor: Actor,
    /// The Region that the call is for.
    pub region: Region,
}

/// Admits a request or refuses it.
#[async_trait]
pub trait Admission: Send + Sync + 'static {
    /// Establishes who sent the frame; refusals are named as `protocol` names them.
    async fn admit(&self, frame: &Frame<'_>, protocol: Protocol) -> Result<Admitted, ApiError>;

    /// The Region of requests that nobody signs, where this door is open to them. The pipeline asks only for the
    /// operations whose catalogue entry says that they take such requests; most doors have none.
    fn region_of_unsigned(&self) -> Option<&Region> {
        None
    }

    /// Told of a request that came through the door and turned out to be none that anybody can have meant, or to prove
    /// nothing.
    fn turned_away(&self, _request: &TurnedAway<'_>) {}
}

/// Admits principals of accounts by the signature of their request.
pub struct SignedAdmission {
    authenticator: Arc<dyn Authenticator>,
    clock: Arc<dyn Clock>,
    region_of_unsigned: Option<Region>,
    open_to_services: bool,
    log: Option<Arc<dyn SecurityLog>>,
}

impl SignedAdmission {
    /// Admission by this authenticator; `clock` is the policy clock, by which sessions end.
    pub fn new(authenticator: Arc<dyn Authenticator>, clock: Arc<dyn Clock>) -> Self {
        Self {
            authenticator,
            clock,
            region_of_unsigned: None,
            open_to_services: false,
            log: None,
        }
    }

    /// The same for a service that registered services may call, for themselves and for others. The rest have doors that
    /// are closed to them: what lends a user's permissions must not be lent credentials of the user's.
    #[must_use]
    pub fn open_to_services(self) -> Self {
        Self {
            open_to_services: true,
            ..self
        }
    }

    /// The same, telling of those that are turned away.
    #[must_use]
    pub fn telling(self, log: Arc<dyn SecurityLog>) -> Self {
        Self { log: Some(log), ..self }
    }

    /// The same for a service some of whose operations take requests that nobody signs: those are for `region`, since
    /// no credential names one.
    #[must_use]
    pub fn open_to_unsigned(self, region: Region) -> Self {
        Self {
            region_of_unsigned: Some(region),
            ..self
        }
    }
}

#[async_trait]
impl Admission for SignedAdmission {
    async fn admit(&self, frame: &Frame<'_>, protocol: Protocol) -> Result<Admitted, ApiError> {
        let now = Times {
            machine: frame.received,
            policy: self.clock.now(),
        };
        let sender = self
            .authenticator
            .authenticate(&frame.signed, now)
            .await
            .map_err(|error| {
                let (shape, reason) = (shape_of(&error, protocol), error.reason());
                tracing::debug!(operation = frame.operation, reason, "authentication failed");
                let claim = Claim::read(&frame.signed).ok();
                self.turned_away(&TurnedAway {
                    access_key_id: claim.as_ref().and_then(|claim| claim.access_key_id().ok()),
                    ..TurnedAway::at_the_door(frame, shape.code, reason)
                });
                shape.with(error.to_string())
            })?;
        let by_service = sender.principal().is_none_or(|caller| caller.via.is_some());
        if by_service && !self.open_to_services {
            return Err(protocol::access_denied("This service is not open to other services"));
        }
        Ok(match sender {
            Sender::Principal(caller) => Admitted {
                region: caller.region.clone(),
                actor: Actor::Principal(caller),
            },
            Sender::Service(service) => Admitted {
                region: service.region.clone(),
                actor: Actor::Service(service),
            },
        })
    }

    fn region_of_unsigned(&self) -> Option<&Region> {
        self.region_of_unsigned.as_ref()
    }

    fn turned_away(&self, request: &TurnedAway<'_>) {
        if let Some(log) = &self.log {
            log.note(request);
        }
    }
}

fn shape_of(error: &AuthenticationError, protocol: Protocol) -> ErrorShape {
    match protocol {
        Protocol::Json { .. } => ErrorShape::modelled(error.code(), error.status()),
        Protocol::Query(_) => ErrorShape::modelled(error.query_code(), error.query_status()),
    }
}

/// Admits the operator over a Unix socket, by the user id that the kernel reports for the peer.
#[derive(Debug, Clone)]
pub struct OperatorAdmission {
    own_uid: u32,
    region: Region,
}

impl OperatorAdmission {
    /// Admits `own_uid` (the user that the server runs as) and root. Records name `region`.
    pub fn new(own_uid: u32, region: Region) -> Self {
        Self { own_uid, region }
    }
}

#[async_trait]
impl Admission for OperatorAdmission {
    async fn admit(&self, frame: &Frame<'_>, _: Protocol) -> Result<Admitted, ApiError> {
        match frame.peer {
            Peer::Local { uid } if uid == self.own_uid || uid == 0 => Ok(Admitted {
                actor: Actor::Operator { uid },
                region: self.region.clone(),
            }),
            Peer::Local { uid } => Err(protocol::access_denied(format!(
                "User id {uid} is not the operator of this deployment"
            ))),
            Peer::Network(_) => Err(protocol::access_denied(
                "The operator's operations are reached over the local socket alone",
            )),
        }
    }
}
