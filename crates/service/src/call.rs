//! What the pipeline knows about a request, before and after it is admitted.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use trent_audit::{IdentifiedPrincipal, Negotiated, SessionContext, SessionIssuer, TlsDetails, UserIdentity};
use trent_identity::services::RegisteredService;
use trent_identity::session::Session;
use trent_identity::{Caller, Identity, PrincipalKind, ServiceCaller, SignedRequest, Via};
use trent_names::{AccountId, Region};
use uuid::Uuid;

use crate::asking::Asking;
use crate::vpc_endpoint::VpcEndpoint;

/// A request as a listener frames it: bytes and where they came from, nothing believed yet.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The id that the reply's headers carry.
    pub request_id: Uuid,
    /// The operation's name as the request gives it, without the service's prefix.
    pub operation: &'a str,
    /// Method, path, query, headers and body as received.
    pub signed: SignedRequest<'a>,
    /// Who is at the other end of the connection.
    pub peer: Peer,
    /// What protects the connection, if it is one over TLS that the listener itself ends.
    pub tls: Option<Negotiated>,
    /// The `User-Agent` header, or an empty text.
    pub user_agent: &'a str,
    /// The machine's time at which the request was complete, since the Unix epoch.
    pub received: Duration,
}

impl<'a> Frame<'a> {
    /// Where the operation's input stands: the body, or the query string of a request that has none.
    pub fn document(&self) -> &'a [u8] {
        if self.signed.method == "GET" {
            self.signed.query.as_bytes()
        } else {
            self.signed.body
        }
    }
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A network address.
    Network(IpAddr),
    /// A local process that runs as this user id, as the kernel tells it (Unix socket).
    Local {
        /// The peer's user id.
        uid: u32,
    },
}

impl Peer {
    /// Its address, if it is on the network.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Network(address) => Some(address),
            Self::Local { .. } => None,
        }
    }
}

/// Who makes a call, once admitted.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A principal of an account, by its signature or by a service that calls for it.
    Principal(Caller),
    /// A registered service, as itself.
    Service(ServiceCaller),
    /// The operator of this deployment, who belongs to no account and can use no key.
    Operator {
        /// The user id that the kernel vouched for.
        uid: u32,
    },
    /// Somebody who signed nothing, of an operation that takes unsigned requests and finds out by other means.
    Unsigned,
}

/// An admitted request.
#[derive(Debug, Clone)]
pub struct Call {
    /// The id that reply, record and every log line carry.
    pub request_id: Uuid,
    /// Who calls.
    pub actor: Actor,
    /// The Region that the call is for.
    pub region: Region,
    /// When the call is decided, by the policy clock, since the Unix epoch.
    pub now: Duration,
    /// The address that the call came from, if it came over the network.
    pub source_ip: Option<IpAddr>,
    /// How it was protected on its way, if it was.
    pub tls: Option<Box<OverTls>>,
    /// The private endpoint that it came through, as the listener knows it.
    pub through: Option<Arc<VpcEndpoint>>,
    /// The caller's `User-Agent`.
    pub user_agent: String,
    /// Whether the request has headers that only registered services may send.
    pub has_service_headers: bool,
    /// The caller's `Referer`, if it sent one.
    pub referer: Option<String>,
}

/// How a call came over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverTls {
    /// What the two ends agreed upon.
    pub negotiated: Negotiated,
    /// The name that the request gives the server.
    pub host: String,
}

impl OverTls {
    pub(crate) fn of(frame: &Frame<'_>) -> Option<Box<Self>> {
        frame.tls.map(|negotiated| {
            Box::new(Self {
                negotiated,
                host: frame.signed.text_of("host").unwrap_or_default().to_owned(),
            })
        })
    }

    /// What the call's record tells of it.
    pub(crate) fn details(&self) -> TlsDetails<'_> {
        TlsDetails {
            negotiated: self.negotiated,
            host: &self.host,
        }
    }
}

impl Call {
    /// The account that the caller belongs to; services and the operator belong to none, and neither does who signed
    /// nothing.
    pub fn account(&self) -> Option<AccountId> {
        match &self.actor {
            Actor::Principal(caller) => Some(caller.account),
            Actor::Service(_) | Actor::Operator { .. } | Actor::Unsigned => None,
        }
    }

    /// Whoever policies decide about; nobody, if it is the operator or who signed nothing.
    pub fn asking(&self) -> Option<Asking<'_>> {
        match &self.actor {
            Actor::Principal(caller) => Some(caller.into()),
            Actor::Service(service) => Some(service.into()),
            Actor::Operator { .. } | Actor::Unsigned => None,
        }
    }

    /// The service that calls for somebody, and what is known of that.
    pub fn via(&self) -> Option<&Via> {
        match &self.actor {
            Actor::Principal(caller) => caller.via.as_deref(),
            Actor::Service(_) | Actor::Operator { .. } | Actor::Unsigned => None,
        }
    }

    /// The registration of the service that calls, for itself or for somebody.
    pub fn registration(&self) -> Option<&RegisteredService> {
        match &self.actor {
            Actor::Service(service) => Some(&service.service),
            _ => self.via().and_then(Via::service),
        }
    }

    /// The name of the service that calls, as records have it in the place of an address.
    pub fn calling_service(&self) -> Option<&str> {
        match &self.actor {
            Actor::Service(service) => Some(&service.names[1]),
            _ => self.via().map(Via::principal),
        }
    }

    /// The `userIdentity` block of the call's record.
    pub fn user_identity(&self) -> UserIdentity {
        match &self.actor {
            Actor::Principal(caller) => {
                let identity = caller.audit_identity(|caller| {
                    let identity = of_principal(caller);
                    match &caller.via {
                        Some(via) => identity.forwarded(via.principal()),
                        None => identity,
                    }
                });
                UserIdentity::clone(identity)
            }
            Actor::Service(service) => UserIdentity::service(&service.names[1]),
            Actor::Operator { uid } => UserIdentity::operator(&format!("uid:{uid}")),
            Actor::Unsigned => UserIdentity::unknown(),
        }
    }

    /// The policy clock in milliseconds since the Unix epoch.
    pub fn now_millis(&self) -> i64 {
        i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX)
    }
}

/// The block of a principal, whoever calls for it.
fn of_principal(caller: &Identity) -> UserIdentity {
    let session = caller.session.as_ref();
    let issuer = session.and_then(|session| issuer_of(session, caller.kind));
    let context = session.map(|session| SessionContext {
        created_millis: i64::try_from(session.issued_at.as_millis()).unwrap_or(i64::MAX),
        issuer: issuer.as_ref().map(|(kind, id, arn)| SessionIssuer {
            kind,
            principal_id: id,
            arn,
            account: &session.principal.account,
            user_name: session.principal_arn.name(),
        }),
        federated_provider: session.federated_provider.as_deref(),
        source_identity: session.source_identity.as_deref(),
    });
    UserIdentity::principal(&IdentifiedPrincipal {
        kind: match caller.kind {
            PrincipalKind::Account => "Root",
            PrincipalKind::User => "IAMUser",
            PrincipalKind::AssumedRole => "AssumedRole",
            PrincipalKind::FederatedUser => "FederatedUser",
        },
        principal_id: &caller.unique_id,
        arn: &caller.principal.to_string(),
        account: &caller.account,
        access_key_id: &caller.access_key_id,
        user_name: match caller.kind {
            PrincipalKind::User => caller.principal.name(),
            PrincipalKind::Account | PrincipalKind::AssumedRole | PrincipalKind::FederatedUser => None,
        },
        session: context,
    })
}

/// Kind, unique id and ARN of whom a session has its permissions from; a session of the principal itself has no other.
fn issuer_of(session: &Session, kind: PrincipalKind) -> Option<(&'static str, String, String)> {
    let party = &session.principal;
    let kind = match (kind, &party.id) {
        (PrincipalKind::AssumedRole, _) => "Role",
        (PrincipalKind::FederatedUser, Some(_)) => "IAMUser",
        (PrincipalKind::FederatedUser, None) => "Root",
        (PrincipalKind::Account | PrincipalKind::User, _) => return None,
    };
    let id = party
        .id
        .as_ref()
        .map_or_else(|| party.account.to_string(), ToString::to_string);
    Some((kind, id, session.principal_arn.to_string()))
}

#[cfg(test)]
mod tests {
    use trent_identity::Entitlements;

    use super::*;

    /// POL-35: the record says which kind of principal called, and by which unique id.
    #[test]
    fn a_record_says_who_called_by_kind_and_unique_id() {
        let account = AccountId::parse("111122223333").expect("twelve digits");
        let region = Region::parse("us-east-1").expect("a Region");
        let root = Caller::root(account, "AKIAIOSFODNN7EXAMPLE", region.clone(), "kms");
        let session = Caller::from(Identity {
            principal: "arn:aws:sts::111122223333:assumed-role/app/deploy"
                .parse()
                .expect("an ARN"),
            kind: PrincipalKind::AssumedRole,
            unique_id: "AROACKCEVSQ6C2EXAMPLE:deploy".to_owned(),
            is_root: false,
            session: None,
            entitlements: Entitlements::default(),
            ..Identity::clone(&root)
        });
        for (caller, kind, id) in [
            (root, "Root", "111122223333"),
            (session, "AssumedRole", "AROACKCEVSQ6C2EXAMPLE:deploy"),
        ] {
            let call = Call {
                request_id: Uuid::nil(),
                actor: Actor::Principal(caller),
                region: region.clone(),
                now: Duration::ZERO,
                source_ip: None,
                tls: None,
                through: None,
                user_agent: String::new(),
                has_service_headers: false,
                referer: None,
            };
            let block = call.user_identity();
            let text = str::from_utf8(block.as_bytes()).expect("text");
            let expected = format!(r#"{{"type":"{kind}","principalId":"{id}","#);
            assert!(text.starts_with(&expected), "{text}");
        }
    }
}
