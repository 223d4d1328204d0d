//! The life of a request, written once for every operation of every service.
//!
//! ```text
//! frame -> admit -> operation known -> decode -> resolve -> throttle -> authorize -> prepare -> [dry run] -> commit -> encode
//! ```
//!
//! How a frame becomes a call, and its outcome a reply, is in [`crate::serving`] and [`crate::catalogue`].
//!
//! Only this module commits. A change and its audit record are one transaction; a call that changes nothing is answered
//! once the trail has taken its record. So there is no effect without a record and no record without its effect.

use std::fmt::Display;
use std::sync::Arc;

use smallvec::SmallVec;
use trent_api::{ApiError, ErrorShape};
use trent_audit::{Drain, Promise, Trail, enqueue};
use trent_identity::organization::Placement;
use trent_names::AccountId;
use trent_policy::NoContext;
use trent_store::{CommitError, Sealed};

use crate::admission::Admission;
use crate::authorize::{Authorizer, Denial, not_registered};
use crate::call::{Actor, Call};
use crate::clock::Clock;
use crate::conditions::Conditions;
use crate::meter::Meter;
use crate::operation::{Changes, Effect, Facts, Groundwork, Guarded, Operation, Service};
use crate::record::{Audience, Record, Recorded, of_groundwork};
use crate::refused::Refused;
use crate::request_quotas::RequestQuotas;
use crate::target::Resource;

/// What a dry run that would have succeeded answers.
const DRY_RUN: ErrorShape = ErrorShape::modelled("DryRunOperationException", 412);

/// A fault of ours.
const INTERNAL: ErrorShape = ErrorShape::modelled("KMSInternalException", 500);

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
    /// How often accounts may call.
    pub request_quotas: Arc<RequestQuotas>,
}

impl Pipeline {
    /// Resolves, authorizes, prepares and commits; anew when another change to the same records came first.
    pub(crate) async fn perform<O: Operation>(
        &self,
        service: &O::Service,
        call: &Call,
        input: &O::Input,
    ) -> Result<Carried<O::Output>, Refused> {
        for attempt in 0..ATTEMPTS {
            let resolved = O::resolve(service, call, input).await;
            // However often it is prepared, it is one call.
            if attempt == 0
                && let Err(too_soon) = self.throttle::<O>(service, call, input, resolved.as_ref().ok())
            {
                let facts = O::describe(call, input, resolved.as_ref().ok());
                return Err(Refused::too_soon(too_soon, facts));
            }
            let resolved = resolved.map_err(|error| Refused {
                facts: O::describe(call, input, None),
                ..Refused::undescribed(error)
            })?;
            let facts = O::describe(call, input, Some(&resolved));
            let effect = match self.decide::<O>(service, call, input, &resolved, attempt).await {
                Ok(effect) => effect,
                Err(denial) => {
                    self.count(call, &denial);
                    return Err(Refused::denied(denial, facts));
                }
            };
            match self.commit::<O>(call, effect, &facts).await {
                Ok(Some((carried, record))) => {
                    service.carried_out(call, O::ROW.name, &facts.resources, &record);
                    return Ok(carried);
                }
                Ok(None) => {}
                Err(error) => return Err(Refused::resolved(error, facts)),
            }
        }
        Err(Refused::undescribed(internal("a change lost against others too often")))
    }

    /// Authorizes every target.
    pub(crate) async fn authorize<O: Guarded>(
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

    /// Authorizes, charges what others are charged for as well, then lets the operation prepare; a dry run ends here.
    async fn decide<O: Operation>(
        &self,
        service: &O::Service,
        call: &Call,
        input: &O::Input,
        resolved: &O::Resolved,
        attempt: usize,
    ) -> Result<Effect<O::Output>, Denial> {
        self.authorize::<O>(service, call, input, resolved).await?;
        if attempt == 0 {
            self.throttle_shared::<O>(call, resolved)
                .map_err(Denial::after_authorization)?;
        }
        let effect = O::prepare(service, call, input, resolved)
            .await
            .map_err(Denial::after_authorization)?;
        if O::is_dry_run(input) {
            let would_succeed = DRY_RUN.with("The request would have succeeded, but the DryRun option is set.");
            return Err(Denial::after_authorization(would_succeed));
        }
        Ok(effect)
    }

    /// Has the filters look at a call's records.
    pub(crate) fn count_records(&self, call: &Call, recorded: &Recorded, refused: bool) {
        for (account, record) in recorded.each(call.account()) {
            self.meter.recorded(record, account, refused);
        }
    }

    /// Makes the effect and its records durable together, or has the record of a call without one promised; the reply and
    /// the records. `None`: another change came first,
    /// nothing was written.
    async fn commit<O: Operation>(
        &self,
        call: &Call,
        effect: Effect<O::Output>,
        facts: &Facts,
    ) -> Result<Option<(Carried<O::Output>, Recorded)>, ApiError> {
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
                let promise = recorded.append(&self.trail).await.map_err(internal)?;
                self.count_records(call, &recorded, false);
                let carried = Carried {
                    output: effect.output,
                    record: Some(promise),
                };
                return Ok(Some((carried, recorded)));
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
                let carried = Carried {
                    output: effect.output,
                    record: None,
                };
                Ok(Some((carried, recorded)))
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
}

/// A call that was carried out.
pub(crate) struct Carried<T> {
    pub(crate) output: T,
    /// The reply is sent when this is kept; a change's record is in its transaction.
    pub(crate) record: Option<Promise>,
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

/// The error that a caller gets for a fault of ours: logged in full, told without detail.
pub fn internal(cause: impl Display) -> ApiError {
    tracing::error!(cause = %cause, "internal failure");
    INTERNAL.with("The request processing has failed because of an unknown error, exception or failure.")
}
