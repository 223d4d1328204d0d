//! What the service does by itself, when its time has come: changes without a caller, with their records.
//!
//! Beside the pipeline this is the only place that commits changes to keys, and it keeps the same promise: a change and its
//! record are one transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use trent_audit::json::Fragment;
use trent_audit::{Drain, Event, EventId, EventType, INTERNAL, Rendered, Resource, Trail, UserIdentity, enqueue};
use trent_names::{AccountId, Region};
use trent_store::{CommitError, RegionTxn, Sealed};
use uuid::Uuid;

use crate::call::Call;

/// The service that does it.
const SOURCE: &str = "kms.amazonaws.com";

/// What the service did to a key by itself, as its record tells it.
#[derive(Debug)]
pub struct ServiceEvent {
    /// The event, such as `DeleteKey`.
    pub name: &'static str,
    /// The key's Region.
    pub region: Region,
    /// The account that owns the key.
    pub account: AccountId,
    /// The key's ARN.
    pub arn: String,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// Whether the record has the form of a call, with a request id.
    pub as_call: bool,
    /// Who asked for it, if it is a part of what somebody called for.
    pub on_behalf: Option<OnBehalf>,
    /// What is told beside the key: the record's `serviceEventDetails`.
    pub details: Option<Fragment>,
    /// What is told beside that: the record's `additionalEventData`.
    pub additional: Option<Fragment>,
    /// The record's `responseElements`.
    pub response: Option<Fragment>,
}

/// A call a part of which is done elsewhere, as the record of that part tells of it.
#[derive(Debug)]
pub struct OnBehalf {
    /// Who called, the service named that does it for them.
    pub identity: UserIdentity,
    /// The call's request id.
    pub request_id: Uuid,
    /// The record's `requestParameters`.
    pub parameters: Option<Fragment>,
}

impl OnBehalf {
    /// Whoever makes a call, and the part of it that this service does for them.
    pub fn of(call: &Call, parameters: Option<Fragment>) -> Self {
        let identity = call.user_identity();
        Self {
            // Whoever calls through a service says so already.
            identity: match call.calling_service() {
                None => identity.forwarded(SOURCE),
                Some(_) => identity,
            },
            request_id: call.request_id,
            parameters,
        }
    }
}

impl ServiceEvent {
    fn render(&self) -> Rendered {
        let internal = UserIdentity::internal(&self.account);
        let (identity, by) = match &self.on_behalf {
            Some(caller) => (&caller.identity, SOURCE),
            None => (&internal, INTERNAL),
        };
        let on_behalf = self.on_behalf.as_ref();
        Event {
            id: EventId::from_random_bytes(*Uuid::new_v4().as_bytes()),
            request_id: self
                .as_call
                .then(|| on_behalf.map_or_else(Uuid::new_v4, |caller| caller.request_id)),
            event_type: if self.as_call {
                EventType::ApiCall
            } else {
                EventType::ServiceEvent(self.details.as_ref())
            },
            time_millis: self.at,
            identity,
            source: SOURCE,
            name: self.name,
            region: &self.region,
            source_ip: None,
            calling_service: Some(by),
            user_agent: by,
            failure: None,
            request_parameters: on_behalf.and_then(|caller| caller.parameters.as_ref()),
            response_elements: self.response.as_ref(),
            additional_event_data: self.additional.as_ref(),
            read_only: false,
            resources: &[Resource {
                account: &self.account,
                arn: &self.arn,
            }],
            vpc_endpoint: None,
            tls: None,
            recipient: Some(&self.account),
            shared: None,
            for_operator: None,
        }
        .render()
    }
}

/// Commits what the service does by itself.
#[derive(Clone)]
pub struct Initiator {
    store: Sealed,
    trail: Trail,
    drain: Arc<Drain>,
    done: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Initiator {
    /// What it does goes to this store, its records to this trail.
    pub fn new(store: Sealed, trail: Trail, drain: Arc<Drain>) -> Self {
        Self {
            store,
            trail,
            drain,
            done: Arc::default(),
        }
    }

    /// How often each event has come to pass by itself, by its name.
    pub fn done(&self) -> BTreeMap<&'static str, u64> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a change and its records durable together. False: another change came first and nothing was written.
    pub async fn commit(&self, mut txn: RegionTxn, events: &[ServiceEvent]) -> Result<bool, CommitError> {
        for event in events {
            enqueue(&mut txn, &event.render(), &self.trail);
        }
        match self.store.region(txn.region()).commit(txn).await {
            Ok(_) => {
                self.drain.nudge();
                let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
                for event in events {
                    *done.entry(event.name).or_default() += 1;
                }
                Ok(true)
            }
            Err(CommitError::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
