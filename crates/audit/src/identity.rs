//! Who made a call: the `userIdentity` block of a record.

use std::sync::{Arc, OnceLock};

use trent_names::AccountId;

use crate::event::{INTERNAL, push_time};
use crate::index::Terms;
use crate::json;
use crate::recorded::{self, Attribute};

/// Who made the call: the `userIdentity` block, rendered once and shared by the records of that principal.
#[derive(Clone, Debug)]
pub struct UserIdentity(Arc<Block>);

#[derive(Debug)]
struct Block {
    text: Box<[u8]>,
    /// What a record with the block can be found by, once one was rendered.
    terms: OnceLock<Terms>,
}

impl UserIdentity {
    /// A block that was rendered before.
    pub fn of(text: impl Into<Box<[u8]>>) -> Self {
        Self(Arc::new(Block {
            text: text.into(),
            terms: OnceLock::new(),
        }))
    }

    /// The root user of an account, which called with the access key `access_key_id`.
    pub fn root(arn: &str, account: &AccountId, access_key_id: &str) -> Self {
        Self::principal(&IdentifiedPrincipal {
            kind: "Root",
            principal_id: account.as_str(),
            arn,
            account,
            access_key_id,
            user_name: None,
            session: None,
        })
    }

    /// A principal of an account.
    pub fn principal(who: &IdentifiedPrincipal<'_>) -> Self {
        let mut block = json::Object::new();
        block
            .string("type", who.kind)
            .string("principalId", who.principal_id)
            .string("arn", who.arn)
            .string("accountId", who.account.as_str())
            .string("accessKeyId", who.access_key_id);
        if let Some(name) = who.user_name {
            block.string("userName", name);
        }
        if let Some(session) = &who.session {
            block.object("sessionContext", session.block());
        }
        Self::of(block.finish().as_bytes())
    }

    /// A principal of another account, as the owner of what it used gets to know it: neither by name nor by access key.
    /// `invoked_by` is the service that called for it.
    pub fn of_another_account(principal_id: &str, account: &AccountId, invoked_by: Option<&str>) -> Self {
        let mut block = json::Object::new();
        block
            .string("type", "AWSAccount")
            .string("principalId", principal_id)
            .string("accountId", account.as_str());
        if let Some(service) = invoked_by {
            block.string("invokedBy", service);
        }
        Self::of(block.finish().as_bytes())
    }

    /// A principal as [`principal`](Self::principal) has it, for whom the service `invoked_by` calls.
    #[must_use]
    pub fn forwarded(self, invoked_by: &str) -> Self {
        let mut block = self.as_bytes().to_vec();
        // The block is an object with members: its last byte closes it.
        block.pop();
        block.extend_from_slice(b",\"invokedBy\":");
        json::push_string(&mut block, invoked_by);
        block.push(b'}');
        Self::of(block)
    }

    /// A service that calls as itself (`invokedBy` names it), this one included.
    pub fn service(invoked_by: &str) -> Self {
        let mut block = json::Object::new();
        block.string("type", "AWSService").string("invokedBy", invoked_by);
        Self::of(block.finish().as_bytes())
    }

    /// This service, when it does something by itself for the owner of a key.
    pub fn internal(owner: &AccountId) -> Self {
        let mut block = json::Object::new();
        block.string("accountId", owner.as_str()).string("invokedBy", INTERNAL);
        Self::of(block.finish().as_bytes())
    }

    /// Somebody whose request was not signed.
    pub fn unknown() -> Self {
        let mut block = json::Object::new();
        block.string("type", "Unknown");
        Self::of(block.finish().as_bytes())
    }

    /// The block's text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.text
    }

    /// What a record with the block can be found by.
    pub(crate) fn terms(&self) -> &Terms {
        self.0.terms.get_or_init(|| {
            let mut terms = Terms::default();
            Attribute::each_of_caller(&recorded::Identity::read(self.as_bytes()), |attribute, value| {
                terms.add(attribute, value);
            });
            terms
        })
    }

    /// The operator of this deployment, who is apart from every account.
    pub fn operator(name: &str) -> Self {
        let mut block = json::Object::new();
        block.string("type", "Operator").string("principalId", name);
        Self::of(block.finish().as_bytes())
    }
}

impl PartialEq for UserIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for UserIdentity {}

/// A principal as the block has it.
#[derive(Clone, Copy, Debug)]
pub struct IdentifiedPrincipal<'a> {
    /// `Root`, `IAMUser`, `AssumedRole` or `FederatedUser`.
    pub kind: &'a str,
    /// Its unique id.
    pub principal_id: &'a str,
    /// Its ARN.
    pub arn: &'a str,
    /// Its account.
    pub account: &'a AccountId,
    /// The access key that signed.
    pub access_key_id: &'a str,
    /// The name of a user.
    pub user_name: Option<&'a str>,
    /// The session, if the access key is a temporary one.
    pub session: Option<SessionContext<'a>>,
}

/// What the block tells of a session.
#[derive(Clone, Copy, Debug)]
pub struct SessionContext<'a> {
    /// When it was issued, in milliseconds since the epoch.
    pub created_millis: i64,
    /// Whose permissions it has, if it has another identity than its own.
    pub issuer: Option<SessionIssuer<'a>>,
    /// The ARN of the identity provider that vouched for its holder.
    pub federated_provider: Option<&'a str>,
    /// The source identity.
    pub source_identity: Option<&'a str>,
}

/// The role, or the user, behind a session.
#[derive(Clone, Copy, Debug)]
pub struct SessionIssuer<'a> {
    /// `Role`, `IAMUser` or `Root`.
    pub kind: &'a str,
    /// Its unique id.
    pub principal_id: &'a str,
    /// Its ARN.
    pub arn: &'a str,
    /// Its account.
    pub account: &'a AccountId,
    /// Its name; the root user has none.
    pub user_name: Option<&'a str>,
}

impl SessionContext<'_> {
    fn block(&self) -> json::Object {
        let mut block = json::Object::new();
        if let Some(issuer) = &self.issuer {
            let mut who = json::Object::new();
            who.string("type", issuer.kind)
                .string("principalId", issuer.principal_id)
                .string("arn", issuer.arn)
                .string("accountId", issuer.account.as_str());
            if let Some(name) = issuer.user_name {
                who.string("userName", name);
            }
            block.object("sessionIssuer", who);
        }
        if let Some(provider) = self.federated_provider {
            let mut federation = json::Object::new();
            federation
                .string("federatedProvider", provider)
                .object("attributes", json::Object::new());
            block.object("webIdFederationData", federation);
        }
        let mut created = Vec::with_capacity(22);
        push_time(&mut created, self.created_millis);
        let mut attributes = json::Object::new();
        // Texts, the boolean included: that is how the form has them.
        attributes
            .string("creationDate", String::from_utf8_lossy(&created).trim_matches('"'))
            .string("mfaAuthenticated", "false");
        block.object("attributes", attributes);
        if let Some(source) = self.source_identity {
            block.string("sourceIdentity", source);
        }
        block
    }
}

#[cfg(test)]
mod tests;
