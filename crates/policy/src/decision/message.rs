//! The refusal, as the service words it (POL-19, AUTHZ-295; IAM User Guide, "Troubleshoot access denied error
//! messages").

use super::reason::{Basis, Decision, Outcome};
use crate::kind::PolicyKind;

/// Why a resource that the caller may not even know about is refused: one text for every cause.
const HIDDEN: &str = "because the resource does not exist in this Region, no resource-based policies allow access, \
                      or a resource-based policy explicitly denies access";

/// What the refusal says that the action was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A resource of the caller's own account, or `*`.
    Own(&'a str),
    /// A resource of another account, named as the caller named it. Whether it exists is not told.
    Foreign(&'a str),
    /// A role of another account. Whether it exists is not told, and neither is why it cannot be assumed.
    ForeignRole(&'a str),
    /// The key that a ciphertext belongs to, if there is one.
    Ciphertext,
}

impl Decision<'_> {
    /// The message of the refusal; `None` if the request is allowed.
    pub fn refusal(&self, user: &str, action: &str, subject: Subject<'_>) -> Option<String> {
        if let Some(Basis::Region(region)) = self.basis[0] {
            // Whatever it is asked for, and whether that is there: nothing of the Region is told.
            return Some(format!(
                "User: {user} is not authorized to perform: {action} because its account is not enabled in Region {region}"
            ));
        }
        let blame = self.blame.filter(|_| self.outcome != Outcome::Allow)?;
        let because = if self.outcome == Outcome::ExplicitDeny {
            format!("with an explicit deny in {}", with_article(blame))
        } else {
            format!("because no {} allows the {action} action", name(blame))
        };
        // What the other side's policies say is the other side's own business.
        let theirs = matches!(
            blame,
            PolicyKind::Resource | PolicyKind::ResourceControl | PolicyKind::Trust
        );
        let refusal = match subject {
            Subject::Foreign(resource) if theirs => format!("on resource: {resource} {HIDDEN}"),
            Subject::ForeignRole(role) if theirs => format!("on resource: {role}"),
            Subject::Own(resource) | Subject::Foreign(resource) | Subject::ForeignRole(resource) => {
                format!("on resource: {resource} {because}")
            }
            Subject::Ciphertext => format!("on the resource associated with this ciphertext {HIDDEN}"),
        };
        Some(format!("User: {user} is not authorized to perform: {action} {refusal}"))
    }
}

const fn name(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "identity-based policy",
        PolicyKind::PermissionsBoundary => "permissions boundary",
        PolicyKind::Session => "session policy",
        PolicyKind::ServiceControl => "service control policy",
        PolicyKind::ResourceControl => "resource control policy",
        PolicyKind::Resource => "resource-based policy",
        PolicyKind::Trust => "role trust policy",
        PolicyKind::Endpoint => "VPC endpoint policy",
    }
}

const fn with_article(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "an identity-based policy",
        PolicyKind::PermissionsBoundary => "a permissions boundary",
        PolicyKind::Session => "a session policy",
        PolicyKind::ServiceControl => "a service control policy",
        PolicyKind::ResourceControl => "a resource control policy",
        PolicyKind::Resource => "a resource-based policy",
        PolicyKind::Trust => "the role trust policy",
        PolicyKind::Endpoint => "a VPC endpoint policy",
    }
}
