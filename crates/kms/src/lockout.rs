//! The lockout safety check: whether whoever brings a key policy could replace it again.

use trent_api::{ApiError, kms, protocol};
use trent_policy::{Code, decide};
use trent_service::{Actor, Call, Conditions, Operation, Target, evaluate};

/// Refuses a policy after which the caller could not replace it again (guide, "Default key policy"). `target` is
/// replacing the policy of the key as it would be then. Where that policy leaves it to the caller's account, what IAM
/// policies say today is not asked: they can be changed without the key.
pub(crate) fn check<O: Operation>(
    call: &Call,
    input: &O::Input,
    resolved: &O::Resolved,
    target: &Target<'_>,
) -> Result<(), ApiError> {
    let Actor::Principal(caller) = &call.actor else {
        return Err(protocol::NOT_AUTHORIZED.bare());
    };
    let conditions = Conditions::<O>::new(call, input, resolved, target);
    let may_replace = evaluate(caller, target, &conditions, |request, policies, context| {
        let decision = decide(request, policies, context);
        decision.is_allowed() || decision.code == Code::NoIamPolicyAllows
    });
    if may_replace {
        return Ok(());
    }
    Err(kms::error::malformed_policy_document(
        "The new key policy will not allow you to update the key policy in the future.",
    ))
}
