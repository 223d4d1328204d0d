//! The principals that a statement names, and whether a caller is one of them.
//!
//! IAM User Guide, "Principal" and `NotPrincipal`.

use trent_names::{AccountId, Partition, PrincipalArn};

use crate::error::Problem;
use crate::request::Principal;

/// A principal that a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// `*`: everybody, known or not.
    Everyone,
    /// An account: its number, or the ARN of its root (POL-116).
    Account {
        /// The account.
        account: AccountId,
        /// The ARN's partition.
        partition: Option<Partition>,
    },
    /// A user, a role or a session.
    Arn {
        /// Its ARN.
        arn: PrincipalArn,
        /// The unique id that it had when the policy was saved. Whoever has the name now but another id is somebody
        /// else (POL-57).
        id: Option<Box<str>>,
    },
    /// The unique id of a user or role that is gone, or of one that the service keeps by its id.
    UniqueId(Box<str>),
    /// A service.
    Service(Box<str>),
    /// An identity provider.
    Federated(Box<str>),
    /// A canonical user id, which only other services know.
    CanonicalUser(Box<str>),
}

/// How well a statement's principals fit a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Not at all.
    None,
    /// The caller's account is named. Everybody in it is meant by a `Deny`; an `Allow` lets the account decide.
    Account,
    /// The caller's role, or everybody: boundaries and session policies keep limiting (POL-64).
    Broad,
    /// The caller itself.
    Exact,
}

/// The unique ids of IAM begin with four letters that tell what they are ids of (IAM User Guide, "Unique identifiers").
const ID_PREFIXES: [&str; 4] = ["AIDA", "AROA", "AGPA", "ANPA"];

impl Named {
    /// Reads a member of the `AWS` list.
    pub(crate) fn aws(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everyone);
        }
        if let Ok(account) = AccountId::parse(text) {
            return Some(Self::Account {
                account,
                partition: None,
            });
        }
        if text.starts_with("arn:") {
            if text.contains(['*', '?', '$']) {
                return None;
            }
            return Some(match PrincipalArn::parse(text).ok()? {
                PrincipalArn::Root { partition, account } => Self::Account {
                    account,
                    partition: Some(partition),
                },
                arn => Self::Arn { arn, id: None },
            });
        }
        let of_user_or_role = ID_PREFIXES[..2].iter().any(|prefix| text.starts_with(prefix));
        let id = text.split_once(':').map_or(text, |(id, _)| id);
        let characters = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        (of_user_or_role && (16..=128).contains(&id.len()) && id.bytes().all(characters))
            .then(|| Self::UniqueId(text.into()))
    }

    /// Reads a member of one of the lists.
    pub(crate) fn parse(family: &str, text: &str) -> Result<Self, Problem> {
        let invalid = || Problem::InvalidPrincipal {
            family: family.to_owned(),
            value: text.to_owned(),
        };
        let name = |extra: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || extra.contains(c);
            !text.is_empty() && text.chars().all(allowed)
        };
        match family {
            "AWS" => Self::aws(text),
            "Service" if name("") && text.contains('.') => Some(Self::Service(text.into())),
            "Federated" if name(":/+=,@") => Some(Self::Federated(text.into())),
            "CanonicalUser" if name("") => Some(Self::CanonicalUser(text.into())),
            _ => None,
        }
        .ok_or_else(invalid)
    }

    /// How well this name fits a caller.
    pub(crate) fn fits(&self, caller: &Principal<'_>) -> Fit {
        match self {
            Self::Everyone => Fit::Broad,
            Self::Account { account, partition } => self::account(*account, *partition, caller),
            Self::Arn { arn, id } => self::arn(arn, id.as_deref(), caller),
            Self::UniqueId(id) => unique_id(id, caller),
            Self::Service(name) => match caller {
                Principal::Service { names } if names.contains(&&**name) => Fit::Exact,
                _ => Fit::None,
            },
            Self::Federated(name) => match caller {
                Principal::WebIdentity { provider } if **name == **provider => Fit::Exact,
                _ => Fit::None,
            },
            Self::CanonicalUser(_) => Fit::None,
        }
    }
}

fn account(account: AccountId, partition: Option<Partition>, caller: &Principal<'_>) -> Fit {
    let of_caller = match caller {
        Principal::User { arn, .. } | Principal::FederatedUser { arn, .. } => Some(arn.partition()),
        Principal::RoleSession { role, session, .. } => session.or(*role).map(PrincipalArn::partition),
        _ => None,
    };
    let same_partition = partition.is_none() || of_caller.is_none() || partition == of_caller;
    if caller.account() != Some(account) || !same_partition {
        return Fit::None;
    }
    // The root user is the account (POL-114); anybody else needs the account's word.
    if caller.is_root() { Fit::Exact } else { Fit::Account }
}

fn arn(named: &PrincipalArn, named_id: Option<&str>, caller: &Principal<'_>) -> Fit {
    let same_id = |id: Option<&str>| named_id.is_none() || id.is_none() || named_id == id;
    match (named, caller) {
        (PrincipalArn::User { .. }, Principal::User { arn, id }) if named == *arn && same_id(*id) => Fit::Exact,
        // The session of a federated user is limited by the policies of its session.
        (PrincipalArn::User { .. }, Principal::FederatedUser { user: Some(user), .. }) if named == *user => Fit::Broad,
        (PrincipalArn::FederatedUser { .. }, Principal::FederatedUser { arn, .. }) if named == *arn => Fit::Exact,
        (
            PrincipalArn::AssumedRole { .. },
            Principal::RoleSession {
                session: Some(session),
                id,
                ..
            },
        ) if named == *session && same_id(*id) => Fit::Exact,
        (PrincipalArn::Role { .. }, Principal::RoleSession { role, session, id })
            if is_role(named, *role, *session) && same_id(*id) =>
        {
            Fit::Broad
        }
        _ => Fit::None,
    }
}

/// Whether a session belongs to a role. The ARN of a session does not have the role's path; names are unique in an
/// account whatever the path.
fn is_role(named: &PrincipalArn, role: Option<&PrincipalArn>, session: Option<&PrincipalArn>) -> bool {
    if let Some(role) = role {
        return named == role;
    }
    match (named, session) {
        (
            PrincipalArn::Role {
                partition,
                account,
                name,
                ..
            },
            Some(PrincipalArn::AssumedRole {
                partition: of_session,
                account: in_account,
                role,
                ..
            }),
        ) => partition == of_session && account == in_account && name == role,
        _ => false,
    }
}

/// `AROA…` is a role, `AROA…:name` one of its sessions, `AIDA…` a user.
fn unique_id(named: &str, caller: &Principal<'_>) -> Fit {
    match caller {
        Principal::User { id: Some(id), .. } if named == *id => Fit::Exact,
        Principal::RoleSession {
            id: Some(id), session, ..
        } => match named.split_once(':') {
            None if named == *id => Fit::Broad,
            Some((role, name)) if role == *id => match session {
                Some(PrincipalArn::AssumedRole { session, .. }) if **session == *name => Fit::Exact,
                _ => Fit::None,
            },
            _ => Fit::None,
        },
        _ => Fit::None,
    }
}

/// The `Principal` or `NotPrincipal` of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Principals {
    /// The kind of policy has none.
    Implied,
    Only(Box<[Named]>),
    AllBut(Box<[Named]>),
}

impl Principals {
    /// How well the statement fits a caller. `bounded` callers, who have a permissions boundary, are never spared by
    /// a `NotPrincipal` (IAM User Guide, "Permissions boundaries for IAM entities").
    pub(crate) fn fit(&self, caller: &Principal<'_>, bounded: bool) -> Fit {
        match self {
            Self::Implied => Fit::Exact,
            Self::Only(names) => {
                let mut best = Fit::None;
                for name in names {
                    best = best.max(name.fits(caller));
                    if best == Fit::Exact {
                        break;
                    }
                }
                best
            }
            Self::AllBut(_) if bounded && caller.is_iam_entity() => Fit::Broad,
            Self::AllBut(names) if spared(names, caller) => Fit::None,
            Self::AllBut(_) => Fit::Broad,
        }
    }
}

/// Whether a `NotPrincipal` lists a caller with every name that it has: its account, its user or role, and its session
/// (POL-68).
fn spared(names: &[Named], caller: &Principal<'_>) -> bool {
    let fits: [bool; 4] = names.iter().fold([false; 4], |mut seen, name| {
        match name.fits(caller) {
            Fit::None => {}
            Fit::Account => seen[0] = true,
            Fit::Broad if *name == Named::Everyone => seen[3] = true,
            Fit::Broad => seen[1] = true,
            Fit::Exact => seen[2] = true,
        }
        seen
    });
    let [account, role, exact, everyone] = fits;
    everyone
        || match caller {
            Principal::RoleSession { .. } => account && role && exact,
            Principal::User { .. } | Principal::FederatedUser { .. } => account && exact,
            Principal::Root { .. } | Principal::Service { .. } | Principal::WebIdentity { .. } => exact,
            Principal::Anonymous => false,
        }
}
