//! The levels of an organization as a decision takes them: from the root to the account, each with its policies.

use smallvec::SmallVec;
use trent_identity::organization::ControlLevel;
use trent_policy::{Attached, Level};

/// As many levels as there can be, and as many policies as they usually have: gathering them allocates nothing.
const LEVELS: usize = 8;
const POLICIES: usize = 16;

/// Levels, with the policies of all of them gathered in one place.
pub(crate) struct Levels<'c> {
    levels: &'c [ControlLevel],
    policies: SmallVec<[Attached<'c>; POLICIES]>,
}

impl<'c> Levels<'c> {
    /// These levels; none limit nothing.
    pub(crate) fn of(levels: Option<&'c [ControlLevel]>) -> Self {
        let levels = levels.unwrap_or_default();
        let policies = levels.iter().flat_map(|level| &level.policies);
        let policies = policies.map(|applied| Attached {
            name: &applied.name,
            policy: applied.policy(),
        });
        Self {
            levels,
            policies: policies.collect(),
        }
    }

    /// Each level with its own policies.
    pub(crate) fn levels(&self) -> SmallVec<[Level<'_>; LEVELS]> {
        let mut rest = &*self.policies;
        let levels = self.levels.iter().map(|level| {
            let (own, others) = rest.split_at(level.policies.len());
            rest = others;
            Level {
                target: &level.target,
                policies: own,
            }
        });
        levels.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use trent_identity::Document;
    use trent_identity::organization::ControlPolicy;
    use trent_identity::organization::records::ControlKind;
    use trent_names::{AccountId, PrincipalArn};
    use trent_policy::{Action, Code, NoContext, Policies, PolicyKind, Principal, Request, Resource, decide};

    use super::*;

    fn level(target: &str, statements: &[&str]) -> ControlLevel {
        let policies = statements.iter().enumerate().map(|(at, statement)| ControlPolicy {
            name: format!("{target}-{at}").into(),
            kind: ControlKind::Service,
            document: Arc::new(Document::new(format!(
                r#"{{"Version":"2012-10-17","Statement":{{{statement},"Resource":"*"}}}}"#
            ))),
        });
        ControlLevel {
            target: target.to_owned(),
            policies: policies.collect(),
        }
    }

    /// What is decided about a user whom an identity policy allows everything, in an organization of these levels.
    fn decided(levels: &[ControlLevel], action: &str) -> (Code, Option<PolicyKind>) {
        let arn = PrincipalArn::parse("arn:aws:iam::111122223333:user/alice").expect("a user");
        let everything =
            Document::new(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#);
        let identity = [Attached {
            name: "everything",
            policy: everything.as_identity_policy(),
        }];
        let gathered = Levels::of(Some(levels));
        let service_control = gathered.levels();
        let policies = Policies {
            identity: &identity,
            service_control: &service_control,
            ..Policies::default()
        };
        let request = Request {
            principal: Principal::User { arn: &arn, id: None },
            action: &Action::new(action),
            resource: Resource::Other {
                arn: "arn:aws:kms:us-east-1:111122223333:alias/a",
                account: AccountId::parse("111122223333").expect("an id"),
            },
            cross_account: false,
        };
        let decision = decide(&request, &policies, &NoContext);
        (decision.code, decision.blame)
    }

    const ALL: &str = r#""Effect":"Allow","Action":"*""#;

    /// POL-65, AUTHZ-275, AUTHZ-279
    #[test]
    fn every_level_must_allow_and_none_may_deny() {
        let alias = r#""Effect":"Allow","Action":"kms:*Alias""#;
        let deny = r#""Effect":"Deny","Action":"kms:DeleteAlias""#;
        let (root, unit) = (level("r-ab12", &[ALL]), || level("ou-ab12-11111111", &[alias, deny]));
        let (service, none) = (Some(PolicyKind::ServiceControl), None);
        let levels = [root, unit(), level("111122223333", &[ALL])];
        assert_eq!(decided(&levels, "kms:CreateAlias").1, none);
        assert_eq!(
            decided(&levels, "kms:DeleteAlias"),
            (Code::ExplicitDenyOrgPolicy, service)
        );
        assert_eq!(
            decided(&levels, "kms:CreateKey"),
            (Code::NotAllowedByOrgPolicy, service)
        );
        // A level without policies allows nothing, whatever the others do.
        let levels = [level("r-ab12", &[ALL]), level("111122223333", &[])];
        assert_eq!(
            decided(&levels, "kms:CreateAlias"),
            (Code::NotAllowedByOrgPolicy, service)
        );
        // No organization limits nobody.
        assert_eq!(decided(&[], "kms:CreateAlias").1, none);
    }
}
