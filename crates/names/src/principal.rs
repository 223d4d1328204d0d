//! Principals: who can sign a request.

use crate::{AccountId, Arn, ArnError, Partition};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The ARN of a principal; cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalArn {
    /// The account itself: `arn:aws:iam::111122223333:root`.
    Root {
        /// The partition.
        partition: Partition,
        /// The account.
        account: AccountId,
    },
    /// An IAM user: `arn:aws:iam::111122223333:user/path/name`.
    User {
        /// The partition.
        partition: Partition,
        /// The account of the user.
        account: AccountId,
        /// `/`, or a path that begins and ends with a slash.
        path: Arc<str>,
        /// The name, unique in the account whatever the path.
        name: Arc<str>,
    },
    /// An IAM role: `arn:aws:iam::111122223333:role/path/name`.
    Role {
        /// The partition.
        partition: Partition,
        /// The account of the role.
        account: AccountId,
        /// `/`, or a path that begins and ends with a slash.
        path: Arc<str>,
        /// The name, unique in the account whatever the path.
        name: Arc<str>,
    },
    /// A role's session: `arn:aws:sts::111122223333:assumed-role/role/session`; the role's path does not appear.
    AssumedRole {
        /// The partition.
        partition: Partition,
        /// The account of the role.
        account: AccountId,
        /// The role's name.
        role: Arc<str>,
        /// The session's name.
        session: Arc<str>,
    },
    /// A federated user's session: `arn:aws:sts::111122223333:federated-user/name`.
    FederatedUser {
        /// The partition.
        partition: Partition,
        /// The account of the user that federated.
        account: AccountId,
        /// The name given to the session.
        name: Arc<str>,
    },
}

/// What is wrong with a text that should name a principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalError {
    /// It is no ARN at all.
    #[error(transparent)]
    Arn(#[from] ArnError),
    /// It is an ARN, but of no principal.
    #[error("'{0}' is not the ARN of a principal")]
    NotAPrincipal(String),
}

impl PrincipalArn {
    /// Reads the ARN of a root, user, role, assumed-role session or federated user.
    pub fn parse(text: &str) -> Result<Self, PrincipalError> {
        let arn = Arn::parse(text)?;
        Self::of_arn(&arn).ok_or_else(|| PrincipalError::NotAPrincipal(text.to_owned()))
    }

    fn of_arn(arn: &Arn) -> Option<Self> {
        let partition = arn.partition;
        let account = arn.account?;
        if arn.region.is_some() {
            return None;
        }
        if arn.service == "iam" && arn.resource == "root" {
            return Some(Self::Root { partition, account });
        }
        let (kind, rest) = arn.resource.split_once('/')?;
        match (arn.service.as_str(), kind) {
            ("iam", "user") => split_path(rest).map(|(path, name)| Self::User {
                partition,
                account,
                path,
                name,
            }),
            ("iam", "role") => split_path(rest).map(|(path, name)| Self::Role {
                partition,
                account,
                path,
                name,
            }),
            ("sts", "assumed-role") => {
                let (role, session) = rest.split_once('/')?;
                let (role, session) = (name(role)?, name(session)?);
                Some(Self::AssumedRole {
                    partition,
                    account,
                    role,
                    session,
                })
            }
            ("sts", "federated-user") => name(rest).map(|name| Self::FederatedUser {
                partition,
                account,
                name,
            }),
            _ => None,
        }
    }

    /// The name of a user or role, whatever its path; nothing else has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::User { name, .. } | Self::Role { name, .. } => Some(name),
            Self::Root { .. } | Self::AssumedRole { .. } | Self::FederatedUser { .. } => None,
        }
    }

    /// The account that the principal belongs to.
    pub const fn account(&self) -> AccountId {
        match self {
            Self::Root { account, .. }
            | Self::User { account, .. }
            | Self::Role { account, .. }
            | Self::AssumedRole { account, .. }
            | Self::FederatedUser { account, .. } => *account,
        }
    }

    /// The partition that the principal belongs to.
    pub const fn partition(&self) -> Partition {
        match self {
            Self::Root { partition, .. }
            | Self::User { partition, .. }
            | Self::Role { partition, .. }
            | Self::AssumedRole { partition, .. }
            | Self::FederatedUser { partition, .. } => *partition,
        }
    }

    /// Whether this is the account's root user.
    pub const fn is_root(&self) -> bool {
        matches!(self, Self::Root { .. })
    }
}

/// `a/b/name` is the name `name` with the path `/a/b/`.
fn split_path(rest: &str) -> Option<(Arc<str>, Arc<str>)> {
    let (path, last) = match rest.rsplit_once('/') {
        Some((path, last)) => (format!("/{path}/"), last),
        None => ("/".to_owned(), rest),
    };
    Some((Arc::from(path), name(last)?))
}

fn name(text: &str) -> Option<Arc<str>> {
    (!text.is_empty() && !text.contains('/')).then(|| Arc::from(text))
}

impl FromStr for PrincipalArn {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for PrincipalArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { partition, account } => write!(f, "arn:{partition}:iam::{account}:root"),
            Self::User {
                partition,
                account,
                path,
                name,
            } => {
                write!(f, "arn:{partition}:iam::{account}:user{path}{name}")
            }
            Self::Role {
                partition,
                account,
                path,
                name,
            } => {
                write!(f, "arn:{partition}:iam::{account}:role{path}{name}")
            }
            Self::AssumedRole {
                partition,
                account,
                role,
                session,
            } => {
                write!(f, "arn:{partition}:sts::{account}:assumed-role/{role}/{session}")
            }
            Self::FederatedUser {
                partition,
                account,
                name,
            } => {
                write!(f, "arn:{partition}:sts::{account}:federated-user/{name}")
            }
        }
    }
}

impl fmt::Debug for PrincipalArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
