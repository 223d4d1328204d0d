//! `GetAccountAuthorizationDetails`: every user, group, role and managed policy of the account, each with everything
//! that decides what it may do.

use trent_api::iam::EntityType;
use trent_api::query::percent_encoded;
use trent_identity::UniqueId;
use trent_identity::directory::builtin::BUILTIN_POLICIES;
use trent_identity::directory::principals::{
    GroupRecord, HeldPolicies, Named, PolicyRecord, RoleRecord, Usage, UserRecord,
};

use super::super::policies::Managed;
use super::super::{groups, held, roles, users};
use crate::iam::paging;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetAccountAuthorizationDetails;

impl IamOperation for GetAccountAuthorizationDetails {
    type Input = iam::GetAccountAuthorizationDetailsRequest;
    type Output = iam::GetAccountAuthorizationDetailsResponse;

    const ROW: &'static Row<()> = &row(
        "GetAccountAuthorizationDetails",
        action!("iam:GetAccountAuthorizationDetails"),
        Access::Read,
        rows::NONE,
    );

    async fn subject(_: &Tenant<'_>, _: &Self::Input) -> Result<Subject, ApiError> {
        Ok(Subject::nothing())
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let asked = |kind: &EntityType| input.filter.as_ref().is_none_or(|filter| filter.contains(kind));
        let (begin, mut after) = start(&page)?;
        let mut details = Details::default();
        let mut last = None;
        for kind in KINDS[begin..].iter().filter(|kind| asked(kind)) {
            if details.count >= page.limit {
                break;
            }
            let room = page.limit - details.count;
            last = details
                .add(tenant, *kind, after.take(), room)
                .await?
                .map(|id| (*kind, id));
            if last.is_some() {
                break;
            }
            // If the page is full just here, the next one begins behind this kind.
            last = (details.count >= page.limit).then_some((*kind, END.to_owned()));
        }
        let last = last.filter(|(kind, id)| id != END || KINDS.iter().rev().take_while(|it| *it != kind).any(asked));
        let end = page.end(
            Vec::<()>::new(),
            last.map(|(kind, id)| format!("{}:{id}", kind.as_str())).as_deref(),
        );
        Ok(Effect::reply(iam::GetAccountAuthorizationDetailsResponse {
            user_detail_list: Some(details.users),
            group_detail_list: Some(details.groups),
            role_detail_list: Some(details.roles),
            policies: Some(details.policies),
            is_truncated: end.is_truncated,
            marker: end.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        let filter = input.filter.as_ref();
        let filter: Option<Vec<String>> =
            filter.map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
        Parameters::default()
            .list("filter", filter.as_deref())
            .page(input.marker.as_deref(), input.max_items)
    }
}

/// The order in which everything is told.
const KINDS: [EntityType; 5] = [
    EntityType::User,
    EntityType::Group,
    EntityType::Role,
    EntityType::LocalManagedPolicy,
    EntityType::AWSManagedPolicy,
];

/// The position behind everything of a kind.
const END: &str = "-";

/// Where a page begins: at which kind, and behind what of it.
fn start(page: &Page) -> Result<(usize, Option<UniqueId>), ApiError> {
    let Some(after) = page.after() else {
        return Ok((0, None));
    };
    let (kind, id) = after.split_once(':').ok_or_else(paging::invalid)?;
    let begin = KINDS.iter().position(|known| known.as_str() == kind);
    let begin = begin.ok_or_else(paging::invalid)?;
    if id == END {
        return Ok((begin + 1, None));
    }
    let id = UniqueId::parse(id).map_err(|_| paging::invalid())?;
    Ok((begin, Some(id)))
}

/// What is on the page so far.
#[derive(Default)]
struct Details {
    users: Vec<iam::UserDetail>,
    groups: Vec<iam::GroupDetail>,
    roles: Vec<iam::RoleDetail>,
    policies: Vec<iam::ManagedPolicyDetail>,
    count: usize,
}

impl Details {
    /// Adds what there is of a kind, as far as there is room; answers the last one if there are more.
    async fn add(
        &mut self,
        tenant: &Tenant<'_>,
        kind: EntityType,
        after: Option<UniqueId>,
        room: usize,
    ) -> Result<Option<String>, ApiError> {
        let next = match kind {
            EntityType::User => {
                let (items, next) = list::<UserRecord>(tenant, after, room).await?;
                for (id, record) in items {
                    self.users.push(user(tenant, &id, &record).await?);
                    self.count += 1;
                }
                next
            }
            EntityType::Group => {
                let (items, next) = list::<GroupRecord>(tenant, after, room).await?;
                self.count += items.len();
                self.groups
                    .extend(items.iter().map(|(id, record)| group(tenant, id, record)));
                next
            }
            EntityType::Role => {
                let (items, next) = list::<RoleRecord>(tenant, after, room).await?;
                for (id, record) in items {
                    self.roles.push(role(tenant, &id, &record).await?);
                    self.count += 1;
                }
                next
            }
            EntityType::LocalManagedPolicy => {
                let (items, next) = list::<PolicyRecord>(tenant, after, room).await?;
                for (id, record) in items {
                    self.policies
                        .push(policy(tenant, &Managed::Own(id, Box::new(record))).await?);
                    self.count += 1;
                }
                next
            }
            // Those few that the account uses end the list, on one page.
            EntityType::AWSManagedPolicy => {
                for known in BUILTIN_POLICIES {
                    let known = Managed::Builtin(known);
                    let attached = known.count(tenant, Usage::Attached).await?;
                    if attached > 0 || known.count(tenant, Usage::Boundary).await? > 0 {
                        self.policies.push(policy(tenant, &known).await?);
                        self.count += 1;
                    }
                }
                None
            }
        };
        Ok(next.map(|id| id.to_string()))
    }
}

async fn list<R: Named>(
    tenant: &Tenant<'_>,
    after: Option<UniqueId>,
    room: usize,
) -> Result<(Vec<(UniqueId, R)>, Option<UniqueId>), ApiError> {
    let listing = tenant.directory.list(tenant.account(), "/", after.as_ref(), room).await;
    let listing = listing.map_err(refused)?;
    Ok((listing.items, listing.next))
}

fn inline(held: &HeldPolicies) -> Vec<iam::PolicyDetail> {
    let policies = held.inline.iter().map(|policy| iam::PolicyDetail {
        policy_name: Some(policy.name.clone()),
        policy_document: Some(percent_encoded(&policy.document)),
    });
    policies.collect()
}

fn attached(held: &HeldPolicies) -> Vec<iam::AttachedPolicy> {
    held.attached.iter().map(|policy| held::attached(&policy.arn)).collect()
}

async fn user(tenant: &Tenant<'_>, id: &UniqueId, record: &UserRecord) -> Result<iam::UserDetail, ApiError> {
    let shown = users::shown(tenant, id, record);
    let groups = tenant
        .directory
        .groups_of(tenant.account(), record)
        .await
        .map_err(refused)?;
    Ok(iam::UserDetail {
        path: Some(shown.path),
        user_name: Some(shown.user_name),
        user_id: Some(shown.user_id),
        arn: Some(shown.arn),
        create_date: Some(shown.create_date),
        user_policy_list: Some(inline(&record.policies)),
        group_list: Some(groups.into_iter().map(|(_, group)| group.name).collect()),
        attached_managed_policies: Some(attached(&record.policies)),
        permissions_boundary: shown.permissions_boundary,
        tags: shown.tags,
    })
}

fn group(tenant: &Tenant<'_>, id: &UniqueId, record: &GroupRecord) -> iam::GroupDetail {
    let shown = groups::shown(tenant, id, record);
    iam::GroupDetail {
        path: Some(shown.path),
        group_name: Some(shown.group_name),
        group_id: Some(shown.group_id),
        arn: Some(shown.arn),
        create_date: Some(shown.create_date),
        group_policy_list: Some(inline(&record.policies)),
        attached_managed_policies: Some(attached(&record.policies)),
    }
}

async fn role(tenant: &Tenant<'_>, id: &UniqueId, record: &RoleRecord) -> Result<iam::RoleDetail, ApiError> {
    let shown = roles::shown(tenant, id, record);
    Ok(iam::RoleDetail {
        path: Some(shown.path),
        role_name: Some(shown.role_name),
        role_id: Some(shown.role_id),
        arn: Some(shown.arn),
        create_date: Some(shown.create_date),
        assume_role_policy_document: shown.assume_role_policy_document,
        instance_profile_list: Some(Vec::new()),
        role_policy_list: Some(inline(&record.policies)),
        attached_managed_policies: Some(attached(&record.policies)),
        permissions_boundary: shown.permissions_boundary,
        tags: shown.tags,
        role_last_used: Some(roles::last_used(tenant, id).await?),
    })
}

async fn policy(tenant: &Tenant<'_>, policy: &Managed) -> Result<iam::ManagedPolicyDetail, ApiError> {
    let shown = policy.shown(tenant).await?;
    Ok(iam::ManagedPolicyDetail {
        policy_name: shown.policy_name,
        policy_id: shown.policy_id,
        arn: shown.arn,
        path: shown.path,
        default_version_id: shown.default_version_id,
        attachment_count: shown.attachment_count,
        permissions_boundary_usage_count: shown.permissions_boundary_usage_count,
        is_attachable: shown.is_attachable,
        description: shown.description,
        create_date: shown.create_date,
        update_date: shown.update_date,
        policy_version_list: Some(policy.versions(true).into_iter().map(|(_, version)| version).collect()),
    })
}
