//! `ListRetirableGrants`: the grants that a principal may retire, on keys of whatever account.

use trent_api::{ApiError, kms, protocol};
use trent_names::{AccountId, PrincipalArn};
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action, internal};

use crate::facts::Parameters;
use crate::grants::{list, party};
use crate::paging::{Limits, Listing};
use crate::records::grants::retirable_by;
use crate::rules::Rules;
use crate::{Kms, account_of, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListRetirableGrants",
    action: action!("kms:ListRetirableGrants"),
    access: Access::List,
    across_accounts: false,
    grant: None,
    quota: "ListRetirableGrants",
    condition_keys: conditions::NONE,
    read_only: true,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};

/// Page sizes (guide, "Viewing grants").
const LIMITS: Limits = Limits { default: 50, most: 100 };

/// The operation.
pub struct ListRetirableGrants;

/// The principal that is asked about.
pub struct Retiring {
    arn: Option<PrincipalArn>,
    /// Its account, if that is not the caller's.
    foreign: Option<AccountId>,
}

impl Operation for ListRetirableGrants {
    type Service = Kms;
    type Input = kms::ListRetirableGrantsRequest;
    type Output = kms::ListGrantsResponse;
    type Resolved = Retiring;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(_: &Kms, call: &Call, input: &Self::Input) -> Result<Retiring, ApiError> {
        let account = account_of(call)?;
        let arn = match (&input.retiring_principal, &input.retiring_service_principal) {
            (Some(arn), None) => Some(party::parse(call.region.partition(), arn)?),
            (None, Some(_)) => None,
            (None, None) | (Some(_), Some(_)) => {
                return Err(protocol::validation(
                    "You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both.",
                ));
            }
        };
        let owner = arn.as_ref().map(PrincipalArn::account);
        Ok(Retiring {
            foreign: owner.filter(|owner| *owner != account),
            arn,
        })
    }

    fn targets<'a>(_: &'a Call, input: &'a Self::Input, retiring: &'a Retiring) -> Vec<Target<'a>> {
        let foreign = input.retiring_principal.as_deref().zip(retiring.foreign);
        vec![ROW.on(foreign.map_or(Resource::Any, |(arn, account)| Resource::Foreign { arn, account }))]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        retiring: &Retiring,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let Some(arn) = &retiring.arn else {
            return Err(protocol::access_denied(list::FOR_SERVICES));
        };
        let filter = arn.to_string();
        let listing = Listing::new(service, call, &ROW, &filter)?;
        let page = listing.page(LIMITS, input.limit, input.marker.as_deref()).await?;
        let space = service.space(&call.region)?;
        let identities = party::identities(service.principals(), arn).await?;
        let prefixes = identities
            .iter()
            .map(|identity| retirable_by(&space.grants.digest(identity)));
        let found = list::page(&space.store, prefixes.collect(), &page).await?;
        let next_marker = match &found.next {
            Some(position) => Some(listing.marker(position).await?),
            None => None,
        };
        let mut grants = Vec::with_capacity(found.grants.len());
        for found in found.grants {
            let place = found.place;
            let grant = space.store.get(&place.address()).await.map_err(internal)?;
            let key = space.key_arn(place.account, place.key);
            // One that was removed in the meantime is not there any more.
            if let Some(grant) = grant {
                let partition = call.region.partition();
                grants.push(list::entry(service.principals(), partition, key, grant.value).await?);
            }
        }
        Ok(Effect::reply(kms::ListGrantsResponse {
            grants: Some(grants),
            truncated: Some(next_marker.is_some()),
            next_marker,
        }))
    }

    fn describe(_: &Call, input: &Self::Input, _: Option<&Retiring>) -> Facts {
        Parameters::default()
            .text("retiringPrincipal", input.retiring_principal.as_deref())
            .text("retiringServicePrincipal", input.retiring_service_principal.as_deref())
            .number("limit", input.limit)
            .text("marker", input.marker.as_deref())
            .with(Vec::new())
    }
}
