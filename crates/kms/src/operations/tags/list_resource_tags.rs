//! `ListResourceTags`: the tags of a key.

use std::ops::Bound;

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::paging::{Limits, Listing};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::tags;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListResourceTags",
    action: action!("kms:ListResourceTags"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "ListResourceTags",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};

const LIMITS: Limits = Limits { default: 50, most: 50 };

/// The operation.
pub struct ListResourceTags;

impl Operation for ListResourceTags {
    type Service = Kms;
    type Input = kms::ListResourceTagsRequest;
    type Output = kms::ListResourceTagsResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let filter = key.record.id.to_string();
        let listing = Listing::new(service, call, &ROW, &filter)?;
        let page = listing.page(LIMITS, input.limit, input.marker.as_deref()).await?;
        let after = page.after.map(String::from_utf8).transpose().map_err(internal)?;
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = key.record.tags.range((start, Bound::Unbounded));
        let shown: Vec<_> = rest.by_ref().take(page.limit).collect();
        let next_marker = match (rest.next(), shown.last()) {
            (Some(_), Some((last, _))) => Some(listing.marker(last.as_bytes()).await?),
            _ => None,
        };
        Ok(Effect::reply(kms::ListResourceTagsResponse {
            truncated: Some(next_marker.is_some()),
            next_marker,
            tags: Some(shown.into_iter().map(tags::on_the_wire).collect()),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .number("limit", input.limit)
            .text("marker", input.marker.as_deref())
            .about(key)
    }
}
