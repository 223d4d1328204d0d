//! The life of a request, written once for every operation of every service.
//!
//! ```text
//! frame -> admit -> operation known -> decode -> resolve -> authorize -> prepare -> [dry run] -> commit -> encode
//! ```
//!
//! Only this module commits. A change and its audit record are one transaction; a call that changes nothing is answered
//! once the trail has taken its record. So there is no effect without a record and no record without its effect.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use smallvec::SmallVec;
use trent_api::{ApiError, ErrorShape, Protocol, Target, protocol};
use trent_audit::json::Object;
use trent_audit::{Drain, Trail, enqueue};
use trent_identity::organization::Placement;
use trent_identity::services;
use trent_names::AccountId;
use trent_policy::NoContext;
use trent_store::{CommitError, Sealed};
use zeroize::Zeroizing;

use crate::admission::{Admission, Admitted};
use crate::authorize::{Authorizer, Denial, not_registered};
use crate::call::{Actor, Call, Frame};
use crate::clock::Clock;
use crate::conditions::Conditions;
use crate::meter::{DenialKind, Meter, Outcome};
use crate::operation::{Changes, Effect, Facts, Groundwork, Guarded, Operation, Service};
use crate::record::{Audience, Record, Recorded, of_groundwork};
use crate::row::Row;
use crate::security_log::TurnedAway;
use crate::target::Resource;
use crate::vpc_endpoint::VpcEndpoint;

/// What a dry run that would have succeeded answers.
const DRY_RUN: ErrorShape = ErrorShape::modelled("DryRunOperationException", 412);

/// A fault of ours.
const INTERNAL: ErrorShape = ErrorShape::modelled("KMSInternalException", 500);

/// What who is no service is told of headers that only services send.
const SERVICES_ALONE: &str = "Headers that begin with x-trent- are accepted from registered services only";

/// How often a change is prepared anew because another one came first.
const ATTEMPTS: usize = 32;

/// Everything that the pipeline itself needs; the same for all services of a listener.
pub struct Pipeline {
    /// Who is at the door.
    pub admission: Box<dyn Admission>,
    /// Who may do what.
    pub authorizer: Box<dyn Authorizer>,
    /// Where changes go.
    pub store: Sealed,
    /// Where records go.
    pub trail: Trail,
    /// What moves the records of changes into the trail; told when there is one more.
    pub drain: Arc<Drain>,
    /// The policy clock.
    pub clock: Arc<dyn Clock>,
    /// Where calls are counted.
    pub meter: Arc<Meter>,
}

/// A service with all of its operations.
pub trait Catalogue: Service {
    /// Every operation of the service, built or not.
    fn catalogue() -> &'static [Entry<Self>];
}

/// One operation in a catalogue: its row and, once it is built, how it is run.
pub struct Entry<S: Service> {
    /// What is fixed about the operation.
    pub row: &'static Row<S::Rules>,
    ask: Ask<S>,
    run: Option<Run<S>>,
    signed: bool,
}

/// Asks whether an admitted call would be let through, on the document that holds its input.
type Ask<S> = for<'a> fn(&'a Pipeline, &'a S, &'a Call, &'a [u8]) -> BoxFuture<'a, Result<(), ApiError>>;

/// Runs one operation for an admitted call on the document that holds its input; gives the body of the reply.
type Run<S> = for<'a> fn(&'a Pipeline, &'a S, &'a Call, &'a [u8]) -> BoxFuture<'a, Ran>;

/// What became of a call.
struct Ran {
    answer: Result<Zeroizing<Vec<u8>>, ApiError>,
    /// Whether it asked for a dry run.
    dry_run: bool,
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
            through: None,
            user_agent: frame.user_agent.to_owned(),
            has_service_headers: services::headers::are_in(&frame.signed),
            referer: frame.signed.text_of("referer").map(str::to_owned),
        })
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
                Ok(output) => {
                    let target = Target {
                        operation: O::ROW.name,
                        request_id: &call.request_id,
                    };
                    return Ok(spoken.encode(target, &output));
                }
                Err(refused) => refused,
            },
            Err(error) => Refused::undescribed(error),
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

    /// Tells of a request that has no place in a trail.
    fn turned_away<O: Operation>(&self, call: &Call, error: &ApiError, reason: &'static str) {
        let told = TurnedAway::unreadable(call, O::ROW.name, error.code, reason);
        self.admission.turned_away(&told);
    }

    /// Resolves, authorizes, prepares and commits; anew when another change to the same records came first.
    async fn perform<O: Operation>(
        &self,
        service: &O::Service,
        call: &Call,
        input: &O::Input,
    ) -> Result<O::Output, Refused> {
        for _ in 0..ATTEMPTS {
            let resolved = O::resolve(service, call, input).await.map_err(|error| Refused {
                facts: O::describe(call, input, None),
                ..Refused::undescribed(error)
            })?;
            let facts = O::describe(call, input, Some(&resolved));
            let effect = match self.decide::<O>(service, call, input, &resolved).await {
                Ok(effect) => effect,
                Err(denial) => {
                    self.count(call, &denial);
                    return Err(Refused::denied(denial, facts));
                }
            };
            match self.commit::<O>(call, effect, &facts).await {
                Ok(Some((output, record))) => {
                    service.carried_out(call, O::ROW.name, &facts.resources, &record);
                    return Ok(output);
                }
                Ok(None) => {}
                Err(error) => return Err(Refused::resolved(error, facts)),
            }
        }
        Err(Refused::undescribed(internal("a change lost against others too often")))
    }

    /// Decodes, resolves and authorizes.
    async fn ask<O: Guarded>(&self, service: &O::Service, call: &Call, document: &[u8]) -> Result<(), ApiError> {
        let input = <O::Service as Service>::PROTOCOL.decode::<O::Input>(document)?;
        let resolved = O::resolve(service, call, &input).await?;
        let decided = self.authorize::<O>(service, call, &input, &resolved).await;
        decided.map_err(|denial| denial.error)
    }

    /// Authorizes every target.
    async fn authorize<O: Guarded>(
        &self,
        service: &O::Service,
        call: &Call,
        input: &O::Input,
        resolved: &O::Resolved,
    ) -> Result<(), Denial> {
        let mut places: SmallVec<[_; 2]> = SmallVec::new();
        for owner in owners::<O>(call, input, resolved) {
            places.push((owner, service.placement(owner).await?));
        }
        self.authorize_each::<O>(call, input, resolved, &places)
    }

    /// The same, with what was looked up for it: `places` are those of the accounts that own the targets.
    fn authorize_each<O: Guarded>(
        &self,
        call: &Call,
        input: &O::Input,
        resolved: &O::Resolved,
        places: &[(AccountId, Option<Arc<Placement>>)],
    ) -> Result<(), Denial> {
        let targets = O::targets(call, input, resolved);
        if let Some(service) = call.registration() {
            let mut actions = targets.iter().map(|target| target.action);
            if let Some(action) = actions.find(|action| !service.may(action.as_str())) {
                return Err(not_registered(service, action));
            }
        }
        if let (Actor::Principal(caller), true) = (&call.actor, targets.is_empty())
            && caller.region_not_enabled().is_some()
        {
            // What needs no permission needs an enabled account all the same.
            return self.authorizer.authorize(call, &O::ROW.on(Resource::Any), &NoContext);
        }
        for mut target in targets {
            let owner = target.resource.account();
            let place = places.iter().find(|(account, _)| Some(*account) == owner);
            target.owner = place.and_then(|(_, place)| place.as_deref());
            target.through = call.through.as_deref();
            let conditions = Conditions::<O>::new(call, input, resolved, &target);
            self.authorizer.authorize(call, &target, &conditions)?;
        }
        Ok(())
    }

    /// Authorizes, then lets the operation prepare; a dry run ends here.
    async fn decide<O: Operation>(
        &self,
        service: &O::Service,
        call: &Call,
        input: &O::Input,
        resolved: &O::Resolved,
    ) -> Result<Effect<O::Output>, Denial> {
        self.authorize::<O>(service, call, input, resolved).await?;
        let effect = O::prepare(service, call, input, resolved)
            .await
            .map_err(Denial::after_authorization)?;
        if O::is_dry_run(input) {
            let would_succeed = DRY_RUN.with("The request would have succeeded, but the DryRun option is set.");
            return Err(Denial::after_authorization(would_succeed));
        }
        Ok(effect)
    }

    /// Counts a refusal by policies.
    fn count(&self, call: &Call, denial: &Denial) {
        if let Some((code, action)) = &denial.reason {
            self.meter.denied(DenialKind {
                code,
                action: action.clone(),
                account: call.account(),
            });
        }
    }

    /// Has the filters look at a call's records.
    fn count_records(&self, call: &Call, recorded: &Recorded, refused: bool) {
        for (account, record) in recorded.each(call.account()) {
            self.meter.recorded(record, account, refused);
        }
    }

    /// Makes the effect and its records durable together; the reply and the records. `None`: another change came first,
    /// nothing was written.
    async fn commit<O: Operation>(
        &self,
        call: &Call,
        effect: Effect<O::Output>,
        facts: &Facts,
    ) -> Result<Option<(O::Output, Recorded)>, ApiError> {
        let record = Record {
            facts,
            created: &effect.created,
            response_elements: effect.response_elements.as_ref(),
            error: None,
            audience: Audience::Owners,
            decided: None,
        };
        let recorded = record.render::<O>(call, &self.trail);
        // A change's record could wait in the store, but a trail that takes no record is a blind window: fail closed.
        self.trail.ready().map_err(internal)?;
        if let Some(groundwork) = effect.groundwork
            && !self.lay(call, groundwork).await?
        {
            return Ok(None);
        }
        let committed = match effect.changes {
            Changes::None => {
                recorded.append(&self.trail).await.map_err(internal)?;
                self.count_records(call, &recorded, false);
                return Ok(Some((effect.output, recorded)));
            }
            Changes::Region(mut txn) => {
                recorded.enqueue(&mut txn, &self.trail);
                self.store.region(txn.region()).commit(txn).await
            }
            Changes::Global(mut txn) => {
                recorded.enqueue(&mut txn, &self.trail);
                self.store.global().commit(txn).await
            }
        };
        match committed {
            Ok(_) => {
                self.drain.nudge();
                self.count_records(call, &recorded, false);
                if let Some(seen) = effect.seen {
                    seen.await;
                }
                Ok(Some((effect.output, recorded)))
            }
            Err(CommitError::Conflict(_)) => Ok(None),
            Err(error) => Err(internal(error)),
        }
    }

    /// Makes what must be there before a call's changes durable, together with its record. False: another change came first.
    async fn lay(&self, call: &Call, groundwork: Groundwork) -> Result<bool, ApiError> {
        let record = of_groundwork(&groundwork, call);
        let mut txn = groundwork.changes;
        enqueue(&mut txn, &record, &self.trail);
        match self.store.global().commit(txn).await {
            Ok(_) => {
                self.drain.nudge();
                Ok(true)
            }
            Err(CommitError::Conflict(_)) => Ok(false),
            Err(error) => Err(internal(error)),
        }
    }

    async fn record_refusal<O: Operation>(&self, call: &Call, refused: &mut Refused) -> Result<(), ApiError> {
        let record = Record {
            facts: &refused.facts,
            created: &[],
            response_elements: None,
            error: Some(&refused.error),
            audience: refused.audience,
            decided: refused.decided.take(),
        };
        let recorded = record.render::<O>(call, &self.trail);
        recorded.append(&self.trail).await.map_err(internal)?;
        self.count_records(call, &recorded, true);
        Ok(())
    }
}

/// The accounts that own what a call touches, each once.
fn owners<O: Guarded>(call: &Call, input: &O::Input, resolved: &O::Resolved) -> SmallVec<[AccountId; 2]> {
    let mut owners = SmallVec::new();
    for owner in O::targets(call, input, resolved)
        .iter()
        .filter_map(|target| target.resource.account())
    {
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    owners
}

impl Ran {
    fn refused(error: ApiError) -> Self {
        Self {
            answer: Err(error),
            dry_run: false,
        }
    }
}

/// A call that was not carried out, with what its record says.
struct Refused {
    error: ApiError,
    facts: Facts,
    /// Whether it came as far as to know what, and of an unsigned request who, it is about.
    resolved: bool,
    audience: Audience,
    decided: Option<Object>,
}

impl Refused {
    fn denied(denial: Denial, facts: Facts) -> Self {
        Self {
            audience: denial.audience(),
            decided: denial.decided,
            ..Self::resolved(denial.error, facts)
        }
    }

    fn undescribed(error: ApiError) -> Self {
        Self {
            resolved: false,
            ..Self::resolved(error, Facts::default())
        }
    }

    fn resolved(error: ApiError, facts: Facts) -> Self {
        Self {
            error,
            facts,
            resolved: true,
            audience: Audience::Owners,
            decided: None,
        }
    }
}

/// The error that a caller gets for a fault of ours: logged in full, told without detail.
pub fn internal(cause: impl Display) -> ApiError {
    tracing::error!(cause = %cause, "internal failure");
    INTERNAL.with("The request processing has failed because of an unknown error, exception or failure.")
}
