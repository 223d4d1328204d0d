//! What grants allow: a resource lends those that are the caller's, the policies' evaluator weighs them.
//!
//! Whoever resolves a resource loads its grants; here nothing is looked up. Only the owning service knows which grants
//! cover a request, so it answers that, and no more than that.

use std::sync::Arc;

use smallvec::SmallVec;
use trent_policy::{Action, Context, Grantee};

/// A grant that covers a request: its grantee is the caller, it lists the operation, its constraints are met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveringGrant {
    /// The grant's id.
    pub id: Arc<str>,
    /// How its grantee is the caller.
    pub grantee: Grantee,
}

/// Covering grants. One for each way of being the grantee is enough to decide.
pub type Covering = SmallVec<[CoveringGrant; 3]>;

/// The grants on a resource, as far as they are the caller's.
pub trait Grants: Send + Sync {
    /// Those that cover an action. Allocates nothing where there are none.
    fn covering(&self, action: &Action, conditions: &dyn Context) -> Covering;
}

/// No grant at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGrants;

impl Grants for NoGrants {
    fn covering(&self, _: &Action, _: &dyn Context) -> Covering {
        Covering::new()
    }
}
