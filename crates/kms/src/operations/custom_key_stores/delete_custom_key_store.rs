//! `DeleteCustomKeyStore`: removes a custom key store.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Guarded, Resource, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::rules::Rules;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DeleteCustomKeyStore",
    action: action!("kms:DeleteCustomKeyStore"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "DeleteCustomKeyStore",
    condition_keys: conditions::CALLER_ACCOUNT,
    read_only: false,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};

/// The operation.
pub struct DeleteCustomKeyStore;

impl Guarded for DeleteCustomKeyStore {
    type Service = Kms;
    type Input = kms::DeleteCustomKeyStoreRequest;
    type Resolved = ();

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(_: &Kms, _: &Call, _: &Self::Input) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &'a ()) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }
}
