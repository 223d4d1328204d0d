//! What an operation is: a row, and the questions that the pipeline asks it in order.
//!
//! The first of them lead up to its authorization, and an operation that is not built answers those already: [`Guarded`].

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use smallvec::smallvec;
use trent_api::{ApiError, Input, Output, Protocol};
use trent_audit::json::Fragment;
use trent_identity::organization::Placement;
use trent_names::{AccountId, KeyId};
use trent_policy::{ConditionKey, Values};
use trent_quotas::{Charges, Quota};
use trent_store::{GlobalTxn, RegionTxn};

use crate::call::Call;
use crate::record::Recorded;
use crate::row::Row;
use crate::target::Target;

/// A family of operations that are spoken to in one way, with the state that they share.
pub trait Service: Sized + Send + Sync + 'static {
    /// What a row of this service says beyond the common part.
    type Rules: Sync + 'static;
    /// How it is spoken to.
    const PROTOCOL: Protocol;
    /// The audit record's `eventSource`.
    const EVENT_SOURCE: &'static str;

    /// Whether calls of its operations are charged to request quotas.
    const HAS_REQUEST_QUOTAS: bool = false;

    /// The values of a condition key that all operations which list it have in common: of the caller, not of a request
    /// or a resource.
    fn condition<'a>(_call: &'a Call, _key: &ConditionKey) -> Values<'a> {
        Values::Absent
    }

    /// Told of a request before anything is known of it, so that the memory it will need is on its way meanwhile. Gives the
    /// key that it seems to be about. The document is anybody's: nothing may be decided by it.
    fn expect(&self, _document: &[u8]) -> Option<KeyId> {
        None
    }

    /// Told of that key once who sends the request is known, when it is about to be looked for.
    fn approach(&self, _key: KeyId) {}

    /// Told of a call that was carried out and recorded: its operation, what it was about and its records. The caller
    /// waits meanwhile.
    fn carried_out(&self, _call: &Call, _operation: &'static str, _about: &[AuditedResource], _recorded: &Recorded) {}

    /// Where the account that owns a resource stands in its organization, whose resource control policies limit what is
    /// done to the resource. Resources of a service that does not answer are not limited by any.
    fn placement(&self, _owner: AccountId) -> impl Future<Output = Result<Option<Arc<Placement>>, ApiError>> + Send {
        async { Ok(None) }
    }
}

/// One operation as far as policies are concerned, built or not: what it must be allowed, and what a request tells about
/// itself. Every [`Operation`] is one; what is not built yet says this much of itself and no more.
pub trait Guarded: Send + Sync + 'static {
    /// The service that it belongs to.
    type Service: Service;
    /// Its request.
    type Input: Input + Sync;
    /// What the request's identifiers stand for.
    type Resolved: Send + Sync;

    /// Everything fixed about it.
    const ROW: &'static Row<<Self::Service as Service>::Rules>;

    /// Finds what the request's identifiers name, as [`Operation::resolve`] does.
    fn resolve(
        service: &Self::Service,
        call: &Call,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Resolved, ApiError>> + Send;

    /// What must be allowed, as [`Operation::targets`] names it.
    fn targets<'a>(call: &'a Call, input: &'a Self::Input, resolved: &'a Self::Resolved) -> Vec<Target<'a>>;

    /// What the request tells policies, as [`Operation::condition`] does.
    fn condition<'a>(
        _input: &'a Self::Input,
        _resolved: &'a Self::Resolved,
        _target: &Target<'_>,
        _key: &'a ConditionKey,
    ) -> Values<'a> {
        Values::Absent
    }
}

impl<O: Operation> Guarded for O {
    type Service = <O as Operation>::Service;
    type Input = <O as Operation>::Input;
    type Resolved = <O as Operation>::Resolved;

    const ROW: &'static Row<<Self::Service as Service>::Rules> = <O as Operation>::ROW;

    fn resolve(
        service: &Self::Service,
        call: &Call,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Resolved, ApiError>> + Send {
        <O as Operation>::resolve(service, call, input)
    }

    fn targets<'a>(call: &'a Call, input: &'a Self::Input, resolved: &'a Self::Resolved) -> Vec<Target<'a>> {
        <O as Operation>::targets(call, input, resolved)
    }

    fn condition<'a>(
        input: &'a Self::Input,
        resolved: &'a Self::Resolved,
        target: &Target<'_>,
        key: &'a ConditionKey,
    ) -> Values<'a> {
        <O as Operation>::condition(input, resolved, target, key)
    }
}

/// One operation. It decides nothing about who may call it and it changes nothing: it names what must be allowed and
/// returns the effect that the pipeline then commits.
pub trait Operation: Send + Sync + 'static {
    /// The service that it belongs to.
    type Service: Service;
    /// Its request.
    type Input: Input + Sync;
    /// Its reply.
    type Output: Output;
    /// What the request's identifiers stand for.
    type Resolved: Send + Sync;

    /// Everything fixed about it.
    const ROW: &'static Row<<Self::Service as Service>::Rules>;

    /// Finds what the request's identifiers name. Only errors about identifiers come from here: nothing about state or
    /// type, which an unauthorized caller must not learn.
    fn resolve(
        service: &Self::Service,
        call: &Call,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Resolved, ApiError>> + Send;

    /// Every (action, resource) that must be allowed, in the order in which a refusal is reported.
    fn targets<'a>(call: &'a Call, input: &'a Self::Input, resolved: &'a Self::Resolved) -> Vec<Target<'a>>;

    /// The values that the request gives a condition key of the service, for one of its targets: lent, not built, and
    /// asked for only if the target lists the key and a policy names it.
    fn condition<'a>(
        _input: &'a Self::Input,
        _resolved: &'a Self::Resolved,
        _target: &Target<'_>,
        _key: &'a ConditionKey,
    ) -> Values<'a> {
        Values::Absent
    }

    /// Every further check and all cryptography. Reads whatever it needs and changes nothing.
    fn prepare(
        service: &Self::Service,
        call: &Call,
        input: &Self::Input,
        resolved: &Self::Resolved,
    ) -> impl Future<Output = Result<Effect<Self::Output>, ApiError>> + Send;

    /// The request as its audit record shows it, secrets left out.
    fn describe(call: &Call, input: &Self::Input, resolved: Option<&Self::Resolved>) -> Facts;

    /// The request quotas that a request counts towards, as far as is known what it is about, in Regions that are served.
    fn charges(
        _service: &Self::Service,
        _call: &Call,
        _input: &Self::Input,
        _resolved: Option<&Self::Resolved>,
    ) -> Charges {
        smallvec![Quota::of_group(Self::ROW.quota).into()]
    }

    /// The key whose state the request changes, with its owner. Such changes of one key are limited, whoever asks for them.
    fn changes_state_of(_resolved: &Self::Resolved) -> Option<(AccountId, KeyId)> {
        None
    }

    /// Whether the request asks for a dry run.
    fn is_dry_run(_input: &Self::Input) -> bool {
        false
    }
}

/// What a call would do, in full, before any of it is done.
pub struct Effect<O> {
    /// What must be there before the changes.
    pub groundwork: Option<Groundwork>,
    /// The changes, all or nothing.
    pub changes: Changes,
    /// The reply, sent once the changes and the record are durable.
    pub output: O,
    /// The reply's members that the audit record shows.
    pub response_elements: Option<Fragment>,
    /// Resources that came into being with the call, and so were not known when it was described.
    pub created: Vec<AuditedResource>,
    /// What the reply waits for once the changes are durable: that they can be seen elsewhere. It must end by itself.
    pub seen: Option<BoxFuture<'static, ()>>,
}

impl<O> Effect<O> {
    /// An effect that changes nothing: reads and cryptographic operations.
    pub fn reply(output: O) -> Self {
        Self {
            groundwork: None,
            changes: Changes::None,
            output,
            response_elements: None,
            created: Vec::new(),
            seen: None,
        }
    }

    /// An effect on one Region.
    pub fn change(changes: RegionTxn, output: O) -> Self {
        Self {
            changes: Changes::Region(changes),
            ..Self::reply(output)
        }
    }
}

/// What a service makes of what all Regions share before a call changes one of them: in a transaction of its own, so it must
/// be right without the call's changes too, and a call that is made again must find it there.
pub struct Groundwork {
    /// The writes.
    pub changes: GlobalTxn,
    /// The service that makes them, in the name of whoever calls.
    pub service: &'static str,
    /// The event source of the service whose operation it is.
    pub event_source: &'static str,
    /// That operation.
    pub operation: &'static str,
    /// Its request as the record shows it.
    pub request_parameters: Fragment,
}

/// The writes of a call. One Region or the global part, never both: the types do not allow it.
pub enum Changes {
    /// Nothing is written but the record.
    None,
    /// Writes to one Region.
    Region(RegionTxn),
    /// Writes to what all Regions share.
    Global(GlobalTxn),
}

/// What the audit record says of a request.
#[derive(Debug, Default)]
pub struct Facts {
    /// The request's members, secrets left out.
    pub request_parameters: Option<Fragment>,
    /// Facts beside the request.
    pub additional_event_data: Option<Fragment>,
    /// Whether those are about the keys and not about the request: who may not know of the keys is not told them.
    pub tells_of_keys: bool,
    /// The keys that the call is about.
    pub resources: Vec<AuditedResource>,
}

/// A key in an audit record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedResource {
    /// The account that owns it.
    pub account: AccountId,
    /// Its ARN.
    pub arn: String,
}
