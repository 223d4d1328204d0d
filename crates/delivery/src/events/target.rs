//! Targets: who gets events, one at a time.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use trent_audit::{Entry, for_account};
use uuid::Uuid;

use super::event::events_of;
use super::rules::Rules;
use crate::outlets::{Outlet, Taken, Undelivered};

/// About how long events are delivered at a time.
const TURN: Duration = Duration::from_millis(500);

/// Somebody who gets events.
#[async_trait]
pub trait Target: Send {
    /// Delivers one event, whose text is a line of JSON. Whoever gets it twice knows it by its id.
    async fn deliver(&mut self, id: Uuid, event: &[u8]) -> Result<(), Undelivered>;

    /// Makes sure that what was delivered will not be lost by us.
    async fn settle(&mut self) -> Result<(), Undelivered> {
        Ok(())
    }
}

/// A target behind its rules.
pub struct EventOutlet {
    rules: Rules,
    target: Box<dyn Target>,
}

impl EventOutlet {
    /// The target gets what the rules say.
    pub fn new(rules: Rules, target: Box<dyn Target>) -> Self {
        Self { rules, target }
    }

    async fn deliver(&mut self, record: &[u8]) -> Result<(), Undelivered> {
        // Whoever gets an account's events gets what the account may know.
        for event in events_of(&for_account(record)) {
            if self.rules.matches(&event) {
                self.target.deliver(event.id(), &event.to_json()).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Outlet for EventOutlet {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        let (mut count, mut failure) = (0, None);
        let began = Instant::now();
        for record in records {
            // What is done is written down now and then, however long the others take.
            if count > 0 && began.elapsed() >= TURN {
                break;
            }
            if let Err(error) = self.deliver(&record.json).await {
                failure = Some(error);
                break;
            }
            count += 1;
        }
        if let Err(error) = self.target.settle().await {
            return Taken {
                count: 0,
                failure: Some(error),
            };
        }
        Taken { count, failure }
    }
}
