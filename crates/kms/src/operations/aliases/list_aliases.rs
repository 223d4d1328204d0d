//! `ListAliases`: the aliases of the account in the Region, or of one key.

use std::ops::Bound;

use trent_api::{ApiError, Timestamp, kms};
use trent_names::AliasName;
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action, internal};
use trent_store::Key as RecordKey;

use crate::facts::Parameters;
use crate::keys::{Key, KeySpace};
use crate::managed::SERVICES;
use crate::paging::{Limits, Listing, PageRequest};
use crate::records::{AliasRecord, aliases_of};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::{Kms, account_of, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListAliases",
    action: action!("kms:ListAliases"),
    access: Access::List,
    across_accounts: false,
    grant: None,
    quota: "ListAliases",
    condition_keys: conditions::NONE,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};

const LIMITS: Limits = Limits { default: 50, most: 100 };

/// The operation.
pub struct ListAliases;

impl Operation for ListAliases {
    type Service = Kms;
    type Input = kms::ListAliasesRequest;
    type Output = kms::ListAliasesResponse;
    type Resolved = Option<KeyTarget>;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Option<KeyTarget>, ApiError> {
        match &input.key_id {
            None => Ok(None),
            Some(id) => reference::resolve(service, call, &ROW, id).await.map(Some),
        }
    }

    /// A key named as a filter needs no permission of its own, unless it is another account's.
    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a Option<KeyTarget>) -> Vec<Target<'a>> {
        let foreign = key.as_ref().filter(|key| matches!(key, KeyTarget::Foreign { .. }));
        std::iter::once(ROW.on(Resource::Any))
            .chain(foreign.map(|key| key.target(&ROW)))
            .collect()
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        key: &Option<KeyTarget>,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = match key {
            None => None,
            Some(key) => Some(key.authorized()?),
        };
        let filter = key.map(|key| key.record.id.to_string()).unwrap_or_default();
        let listing = Listing::new(service, call, &ROW, &filter)?;
        let page = listing.page(LIMITS, input.limit, input.marker.as_deref()).await?;
        let space = service.space(&call.region)?;
        let walk = Walk {
            space,
            account: account_of(call)?,
        };
        let found = match key {
            Some(key) => walk.of_key(key, page).await?,
            None => walk.all(page).await?,
        };
        let next_marker = match found.next {
            Some(position) => Some(listing.marker(&position).await?),
            None => None,
        };
        Ok(Effect::reply(kms::ListAliasesResponse {
            truncated: Some(next_marker.is_some()),
            next_marker,
            aliases: Some(found.aliases),
        }))
    }

    /// Whatever key it is filtered by, it is about aliases.
    fn describe(_: &Call, input: &Self::Input, _: Option<&Option<KeyTarget>>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_deref())
            .number("limit", input.limit)
            .text("marker", input.marker.as_deref())
            .with(Vec::new())
    }
}

/// A page of aliases and the position that it ends at, if the list goes on.
struct Found {
    aliases: Vec<kms::AliasListEntry>,
    next: Option<Vec<u8>>,
}

/// Positions in the list of all aliases: within the customer's, in the store's order, or within the predefined ones.
const CUSTOMER: u8 = 0;
const PREDEFINED: u8 = 1;

struct Walk<'a> {
    space: &'a KeySpace,
    account: trent_names::AccountId,
}

impl Walk<'_> {
    /// The aliases of one key, by name.
    async fn of_key(&self, key: &Key, page: PageRequest) -> Result<Found, ApiError> {
        let after = page.after.map(String::from_utf8).transpose().map_err(internal)?;
        let after = after
            .map(|name| AliasName::parse(&name))
            .transpose()
            .map_err(internal)?;
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut names = key.record.aliases.range((start, Bound::Unbounded));
        let mut aliases = Vec::new();
        let mut last = None;
        for name in names.by_ref().take(page.limit) {
            if let Some(alias) = self.space.alias(self.account, name).await? {
                aliases.push(self.entry(&alias));
            }
            last = Some(name);
        }
        let more = names.next().and(last);
        Ok(Found {
            aliases,
            next: more.map(|name| name.as_str().as_bytes().to_vec()),
        })
    }

    /// All aliases of the account: the customer's, then the predefined ones, with or without a key.
    async fn all(&self, page: PageRequest) -> Result<Found, ApiError> {
        let mut aliases = Vec::new();
        let first_predefined = match page.after.as_deref().and_then(<[u8]>::split_first) {
            Some((&PREDEFINED, name)) => SERVICES
                .iter()
                .position(|it| it.name.as_bytes() > name)
                .unwrap_or(SERVICES.len()),
            position => {
                let after = position.map(|(_, key)| RecordKey::from_bytes(key));
                let prefix = aliases_of(self.account);
                let found = self
                    .space
                    .store
                    .range(&prefix, after.as_ref(), page.limit)
                    .await
                    .map_err(internal)?;
                let customer = found.items.iter().filter(|(_, alias)| !alias.value.name.is_reserved());
                aliases.extend(customer.map(|(_, alias)| self.entry(&alias.value)));
                if let (true, Some((last, _))) = (found.more, found.items.last()) {
                    let next = Some([&[CUSTOMER], last.as_bytes()].concat());
                    return Ok(Found { aliases, next });
                }
                0
            }
        };
        for service in &SERVICES[first_predefined..] {
            if aliases.len() >= page.limit {
                let before = SERVICES.iter().rev().find(|it| it.name < service.name);
                let name = before.map_or("", |it| it.name);
                let next = Some([&[PREDEFINED], name.as_bytes()].concat());
                return Ok(Found { aliases, next });
            }
            let name = service.alias();
            aliases.push(match self.space.alias(self.account, &name).await? {
                Some(alias) => self.entry(&alias),
                None => kms::AliasListEntry {
                    alias_arn: Some(self.space.alias_arn(self.account, &name)),
                    alias_name: Some(name.to_string()),
                    ..kms::AliasListEntry::default()
                },
            });
        }
        Ok(Found { aliases, next: None })
    }

    fn entry(&self, alias: &AliasRecord) -> kms::AliasListEntry {
        kms::AliasListEntry {
            alias_name: Some(alias.name.to_string()),
            alias_arn: Some(self.space.alias_arn(self.account, &alias.name)),
            target_key_id: Some(alias.target.to_string()),
            creation_date: Some(Timestamp::from_millis(alias.created)),
            last_updated_date: Some(Timestamp::from_millis(alias.updated)),
        }
    }
}
