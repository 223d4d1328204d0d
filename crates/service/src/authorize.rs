//! Who may do what: asked once for every (action, resource) pair that a call touches.
//!
//! Nothing is looked up here. What the caller's side says comes with the caller, from admission; what the resource's
//! side says comes with the target, from resolving. [`evaluate`] puts the two together and leaves the decision to
//! `trent_policy`, so that whoever explains or rehearses a decision asks the same question.

use smallvec::SmallVec;
use trent_api::{ApiError, protocol};
use trent_audit::json::Object;
use trent_identity::services::RegisteredService;
use trent_policy::{
    Action, Attached, Basis, Code, Context, Decision, Grant, Policies, Principal, Request, Resource as Protected,
    Subject, decide,
};

use crate::asking::Asking;
use crate::call::{Actor, Call};
use crate::callers_side::{CallersSide, names, principal};
use crate::grants::Covering;
use crate::levels::Levels;
use crate::record::Audience;
use crate::target::{Named, Resource, Target};

/// The name that the policy of a key goes by.
const RESOURCE_POLICY: &str = "default";

/// The name that the trust policy of a role goes by.
const TRUST_POLICY: &str = "trust";

/// Actions that resource control policies do not restrict (AWS Organizations User Guide, "Resource control policies").
const NOT_RESTRICTED: &[&str] = &["kms:RetireGrant"];

/// What a record says of a refusal that no policy decided but the registration of a service.
const NOT_REGISTERED: &str = "NOT_REGISTERED";

/// Decides one target of a call. Anything but `Ok` is final.
pub trait Authorizer: Send + Sync + 'static {
    /// Allows the target or says, in the service's words, why not.
    fn authorize(&self, call: &Call, target: &Target<'_>, conditions: &dyn Context) -> Result<(), Denial>;
}

/// A refusal: what the caller is told, and what the record says beside it.
#[derive(Debug)]
pub struct Denial {
    /// The error, in the service's words.
    pub error: ApiError,
    /// How the decision came about, for the operator alone: the code and what it rests on (AUTHZ-296).
    pub decided: Option<Object>,
    /// The code of the decision and the action that it is about, if policies refused.
    pub reason: Option<(&'static str, Box<str>)>,
    /// What stood in the way.
    by: By,
}

/// What a refusal comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// What is decided before anything is allowed.
    Policies,
    /// The policy of a private endpoint, and nothing else.
    EndpointAlone,
    /// The operation itself, for a caller who may call it.
    Operation,
}

impl Denial {
    /// What the operation says to a caller whom policies let through.
    pub(crate) fn after_authorization(error: ApiError) -> Self {
        let by = if error.code == protocol::ACCESS_DENIED.code {
            By::Policies
        } else {
            By::Operation
        };
        Self {
            by,
            ..Self::from(error)
        }
    }

    /// Whose record tells of it.
    pub(crate) fn audience(&self) -> Audience {
        match self.by {
            By::Policies => Audience::Caller,
            By::EndpointAlone => Audience::Operator,
            By::Operation => Audience::Owners,
        }
    }
}

impl From<ApiError> for Denial {
    fn from(error: ApiError) -> Self {
        Self {
            error,
            decided: None,
            reason: None,
            by: By::Policies,
        }
    }
}

/// Decides by the policies that apply to caller and resource; gives the operator the deployment and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByPolicy;

impl Authorizer for ByPolicy {
    fn authorize(&self, call: &Call, target: &Target<'_>, conditions: &dyn Context) -> Result<(), Denial> {
        let allowed = match (&call.actor, &target.resource) {
            (Actor::Operator { .. }, Resource::Deployment) => true,
            (Actor::Operator { .. }, _)
            | (Actor::Principal(_) | Actor::Service(_), Resource::Deployment | Resource::UnknownCiphertext) => false,
            (Actor::Principal(caller), _) => is_allowed(caller.into(), target, conditions),
            (Actor::Service(service), _) => is_allowed(service.into(), target, conditions),
            (Actor::Unsigned, _) => is_vouched_for(target, conditions),
        };
        if allowed {
            return Ok(());
        }
        Err(match &call.actor {
            Actor::Principal(caller) => denial(caller.into(), target, conditions),
            Actor::Service(service) => denial(service.into(), target, conditions),
            Actor::Operator { .. } => {
                protocol::access_denied(format!("The operator is not authorized to perform: {}", target.action)).into()
            }
            Actor::Unsigned => protocol::access_denied(format!("Not authorized to perform {}", target.action)).into(),
        })
    }
}

/// The refusal of what a service is not registered for, whatever policies say.
pub(crate) fn not_registered(service: &RegisteredService, action: &Action) -> Denial {
    let mut object = Object::new();
    object
        .string("decision", NOT_REGISTERED)
        .string("action", action.as_str());
    Denial {
        decided: Some(object),
        reason: Some((NOT_REGISTERED, action.as_str().into())),
        ..protocol::access_denied(format!("{} is not registered to perform: {action}", service.name())).into()
    }
}

fn denial(asking: Asking<'_>, target: &Target<'_>, conditions: &dyn Context) -> Denial {
    let ((code, decided), by) = evaluate(asking, target, conditions, |request, policies, context| {
        let decision = decide(request, policies, context);
        let told = told_to_the_operator(&decision, asking, target);
        let by = match decision.code {
            Code::ExplicitDenyVpcEndpointPolicy | Code::NotAllowedByVpcEndpointPolicy
                if target.through.is_some_and(|endpoint| !endpoint.tells_denials())
                    && asking.reaches(target.resource.account())
                    && without_endpoint(request, policies, context) =>
            {
                By::EndpointAlone
            }
            _ => By::Policies,
        };
        (told, by)
    });
    Denial {
        error: protocol::access_denied(refusal(asking, target, conditions)),
        decided: Some(decided),
        reason: Some((code, target.action.as_str().into())),
        by,
    }
}

/// Whether it would be allowed if it came by another way.
fn without_endpoint(request: &Request<'_>, policies: &Policies<'_>, context: &dyn Context) -> bool {
    let policies = Policies {
        endpoints: &[],
        ..*policies
    };
    decide(request, &policies, context).is_allowed()
}

/// What the record and the log say of a refusal, whatever the caller is told.
fn told_to_the_operator(decision: &Decision<'_>, asking: Asking<'_>, target: &Target<'_>) -> (&'static str, Object) {
    let code = if !asking.reaches(target.resource.account()) {
        NOT_REGISTERED
    } else if decision.is_allowed() {
        // Policies have no say about the deployment, which is the operator's whatever they allow.
        "NOT_THE_OPERATOR"
    } else {
        decision.code.as_str()
    };
    tracing::debug!(action = target.action.as_str(), user = asking.name(), code, "refused");
    let mut object = Object::new();
    object.string("decision", code).string("action", target.action.as_str());
    match decision.basis[0] {
        Some(Basis::Statement(reason)) => {
            object
                .string("policyType", reason.kind.as_str())
                .string("policy", reason.policy);
            if let Some(target) = reason.target {
                object.string("target", target);
            }
            if let Some(sid) = reason.statement.sid() {
                object.string("sid", sid);
            }
            object.integer("line", reason.statement.line().into());
        }
        Some(Basis::Policy(name)) => {
            object.string("policy", name);
        }
        Some(Basis::Level(target)) => {
            object.string("target", target);
        }
        // Of a Region, the record says which it is anyway.
        Some(Basis::Grant(_) | Basis::RootUser | Basis::Region(_)) | None => {}
    }
    (code, object)
}

fn is_allowed(asking: Asking<'_>, target: &Target<'_>, conditions: &dyn Context) -> bool {
    asking.reaches(target.resource.account())
        && evaluate(asking, target, conditions, |request, policies, context| {
            decide(request, policies, context).is_allowed()
        })
}

/// Whether a role trusts the provider that vouches for somebody who signed nothing. Nothing else is open to them.
fn is_vouched_for(target: &Target<'_>, conditions: &dyn Context) -> bool {
    let Resource::Role {
        arn,
        account,
        provider: Some(provider),
        ..
    } = target.resource
    else {
        return false;
    };
    let request = Request {
        principal: Principal::WebIdentity { provider },
        action: target.action,
        resource: Protected::Role { arn, account },
        cross_account: target.across_accounts,
    };
    let (resource_control, endpoint) = (resource_control(target), endpoint_of(target));
    let policies = Policies {
        resource_control: &resource_control.levels(),
        resource: policy_of(&target.resource),
        endpoints: endpoint.as_slice(),
        ..Policies::default()
    };
    decide(&request, &policies, conditions).is_allowed()
}

/// What the organization of the resource's account lets be done to it.
fn resource_control<'a>(target: &Target<'a>) -> Levels<'a> {
    let owner = target
        .owner
        .filter(|_| !NOT_RESTRICTED.contains(&target.action.as_str()));
    Levels::of(owner.map(|place| &*place.resource_control))
}

/// The policy that a resource has of its own.
fn policy_of<'a>(resource: &Resource<'a>) -> Option<Attached<'a>> {
    let (name, policy) = match *resource {
        Resource::Key { policy, .. } => (RESOURCE_POLICY, policy),
        Resource::Role {
            trust: Some(policy), ..
        } => (TRUST_POLICY, policy),
        _ => return None,
    };
    Some(Attached { name, policy })
}

/// The policy of the private endpoint that a call came through.
fn endpoint_of<'a>(target: &Target<'a>) -> Option<Attached<'a>> {
    target.through.map(|endpoint| Attached {
        name: endpoint.id(),
        policy: endpoint.policy(),
    })
}

/// Puts the question of a target together, with every policy that applies to it, and hands it to `ask`: to `decide`, or
/// to whoever wants to know more than the answer.
pub fn evaluate<'a, T>(
    asking: impl Into<Asking<'a>>,
    target: &Target<'_>,
    conditions: &dyn Context,
    ask: impl FnOnce(&Request<'_>, &Policies<'_>, &dyn Context) -> T,
) -> T {
    let asking = asking.into();
    let callers_side = CallersSide::of(asking);
    let names = names(asking);
    let covering = match target.resource {
        Resource::Key { grants, .. } => grants.covering(target.action, conditions),
        _ => Covering::new(),
    };
    let grants: SmallVec<[Grant<'_>; 3]> = covering
        .iter()
        .map(|grant| Grant {
            id: &grant.id,
            grantee: grant.grantee,
        })
        .collect();
    let organization = match asking {
        Asking::Principal(caller) => caller.entitlements.organization.as_deref(),
        Asking::Service(_) => None,
    };
    let service_control = Levels::of(organization.map(|place| &*place.service_control));
    let (resource_control, endpoint) = (resource_control(target), endpoint_of(target));
    let (service_control, resource_control) = (service_control.levels(), resource_control.levels());
    let policies = Policies {
        service_control: &service_control,
        resource_control: &resource_control,
        resource: policy_of(&target.resource),
        endpoints: endpoint.as_slice(),
        grants: &grants,
        ..callers_side.policies()
    };
    ask(&request(asking, &names, target), &policies, conditions)
}

/// What is asked: a key that is not here is asked about as one that is here and that nobody may use.
fn request<'a>(asking: Asking<'a>, names: &'a [&'a str], target: &Target<'a>) -> Request<'a> {
    let scope = match asking {
        Asking::Principal(caller) => caller.scope(),
        // What belongs to the caller's account a service has nothing of.
        Asking::Service(_) => "",
    };
    Request {
        principal: principal(asking, names),
        action: target.action,
        resource: match target.resource {
            Resource::Key { arn, account, .. } | Resource::Foreign { arn, account } => Protected::Key { arn, account },
            Resource::Role { arn, account, .. } => Protected::Role { arn, account },
            Resource::Other { arn, account } => Protected::Other { arn, account },
            Resource::UnknownCiphertext => match asking.account() {
                Some(account) => Protected::Key { arn: "", account },
                None => Protected::None { scope },
            },
            Resource::Elsewhere { scope, .. } => Protected::None { scope },
            Resource::Any | Resource::Deployment => Protected::None { scope },
        },
        cross_account: target.across_accounts,
    }
}

/// The refusal, worded as the service words it.
///
/// Of a resource of another account only the caller's own side is told, and that as if the resource were not there:
/// whether it is cannot be read from the answer.
fn refusal(asking: Asking<'_>, target: &Target<'_>, conditions: &dyn Context) -> String {
    let foreign = target
        .resource
        .account()
        .is_some_and(|owner| Some(owner) != asking.account());
    let subject = match target.resource {
        Resource::Key {
            named: Named::Ciphertext,
            ..
        }
        | Resource::UnknownCiphertext => Subject::Ciphertext,
        Resource::Key {
            named: Named::Alias(arn),
            ..
        }
        | Resource::Foreign { arn, .. } => Subject::Foreign(arn),
        Resource::Key {
            named: Named::GrantToken,
            ..
        } if foreign => Subject::Foreign("*"),
        Resource::Role { arn, .. } if foreign => Subject::ForeignRole(arn),
        Resource::Key { arn, .. } | Resource::Other { arn, .. } if foreign => Subject::Foreign(arn),
        Resource::Key { arn, .. } | Resource::Role { arn, .. } | Resource::Other { arn, .. } => Subject::Own(arn),
        Resource::Any | Resource::Elsewhere { .. } | Resource::Deployment => Subject::Own("*"),
    };
    let told = |request: &Request<'_>, policies: &Policies<'_>, context: &dyn Context| {
        let decision = if foreign {
            decide(
                request,
                &Policies {
                    resource: None,
                    grants: &[],
                    resource_control: &[],
                    ..*policies
                },
                context,
            )
        } else {
            decide(request, policies, context)
        };
        word(&decision, asking, target, subject)
    };
    evaluate(asking, target, conditions, told)
}

fn word(decision: &Decision<'_>, asking: Asking<'_>, target: &Target<'_>, subject: Subject<'_>) -> String {
    let action = target.action.as_str();
    let user = asking.name();
    decision
        .refusal(&user, action, subject)
        // Policies have no say about the deployment, which is the operator's whatever they allow.
        .unwrap_or_else(|| format!("User: {user} is not authorized to perform: {action}"))
}
