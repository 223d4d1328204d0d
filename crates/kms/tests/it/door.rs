//! The door of the test's own KMS: nobody signs, the caller is whoever the request's headers say.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use trent_api::ApiError;
use trent_identity::entitlements::{AppliedPolicy, PolicySource};
use trent_identity::session::SessionKind;
use trent_identity::{Caller, Document, Entitlements, Identity, Party, PrincipalKind, Session, UniqueId};
use trent_names::{AccountId, PrincipalArn, Region};
use trent_service::{Actor, Admission, Admitted, Frame};

/// Admits whoever the header says.
pub(crate) struct Door;

#[async_trait]
impl Admission for Door {
    async fn admit(&self, frame: &Frame<'_>, _: trent_api::Protocol) -> Result<Admitted, ApiError> {
        let header = |name: &str| {
            let found = frame.signed.headers.iter().find(|(header, _)| *header == name);
            found.map(|(_, value)| String::from_utf8(value.to_vec()).expect("a test writes text"))
        };
        let region = Region::parse(&header("region").expect("a Region")).expect("a legal Region");
        let account = AccountId::parse(&header("account").expect("an account")).expect("a legal account");
        let root = Caller::root(account, "AKIAIOSFODNN7EXAMPLE", region.clone(), "kms");
        let allow = |action| format!(r#"{{"Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}"#);
        let policies = header("iam").map(|given| AppliedPolicy {
            name: "given".into(),
            source: PolicySource::Inline,
            document: Arc::new(Document::new(if given.starts_with('{') { given } else { allow(given) })),
        });
        let other = |principal: &str, kind, unique_id, session| {
            Caller::from(Identity {
                principal: PrincipalArn::parse(principal).expect("the ARN of a principal"),
                access_key_id: "AKIAI44QH8DHBEXAMPLE".to_owned(),
                is_root: false,
                kind,
                unique_id,
                session,
                entitlements: Entitlements {
                    policies: policies.into_iter().collect(),
                    ..Entitlements::default()
                },
                ..Identity::clone(&root)
            })
        };
        let id = header("id");
        let caller = match (header("user"), header("role")) {
            (None, None) => root,
            (Some(name), _) => {
                let id = id.unwrap_or_else(|| "AIDACKCEVSQ6C2EXAMPLE".to_owned());
                other(
                    &format!("arn:aws:iam::{account}:user/{name}"),
                    PrincipalKind::User,
                    id,
                    None,
                )
            }
            (None, Some(role)) => {
                let id = id.unwrap_or_else(|| "AROACKCEVSQ6C2EXAMPLE".to_owned());
                let (role, name) = role.split_once('/').expect("a role and a session");
                let party = Party {
                    account,
                    id: Some(UniqueId::parse(&id).expect("a unique id")),
                };
                let session = Session {
                    kind: SessionKind::Role,
                    issued_at: Duration::ZERO,
                    expires_at: Duration::MAX,
                    principal: party.clone(),
                    issuer: party,
                    principal_arn: PrincipalArn::parse(&format!("arn:aws:iam::{account}:role/{role}"))
                        .expect("the ARN of a role"),
                    name: Some(name.to_owned()),
                    source_identity: None,
                    tags: Vec::new(),
                    transitive_tag_keys: Vec::new(),
                    federated_provider: None,
                    claims: Vec::new(),
                };
                let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{name}");
                other(&arn, PrincipalKind::AssumedRole, format!("{id}:{name}"), Some(session))
            }
        };
        Ok(Admitted {
            actor: Actor::Principal(caller),
            region,
        })
    }
}
