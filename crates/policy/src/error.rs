//! Why a document is not accepted.
//!
//! Each case says precisely what is wrong, for the author; [`Malformed::service_message`] is what IAM or KMS would
//! answer, for clients that compare texts.

use crate::kind::PolicyKind;

pub use crate::json::JsonProblem;
pub use crate::pattern::TemplateError;

/// A document that is not accepted, and the line that shows why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct Malformed {
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Larger than the limit of its kind. The services have an error of its own for this one.
    #[error("the policy has a size of {size}, of at most {limit}")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// A character that policies cannot hold (POL-82, POL-83).
    #[error("the character {0:?} is not allowed in a policy")]
    Character(char),
    /// Not JSON, or JSON that could be read in two ways.
    #[error(transparent)]
    Json(#[from] JsonProblem),
    /// A value of another type than its place asks for.
    #[error("{0} has a value of the wrong type")]
    WrongType(String),
    /// An element that the language does not have.
    #[error("there is no element {0}")]
    UnknownElement(String),
    /// An element that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Both of a pair, such as `Action` and `NotAction`.
    #[error("a statement has {0} or Not{0}, not both")]
    Both(&'static str),
    /// A version that the language does not have.
    #[error("there is no version {0} of the policy language")]
    UnknownVersion(String),
    /// A version that this place does not take.
    #[error("the version must be 2012-10-17")]
    OldVersion,
    /// An effect other than `Allow` and `Deny`.
    #[error("there is no effect {0}: Allow and Deny are")]
    UnknownEffect(String),
    /// A statement id with other characters than letters and digits.
    #[error("the statement id {0} has other characters than letters and digits")]
    SidCharacters(String),
    /// A statement id that another statement has.
    #[error("the statement id {0} is used twice")]
    DuplicateSid(String),
    /// A principal in a document whose principal is whoever it is attached to.
    #[error("this kind of policy has no principal")]
    UnexpectedPrincipal,
    /// A statement without a principal in a document that needs one.
    #[error("a statement names no principal")]
    NoPrincipal,
    /// Not the name of a principal, or of one that cannot be named here.
    #[error("{value} is no principal of the type {family}")]
    InvalidPrincipal {
        /// `AWS`, `Service`, `Federated` or `CanonicalUser`; or another name that the author gave.
        family: String,
        /// The name.
        value: String,
    },
    /// `NotPrincipal` with `Allow` would allow everybody else (POL-68).
    #[error("NotPrincipal can only deny")]
    AllowNotPrincipal,
    /// A statement without actions.
    #[error("a statement names no action")]
    NoAction,
    /// An action without a service.
    #[error("{0} is no action: a service, a colon and a name are expected")]
    NoVendor(String),
    /// An action with two colons.
    #[error("the action {0} has more than one colon")]
    TwoColons(String),
    /// An action whose service has other characters than services have.
    #[error("{0} is no service")]
    InvalidVendor(String),
    /// An action that a trust policy cannot hold.
    #[error("a trust policy has actions of sts only, not {0}")]
    NotSts(String),
    /// A statement without resources.
    #[error("a statement names no resource")]
    NoResource,
    /// A resource in a trust policy.
    #[error("this kind of policy has no resource")]
    UnexpectedResource,
    /// A resource that is neither an ARN nor `*`.
    #[error("the resource {0} is neither an ARN nor *")]
    NotAnArn(String),
    /// A resource whose partition is unknown.
    #[error("the resource {resource} has the unknown partition {partition}")]
    UnknownPartition {
        /// The partition.
        partition: String,
        /// The resource.
        resource: String,
    },
    /// A resource with too few fields.
    #[error("the resource {0} has too few fields for an ARN")]
    ShortArn(String),
    /// A condition operator that the language does not have.
    #[error("there is no condition operator {0}")]
    UnknownOperator(String),
    /// A condition value that its operator cannot read.
    #[error("{value} is no value for {operator}")]
    InvalidValue {
        /// The operator.
        operator: String,
        /// The value.
        value: String,
    },
    /// A malformed variable, or a pattern that is too complex.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// `ForAllValues` with a key that has one value is true without the key (AUTHZ-25).
    #[error("ForAllValues with {key} allows requests without it")]
    OverlyPermissive {
        /// The condition key.
        key: String,
        /// Whether it is an encryption context, not a tag.
        encryption_context: bool,
    },
}

impl Problem {
    /// On a line.
    pub(crate) fn at(self, line: u32) -> Malformed {
        Malformed { line, problem: self }
    }
}

impl Malformed {
    /// The message of the service's `MalformedPolicyDocument` (IAM) or `MalformedPolicyDocumentException` (KMS).
    pub fn service_message(&self, kind: PolicyKind) -> String {
        const SYNTAX: &str = "Syntax errors in policy.";
        match &self.problem {
            Problem::TooLarge { limit, .. } => format!("Cannot exceed quota for PolicySize: {limit}"),
            Problem::OldVersion => "Policy document must be version 2012-10-17 or greater.".into(),
            Problem::SidCharacters(_) => "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies \
                                          the regular expression [0-9A-Za-z]*"
                .into(),
            Problem::DuplicateSid(_) => "Statement IDs (SID) in a single policy must be unique.".into(),
            Problem::UnexpectedPrincipal => "Policy document should not specify a principal.".into(),
            Problem::NoPrincipal if kind == PolicyKind::Trust => "Missing required field Principal".into(),
            Problem::NoPrincipal => "Policy contains a statement with no principal.".into(),
            Problem::InvalidPrincipal { family, value } if kind == PolicyKind::Trust => {
                format!("Invalid principal in policy: \"{family}\":\"{value}\"")
            }
            Problem::InvalidPrincipal { .. } => {
                "Policy contains a statement with one or more invalid principals.".into()
            }
            Problem::AllowNotPrincipal => "Allow with NotPrincipal is not allowed.".into(),
            Problem::NoAction => "Policy statement must contain actions.".into(),
            Problem::NoVendor(_) => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into(),
            Problem::TwoColons(_) => "Actions/Condition can contain only one colon.".into(),
            Problem::InvalidVendor(vendor) => format!("Vendor {vendor} is not valid"),
            Problem::NotSts(_) => "AssumeRole policy may only specify STS AssumeRole actions.".into(),
            Problem::NoResource => "Policy statement must contain resources.".into(),
            Problem::UnexpectedResource => "Has prohibited field Resource".into(),
            Problem::NotAnArn(resource) => format!("Resource {resource} must be in ARN format or \"*\"."),
            Problem::UnknownPartition { partition, resource } => {
                format!("Partition \"{partition}\" is not valid for resource \"{resource}\".")
            }
            Problem::ShortArn(_) | Problem::InvalidValue { .. } => "The policy failed legacy parsing".into(),
            Problem::UnknownEffect(effect)
                if effect.eq_ignore_ascii_case("allow") || effect.eq_ignore_ascii_case("deny") =>
            {
                "The policy failed legacy parsing".into()
            }
            Problem::OverlyPermissive {
                encryption_context: true,
                ..
            } => "OverlyPermissiveCondition:EncryptionContext: Using the ForAllValues set operator with a \
                  single-valued condition key matches requests without the specified encryption context or with an \
                  unspecified encryption context. To fix, remove ForAllValues."
                .into(),
            Problem::OverlyPermissive { .. } => "OverlyPermissiveCondition: Using the ForAllValues set operator with \
                                                 a single-valued condition key matches requests without the \
                                                 specified tag or with an unspecified tag. To fix, remove \
                                                 ForAllValues."
                .into(),
            Problem::Character(_)
            | Problem::Json(_)
            | Problem::WrongType(_)
            | Problem::UnknownElement(_)
            | Problem::Missing(_)
            | Problem::Both(_)
            | Problem::UnknownVersion(_)
            | Problem::UnknownEffect(_)
            | Problem::UnknownOperator(_)
            | Problem::Template(_) => SYNTAX.into(),
        }
    }
}
