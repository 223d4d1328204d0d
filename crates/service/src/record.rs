//! The audit records of one call, put together from the call, the operation's row and what the operation says of itself:
//! one for the caller's account, and a copy for each other account whose keys it used.

use smallvec::SmallVec;
use trent_api::{ApiError, protocol};
use trent_audit::json::{Fragment, Object};
use trent_audit::{
    Event, EventId, EventType, Failure, Promise, Rendered, Resource, Trail, TrailError, UserIdentity, enqueue,
};
use trent_names::AccountId;
use trent_store::{Place, ScopedTxn};
use uuid::Uuid;

use crate::call::{Actor, Call, OverTls};
use crate::operation::{AuditedResource, Facts, Groundwork, Operation, Service};
use crate::request_span;
use crate::vpc_endpoint::VpcEndpoint;

/// What a refusal for lack of permission is called in records; replies have another name for it in some protocols.
const ACCESS_DENIED: &str = "AccessDenied";

/// The record of what a service made before a call's changes could be.
pub(crate) fn of_groundwork(groundwork: &Groundwork, call: &Call) -> Rendered {
    let identity = call.user_identity();
    Event {
        id: new_id(),
        request_id: Some(call.request_id),
        event_type: EventType::ApiCall,
        time_millis: call.now_millis(),
        // Whoever calls through a service says so already.
        identity: &match call.calling_service() {
            None => identity.forwarded(groundwork.service),
            Some(_) => identity,
        },
        source: groundwork.event_source,
        name: groundwork.operation,
        region: &call.region.partition().global_region(),
        source_ip: None,
        calling_service: Some(groundwork.service),
        user_agent: groundwork.service,
        failure: None,
        request_parameters: Some(&groundwork.request_parameters),
        response_elements: None,
        additional_event_data: None,
        read_only: false,
        resources: &[],
        vpc_endpoint: None,
        tls: None,
        recipient: call.account().as_ref(),
        shared: None,
        for_operator: None,
    }
    .render()
}

/// Who gets to know of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The caller's account, and every account that owns what the call was about.
    Owners,
    /// The caller's account alone, which was refused: what others own is nothing that it learns of.
    Caller,
    /// The operator alone: only the policy of a private endpoint refused it.
    Operator,
}

/// What a record tells beside the call itself.
pub(crate) struct Record<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) created: &'a [AuditedResource],
    pub(crate) response_elements: Option<&'a Fragment>,
    pub(crate) error: Option<&'a ApiError>,
    pub(crate) audience: Audience,
    /// How a refusal came about.
    pub(crate) decided: Option<Object>,
}

/// The records of a call, ready to be written.
#[derive(Debug)]
pub struct Recorded {
    own: Rendered,
    copies: Vec<(AccountId, Rendered)>,
}

impl Recorded {
    /// The id of the record that an account has of the call.
    pub fn id_for(&self, account: &AccountId) -> EventId {
        let copy = self.copies.iter().find(|(of, _)| of == account);
        copy.map_or(&self.own, |(_, copy)| copy).id()
    }

    /// Each record with the account that it is for; the caller's own first.
    pub(crate) fn each(&self, caller: Option<AccountId>) -> impl Iterator<Item = (Option<AccountId>, &Rendered)> {
        let copies = self.copies.iter().map(|(account, copy)| (Some(*account), copy));
        std::iter::once((caller, &self.own)).chain(copies)
    }

    /// Adds the records to the transaction that has the call's effect.
    pub(crate) fn enqueue<P: Place>(&self, txn: &mut ScopedTxn<P>, trail: &Trail) {
        enqueue(txn, &self.own, trail);
        for (_, copy) in &self.copies {
            enqueue(txn, copy, trail);
        }
    }

    /// Puts the records of a call that changes nothing straight into the trail; its reply waits for what was promised.
    pub(crate) async fn append(&self, trail: &Trail) -> Result<Promise, TrailError> {
        if self.copies.is_empty() {
            return trail.take(&self.own).await;
        }
        let copies = self.copies.iter().map(|(_, copy)| copy);
        let all: Vec<_> = std::iter::once(&self.own).chain(copies).cloned().collect();
        // Boxed, since it is rare and its state would be part of every request's.
        Box::pin(async move { trail.take_all(&all).await }).await
    }
}

impl Record<'_> {
    pub(crate) fn render<O: Operation>(mut self, call: &Call, trail: &Trail) -> Recorded {
        let identity = call.user_identity();
        let caller = call.account();
        let all = || self.facts.resources.iter().chain(self.created);
        let about = all().next().map(|resource| resource.arn.as_str());
        request_span::note_call(caller, &call.region, about);
        let shown = |resource: &&AuditedResource| {
            self.audience == Audience::Owners || caller.is_none_or(|caller| caller == resource.account)
        };
        let resources: SmallVec<[_; 2]> = all().filter(shown).map(named).collect();
        let is_hiding = all().any(|resource| !shown(&resource));
        if is_hiding {
            let decided = self.decided.get_or_insert_default();
            decided.strings("resources", all().map(|resource| resource.arn.as_str()));
        }
        let for_operator = self.decided.take().map(Object::finish);
        let recipient = match self.audience {
            Audience::Operator => None,
            // A service belongs to no account: the record is of whom its call is about.
            Audience::Owners | Audience::Caller => caller.or(resources.first().map(|first| *first.account)),
        };
        let others = match self.audience {
            Audience::Owners => others(recipient, &resources),
            Audience::Caller | Audience::Operator => SmallVec::new(),
        };
        let is_shared = !others.is_empty() || matches!(call.actor, Actor::Service(_));
        let event = Event {
            id: new_id(),
            request_id: Some(call.request_id),
            event_type: EventType::ApiCall,
            time_millis: call.now_millis(),
            identity: &identity,
            source: O::Service::EVENT_SOURCE,
            name: O::ROW.name,
            region: &call.region,
            source_ip: call.source_ip,
            calling_service: call.calling_service(),
            vpc_endpoint: call.through.as_deref().map(VpcEndpoint::id),
            // A service's connection tells nothing of whom it calls for.
            tls: call
                .tls
                .as_deref()
                .filter(|_| call.calling_service().is_none())
                .map(OverTls::details),
            user_agent: &call.user_agent,
            failure: self.error.map(failure),
            request_parameters: self.facts.request_parameters.as_ref(),
            response_elements: self.response_elements,
            additional_event_data: self
                .facts
                .additional_event_data
                .as_ref()
                .filter(|_| !(is_hiding && self.facts.tells_of_keys)),
            read_only: O::ROW.read_only,
            resources: &resources,
            recipient: recipient.as_ref(),
            shared: is_shared.then(new_id),
            for_operator: for_operator.as_ref(),
        };
        Recorded {
            own: trail.render(&event),
            copies: others
                .into_iter()
                .map(|owner| copy(&event, owner, call, trail))
                .collect(),
        }
    }
}

/// The copy of an account that owns what somebody else used. Through which endpoint is the caller's own affair.
fn copy(event: &Event<'_>, owner: AccountId, call: &Call, trail: &Trail) -> (AccountId, Rendered) {
    let stranger = match &call.actor {
        Actor::Principal(caller) => Some(UserIdentity::of_another_account(
            &caller.unique_id,
            &caller.account,
            call.calling_service(),
        )),
        Actor::Service(_) | Actor::Operator { .. } | Actor::Unsigned => None,
    };
    let copy = Event {
        id: new_id(),
        identity: stranger.as_ref().unwrap_or(event.identity),
        recipient: Some(&owner),
        vpc_endpoint: None,
        // So is the name that it was reached by.
        tls: event.tls.filter(|_| event.vpc_endpoint.is_none()),
        ..*event
    };
    (owner, trail.render(&copy))
}

/// The accounts, but for the first one, that own what a call was about, each once. What the operator does to accounts is
/// told to those that it is about by the operation itself.
fn others(first: Option<AccountId>, resources: &[Resource<'_>]) -> SmallVec<[AccountId; 1]> {
    let mut others = SmallVec::new();
    for owner in resources.iter().map(|resource| *resource.account) {
        if Some(owner) != first && !others.contains(&owner) {
            others.push(owner);
        }
    }
    others
}

fn named(resource: &AuditedResource) -> Resource<'_> {
    Resource {
        account: &resource.account,
        arn: &resource.arn,
    }
}

fn failure(error: &ApiError) -> Failure<'_> {
    Failure {
        code: if error.code == protocol::ACCESS_DENIED.code {
            ACCESS_DENIED
        } else {
            error.code
        },
        message: error.message.as_deref(),
    }
}

fn new_id() -> EventId {
    EventId::from_random_bytes(*Uuid::new_v4().as_bytes())
}
