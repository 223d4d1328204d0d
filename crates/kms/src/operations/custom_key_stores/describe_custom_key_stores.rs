//! `DescribeCustomKeyStores`: the custom key stores of the account in the Region.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Guarded, Resource, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::rules::Rules;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DescribeCustomKeyStores",
    action: action!("kms:DescribeCustomKeyStores"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "DescribeCustomKeyStores",
    condition_keys: conditions::CALLER_ACCOUNT,
    read_only: true,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};

/// The operation.
pub struct DescribeCustomKeyStores;

impl Guarded for DescribeCustomKeyStores {
    type Service = Kms;
    type Input = kms::DescribeCustomKeyStoresRequest;
    type Resolved = ();

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(_: &Kms, _: &Call, _: &Self::Input) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &'a ()) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }
}
