//! Rehearsals: what policies would say about actions, and which condition keys they ask for.
//!
//! They are decided by the one evaluator there is. As the service does, a rehearsal asks the policies of principals and
//! those that the request brings; the stored policy of a resource only counts if the request brings it.

mod context;
pub(crate) mod get_context_keys_for_custom_policy;
pub(crate) mod get_context_keys_for_principal_policy;
mod rehearsal;
pub(crate) mod simulate_custom_policy;
pub(crate) mod simulate_principal_policy;
mod source;
