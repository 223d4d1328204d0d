//! The operator's operations: looking after a deployment without belonging to any of its accounts. And those of the
//! operator's questions that accounts may ask about themselves.
//!
//! They go through the same pipeline as every other operation, with a catalogue of their own, and are reached over a
//! local socket alone. None of them uses, reads or grants a key; one gives a key that nobody can manage back to its account.

mod accounts;
mod answer;
mod candidates;
mod catalogue;
mod declaration;
mod operations;
mod past;
mod questions;
mod quota_names;
mod seal;
mod turned_away;
mod verification;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use trent_api::Protocol;
use trent_audit::Trail;
use trent_identity::Directory;
use trent_service::{ClockGuard, Inventory, MovableClock, Recover, RequestQuotas, Service, Tagged, Upkeep};
use trent_store::{Ledger, Mode, Sealed};

pub use accounts::Inquiries;
pub use questions::Questions;
pub use seal::{GenerationState, RootGeneration, Seal, SealState};
pub use verification::Verification;

/// What the operator's operations work on.
pub struct Operator {
    /// The store.
    pub store: Sealed,
    /// The accounts and what is in them.
    pub directory: Arc<Directory>,
    /// The audit trail.
    pub trail: Trail,
    /// The security log, if it is a file.
    pub security_log: Option<PathBuf>,
    /// What the store was made for.
    pub mode: Mode,
    /// The policy clock, where it can be moved: on a development server.
    pub clock: Option<Arc<MovableClock>>,
    /// Which keys were destroyed, where that is written down.
    pub ledger: Option<Arc<Ledger>>,
    /// Whether the clock is believed.
    pub guard: Arc<ClockGuard>,
    /// What is done by itself as time goes by.
    pub upkeep: Arc<dyn Upkeep>,
    /// What questions about permissions are answered from.
    pub questions: Questions,
    /// The keys, for giving one back to its account.
    pub keys: Arc<dyn Recover>,
    /// The keys, for what tags they have.
    pub tags: Arc<dyn Tagged>,
    /// What accounts may have, and how often they may ask.
    pub request_quotas: Arc<RequestQuotas>,
    /// The keys, for how many there are.
    pub inventory: Arc<dyn Inventory>,
    /// What leaves the house.
    pub deliveries: Vec<trent_delivery::Status>,
    /// The checks of the trail that were asked for.
    pub verification: Verification,
    /// What protects the keyring.
    pub seal: Arc<dyn Seal>,
    /// What never changes while the server runs.
    pub facts: Facts,
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The program's version.
    pub version: String,
    /// Where key material is used, and what locks it at rest: the boundary that is really in force.
    pub boundary: String,
    /// The Regions served.
    pub regions: Vec<String>,
    /// When the server began to serve, since the Unix epoch.
    pub started: Duration,
}

impl Service for Operator {
    type Rules = ();
    const PROTOCOL: Protocol = Protocol::Json {
        target_prefix: "TrentOperator",
        version: trent_api::JsonVersion::V1_1,
    };
    const EVENT_SOURCE: &'static str = "operator.trent";
}
