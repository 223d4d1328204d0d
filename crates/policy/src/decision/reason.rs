//! What a decision consists of, as data. Messages, explanations and audit records are renderings of it.

use crate::kind::PolicyKind;
use crate::request::{Request, Resource};
use crate::statement::Statement;

/// The three outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Everything that must allow does, and nothing denies.
    Allow,
    /// A `Deny` statement applies.
    ExplicitDeny,
    /// Something that must allow does not.
    ImplicitDeny,
}

impl Outcome {
    /// A name for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::ExplicitDeny => "ExplicitDeny",
            Self::ImplicitDeny => "ImplicitDeny",
        }
    }
}

/// A statement that applies to the request.
#[derive(Debug, Clone, Copy)]
pub struct Reason<'p> {
    /// The kind of its policy.
    pub kind: PolicyKind,
    /// The name of its policy.
    pub policy: &'p str,
    /// The level of the organization that the policy is attached to.
    pub target: Option<&'p str>,
    /// The statement: its index, id, line and effect.
    pub statement: &'p Statement,
}

/// What an answer rests on.
#[derive(Debug, Clone, Copy)]
pub enum Basis<'p> {
    /// A statement.
    Statement(Reason<'p>),
    /// A grant, by its id.
    Grant(&'p str),
    /// The root user needs no IAM policy in its own account.
    RootUser,
    /// The level of an organization where nothing allows.
    Level(&'p str),
    /// A policy, by its name, that allows nothing of the kind.
    Policy(&'p str),
    /// A Region in which the caller's account is not enabled.
    Region(&'p str),
}

/// How a request came to its outcome. The names are stable (AUTHZ-272 to AUTHZ-288).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The caller's account is not enabled in the Region.
    AccountNotEnabledInRegion,
    /// Denied by a service or resource control policy.
    ExplicitDenyOrgPolicy,
    /// Denied by the policy of the endpoint.
    ExplicitDenyVpcEndpointPolicy,
    /// Denied by an identity policy, the permissions boundary or a session policy.
    ExplicitDenyIamPolicy,
    /// Denied by the resource's policy.
    ExplicitDenyKeyPolicy,
    /// The operation does nothing across accounts.
    CrossAccountOperationNotSupported,
    /// A level of an organization does not allow.
    NotAllowedByOrgPolicy,
    /// The endpoint's policy does not allow.
    NotAllowedByVpcEndpointPolicy,
    /// The permissions boundary does not allow.
    NotAllowedByBoundary,
    /// No session policy allows.
    NotAllowedBySessionPolicy,
    /// The key policy names neither the caller nor its account.
    KeyPolicyDoesNotEnableIam,
    /// The key policy leaves it to the account, where no IAM policy allows.
    NoIamPolicyAllows,
    /// The policy of a resource in another account does not allow.
    NoResourcePolicyAllows,
    /// The key is another account's, and nothing in the caller's account lets the caller use it.
    KeyTrustNotEstablished,
    /// The resource's policy allows.
    AllowedByKeyPolicy,
    /// An IAM policy allows.
    AllowedByIamPolicy,
    /// A grant allows.
    AllowedByGrant,
}

impl Code {
    /// A name for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountNotEnabledInRegion => "ACCOUNT_NOT_ENABLED_IN_REGION",
            Self::ExplicitDenyOrgPolicy => "EXPLICIT_DENY_ORG_POLICY",
            Self::ExplicitDenyVpcEndpointPolicy => "EXPLICIT_DENY_VPC_ENDPOINT_POLICY",
            Self::ExplicitDenyIamPolicy => "EXPLICIT_DENY_IAM_POLICY",
            Self::ExplicitDenyKeyPolicy => "EXPLICIT_DENY_KEY_POLICY",
            Self::CrossAccountOperationNotSupported => "CROSS_ACCOUNT_OPERATION_NOT_SUPPORTED",
            Self::NotAllowedByOrgPolicy => "NOT_ALLOWED_BY_ORG_POLICY",
            Self::NotAllowedByVpcEndpointPolicy => "NOT_ALLOWED_BY_VPC_ENDPOINT_POLICY",
            Self::NotAllowedByBoundary => "NOT_ALLOWED_BY_BOUNDARY",
            Self::NotAllowedBySessionPolicy => "NOT_ALLOWED_BY_SESSION_POLICY",
            Self::KeyPolicyDoesNotEnableIam => "KEY_POLICY_DOES_NOT_ENABLE_IAM",
            Self::NoIamPolicyAllows => "NO_IAM_POLICY_ALLOWS",
            Self::NoResourcePolicyAllows => "NO_RESOURCE_POLICY_ALLOWS",
            Self::KeyTrustNotEstablished => "KEY_TRUST_NOT_ESTABLISHED",
            Self::AllowedByKeyPolicy => "ALLOWED_BY_KEY_POLICY",
            Self::AllowedByIamPolicy => "ALLOWED_BY_IAM_POLICY",
            Self::AllowedByGrant => "ALLOWED_BY_GRANT",
        }
    }
}

/// An outcome with its reasons.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'p> {
    /// The outcome.
    pub outcome: Outcome,
    /// How it came about.
    pub code: Code,
    /// The kind of policy that denies, or that should have allowed; for messages.
    pub blame: Option<PolicyKind>,
    /// What the outcome rests on: what denies, or what allows the use and what establishes trust across accounts.
    pub basis: [Option<Basis<'p>>; 2],
}

impl<'p> Decision<'p> {
    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allow
    }

    /// The statements and grants that the outcome rests on.
    pub fn reasons(&self) -> impl Iterator<Item = Basis<'p>> {
        self.basis.into_iter().flatten()
    }

    /// One sentence for people (the reason strings of AUTHZ-272 to AUTHZ-288).
    pub fn explanation(&self, request: &Request<'_>) -> String {
        let action = request.action.as_str();
        let account = request.principal.account().map(|account| account.to_string());
        let account = account.as_deref().unwrap_or("of the caller");
        let principal = request.principal;
        let (policy, sid) = self.first_statement();
        match self.code {
            Code::AccountNotEnabledInRegion => format!("Account {account} is not enabled in Region {policy}."),
            Code::ExplicitDenyOrgPolicy => {
                format!("Explicitly denied by organization policy {policy} statement {sid}.")
            }
            Code::ExplicitDenyVpcEndpointPolicy => format!("Explicitly denied by the policy of endpoint {policy}."),
            Code::ExplicitDenyIamPolicy => format!("Explicitly denied by IAM policy {policy} statement {sid}."),
            Code::ExplicitDenyKeyPolicy => format!("Explicitly denied by the key policy, statement {sid}."),
            Code::CrossAccountOperationNotSupported => {
                format!("{action} cannot be used on a KMS key in another account; permissions for it have no effect.")
            }
            Code::NotAllowedByOrgPolicy => format!("No organization policy allows {action}."),
            Code::NotAllowedByVpcEndpointPolicy => format!("The endpoint policy of {policy} does not allow {action}."),
            Code::NotAllowedByBoundary => format!("The permissions boundary does not allow {action}."),
            Code::NotAllowedBySessionPolicy => format!("The session policy does not allow {action}."),
            Code::KeyPolicyDoesNotEnableIam => {
                format!("The key policy does not let account {account} use IAM policies for {action}.")
            }
            Code::NoIamPolicyAllows if matches!(request.resource, Resource::Key { .. }) => format!(
                "The key policy enables IAM policies for account {account}, but no IAM policy allows {principal} to \
                 perform {action} on this key."
            ),
            Code::NoIamPolicyAllows => format!("No IAM policy of account {account} allows {action}."),
            Code::NoResourcePolicyAllows => format!("The policy of the resource does not allow {action}."),
            Code::KeyTrustNotEstablished => {
                let owner = request
                    .resource
                    .account()
                    .map(|owner| owner.to_string())
                    .unwrap_or_default();
                format!(
                    "The key is in account {owner} and no IAM policy in account {account} and no grant allows \
                     {principal} to use it."
                )
            }
            Code::AllowedByKeyPolicy => format!("Allowed by the key policy, statement {sid}."),
            Code::AllowedByIamPolicy => format!("Allowed by IAM policy {policy}."),
            Code::AllowedByGrant => format!("Allowed by grant {policy}."),
        }
    }

    /// The name and the statement that the first basis has.
    fn first_statement(&self) -> (String, String) {
        match self.basis[0] {
            Some(Basis::Statement(reason)) => {
                let sid = reason.statement.sid().map_or_else(
                    || format!("{} (line {})", reason.statement.index() + 1, reason.statement.line()),
                    str::to_owned,
                );
                (reason.policy.to_owned(), sid)
            }
            Some(Basis::Grant(name) | Basis::Level(name) | Basis::Policy(name) | Basis::Region(name)) => {
                (name.to_owned(), String::new())
            }
            Some(Basis::RootUser) => ("of the root user".to_owned(), String::new()),
            None => (String::new(), String::new()),
        }
    }
}

/// The questions of the flowchart, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// 0b
    AccountEnabled,
    /// 1a
    OrganizationDenies,
    /// 1b
    EndpointDenies,
    /// 1c
    IamDenies,
    /// 1d
    ResourcePolicyDenies,
    /// 0c
    WorksAcrossAccounts,
    /// 2a
    OrganizationAllows,
    /// 2b
    EndpointAllows,
    /// 2c
    BoundaryAndSessionAllow,
    /// 3
    ResourcePolicyAllowsCaller,
    /// 4a
    KeyPolicyEnablesIam,
    /// 4b
    IamAllows,
    /// 5
    GrantAllows,
    /// 6a
    ResourceInCallersAccount,
    /// 6b
    IamAllowsUseOfForeignResource,
    /// 6c
    GrantAllowsUseOfForeignKey,
}

impl Question {
    /// The question in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountEnabled => "Is the caller's account enabled in the Region?",
            Self::OrganizationDenies => "Does an organization policy deny?",
            Self::EndpointDenies => "Does the endpoint policy deny?",
            Self::IamDenies => "Does an IAM policy of the caller deny?",
            Self::ResourcePolicyDenies => "Does the policy of the resource deny?",
            Self::WorksAcrossAccounts => "Does the operation work on this account's resources?",
            Self::OrganizationAllows => "Do the organization policies allow?",
            Self::EndpointAllows => "Does the endpoint policy allow?",
            Self::BoundaryAndSessionAllow => "Do the permissions boundary and the session policy allow?",
            Self::ResourcePolicyAllowsCaller => "Does the policy of the resource allow the caller?",
            Self::KeyPolicyEnablesIam => "Does the key policy let the caller's account use IAM policies?",
            Self::IamAllows => "Does an IAM policy allow?",
            Self::GrantAllows => "Does a grant allow?",
            Self::ResourceInCallersAccount => "Is the resource in the caller's account?",
            Self::IamAllowsUseOfForeignResource => "Does an IAM policy in the caller's account allow its use?",
            Self::GrantAllowsUseOfForeignKey => "Does a grant allow the caller to use it?",
        }
    }

    /// The number of the step.
    pub const fn number(self) -> &'static str {
        match self {
            Self::AccountEnabled => "0b",
            Self::WorksAcrossAccounts => "0c",
            Self::OrganizationDenies => "1a",
            Self::EndpointDenies => "1b",
            Self::IamDenies => "1c",
            Self::ResourcePolicyDenies => "1d",
            Self::OrganizationAllows => "2a",
            Self::EndpointAllows => "2b",
            Self::BoundaryAndSessionAllow => "2c",
            Self::ResourcePolicyAllowsCaller => "3",
            Self::KeyPolicyEnablesIam => "4a",
            Self::IamAllows => "4b",
            Self::GrantAllows => "5",
            Self::ResourceInCallersAccount => "6a",
            Self::IamAllowsUseOfForeignResource => "6b",
            Self::GrantAllowsUseOfForeignKey => "6c",
        }
    }
}

impl Question {
    /// What an answer means for the decision, by a name for machines (AUTHZ-272 to AUTHZ-288): `None` if it only leads to
    /// the next question.
    pub const fn code(self, answer: bool) -> Option<&'static str> {
        let code = match (self, answer) {
            (Self::AccountEnabled, false) => Code::AccountNotEnabledInRegion,
            (Self::OrganizationDenies, true) => Code::ExplicitDenyOrgPolicy,
            (Self::EndpointDenies, true) => Code::ExplicitDenyVpcEndpointPolicy,
            (Self::IamDenies, true) => Code::ExplicitDenyIamPolicy,
            (Self::ResourcePolicyDenies, true) => Code::ExplicitDenyKeyPolicy,
            (Self::WorksAcrossAccounts, false) => Code::CrossAccountOperationNotSupported,
            (Self::OrganizationAllows, false) => Code::NotAllowedByOrgPolicy,
            (Self::EndpointAllows, false) => Code::NotAllowedByVpcEndpointPolicy,
            (Self::ResourcePolicyAllowsCaller, true) => Code::AllowedByKeyPolicy,
            (Self::KeyPolicyEnablesIam, false) => Code::KeyPolicyDoesNotEnableIam,
            (Self::IamAllows, true) => Code::AllowedByIamPolicy,
            (Self::IamAllows, false) => Code::NoIamPolicyAllows,
            (Self::GrantAllows, true) => Code::AllowedByGrant,
            (Self::GrantAllowsUseOfForeignKey, false) => Code::KeyTrustNotEstablished,
            (Self::GrantAllows, false) => return Some("NO_GRANT_ALLOWS"),
            (Self::ResourceInCallersAccount, true) => return Some("TRUSTED_OWN_ACCOUNT"),
            (Self::IamAllowsUseOfForeignResource, true) => return Some("TRUSTED_BY_IAM_POLICY"),
            (Self::GrantAllowsUseOfForeignKey, true) => return Some("TRUSTED_BY_GRANT"),
            _ => return None,
        };
        Some(code.as_str())
    }
}

/// A question with its answer.
#[derive(Debug, Clone, Copy)]
pub struct Step<'p> {
    /// The question.
    pub question: Question,
    /// The answer.
    pub answer: bool,
    /// What it rests on.
    pub by: Option<Basis<'p>>,
}

/// A walk, written down.
#[derive(Debug, Clone, Default)]
pub struct Trace<'p> {
    /// Every question that was asked.
    pub steps: Vec<Step<'p>>,
    /// Every statement that applies, allowing or denying.
    pub statements: Vec<Reason<'p>>,
}
