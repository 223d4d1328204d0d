//! What a call must be allowed to do: actions on resources, each with what decides about it.
//!
//! Everything is lent by the operation and by what it resolved, so naming a target copies nothing.

use trent_identity::organization::Placement;
use trent_names::{AccountId, Region};
use trent_policy::{Action, ConditionKey, Context, Policy};

use crate::grants::Grants;
use crate::vpc_endpoint::VpcEndpoint;

/// One thing that a call must be allowed to do.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The IAM action.
    pub action: &'static Action,
    /// What it is done to.
    pub resource: Resource<'a>,
    /// Whether anybody of another account can ever be allowed.
    pub across_accounts: bool,
    /// The service's condition keys that the action has on this resource. A policy that names another finds it absent.
    pub condition_keys: &'static [&'static str],
    /// Where the account that owns the resource stands in its organization. The pipeline fills it in, once per target.
    pub owner: Option<&'a Placement>,
    /// The private endpoint that the call came through. The pipeline fills it in.
    pub through: Option<&'a VpcEndpoint>,
}

/// What an action is done to.
#[derive(Clone, Copy)]
pub enum Resource<'a> {
    /// No resource of its own: IAM's `*`. Belongs to the caller's account.
    Any,
    /// The same in another Region than the call's: something that is to be made there.
    Elsewhere {
        /// The Region.
        region: &'a Region,
        /// Everything of the caller's account there, as an ARN: what an IAM policy may name in the place of `*`.
        scope: &'a str,
    },
    /// A key that is here.
    Key {
        /// The key's ARN.
        arn: &'a str,
        /// The account that owns it.
        account: AccountId,
        /// How the caller named it, which is how a refusal names it.
        named: Named<'a>,
        /// Its policy.
        policy: &'a Policy,
        /// The grants on it that are the caller's.
        grants: &'a dyn Grants,
        /// What the key tells policies about itself.
        attributes: &'a dyn Context,
    },
    /// A role that somebody wants to assume, here or not.
    Role {
        /// The role's ARN.
        arn: &'a str,
        /// The account that owns it.
        account: AccountId,
        /// Its trust policy. None if there is no such role: refused in the words of one that does not trust the caller.
        trust: Option<&'a Policy>,
        /// What the role tells policies about itself.
        attributes: &'a dyn Context,
        /// The identity provider that vouches for a caller whom nobody else knows.
        provider: Option<&'a str>,
    },
    /// A resource without a policy of its own, such as an alias.
    Other {
        /// Its ARN.
        arn: &'a str,
        /// The account that owns it.
        account: AccountId,
    },
    /// A key of another account that is not here. Refused in the same words as one that is here and not allowed, so
    /// that nobody learns which.
    Foreign {
        /// The ARN as the caller sent it.
        arn: &'a str,
        /// The account that it names.
        account: AccountId,
    },
    /// A ciphertext that no key here answers for; refused in the same words as one whose key is not allowed.
    UnknownCiphertext,
    /// The deployment itself; only its operator may act on it.
    Deployment,
}

/// How a request names a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// By its id, its ARN or an alias of the caller's own.
    Itself,
    /// By this alias ARN of another account: a refusal repeats the alias, not the key.
    Alias(&'a str),
    /// By a ciphertext alone: a refusal does not repeat the key at all.
    Ciphertext,
    /// By the token of a grant on it: a refusal does not tell another account which key that is.
    GrantToken,
}

impl<'a> Resource<'a> {
    /// The account that owns the resource, if it is anybody's in particular.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Key { account, .. }
            | Self::Role { account, .. }
            | Self::Other { account, .. }
            | Self::Foreign { account, .. } => Some(*account),
            Self::Any | Self::Elsewhere { .. } | Self::UnknownCiphertext | Self::Deployment => None,
        }
    }

    /// What the resource tells policies about itself.
    pub(crate) fn attributes(&self) -> Option<&'a dyn Context> {
        match self {
            Self::Key { attributes, .. } | Self::Role { attributes, .. } => Some(*attributes),
            _ => None,
        }
    }
}

impl Target<'_> {
    /// Whether a condition key of the service applies. Names of the list that end in a placeholder, such as
    /// `aws:ResourceTag/${TagKey}`, stand for every key that begins as they do.
    pub fn has(&self, key: &ConditionKey) -> bool {
        let name = key.lower().as_bytes();
        self.condition_keys
            .iter()
            .any(|listed| stands_for(listed.as_bytes(), name))
    }
}

/// Whether a listed name stands for a name in lower case. It is asked for each condition that a decision looks at, some
/// dozens of names each time: the first letter that differs ends it.
fn stands_for(listed: &[u8], name: &[u8]) -> bool {
    let mut letters = name.iter();
    for listed in listed {
        // A placeholder is the last part, and no name has this sign.
        if *listed == b'$' {
            return true;
        }
        if letters.next() != Some(&listed.to_ascii_lowercase()) {
            return false;
        }
    }
    letters.as_slice().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_placeholder_stands_for_every_ending() {
        static ACTION: Action = trent_policy::action!("kms:Encrypt");
        let target = Target {
            action: &ACTION,
            resource: Resource::Any,
            across_accounts: false,
            condition_keys: &["kms:KeySpec", "aws:ResourceTag/${TagKey}"],
            owner: None,
            through: None,
        };
        for (key, listed) in [
            ("KMS:keyspec", true),
            ("kms:KeySpecs", false),
            ("kms:KeyUsage", false),
            ("aws:resourcetag/Project", true),
            ("aws:ResourceTagProject", false),
            ("aws:RequestTag/Project", false),
            ("\u{e9}", false),
        ] {
            assert_eq!(target.has(&ConditionKey::new(key)), listed, "{key}");
        }
    }
}
