//! A call that nobody makes: what it would have to be allowed, and what is decided about it. For whoever explains a
//! decision or looks for those who would be let through; nothing is done, and the evaluator is that of real calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use trent_api::ApiError;
use trent_identity::Caller;
use trent_names::{AccountId, Region};
use trent_policy::{ConditionKey, Context, Named, Policies, Request, Values};
use uuid::Uuid;

use crate::authorize::evaluate;
use crate::call::{Actor, Call};
use crate::conditions::CallConditions;
use crate::target::Target;
use crate::vpc_endpoint::VpcEndpoint;

/// A service whose calls can be rehearsed. It lends the resource as it does to a real call.
#[async_trait]
pub trait Rehearse: Send + Sync + 'static {
    /// Every action on a resource of the service that policies decide about, for example `kms:Decrypt`.
    fn actions(&self) -> Vec<&'static str>;

    /// The actions that an operation needs, by the names that audit records have for service and operation; none if the
    /// operation is not one of this service.
    fn actions_of(&self, source: &str, operation: &str) -> Vec<&'static str>;

    /// The resource that `text` names in a Region: by an ARN, or as a principal of `account` would name it, or by an id
    /// that only one account has.
    async fn locate(&self, text: &str, account: Option<AccountId>, region: &Region) -> Result<Located, ApiError>;

    /// Whom the resource itself names: those that its policy is about.
    async fn named(&self, rehearsal: &Rehearsal) -> Result<Vec<Named>, ApiError>;

    /// What else the call would need that the question leaves out, in a sentence.
    fn remark(&self, rehearsal: &Rehearsal) -> Option<String>;

    /// The permissions that the call would need, in the order in which they would be asked for.
    async fn parts(&self, rehearsal: &Rehearsal) -> Result<Vec<Box<dyn Part>>, ApiError>;

    /// The permission that the call would need on the resource, a key of account `owner` by its ARN, for somebody who
    /// must not learn of it: nothing is looked up, so that it is the same whether or not there is such a key.
    fn unseen(&self, rehearsal: &Rehearsal, owner: AccountId) -> Result<Box<dyn Part>, ApiError>;
}

/// A resource that was found by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// How to name it, whoever asks: an ARN.
    pub arn: String,
    /// The Region that it is in.
    pub region: Region,
    /// The account that owns it.
    pub owner: AccountId,
}

/// One permission that a rehearsed call would need.
pub trait Part: Send + Sync {
    /// The action and what it is done to.
    fn target(&self) -> Target<'_>;

    /// The grant operation that could permit it.
    fn grant(&self) -> Option<&'static str>;

    /// What the rehearsed request, and the service for all requests, tell policies.
    fn condition<'a>(&'a self, call: &'a Call, key: &'a ConditionKey) -> Values<'a>;

    /// Whether a condition key of the service tells of the request rather than of the resource or the caller.
    fn is_of_request(&self, key: &ConditionKey) -> bool;
}

/// Who would call, for what.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    call: Call,
    caller: Caller,
    /// The action.
    pub action: String,
    /// What it is done to, in any form in which a request may name it; nothing if the action is on no resource.
    pub resource: Option<String>,
    /// The encryption context of the request.
    pub encryption_context: Option<BTreeMap<String, String>>,
    /// Further condition keys of the request, by their names in lower case; they go before everything else. One that
    /// the action does not have stays absent (AUTHZ-96).
    pub given: BTreeMap<String, Vec<String>>,
}

impl Rehearsal {
    /// A call of `action` in a Region at a time since 1970, made by `caller` from nowhere in particular.
    pub fn new(caller: Caller, region: Region, now: Duration, action: &str) -> Self {
        Self {
            call: Call {
                request_id: Uuid::nil(),
                actor: Actor::Principal(caller.clone()),
                region,
                now,
                source_ip: None,
                tls: None,
                through: None,
                user_agent: String::new(),
                has_service_headers: false,
                referer: None,
            },
            caller,
            action: action.to_owned(),
            resource: None,
            encryption_context: None,
            given: BTreeMap::new(),
        }
    }

    /// The same, made through a private endpoint.
    #[must_use]
    pub fn through(mut self, endpoint: Arc<VpcEndpoint>) -> Self {
        self.call.through = Some(endpoint);
        self
    }

    /// The call.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Who makes it.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Puts the question of one part together, as the pipeline does for a real call, and hands it to `ask`.
    pub fn evaluate<T>(&self, part: &dyn Part, ask: impl FnOnce(&Request<'_>, &Policies<'_>, &dyn Context) -> T) -> T {
        let target = Target {
            through: self.call.through.as_deref(),
            ..part.target()
        };
        let conditions = Imagined {
            rehearsal: self,
            part,
            target: &target,
            of_call: CallConditions::new(&self.call, &target),
        };
        evaluate(&self.caller, &target, &conditions, ask)
    }

    /// Whether another request of the same caller for the same resource could have another value of a condition key.
    pub fn is_of_request(part: &dyn Part, key: &ConditionKey) -> bool {
        const OF_CALLER_OR_RESOURCE: [&str; 5] = [
            "aws:principal",
            "aws:userid",
            "aws:username",
            "aws:resource",
            "aws:multifactorauth",
        ];
        let name = key.lower();
        if part.target().has(key) {
            part.is_of_request(key)
        } else {
            // A key of a service that the action does not have is absent from every request.
            name.starts_with("aws:") && !OF_CALLER_OR_RESOURCE.iter().any(|prefix| name.starts_with(prefix))
        }
    }
}

/// The conditions of a rehearsed call.
struct Imagined<'a> {
    rehearsal: &'a Rehearsal,
    part: &'a dyn Part,
    target: &'a Target<'a>,
    of_call: CallConditions<'a>,
}

impl Context for Imagined<'_> {
    fn lookup<'k>(&'k self, key: &'k ConditionKey) -> Values<'k> {
        let listed = self.target.has(key);
        if !listed && !key.lower().starts_with("aws:") {
            return Values::Absent;
        }
        if let Some(values) = self.rehearsal.given.get(key.lower()) {
            return Values::Strings(values);
        }
        if !listed {
            return self.of_call.values(key);
        }
        match self.part.condition(&self.rehearsal.call, key) {
            Values::Absent => {
                let attributes = self.target.resource.attributes();
                attributes.map_or(Values::Absent, |attributes| attributes.lookup(key))
            }
            found => found,
        }
    }
}
