//! A webhook: each event is the body of a POST, signed as the Standard Webhooks specification has it, so that receivers
//! need not write the check themselves.
//!
//! Only the listed address is ever connected to: its name is resolved once, and what it resolved to then is what it means
//! until a restart, and no redirect is followed. So whoever can change what a name resolves to, or what the receiver
//! answers, cannot have this server send requests into its own network.

mod secret;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Uri};
use rustls::ClientConfig;
use uuid::Uuid;

pub use self::secret::{WebhookSecret, WebhookSecretError};
use super::Undelivered;
use crate::events::Target;
use crate::http::{Host, NoHost, Resolving};

/// The longest wait for a whole answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A receiver of events.
pub struct Webhook {
    host: Host,
    secret: WebhookSecret,
    patience: Duration,
}

impl Webhook {
    /// The receiver at an `http` or `https` address; `tls` says whom to believe that they are there.
    pub fn new(url: Uri, tls: Option<Arc<ClientConfig>>, secret: WebhookSecret) -> Result<Self, NoHost> {
        Ok(Self {
            host: Host::new(url, tls, Resolving::Once)?,
            secret,
            patience: PATIENCE,
        })
    }

    fn request(&self, id: Uuid, event: &[u8]) -> hyper::http::Result<Request<Full<Bytes>>> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let id = id.to_string();
        Request::post(self.host.url())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", self.secret.sign(&id, now, event))
            .body(Full::new(Bytes::copy_from_slice(event)))
    }
}

#[async_trait]
impl Target for Webhook {
    async fn deliver(&mut self, id: Uuid, event: &[u8]) -> Result<(), Undelivered> {
        let request = self
            .request(id, event)
            .map_err(|error| Undelivered(error.to_string()))?;
        let reason = match self.host.send_within(self.patience, request).await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => format!("it answers {}", answer.status()),
            Err(unanswered) => unanswered.to_string(),
        };
        Err(Undelivered(format!("{}: {reason}", self.host.name())))
    }
}

#[cfg(test)]
mod tests;
