//! From a token's content to the identity of a caller, by what the directory says now.

use std::sync::Arc;
use std::time::Duration;

use trent_names::{Partition, PrincipalArn, Region};
use trent_store::StoreError;

use super::token::Content;
use super::{Session, SessionKind};
use crate::caller::{Identity, PrincipalKind};
use crate::directory::principals::Tag;
use crate::directory::{Directory, Live, Party};
use crate::document::Document;
use crate::entitlements::{AppliedPolicy, Entitlements, PolicySource};

/// Permits nothing.
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"*","Resource":"*"}}"#;

/// A caller's own names.
struct Names {
    principal: PrincipalArn,
    principal_arn: PrincipalArn,
    kind: PrincipalKind,
    unique_id: String,
}

impl Directory {
    /// Who calls with a session; nobody if its principal or its issuer is gone, their accounts are suspended, or one of
    /// them has ended the sessions of its time. Whether it has expired is for whoever has a clock.
    pub(crate) async fn resolve_session(
        &self,
        content: &Content,
        region: Region,
        service: &str,
    ) -> Result<Option<Identity>, StoreError> {
        let (Some(party), Some(issuer)) = (content.principal(), content.issuer()) else {
            return Ok(None);
        };
        let (Some(principal), Some(by)) = (self.live(&party).await?, self.live(&issuer).await?) else {
            return Ok(None);
        };
        if !principal.accepts(content.issued_at) || !by.accepts(content.issued_at) {
            return Ok(None);
        }
        for account in [party.account, issuer.account] {
            if !self.account_accepts(account, content.issued_at).await? {
                return Ok(None);
            }
        }
        let Some(names) = names(content, region.partition(), &party, &principal) else {
            return Ok(None);
        };
        let mut entitlements = self.entitlements_of(party.account, &principal).await?;
        if names.kind == PrincipalKind::FederatedUser && matches!(principal, Live::Root) {
            // It has what the root user has, which is everything, within the policies of its session.
            entitlements.policies.push(self.everything());
        }
        self.restrict(&mut entitlements, content).await?;
        Ok(Some(Identity {
            account: party.account,
            access_key_id: content.access_key_id.clone(),
            region,
            service: service.to_owned(),
            is_root: names.kind == PrincipalKind::Account,
            kind: names.kind,
            unique_id: names.unique_id,
            principal: names.principal,
            entitlements,
            via: None,
            session: Some(Session {
                kind: content.kind,
                issued_at: Duration::from_millis(content.issued_at),
                expires_at: content.expires_at(),
                principal: party,
                issuer,
                principal_arn: names.principal_arn,
                name: content.name.clone(),
                source_identity: content.source_identity.clone(),
                tags: content.packed.tags.clone(),
                transitive_tag_keys: content.packed.transitive.clone(),
                federated_provider: content.provider.clone(),
                claims: content.claims.clone().unwrap_or_default(),
            }),
        }))
    }

    /// Adds the session's policies and tags.
    async fn restrict(&self, entitlements: &mut Entitlements, content: &Content) -> Result<(), StoreError> {
        let packed = &content.packed;
        let inline = packed.policies.iter().map(|text| AppliedPolicy {
            name: "session".into(),
            source: PolicySource::Session,
            document: Arc::new(Document::new(text.as_str())),
        });
        let mut policies: Vec<_> = inline.collect();
        for reference in &packed.references {
            policies.push(self.applied(reference, PolicySource::Session).await?);
        }
        // A federated user has nothing but what its session's policies let through.
        if policies.is_empty() && content.kind == SessionKind::Federated {
            policies.push(AppliedPolicy {
                name: "none".into(),
                source: PolicySource::Session,
                document: Arc::new(Document::new(NOTHING)),
            });
        }
        entitlements.session_policies = policies;
        let replaced = |own: &Tag| {
            packed
                .tags
                .iter()
                .any(|tag| tag.key.to_lowercase() == own.key.to_lowercase())
        };
        entitlements.tags.retain(|own| !replaced(own));
        entitlements.tags.extend(packed.tags.iter().cloned());
        Ok(())
    }
}

/// The names of a session's holder; `None` if the kinds of session and principal do not go together.
fn names(content: &Content, partition: Partition, party: &Party, principal: &Live) -> Option<Names> {
    let account = party.account;
    let root = PrincipalArn::Root { partition, account };
    match (content.kind, principal, content.name.as_deref()) {
        (SessionKind::Role, Live::Role(role), Some(name)) => Some(Names {
            principal: role.session_arn(partition, account, name),
            principal_arn: role.arn(partition, account),
            kind: PrincipalKind::AssumedRole,
            unique_id: format!("{}:{name}", party.id.as_ref()?),
        }),
        (SessionKind::Federated, Live::User(_) | Live::Root, Some(name)) => Some(Names {
            principal: PrincipalArn::FederatedUser {
                partition,
                account,
                name: name.into(),
            },
            principal_arn: match principal {
                Live::User(user) => user.arn(partition, account),
                _ => root,
            },
            kind: PrincipalKind::FederatedUser,
            unique_id: format!("{account}:{name}"),
        }),
        (SessionKind::Own, Live::User(user), None) => Some(Names {
            principal: user.arn(partition, account),
            principal_arn: user.arn(partition, account),
            kind: PrincipalKind::User,
            unique_id: party.id.as_ref()?.to_string(),
        }),
        (SessionKind::Own, Live::Root, None) => Some(Names {
            principal: root.clone(),
            principal_arn: root,
            kind: PrincipalKind::Account,
            unique_id: account.to_string(),
        }),
        _ => None,
    }
}
