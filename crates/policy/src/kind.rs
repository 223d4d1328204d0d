//! The kinds of policy, what each may say, and how large it may be.
//!
//! One language serves all kinds (POL-68); they differ in who the principal is and in what must be written.

/// What a policy is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// Attached to a user, a group or a role: the principal is whoever it is attached to.
    Identity,
    /// The most that identity policies can give to a user or role.
    PermissionsBoundary,
    /// Passed when a session was made: the most that the session can have.
    Session,
    /// The most that the principals of an account can have, from their organization.
    ServiceControl,
    /// The most that anybody can do to the resources of an account, from its organization.
    ResourceControl,
    /// Attached to a resource. The resource policy of a KMS key is its key policy.
    Resource,
    /// Who may assume a role.
    Trust,
    /// What may be done through a VPC endpoint.
    Endpoint,
}

/// How a kind treats an element of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
    Forbidden,
}

impl PolicyKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::PermissionsBoundary,
        Self::Session,
        Self::ServiceControl,
        Self::ResourceControl,
        Self::Resource,
        Self::Trust,
        Self::Endpoint,
    ];

    /// A name for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::PermissionsBoundary => "permissionsBoundary",
            Self::Session => "session",
            Self::ServiceControl => "serviceControl",
            Self::ResourceControl => "resourceControl",
            Self::Resource => "resource",
            Self::Trust => "trust",
            Self::Endpoint => "endpoint",
        }
    }

    /// The kind that goes by a name for machines.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [
            Self::Identity,
            Self::PermissionsBoundary,
            Self::Session,
            Self::ServiceControl,
            Self::ResourceControl,
            Self::Resource,
            Self::Trust,
            Self::Endpoint,
        ];
        all.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether statements name their principals.
    pub(crate) const fn names_principals(self) -> bool {
        matches!(
            self,
            Self::ResourceControl | Self::Resource | Self::Trust | Self::Endpoint
        )
    }

    /// A resource policy without `Resource` is accepted, and the statement applies to nothing (POL-94). A trust policy
    /// has no other resource than its role.
    pub(crate) const fn resource(self) -> Presence {
        match self {
            Self::Resource => Presence::Optional,
            Self::Trust => Presence::Forbidden,
            _ => Presence::Required,
        }
    }

    /// Whether statement ids are letters and digits only, and unique (POL-89).
    pub(crate) const fn strict_sids(self) -> bool {
        matches!(
            self,
            Self::Identity | Self::PermissionsBoundary | Self::Session | Self::ServiceControl
        )
    }
}

/// How a document is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Bytes of UTF-8, as received (POL-81).
    Bytes,
    /// Characters that are not white space, as IAM counts.
    VisibleCharacters,
}

/// Which versions of the language are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionRule {
    /// Any; a document without one is of version 2008-10-17.
    Any,
    /// Any, but it must be there (POL-84).
    Stated,
    /// 2012-10-17, as IAM asks of managed policies.
    Current,
}

/// What a document must keep to, beyond the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The largest document.
    pub limit: usize,
    /// What the limit counts.
    pub measure: Measure,
    /// The versions accepted.
    pub version: VersionRule,
    /// Whether the document is being written. One that was stored before a check existed is still evaluated
    /// (AUTHZ-28).
    pub writing: bool,
}

impl Rules {
    /// A key policy that `CreateKey`, `ReplicateKey` or `PutKeyPolicy` receives (POL-80).
    pub const KEY_POLICY: Self = Self::written(32_768, Measure::Bytes, VersionRule::Stated);
    /// A managed policy (IAM quotas).
    pub const MANAGED_POLICY: Self = Self::written(6_144, Measure::VisibleCharacters, VersionRule::Current);
    /// A trust policy (IAM quotas; the default one).
    pub const TRUST_POLICY: Self = Self::written(2_048, Measure::VisibleCharacters, VersionRule::Any);
    /// An inline session policy (`AssumeRole`).
    pub const SESSION_POLICY: Self = Self::written(2_048, Measure::VisibleCharacters, VersionRule::Any);
    /// An endpoint policy (VPC quotas), which may omit its version (POL-470).
    pub const ENDPOINT_POLICY: Self = Self::written(20_480, Measure::VisibleCharacters, VersionRule::Any);
    /// Any document of a simulated scenario: judged as when it is written, without a quota for its kind.
    pub const SCENARIO: Self = Self::written(1 << 20, Measure::Bytes, VersionRule::Any);
    /// A document that was accepted once.
    pub const STORED: Self = Self {
        limit: 1 << 20,
        measure: Measure::Bytes,
        version: VersionRule::Any,
        writing: false,
    };

    /// The rules for a document that is being written.
    pub const fn written(limit: usize, measure: Measure, version: VersionRule) -> Self {
        Self {
            limit,
            measure,
            version,
            writing: true,
        }
    }
}
