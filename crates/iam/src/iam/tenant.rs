//! The account that a request acts in, as its caller reaches it: always the caller's own.

use trent_api::{ApiError, ErrorShape, protocol};
use trent_identity::directory::AccountRecord;
use trent_identity::directory::principals::Named;
use trent_identity::session::SessionKind;
use trent_identity::{Caller, Directory, Edit, EntityError, UniqueId};
use trent_names::{AccountId, Partition};
use trent_service::{Actor, Call};

use super::Iam;
use super::refusals::{refused, refused_account};

/// The refusal of temporary credentials that IAM does not take.
const NOT_FOR_IAM: ErrorShape = ErrorShape::modelled("InvalidClientTokenId", 403);
const NOT_FOR_IAM_MESSAGE: &str = "The security token included in the request is invalid.";

fn may_call(caller: &Caller) -> bool {
    let session = caller.session.as_ref();
    session.is_none_or(|session| session.kind == SessionKind::Role)
}

/// The account of a caller.
pub(crate) struct Tenant<'a> {
    /// Where everything is kept.
    pub(crate) directory: &'a Directory,
    /// Who calls.
    pub(crate) caller: &'a Caller,
    call: &'a Call,
}

impl<'a> Tenant<'a> {
    /// The account of whoever makes the call; the operator has none. Temporary credentials reach IAM only as a role's:
    /// those of a user itself would need a second factor, those of a federated user never do (IAM User Guide, "Comparing
    /// the AWS STS API operations").
    pub(crate) fn of(iam: &'a Iam, call: &'a Call) -> Result<Self, ApiError> {
        match &call.actor {
            Actor::Principal(caller) if !may_call(caller) => Err(NOT_FOR_IAM.with(NOT_FOR_IAM_MESSAGE)),
            Actor::Principal(caller) => Ok(Self {
                directory: iam.directory(),
                caller,
                call,
            }),
            Actor::Service(_) | Actor::Operator { .. } | Actor::Unsigned => {
                Err(protocol::access_denied("The caller belongs to no account"))
            }
        }
    }

    /// Its id.
    pub(crate) fn account(&self) -> AccountId {
        self.caller.account
    }

    /// The partition that the caller is in, and so every ARN that the caller is told.
    pub(crate) fn partition(&self) -> Partition {
        self.call.region.partition()
    }

    /// The ARN of something in the account, such as `user/path/name`.
    pub(crate) fn arn(&self, resource: &str) -> String {
        format!("arn:{}:iam::{}:{resource}", self.partition(), self.account())
    }

    /// When the call is decided, since the Unix epoch.
    pub(crate) fn now(&self) -> std::time::Duration {
        self.call.now
    }

    /// Its record.
    pub(crate) async fn record(&self) -> Result<AccountRecord, ApiError> {
        let account = self.directory.account(self.account()).await;
        account.map(|account| account.record).map_err(refused_account)
    }

    /// Begins a change.
    pub(crate) async fn edit(&self) -> Result<Edit<'a>, ApiError> {
        self.directory
            .edit(self.account(), self.call.now)
            .await
            .map_err(refused)
    }

    /// What has a name.
    pub(crate) async fn find<R: Named>(&self, name: &str) -> Result<(UniqueId, R), ApiError> {
        self.directory.find(self.account(), name).await.map_err(refused)
    }

    /// What has a name, if anything has.
    pub(crate) async fn look_for<R: Named>(&self, name: &str) -> Result<Option<(UniqueId, R)>, ApiError> {
        match self.directory.find(self.account(), name).await {
            Ok(found) => Ok(Some(found)),
            Err(EntityError::NoSuch { .. }) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }
}
