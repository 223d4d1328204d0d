//! Sessions: temporary credentials of a role, a federated user, or a principal itself.
//!
//! Nothing of a session is stored. Its token carries all of it, sealed by the keystore, and is believed only together
//! with what the directory says at that moment: the account works, the principal and whoever issued the session still
//! exist by their unique ids, and neither has ended the sessions of that time.

mod issue;
mod resolve;
mod token;

use std::time::Duration;

use minicbor::{Decode, Encode};
use trent_names::PrincipalArn;

use crate::directory::Party;
use crate::directory::principals::Tag;

pub use issue::{
    IssuedSession, LONGEST_CHAINED, LONGEST_OF_ROOT, LONGEST_OF_USER, NewSession, PACKED_SIZE, POLICY_ARNS,
    POLICY_SIZE, SHORTEST, SessionError,
};
pub use token::{Claim, MAX_TOKEN, is_content};
pub(crate) use token::{Content, digest};

/// What a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SessionKind {
    /// A role, assumed.
    #[n(0)]
    Role,
    /// A federated user, who has what the user that vouched for it has, within the session's policies.
    #[n(1)]
    Federated,
    /// A user or the root user itself, for a while.
    #[n(2)]
    Own,
}

/// What is known of a session once its token was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What it is.
    pub kind: SessionKind,
    /// When it was issued, since 1970.
    pub issued_at: Duration,
    /// When it ends, since 1970.
    pub expires_at: Duration,
    /// Whose permissions it has: the role, or the user or root user.
    pub principal: Party,
    /// Who issued it: who assumed the role, the OIDC provider that vouched for its holder, or the principal itself.
    pub issuer: Party,
    /// The ARN of the role or user whose permissions it has; what `aws:PrincipalArn` is for a role's session.
    pub principal_arn: PrincipalArn,
    /// The name of the role's session or of the federated user.
    pub name: Option<String>,
    /// The source identity.
    pub source_identity: Option<String>,
    /// The tags that were passed with it, inherited ones included.
    pub tags: Vec<Tag>,
    /// The keys of those tags that sessions begun from this one inherit.
    pub transitive_tag_keys: Vec<String>,
    /// The ARN of the OIDC provider that vouched for its holder.
    pub federated_provider: Option<String>,
    /// What that provider said of its holder.
    pub claims: Vec<Claim>,
}
