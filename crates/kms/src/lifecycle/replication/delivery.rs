//! Delivery: the letters of every Region that is served here are carried to the others.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use trent_api::ApiError;
use trent_names::Region;
use trent_service::{ClockGuard, Initiator, internal};
use trent_store::Sealed;
use trent_store::mail::{Bell, Carrier, Letter, MailError, Reception, Undelivered, dispatch};

use super::receipt::Receipt;
use super::share;
use crate::Kms;
use crate::records::letters::{Note, Says};

/// How long a letter that could not be delivered waits before it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// How often a letter is applied anew because its key was changed meanwhile.
const ATTEMPTS: usize = 32;

/// Carries letters between the Regions of this node, and applies them there.
pub struct Courier {
    kms: Arc<Kms>,
    initiator: Initiator,
    guard: Arc<ClockGuard>,
}

impl Courier {
    /// The courier of a node.
    pub fn new(kms: Arc<Kms>, initiator: Initiator, guard: Arc<ClockGuard>) -> Self {
        Self { kms, initiator, guard }
    }

    async fn deliver(&self, letter: &Letter) -> Result<(), ApiError> {
        let space = self.kms.space(&letter.to)?;
        let body = self.filled_in(letter).await?;
        for _ in 0..ATTEMPTS {
            let mark = match space.store.receive(letter).await.map_err(internal)? {
                Reception::Next(mark) => mark,
                Reception::Known => return Ok(()),
                Reception::Refused => return Err(internal("a letter came before its time")),
            };
            let receipt = Receipt {
                kms: &self.kms,
                space,
                from: &letter.from,
                now: self.guard.now(),
            };
            let step = receipt.step(&body, &mark).await?;
            if self.initiator.commit(step.txn, &step.events).await.map_err(internal)? {
                return Ok(());
            }
        }
        Err(internal("a letter lost against changes too often"))
    }

    /// The letter as it travels: what is to be shared is put in, sealed to the receiver.
    async fn filled_in(&self, letter: &Letter) -> Result<Vec<u8>, ApiError> {
        let unreadable = |error| internal(format_args!("a letter of {} cannot be read: {error}", letter.from));
        let note: Note = minicbor::decode(&letter.body).map_err(unreadable)?;
        if note.says != Says::Share {
            return Ok(letter.body.clone());
        }
        let from = self.kms.space(&letter.from)?;
        let says = match from.latest_key(note.account, note.key).await? {
            Some(key) => share::filled_in(&self.kms, &letter.from, &letter.to, &key).await?,
            None => Says::Share,
        };
        Ok(Note::of(note.account, note.key, says))
    }
}

#[async_trait]
impl Carrier for Courier {
    async fn carry(&self, letter: Letter) -> Result<(), Undelivered> {
        let delivered = self.deliver(&letter).await;
        delivered.map_err(|error| Undelivered {
            to: letter.to,
            reason: error.to_string(),
        })
    }
}

/// Has the letters between the Regions that are served delivered, as soon as they are written. One per node.
pub struct Delivery {
    kms: Arc<Kms>,
    bell: Bell,
    carrier: Arc<dyn Carrier>,
    round: Mutex<()>,
}

impl Delivery {
    /// The delivery of a node, by this carrier.
    pub fn new(kms: Arc<Kms>, store: &Sealed, carrier: Arc<dyn Carrier>) -> Self {
        Self {
            kms,
            bell: Bell::new(store),
            carrier,
            round: Mutex::default(),
        }
    }

    /// Runs until it is dropped.
    pub async fn run(&self) {
        loop {
            if self.settle().await {
                self.bell.rung().await;
            } else {
                // Either what is written next is more urgent, or its time has come again.
                let _ = tokio::time::timeout(AGAIN, self.bell.rung()).await;
            }
        }
    }

    /// Delivers what waits, and what is written because of that; whether all of it was.
    pub async fn settle(&self) -> bool {
        let _round = self.round.lock().await;
        loop {
            let (mut delivered, mut failed) = (0, false);
            for from in self.kms.spaces() {
                for to in self.kms.spaces().filter(|to| to.region() != from.region()) {
                    match dispatch(&from.store, to.region(), &*self.carrier).await {
                        Ok(letters) => delivered += letters,
                        Err(error) => {
                            failed = true;
                            warn(from.region(), &error);
                        }
                    }
                }
            }
            if delivered == 0 || failed {
                return !failed;
            }
        }
    }
}

fn warn(from: &Region, error: &MailError) {
    tracing::warn!(%from, %error, "letters between Regions wait");
}
