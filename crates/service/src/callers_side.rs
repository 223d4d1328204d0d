//! What the caller's side says about a request: who the caller is to policies, and which policies come with it.

use smallvec::SmallVec;
use trent_identity::entitlements::AppliedPolicy;
use trent_identity::{Caller, IdKind, PrincipalKind, UniqueId};
use trent_names::PrincipalArn;
use trent_policy::{Attached, Policies, Principal};

use crate::asking::Asking;

/// As many policies as a principal has with the quotas as they come, so that gathering them allocates nothing.
const USUAL: usize = 24;

/// The policies that come with a caller.
pub(crate) struct CallersSide<'c> {
    identity: SmallVec<[Attached<'c>; USUAL]>,
    boundary: Option<Attached<'c>>,
    session: SmallVec<[Attached<'c>; 2]>,
    not_enabled: Option<&'c str>,
}

impl<'c> CallersSide<'c> {
    /// Gathers what authentication found; looks nothing up.
    pub(crate) fn of(asking: Asking<'c>) -> Self {
        let Asking::Principal(caller) = asking else {
            // Nothing but the policies of resources, and grants, says what a service may do.
            return Self {
                identity: SmallVec::new(),
                boundary: None,
                session: SmallVec::new(),
                not_enabled: None,
            };
        };
        let entitlements = &caller.entitlements;
        Self {
            identity: entitlements.policies.iter().map(attached).collect(),
            boundary: entitlements.boundary.as_ref().map(attached),
            session: entitlements.session_policies.iter().map(attached).collect(),
            not_enabled: caller.region_not_enabled(),
        }
    }

    /// These policies, and none of anybody else.
    pub(crate) fn policies(&self) -> Policies<'_> {
        Policies {
            identity: &self.identity,
            boundaries: self.boundary.as_slice(),
            session: &self.session,
            not_enabled: self.not_enabled,
            ..Policies::default()
        }
    }
}

fn attached(applied: &AppliedPolicy) -> Attached<'_> {
    Attached {
        name: &applied.name,
        policy: applied.policy(),
    }
}

/// The names of whoever asks that are no ARNs: those of a service.
pub(crate) fn names(asking: Asking<'_>) -> SmallVec<[&str; 2]> {
    match asking {
        Asking::Principal(_) => SmallVec::new(),
        Asking::Service(service) => service.names.iter().map(String::as_str).collect(),
    }
}

/// Whoever asks as policies name it; `names` are its [`names`].
pub(crate) fn principal<'a>(asking: Asking<'a>, names: &'a [&'a str]) -> Principal<'a> {
    let Asking::Principal(caller) = asking else {
        return Principal::Service { names };
    };
    let behind = caller.session.as_ref();
    let id = behind.map_or(Some(caller.unique_id.as_str()), |session| {
        session.principal.id.as_ref().map(UniqueId::as_str)
    });
    match caller.kind {
        PrincipalKind::Account => Principal::Root {
            account: caller.account,
        },
        PrincipalKind::User => Principal::User {
            arn: &caller.principal,
            id,
        },
        PrincipalKind::AssumedRole => Principal::RoleSession {
            role: behind.map(|session| &session.principal_arn),
            // Some session of the role, where a question is asked about the role.
            session: Some(&caller.principal).filter(|arn| matches!(arn, PrincipalArn::AssumedRole { .. })),
            id: behind.and(id),
        },
        PrincipalKind::FederatedUser => Principal::FederatedUser {
            arn: &caller.principal,
            user: behind
                .filter(|session| session.principal.id.as_ref().is_some_and(is_user))
                .map(|session| &session.principal_arn),
            id: behind.and(id),
        },
    }
}

fn is_user(id: &UniqueId) -> bool {
    id.kind() == IdKind::User
}

/// The name of a user, whoever's credentials it calls with; nobody else has one (IAM User Guide, "aws:username").
pub(crate) fn user_name(caller: &Caller) -> Option<&str> {
    match &caller.principal {
        PrincipalArn::User { name, .. } => Some(name),
        _ => None,
    }
}
