//! The audit records of what the operator does without going through a listener.

use trent_audit::json::{Fragment, Object};
use trent_audit::{Event, EventId, EventType, Rendered, UserIdentity};
use trent_names::{AccountId, Region};
use trent_service::{Clock, SystemClock};
use uuid::Uuid;

/// Something that the operator did to an account.
pub(crate) struct Deed<'a> {
    name: &'a str,
    account: Option<AccountId>,
    changes: Option<Fragment>,
}

impl<'a> Deed<'a> {
    /// A deed of this name, done by the user that runs this process.
    pub(crate) fn of_the_operator(name: &'a str) -> Self {
        Self {
            name,
            account: None,
            changes: None,
        }
    }

    /// The account that it was done to.
    pub(crate) fn on(self, account: AccountId) -> Self {
        Self {
            account: Some(account),
            ..self
        }
    }

    /// What was changed, line by line.
    pub(crate) fn with_changes(self, changes: &[String]) -> Self {
        let mut elements = Object::new();
        elements.strings("changes", changes.iter().map(String::as_str));
        Self {
            changes: Some(elements.finish()),
            ..self
        }
    }

    /// The record of it, now.
    pub(crate) fn render(&self, region: &Region) -> Rendered {
        let uid = rustix::process::geteuid().as_raw();
        Event {
            id: EventId::from_random_bytes(*Uuid::new_v4().as_bytes()),
            request_id: Some(Uuid::new_v4()),
            event_type: EventType::ApiCall,
            time_millis: i64::try_from(SystemClock.now().as_millis()).unwrap_or(i64::MAX),
            identity: &UserIdentity::operator(&format!("uid:{uid}")),
            source: "operator.trent",
            name: self.name,
            region,
            source_ip: None,
            calling_service: None,
            vpc_endpoint: None,
            tls: None,
            user_agent: concat!("trent/", env!("CARGO_PKG_VERSION")),
            failure: None,
            request_parameters: None,
            response_elements: self.changes.as_ref(),
            additional_event_data: None,
            read_only: false,
            resources: &[],
            recipient: self.account.as_ref(),
            shared: None,
            for_operator: None,
        }
        .render()
    }
}
