//! What every operation of every service shares: the pipeline that a request runs through, the shape of an operation,
//! and the row in which its fixed facts are written down once.
//!
//! Start with [`Pipeline::serve`]: it reads as the life of a request does. Nothing here knows HTTP, or what a policy says.

mod admission;
mod asking;
mod authorize;
mod call;
mod callers_side;
mod catalogue;
mod clock;
mod clock_guard;
mod conditions;
mod endpoint;
mod filters;
mod grants;
mod levels;
mod meter;
mod operation;
mod pipeline;
mod record;
mod recovery;
mod refused;
mod rehearsal;
pub mod request_span;
mod row;
mod security_log;
mod service_event;
mod serving;
mod tagged;
mod target;
mod upkeep;
mod vpc_endpoint;

pub use admission::{Admission, Admitted, OperatorAdmission, SignedAdmission};
pub use asking::Asking;
pub use authorize::{Authorizer, ByPolicy, Denial, evaluate};
pub use call::{Actor, Call, Frame, OverTls, Peer};
pub use catalogue::{Catalogue, Entry};
pub use clock::{Clock, FixedClock, MovableClock, SteadyClock, SystemClock};
pub use clock_guard::{ClockGuard, Elapsed, Held};
pub use conditions::Conditions;
pub use endpoint::{Endpoint, Served};
pub use filters::Filters;
pub use grants::{Covering, CoveringGrant, Grants, NoGrants};
pub use meter::{Counted, DenialKind, Meter, Outcome};
pub use operation::{AuditedResource, Changes, Effect, Facts, Groundwork, Guarded, Operation, Service};
pub use pipeline::{Pipeline, internal};
pub use record::Recorded;
pub use recovery::Recover;
pub use rehearsal::{Located, Part, Rehearsal, Rehearse};
pub use row::{Access, Row};
pub use security_log::{SecurityLog, TurnedAway};
pub use service_event::{Initiator, OnBehalf, ServiceEvent};
pub use serving::Reply;
pub use tagged::Tagged;
pub use target::{Named, Resource, Target};
pub use trent_audit::Negotiated;
pub use trent_policy::action;
pub use upkeep::Upkeep;
pub use vpc_endpoint::{VpcEndpoint, VpcEndpointError};
