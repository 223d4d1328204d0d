//! Who may assume a role: its trust policy, with the users and roles that it names tied to those who had the names when
//! it was written.
//!
//! Whoever takes the name of a deleted user is not trusted in its place (IAM User Guide, "AWS JSON policy elements:
//! Principal").

use std::sync::OnceLock;

use trent_names::PrincipalArn;
use trent_policy::{Named, Policy, PolicyKind, Rules};

use crate::directory::principals::TrustBinding;

/// What stands in for a trust policy that cannot be read: it trusts nobody.
const CLOSED: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:*"}}"#;

/// The unique id of nobody, for a name that nobody had when the policy was written.
const NOBODY: &str = "";

/// A trust policy in memory, compiled when somebody first asks to be trusted.
pub(crate) struct TrustPolicy {
    text: Box<str>,
    bindings: Vec<TrustBinding>,
    compiled: OnceLock<Policy>,
}

impl TrustPolicy {
    /// A trust policy as the role's record has it.
    pub(crate) fn new(text: impl Into<Box<str>>, bindings: Option<Vec<TrustBinding>>) -> Self {
        Self {
            text: text.into(),
            bindings: bindings.unwrap_or_default(),
            compiled: OnceLock::new(),
        }
    }

    pub(crate) fn policy(&self) -> &Policy {
        self.compiled.get_or_init(|| {
            let mut policy = read(&self.text).unwrap_or_else(|error| {
                tracing::error!(%error, "a stored trust policy cannot be read: nobody can assume its role");
                Policy::parse(CLOSED, PolicyKind::Trust, &Rules::STORED).expect("the text is a policy")
            });
            policy.bind(|named| self.id_of(named));
            policy
        })
    }

    /// The unique id that a principal must have. A name that was not tied to anybody is nobody's.
    fn id_of(&self, named: &PrincipalArn) -> Option<String> {
        let named = named.to_string();
        match self.bindings.iter().find(|binding| binding.principal == named) {
            Some(TrustBinding { id, .. }) => id.as_ref().map(ToString::to_string),
            None => Some(NOBODY.to_owned()),
        }
    }
}

fn read(text: &str) -> Result<Policy, trent_policy::Malformed> {
    Policy::parse(text, PolicyKind::Trust, &Rules::STORED)
}

/// The users, roles and sessions of roles that a trust policy names by ARN: those that must be tied to somebody.
pub(crate) fn named(text: &str) -> Vec<PrincipalArn> {
    // One that cannot be read trusts nobody, so nobody has to be tied to it.
    let policy = read(text).ok();
    let principals = policy.iter().flat_map(Policy::principals);
    let mut arns: Vec<_> = principals
        .filter_map(|principal| match principal {
            Named::Arn { arn, .. } => Some(arn.clone()),
            _ => None,
        })
        .collect();
    arns.sort_unstable();
    arns.dedup();
    arns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unique_id::UniqueId;

    const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

    fn trusting(principal: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"sts:AssumeRole"}}}}"#
        )
    }

    fn ids(policy: &Policy) -> Vec<Option<String>> {
        let ids = policy.principals().map(|principal| match principal {
            Named::Arn { id, .. } => id.as_deref().map(str::to_owned),
            _ => None,
        });
        ids.collect()
    }

    #[test]
    fn names_are_tied_to_who_had_them() {
        let id = UniqueId::parse("AIDACKCEVSQ6C2EXAMPLE").expect("an id");
        let binding = |id| TrustBinding {
            principal: ALICE.to_owned(),
            id,
        };
        for (bindings, expected) in [
            (Some(vec![binding(Some(id.clone()))]), Some(id.to_string())),
            (Some(vec![binding(None)]), None),
            (Some(Vec::new()), Some(String::new())),
            (None, Some(String::new())),
        ] {
            let trust = TrustPolicy::new(trusting(ALICE), bindings);
            assert_eq!(ids(trust.policy()), [expected]);
        }
    }

    #[test]
    fn what_cannot_be_read_trusts_nobody() {
        let trust = TrustPolicy::new("{", None);
        assert_eq!(trust.policy().statements()[0].effect(), trent_policy::Effect::Deny);
        assert!(named("{").is_empty());
    }

    #[test]
    fn only_names_that_can_be_taken_again_are_tied() {
        assert_eq!(named(&trusting("111122223333")), []);
        assert_eq!(named(&trusting("*")), []);
        assert_eq!(
            named(&trusting(ALICE)),
            [ALICE.parse::<PrincipalArn>().expect("a user")]
        );
    }
}
