//! `ListGrants`: the grants on a key.

use smallvec::SmallVec;
use trent_api::{ApiError, kms, protocol};
use trent_names::PrincipalArn;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::facts::Parameters;
use crate::grants::id::GrantId;
use crate::grants::{list, party};
use crate::keys::{Key, KeySpace};
use crate::paging::{Limits, Listing, PageRequest};
use crate::records::grants::{GrantRecord, grants_on, grants_to};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::{Kms, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListGrants",
    action: action!("kms:ListGrants"),
    access: Access::List,
    across_accounts: true,
    grant: None,
    quota: "ListGrants",
    condition_keys: conditions::GRANT,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};

/// Page sizes (guide, "Viewing grants").
const LIMITS: Limits = Limits { default: 50, most: 100 };

/// The operation.
pub struct ListGrants;

/// The key, and which of its grants are asked for.
pub struct Filtered {
    key: KeyTarget,
    id: Option<GrantId>,
    grantee: Option<PrincipalArn>,
    service: Option<String>,
}

impl Operation for ListGrants {
    type Service = Kms;
    type Input = kms::ListGrantsRequest;
    type Output = kms::ListGrantsResponse;
    type Resolved = Filtered;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Filtered, ApiError> {
        if input.grantee_principal.is_some() && input.grantee_service_principal.is_some() {
            return Err(protocol::validation(
                "You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.",
            ));
        }
        let grantee = input.grantee_principal.as_deref();
        Ok(Filtered {
            key: reference::resolve(service, call, &ROW, &input.key_id).await?,
            id: input.grant_id.as_deref().map(list::id).transpose()?,
            grantee: grantee
                .map(|arn| party::parse(call.region.partition(), arn))
                .transpose()?,
            service: input.grantee_service_principal.clone(),
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, filtered: &'a Filtered) -> Vec<Target<'a>> {
        vec![filtered.key.target(&ROW)]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        filtered: &Filtered,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = filtered.key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let of_service = input.grantee_service_principal.as_deref();
        if of_service.is_some_and(|name| !party::is_calling(call, name)) {
            return Err(protocol::access_denied(list::FOR_SERVICES));
        }
        let members = [
            Some(&*key.arn),
            input.grant_id.as_deref(),
            input.grantee_principal.as_deref(),
            of_service,
        ];
        let filter = members.map(Option::unwrap_or_default).join(" ");
        let listing = Listing::new(service, call, &ROW, &filter)?;
        let page = listing.page(LIMITS, input.limit, input.marker.as_deref()).await?;
        let found = find(service, service.space(&call.region)?, key, filtered, &page).await?;
        let next_marker = match &found.next {
            Some(position) => Some(listing.marker(position).await?),
            None => None,
        };
        let mut grants = Vec::with_capacity(found.grants.len());
        for grant in found.grants {
            let partition = call.region.partition();
            grants.push(list::entry(service.principals(), partition, key.arn.as_str().to_owned(), grant).await?);
        }
        Ok(Effect::reply(kms::ListGrantsResponse {
            grants: Some(grants),
            truncated: Some(next_marker.is_some()),
            next_marker,
        }))
    }

    fn describe(_: &Call, input: &Self::Input, filtered: Option<&Filtered>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("grantId", input.grant_id.as_deref())
            .text("granteePrincipal", input.grantee_principal.as_deref())
            .text("granteeServicePrincipal", input.grantee_service_principal.as_deref())
            .text("marker", input.marker.as_deref())
            .number("limit", input.limit)
            .about(filtered.map(|filtered| &filtered.key))
    }
}

async fn find(
    service: &Kms,
    space: &KeySpace,
    key: &Key,
    filtered: &Filtered,
    page: &PageRequest,
) -> Result<list::Found<GrantRecord>, ApiError> {
    let (account, id) = (key.record.account, key.record.id);
    let identities = match (&filtered.grantee, &filtered.service) {
        (Some(arn), _) => Some(party::identities(service.principals(), arn).await?),
        (None, Some(name)) => Some(SmallVec::from_iter([name.clone()])),
        (None, None) => None,
    };
    if let Some(wanted) = filtered.id {
        let found = space.grants.by_id(account, id, wanted).await?;
        let grant = found.map(|found| found.grant.value).filter(|grant| {
            let grantee = grant.grantee.identity();
            identities.as_ref().is_none_or(|all| all.iter().any(|it| it == grantee))
        });
        return Ok(list::Found {
            grants: grant.into_iter().collect(),
            next: None,
        });
    }
    let prefixes = match identities {
        None => vec![grants_on(account, id)],
        Some(identities) => identities
            .iter()
            .map(|identity| grants_to(account, id, &space.grants.digest(identity)))
            .collect(),
    };
    list::page(&space.store, prefixes, page).await
}
