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
    /// Whether the record has the form of a call, with a request id of its own.
    pub as_call: bool,
    /// What is told beside the key: the record's `serviceEventDetails`.
    pub details: Option<Fragment>,
    /// What is told beside that: the record's `additionalEventData`.
    pub additional: Option<Fragment>,
    /// The record's `responseElements`.
    pub response: Option<Fragment>,
}

impl ServiceEvent {
    fn render(&self) -> Rendered {
        Event {
            id: EventId::from_random_bytes(*Uuid::new_v4().as_bytes()),
            request_id: self.as_call.then(Uuid::new_v4),
            event_type: if self.as_call {
                EventType::ApiCall
            } else {
                EventType::ServiceEvent(self.details.as_ref())
            },
            time_millis: self.at,
            identity: &UserIdentity::internal(&self.account),
            source: "kms.amazonaws.com",
            name: self.name,
            region: &self.region,
            source_ip: None,
            calling_service: Some(INTERNAL),
            user_agent: INTERNAL,
            failure: None,
            request_parameters: None,
            response_elements: self.response.as_ref(),
            additional_event_data: self.additional.as_ref(),
            read_only: false,
            resources: &[Resource {
                account: &self.account,
                arn: &self.arn,
            }],
            vpc_endpoint: None,
            recipient: Some(&self.account),
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
