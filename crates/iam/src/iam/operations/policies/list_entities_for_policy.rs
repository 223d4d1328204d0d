//! `ListEntitiesForPolicy`: the users, groups and roles that a managed policy is attached to or bounds.

use std::collections::BTreeSet;

use trent_api::iam::{EntityType, PolicyUsageType};
use trent_identity::directory::principals::{GroupRecord, Named, RoleRecord, Usage, UserRecord};
use trent_identity::{IdKind, UniqueId};

use super::find;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListEntitiesForPolicy;

impl IamOperation for ListEntitiesForPolicy {
    type Input = iam::ListEntitiesForPolicyRequest;
    type Output = iam::ListEntitiesForPolicyResponse;

    const ROW: &'static Row<()> = &row(
        "ListEntitiesForPolicy",
        action!("iam:ListEntitiesForPolicy"),
        Access::List,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::managed_policy(tenant, &input.policy_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let policy = find(tenant, &input.policy_arn).await?;
        let mut ids = BTreeSet::new();
        if input.policy_usage_filter != Some(PolicyUsageType::PermissionsBoundary) {
            ids.extend(policy.users(tenant, Usage::Attached).await?);
        }
        if input.policy_usage_filter != Some(PolicyUsageType::PermissionsPolicy) {
            ids.extend(policy.users(tenant, Usage::Boundary).await?);
        }
        let mut found = Vec::new();
        for id in ids {
            if let Some(entity) = entity(tenant, input, &id).await? {
                found.push((id.to_string(), entity));
            }
        }
        let page = page.cut(found);
        let mut reply = iam::ListEntitiesForPolicyResponse {
            policy_groups: Some(Vec::new()),
            policy_users: Some(Vec::new()),
            policy_roles: Some(Vec::new()),
            is_truncated: page.is_truncated,
            marker: page.marker,
        };
        for entity in page.items {
            match entity {
                Holder::User(user) => reply.policy_users.get_or_insert_default().push(user),
                Holder::Group(group) => reply.policy_groups.get_or_insert_default().push(group),
                Holder::Role(role) => reply.policy_roles.get_or_insert_default().push(role),
            }
        }
        Ok(Effect::reply(reply))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("policyArn", input.policy_arn.as_str())
            .text("entityFilter", input.entity_filter.map(EntityType::as_str))
            .text("pathPrefix", input.path_prefix.as_deref())
            .text(
                "policyUsageFilter",
                input.policy_usage_filter.map(PolicyUsageType::as_str),
            )
            .page(input.marker.as_deref(), input.max_items)
    }
}

/// Who uses the policy, as the reply shows it.
enum Holder {
    User(iam::PolicyUser),
    Group(iam::PolicyGroup),
    Role(iam::PolicyRole),
}

/// The entity of this id, if the request asks for such a one.
async fn entity(
    tenant: &Tenant<'_>,
    input: &iam::ListEntitiesForPolicyRequest,
    id: &UniqueId,
) -> Result<Option<Holder>, ApiError> {
    let asked = |kind| input.entity_filter.is_none_or(|filter| filter == kind);
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    Ok(match id.kind() {
        IdKind::User if asked(EntityType::User) => name::<UserRecord>(tenant, prefix, id).await?.map(|name| {
            Holder::User(iam::PolicyUser {
                user_name: Some(name),
                user_id: Some(id.to_string()),
            })
        }),
        IdKind::Group if asked(EntityType::Group) => name::<GroupRecord>(tenant, prefix, id).await?.map(|name| {
            Holder::Group(iam::PolicyGroup {
                group_name: Some(name),
                group_id: Some(id.to_string()),
            })
        }),
        IdKind::Role if asked(EntityType::Role) => name::<RoleRecord>(tenant, prefix, id).await?.map(|name| {
            Holder::Role(iam::PolicyRole {
                role_name: Some(name),
                role_id: Some(id.to_string()),
            })
        }),
        _ => None,
    })
}

async fn name<R: Named>(tenant: &Tenant<'_>, prefix: &str, id: &UniqueId) -> Result<Option<String>, ApiError> {
    let record = tenant
        .directory
        .by_id::<R>(tenant.account(), id)
        .await
        .map_err(refused)?;
    let under = |record: &R| record.path().unwrap_or("/").starts_with(prefix);
    Ok(record.filter(under).map(|record| record.name().to_owned()))
}
