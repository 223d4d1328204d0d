//! `ListKeys`: the keys of the account in the Region.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action, internal};
use trent_store::Key;

use crate::facts::Parameters;
use crate::paging::{Limits, Listing};
use crate::records::entries_of;
use crate::rules::Rules;
use crate::{Kms, account_of, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListKeys",
    action: action!("kms:ListKeys"),
    access: Access::List,
    across_accounts: false,
    grant: None,
    quota: "ListKeys",
    condition_keys: conditions::NONE,
    read_only: true,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};

const LIMITS: Limits = Limits {
    default: 100,
    most: 1000,
};

/// The operation.
pub struct ListKeys;

impl Operation for ListKeys {
    type Service = Kms;
    type Input = kms::ListKeysRequest;
    type Output = kms::ListKeysResponse;
    type Resolved = ();

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(_: &Kms, _: &Call, _: &Self::Input) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &()) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let own = lists_own_keys(input);
        let listing = Listing::new(service, call, &ROW, if own { "own" } else { "shared" })?;
        let page = listing.page(LIMITS, input.limit, input.marker.as_deref()).await?;
        if !own {
            return Ok(Effect::reply(reply(Vec::new(), None)));
        }
        let account = account_of(call)?;
        let space = service.space(&call.region)?;
        let after = page.after.as_deref().map(Key::from_bytes);
        let found = space
            .store
            .range(&entries_of(account), after.as_ref(), page.limit)
            .await
            .map_err(internal)?;
        let next_marker = match found.items.last() {
            Some((last, _)) if found.more => Some(listing.marker(last.as_bytes()).await?),
            _ => None,
        };
        let keys = found.items.iter().map(|(_, entry)| kms::KeyListEntry {
            key_id: Some(entry.value.id.to_string()),
            key_arn: Some(space.key_arn(account, entry.value.id)),
        });
        Ok(Effect::reply(reply(keys.collect(), next_marker)))
    }

    fn describe(_: &Call, input: &Self::Input, _: Option<&()>) -> Facts {
        Parameters::default()
            .number("limit", input.limit)
            .text("marker", input.marker.as_deref())
            .with(Vec::new())
    }
}

/// Keys that other accounts share through a resource manager would be listed after the account's own; none are shared.
fn lists_own_keys(input: &kms::ListKeysRequest) -> bool {
    input
        .resource_owners
        .as_ref()
        .is_none_or(|owners| owners.contains(&kms::ResourceOwnerType::OwnAccount))
}

fn reply(keys: Vec<kms::KeyListEntry>, next_marker: Option<String>) -> kms::ListKeysResponse {
    kms::ListKeysResponse {
        truncated: Some(next_marker.is_some()),
        next_marker,
        keys: Some(keys),
    }
}
