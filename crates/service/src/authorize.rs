//! Who may do what: asked once for every (action, resource) pair that a call touches.
//!
//! Nothing is looked up here. What the caller's side says comes with the caller, from admission; what the resource's
//! side says comes with the target, from resolving. [`evaluate`] puts the two together and leaves the decision to
//! `trent_policy`, so that whoever explains or rehearses a decision asks the same question.

use trent_api::{ApiError, protocol};
use trent_identity::Caller;
use trent_policy::{Attached, Context, Decision, Policies, Request, Resource as Protected, Subject, decide};

use crate::call::{Actor, Call};
use crate::callers_side::{CallersSide, principal};
use crate::levels::Levels;
use crate::target::{Named, Resource, Target};

/// The name that the policy of a key goes by.
const RESOURCE_POLICY: &str = "default";

/// Actions that resource control policies do not restrict (AWS Organizations User Guide, "Resource control policies").
const NOT_RESTRICTED: &[&str] = &["kms:RetireGrant"];

/// Decides one target of a call. Anything but `Ok` is final.
pub trait Authorizer: Send + Sync + 'static {
    /// Allows the target or says, in the service's words, why not.
    fn authorize(&self, call: &Call, target: &Target<'_>, conditions: &dyn Context) -> Result<(), ApiError>;
}

/// Decides by the policies that apply to caller and resource; gives the operator the deployment and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByPolicy;

impl Authorizer for ByPolicy {
    fn authorize(&self, call: &Call, target: &Target<'_>, conditions: &dyn Context) -> Result<(), ApiError> {
        let allowed = match (&call.actor, &target.resource) {
            (Actor::Operator { .. }, Resource::Deployment) => true,
            (Actor::Operator { .. }, _) | (Actor::Principal(_), Resource::Deployment | Resource::UnknownCiphertext) => {
                false
            }
            (Actor::Principal(caller), _) => is_allowed(caller, target, conditions),
        };
        if allowed {
            return Ok(());
        }
        Err(protocol::access_denied(match &call.actor {
            Actor::Principal(caller) => refusal(caller, target, conditions),
            Actor::Operator { .. } => format!("The operator is not authorized to perform: {}", target.action),
        }))
    }
}

fn is_allowed(caller: &Caller, target: &Target<'_>, conditions: &dyn Context) -> bool {
    evaluate(caller, target, conditions, |request, policies, context| {
        decide(request, policies, context).is_allowed()
    })
}

/// Puts the question of a target together, with every policy that applies to it, and hands it to `ask`: to `decide`, or
/// to whoever wants to know more than the answer.
pub fn evaluate<T>(
    caller: &Caller,
    target: &Target<'_>,
    conditions: &dyn Context,
    ask: impl FnOnce(&Request<'_>, &Policies<'_>, &dyn Context) -> T,
) -> T {
    let callers_side = CallersSide::of(caller);
    let service_control = Levels::of(
        caller
            .entitlements
            .organization
            .as_deref()
            .map(|place| &*place.service_control),
    );
    let owner = target
        .owner
        .filter(|_| !NOT_RESTRICTED.contains(&target.action.as_str()));
    let resource_control = Levels::of(owner.map(|place| &*place.resource_control));
    let (service_control, resource_control) = (service_control.levels(), resource_control.levels());
    let policies = Policies {
        service_control: &service_control,
        resource_control: &resource_control,
        resource: match target.resource {
            Resource::Key { policy, .. } => Some(Attached {
                name: RESOURCE_POLICY,
                policy,
            }),
            _ => None,
        },
        ..callers_side.policies()
    };
    ask(&request(caller, target), &policies, conditions)
}

/// What is asked: a key that is not here is asked about as one that is here and that nobody may use.
fn request<'a>(caller: &'a Caller, target: &Target<'a>) -> Request<'a> {
    Request {
        principal: principal(caller),
        action: target.action,
        resource: match target.resource {
            Resource::Key { arn, account, .. } | Resource::Foreign { arn, account } => Protected::Key { arn, account },
            Resource::Other { arn, account } => Protected::Other { arn, account },
            Resource::UnknownCiphertext => Protected::Key {
                arn: "",
                account: caller.account,
            },
            Resource::Any | Resource::Deployment => Protected::None { scope: caller.scope() },
        },
        cross_account: target.across_accounts,
    }
}

/// The refusal, worded as the service words it.
///
/// Of a resource of another account only the caller's own side is told, and that as if the resource were not there:
/// whether it is cannot be read from the answer.
fn refusal(caller: &Caller, target: &Target<'_>, conditions: &dyn Context) -> String {
    let foreign = target.resource.account().is_some_and(|owner| owner != caller.account);
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
        Resource::Key { arn, .. } | Resource::Other { arn, .. } if foreign => Subject::Foreign(arn),
        Resource::Key { arn, .. } | Resource::Other { arn, .. } => Subject::Own(arn),
        Resource::Any | Resource::Deployment => Subject::Own("*"),
    };
    let told = |request: &Request<'_>, policies: &Policies<'_>, context: &dyn Context| {
        let decision = if foreign {
            decide(
                request,
                &Policies {
                    resource: None,
                    resource_control: &[],
                    ..*policies
                },
                context,
            )
        } else {
            decide(request, policies, context)
        };
        word(&decision, caller, target, subject)
    };
    evaluate(caller, target, conditions, told)
}

fn word(decision: &Decision<'_>, caller: &Caller, target: &Target<'_>, subject: Subject<'_>) -> String {
    let action = target.action.as_str();
    let user = caller.principal.to_string();
    tracing::debug!(action, user, code = decision.code.as_str(), "refused");
    decision
        .refusal(&user, action, subject)
        // Policies have no say about the deployment, which is the operator's whatever they allow.
        .unwrap_or_else(|| format!("User: {user} is not authorized to perform: {action}"))
}
