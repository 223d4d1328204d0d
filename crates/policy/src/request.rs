//! Who asks to do what to which resource.

use std::borrow::Cow;
use std::fmt;

use trent_names::{AccountId, PrincipalArn};

use crate::pattern::arn::{Fields, split};

/// Who makes a request.
#[derive(Debug, Clone, Copy)]
pub enum Principal<'a> {
    /// The root user of an account.
    Root {
        /// The account.
        account: AccountId,
    },
    /// An IAM user, with long-term keys or a session token of its own.
    User {
        /// `arn:…:user/…`
        arn: &'a PrincipalArn,
        /// `AIDA…`, where it is known.
        id: Option<&'a str>,
    },
    /// A session of a role. One of the two ARNs may be unknown; `PrincipalArn`s of other kinds in their place make a
    /// principal that nothing names.
    RoleSession {
        /// `arn:…:role/…`, with its path.
        role: Option<&'a PrincipalArn>,
        /// `arn:…:assumed-role/…`; some session of the role, if it is not known.
        session: Option<&'a PrincipalArn>,
        /// The role's `AROA…`, where it is known.
        id: Option<&'a str>,
    },
    /// A federated user's session.
    FederatedUser {
        /// `arn:…:federated-user/…`
        arn: &'a PrincipalArn,
        /// The user that federated, where it is known.
        user: Option<&'a PrincipalArn>,
        /// That user's `AIDA…`, where it is known.
        id: Option<&'a str>,
    },
    /// A service, on its own behalf. It may have several names.
    Service {
        /// Its names, such as `cloudtrail.amazonaws.com`.
        names: &'a [&'a str],
    },
    /// Somebody known to an identity provider only, before assuming a role.
    WebIdentity {
        /// The provider: its ARN, or the name of a well-known one.
        provider: &'a str,
    },
    /// Nobody known.
    Anonymous,
}

impl Principal<'_> {
    /// The account that the principal belongs to.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Root { account } => Some(*account),
            Self::User { arn, .. } | Self::FederatedUser { arn, .. } => Some(arn.account()),
            Self::RoleSession { role, session, .. } => session.or(*role).map(PrincipalArn::account),
            Self::Service { .. } | Self::WebIdentity { .. } | Self::Anonymous => None,
        }
    }

    /// Whether it is the root user of an account.
    pub const fn is_root(&self) -> bool {
        matches!(self, Self::Root { .. })
    }

    /// Whether IAM keeps it: a user or a role, which may have a permissions boundary.
    pub const fn is_iam_entity(&self) -> bool {
        matches!(self, Self::User { .. } | Self::RoleSession { .. })
    }
}

/// A name for people: an ARN, or what stands for one.
impl fmt::Display for Principal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { account } => write!(f, "the root user of account {account}"),
            Self::User { arn, .. } | Self::FederatedUser { arn, .. } => arn.fmt(f),
            Self::RoleSession { role, session, .. } => match session.or(*role) {
                Some(arn) => arn.fmt(f),
                None => f.write_str("the session of a role"),
            },
            Self::Service { names } => f.write_str(names.first().copied().unwrap_or("a service")),
            Self::WebIdentity { provider } => f.write_str(provider),
            Self::Anonymous => f.write_str("an anonymous caller"),
        }
    }
}

/// An IAM action, such as `kms:Decrypt`, kept in lower case as well so that matching need not fold it.
///
/// Those that operations ask about are constants: see [`action!`](crate::action!).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    written: Cow<'static, str>,
    lower: Cow<'static, str>,
    /// A digest of the lower-case name: a statement names most often another action, which is seen without comparing
    /// texts.
    digest: u64,
}

impl Action {
    /// An action, spelled in any case.
    pub fn new(name: &str) -> Self {
        let lower = name.to_lowercase();
        Self {
            written: Cow::Owned(name.to_owned()),
            digest: digest(&lower),
            lower: Cow::Owned(lower),
        }
    }

    /// An action whose lower case is known when the program is compiled.
    #[doc(hidden)]
    pub const fn constant(written: &'static str, lower: &'static [u8]) -> Self {
        match std::str::from_utf8(lower) {
            Ok(lower) => Self {
                written: Cow::Borrowed(written),
                digest: digest(lower),
                lower: Cow::Borrowed(lower),
            },
            Err(_) => panic!("an action is text"),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// In lower case.
    pub(crate) fn lower(&self) -> &str {
        &self.lower
    }

    pub(crate) const fn digest(&self) -> u64 {
        self.digest
    }
}

/// FNV-1a. Equal digests are followed by a comparison, so a collision costs time only.
pub(crate) const fn digest(text: &str) -> u64 {
    let text = text.as_bytes();
    let (mut hash, mut at) = (0xcbf2_9ce4_8422_2325_u64, 0);
    while at < text.len() {
        hash = (hash ^ text[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// The ASCII letters of a text in lower case, for [`action!`](crate::action!).
#[doc(hidden)]
pub const fn lowered<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    let mut lower = [0; N];
    let mut at = 0;
    while at < N {
        lower[at] = text[at].to_ascii_lowercase();
        at += 1;
    }
    lower
}

/// An [`Action`](crate::Action) by its literal name, made ready for matching when the program is compiled.
#[macro_export]
macro_rules! action {
    ($name:literal) => {{
        const LOWER: [u8; $name.len()] = $crate::lowered($name);
        $crate::Action::constant($name, &LOWER)
    }};
}

/// What the action is done to.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// A KMS key: its key policy decides whether IAM policies count at all.
    Key {
        /// The key's ARN, whatever the caller named it by (POL-75).
        arn: &'a str,
        /// The account that owns it.
        account: AccountId,
    },
    /// A role that somebody wants to assume: its trust policy decides as a key policy does.
    Role {
        /// Its ARN.
        arn: &'a str,
        /// The account that owns it.
        account: AccountId,
    },
    /// An alias, or a resource of another service.
    Other {
        /// Its ARN.
        arn: &'a str,
        /// The account that owns it.
        account: AccountId,
    },
    /// None: the operation is authorized on `*`.
    None {
        /// The account-wide form, `arn:<partition>:<service>:<region>:<account>:*`, which policies may name as well.
        scope: &'a str,
    },
}

impl<'a> Resource<'a> {
    /// The ARN, or `*`.
    pub const fn arn(&self) -> &'a str {
        match self {
            Self::Key { arn, .. } | Self::Role { arn, .. } | Self::Other { arn, .. } => arn,
            Self::None { .. } => "*",
        }
    }

    /// The account that owns the resource; that of an operation without one is the caller's.
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Key { account, .. } | Self::Role { account, .. } | Self::Other { account, .. } => Some(*account),
            Self::None { .. } => None,
        }
    }
}

/// One thing that somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// To do what.
    pub action: &'a Action,
    /// To what.
    pub resource: Resource<'a>,
    /// Whether the action has any effect on resources of other accounts (AUTHZ-218).
    pub cross_account: bool,
}

impl Request<'_> {
    /// Whether the resource belongs to the caller's account. An operation without a resource does.
    pub fn same_account(&self) -> bool {
        let owner = self.resource.account();
        owner.is_none() || owner == self.principal.account()
    }
}

/// A request, taken apart once for all statements.
#[derive(Clone, Copy)]
pub(crate) struct Prepared<'a> {
    pub(crate) request: Request<'a>,
    /// The resource's ARN, if there is a resource.
    pub(crate) arn: Option<&'a str>,
    /// The ARN's fields, or those of the scope.
    pub(crate) fields: Option<Fields<'a>>,
    /// Whether a permissions boundary is attached to the principal.
    pub(crate) bounded: bool,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(request: &Request<'a>, bounded: bool) -> Self {
        let (arn, fields) = match request.resource {
            Resource::Key { arn, .. } | Resource::Role { arn, .. } | Resource::Other { arn, .. } => {
                (Some(arn), split(arn))
            }
            Resource::None { scope } => (None, split(scope)),
        };
        Self {
            request: *request,
            arn,
            fields,
            bounded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, digest};

    #[test]
    fn an_action_is_the_same_made_at_whatever_time() {
        static DECRYPT: Action = crate::action!("kms:Decrypt");
        assert_eq!(DECRYPT, Action::new("kms:Decrypt"));
        assert_eq!((DECRYPT.as_str(), DECRYPT.lower()), ("kms:Decrypt", "kms:decrypt"));
        assert_eq!(DECRYPT.to_string(), "kms:Decrypt");
    }

    /// The published vectors of the algorithm.
    #[test]
    fn digests_are_fnv_1a() {
        for (text, expected) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(digest(text), expected, "{text}");
        }
    }
}
