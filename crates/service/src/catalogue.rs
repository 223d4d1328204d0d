//! The operations of a service, and how each is run, or only asked about, on the document that holds its input.

use futures_util::future::BoxFuture;
use trent_api::{ApiError, Target, protocol};
use zeroize::Zeroizing;

use crate::call::{Actor, Call};
use crate::operation::{Guarded, Operation, Service};
use crate::pipeline::{Pipeline, internal};
use crate::refused::Refused;
use crate::row::Row;

/// What who is no service is told of headers that only services send.
const SERVICES_ALONE: &str = "Headers that begin with x-trent- are accepted from registered services only";

/// A service with all of its operations.
pub trait Catalogue: Service {
    /// Every operation of the service, built or not.
    fn catalogue() -> &'static [Entry<Self>];
}

/// One operation in a catalogue: its row and, once it is built, how it is run.
pub struct Entry<S: Service> {
    /// What is fixed about the operation.
    pub row: &'static Row<S::Rules>,
    pub(crate) ask: Ask<S>,
    pub(crate) run: Option<Run<S>>,
    signed: bool,
}

/// Asks whether an admitted call would be let through, on the document that holds its input.
type Ask<S> = for<'a> fn(&'a Pipeline, &'a S, &'a Call, &'a [u8]) -> BoxFuture<'a, Result<(), ApiError>>;

/// Runs one operation for an admitted call on the document that holds its input; gives the body of the reply.
type Run<S> = for<'a> fn(&'a Pipeline, &'a S, &'a Call, &'a [u8]) -> BoxFuture<'a, Ran>;

/// What became of a call.
pub(crate) struct Ran {
    pub(crate) answer: Result<Zeroizing<Vec<u8>>, ApiError>,
    /// Whether it asked for a dry run.
    pub(crate) dry_run: bool,
}

impl<S: Service> Entry<S> {
    /// An operation that is built.
    pub const fn built<O: Operation<Service = S>>() -> Self {
        Self {
            run: Some(|pipeline, service, call, document| Box::pin(pipeline.run::<O>(service, call, document))),
            ..Self::unbuilt::<O>()
        }
    }

    /// An operation that is built and finds out by itself who calls: its requests are not signed, and what may have
    /// been signed of one is not looked at.
    pub const fn unsigned<O: Operation<Service = S>>() -> Self {
        Self {
            signed: false,
            ..Self::built::<O>()
        }
    }

    /// An operation that is known but not built; calls get `UnknownOperationException`.
    pub const fn unbuilt<O: Guarded<Service = S>>() -> Self {
        Self {
            row: O::ROW,
            ask: |pipeline, service, call, document| Box::pin(pipeline.ask::<O>(service, call, document)),
            run: None,
            signed: true,
        }
    }

    /// Whether only signed requests reach the operation.
    pub const fn is_signed(&self) -> bool {
        self.signed
    }

    /// Whether calls reach the operation's own code.
    pub const fn is_built(&self) -> bool {
        self.run.is_some()
    }
}

impl Pipeline {
    /// Decodes the request, performs the operation and encodes its reply; a refusal is recorded too.
    async fn run<O: Operation>(&self, service: &O::Service, call: &Call, document: &[u8]) -> Ran {
        let spoken = <O::Service as Service>::PROTOCOL;
        let input = spoken.decode::<O::Input>(document);
        let dry_run = input.as_ref().is_ok_and(O::is_dry_run);
        let answer = self.answer_decoded::<O>(service, call, input).await;
        Ran { answer, dry_run }
    }

    async fn answer_decoded<O: Operation>(
        &self,
        service: &O::Service,
        call: &Call,
        input: Result<O::Input, ApiError>,
    ) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let spoken = <O::Service as Service>::PROTOCOL;
        let mut refused = match input {
            // Whoever sent them may try to pass for a service: nothing is done, and a record tells of it.
            _ if call.has_service_headers && call.registration().is_none() => {
                Refused::undescribed(protocol::access_denied(SERVICES_ALONE))
            }
            Ok(input) => match self.perform::<O>(service, call, &input).await {
                Ok(carried) => {
                    let target = Target {
                        operation: O::ROW.name,
                        request_id: &call.request_id,
                    };
                    let reply = spoken.encode(target, &carried.output);
                    // Last of all: there is nothing left to be done when the disk has the record.
                    if let Some(record) = carried.record {
                        record.kept().await.map_err(internal)?;
                    }
                    return Ok(reply);
                }
                Err(refused) => refused,
            },
            Err(error) if error.code == protocol::SERIALIZATION.code => Refused::undescribed(error),
            Err(error) => Refused::undescribed(self.throttle_invalid::<O>(call).err().unwrap_or(error)),
        };
        let readable = refused.error.code != protocol::SERIALIZATION.code;
        // The record names it as the reply does.
        refused.error = spoken.spell(refused.error);
        if !readable {
            self.turned_away::<O>(call, &refused.error, "Malformed");
        } else if refused.resolved || !matches!(call.actor, Actor::Unsigned) {
            self.record_refusal::<O>(call, &mut refused).await?;
        } else {
            // Who signed nothing is known once resolving found out who it is. A refusal before that is one at the door,
            // and nobody can fill the trail with those.
            self.turned_away::<O>(call, &refused.error, "Unproved");
        }
        Err(refused.error)
    }

    /// Decodes, resolves and authorizes.
    async fn ask<O: Guarded>(&self, service: &O::Service, call: &Call, document: &[u8]) -> Result<(), ApiError> {
        let input = <O::Service as Service>::PROTOCOL.decode::<O::Input>(document)?;
        let resolved = O::resolve(service, call, &input).await?;
        let decided = self.authorize::<O>(service, call, &input, &resolved).await;
        decided.map_err(|denial| denial.error)
    }
}

impl Ran {
    pub(crate) fn refused(error: ApiError) -> Self {
        Self {
            answer: Err(error),
            dry_run: false,
        }
    }
}
