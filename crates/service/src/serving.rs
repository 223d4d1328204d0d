//! From a frame to its answer: whose call it is, which operation it names, and what the protocol makes of the outcome.

use std::sync::Arc;
use std::time::Instant;

use trent_api::{ApiError, Protocol};
use trent_identity::services;
use zeroize::Zeroizing;

use crate::admission::Admitted;
use crate::call::{Actor, Call, Frame, OverTls};
use crate::catalogue::{Catalogue, Entry, Ran};
use crate::meter::Outcome;
use crate::pipeline::Pipeline;
use crate::security_log::TurnedAway;
use crate::vpc_endpoint::VpcEndpoint;

/// The answer to a frame.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status that the protocol gives this answer.
    pub status: u16,
    /// The body; empty for operations that answer nothing. Wiped when it is dropped: it may hold a plaintext.
    pub body: Zeroizing<Vec<u8>>,
    /// The error's name, for logs and metrics.
    pub error: Option<&'static str>,
}

impl Pipeline {
    /// Takes a frame through its whole life.
    pub async fn serve<S: Catalogue>(&self, service: &S, frame: Frame<'_>) -> Reply {
        self.serve_through(service, frame, None).await
    }

    /// The same for a frame that came through a private endpoint.
    pub async fn serve_through<S: Catalogue>(
        &self,
        service: &S,
        frame: Frame<'_>,
        through: Option<&Arc<VpcEndpoint>>,
    ) -> Reply {
        match self.answer_measured(service, &frame, through).await {
            Ok(body) => Reply {
                status: 200,
                body,
                error: None,
            },
            Err(error) => {
                let error = S::PROTOCOL.spell(error);
                Reply {
                    status: error.status,
                    body: S::PROTOCOL.encode_error(&frame.request_id, &error).into(),
                    error: Some(error.code),
                }
            }
        }
    }

    /// Answers, and counts the call.
    async fn answer_measured<S: Catalogue>(
        &self,
        service: &S,
        frame: &Frame<'_>,
        through: Option<&Arc<VpcEndpoint>>,
    ) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let expected = service.expect(frame.document());
        let began = Instant::now();
        let place = S::catalogue()
            .iter()
            .position(|entry| entry.row.name == frame.operation);
        let entry = place.map(|place| &S::catalogue()[place]);
        let (outcome, ran) = match self.admit(frame, S::PROTOCOL, entry.is_none_or(Entry::is_signed)).await {
            Ok(mut call) => {
                call.through = through.cloned();
                if let Some(key) = expected {
                    service.approach(key);
                }
                let ran = self.answer(service, entry, frame, &call).await;
                (ran.answer.as_ref().err().map_or(Outcome::Success, Outcome::of), ran)
            }
            Err(error) => (Outcome::of_unadmitted(&error), Ran::refused(error)),
        };
        self.meter.called(place, outcome, ran.dry_run, began.elapsed());
        ran.answer
    }

    async fn answer<S: Catalogue>(&self, service: &S, entry: Option<&Entry<S>>, frame: &Frame<'_>, call: &Call) -> Ran {
        let run = S::PROTOCOL.check_target(frame.document()).and_then(|()| {
            let run = entry.and_then(|entry| entry.run);
            run.ok_or_else(|| S::PROTOCOL.unknown_operation(frame.operation))
        });
        match run {
            Ok(run) => run(self, service, call, frame.document()).await,
            Err(error) => {
                let told = TurnedAway::unreadable(call, frame.operation, error.code, "UnknownOperation");
                self.admission.turned_away(&told);
                Ran::refused(error)
            }
        }
    }

    /// Takes a frame as far as its authorization: whether the call would be let through, whatever comes after. Nothing is
    /// done and nothing recorded, so an operation need not be built.
    pub async fn would_allow<S: Catalogue>(&self, service: &S, frame: Frame<'_>) -> Result<(), ApiError> {
        let entry = S::catalogue().iter().find(|entry| entry.row.name == frame.operation);
        let entry = entry.ok_or_else(|| S::PROTOCOL.unknown_operation(frame.operation))?;
        let call = self.admit(&frame, S::PROTOCOL, entry.is_signed()).await?;
        (entry.ask)(self, service, &call, frame.document()).await
    }

    async fn admit(&self, frame: &Frame<'_>, protocol: Protocol, signed: bool) -> Result<Call, ApiError> {
        let admitted = match self.admission.region_of_unsigned() {
            Some(region) if !signed => Admitted {
                actor: Actor::Unsigned,
                region: region.clone(),
            },
            _ => self.admission.admit(frame, protocol).await?,
        };
        Ok(Call {
            request_id: frame.request_id,
            actor: admitted.actor,
            region: admitted.region,
            now: self.clock.now(),
            source_ip: frame.peer.address(),
            tls: OverTls::of(frame),
            through: None,
            user_agent: frame.user_agent.to_owned(),
            has_service_headers: services::headers::are_in(&frame.signed),
            referer: frame.signed.text_of("referer").map(str::to_owned),
        })
    }
}
