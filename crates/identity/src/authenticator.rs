//! The one question that a listener asks of this crate: who sent this?

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::error::AuthenticationError;
use crate::sender::Sender;
use crate::sigv4::SignedRequest;

/// What time it is, since 1970-01-01T00:00:00Z, by the two clocks that a request is admitted by.
///
/// A signature's time is its client's, which knows of the machine's clock alone. A session is begun by the policy clock,
/// and so it ends by the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The machine's time: signatures.
    pub machine: Duration,
    /// The policy clock's time: the ends of sessions.
    pub policy: Duration,
}

impl Times {
    /// The same time by both.
    pub const fn both(now: Duration) -> Self {
        Self {
            machine: now,
            policy: now,
        }
    }
}

/// Establishes who sent a request. Which implementation a server uses is decided when it is built.
pub trait Authenticator: Send + Sync {
    /// Authenticates `request` at `now`.
    fn authenticate<'a>(&'a self, request: &'a SignedRequest<'a>, now: Times) -> Verdict<'a>;
}

/// What comes of a request: who sent it, or why nobody did.
pub type Outcome = Result<Sender, AuthenticationError>;

/// The future of an [`Outcome`]. On a busy server nearly all are known at once, and then nothing is allocated.
pub enum Verdict<'a> {
    /// Known already.
    Ready(Ready<Outcome>),
    /// The store or the keystore has to be asked.
    Pending(Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>),
}

impl<'a> Verdict<'a> {
    /// A verdict that is known already.
    pub fn known(outcome: Outcome) -> Self {
        Self::Ready(ready(outcome))
    }

    /// A verdict that takes asking.
    pub fn pending(outcome: impl Future<Output = Outcome> + Send + 'a) -> Self {
        Self::Pending(Box::pin(outcome))
    }
}

impl Future for Verdict<'_> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        match self.get_mut() {
            Self::Ready(outcome) => Pin::new(outcome).poll(context),
            Self::Pending(outcome) => outcome.as_mut().poll(context),
        }
    }
}
