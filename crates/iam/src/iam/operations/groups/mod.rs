//! Groups and who is in them.

pub(crate) mod add_user_to_group;
pub(crate) mod create_group;
pub(crate) mod delete_group;
pub(crate) mod get_group;
pub(crate) mod list_groups;
pub(crate) mod list_groups_for_user;
pub(crate) mod remove_user_from_group;
pub(crate) mod update_group;

use trent_api::iam;
use trent_identity::UniqueId;
use trent_identity::directory::principals::GroupRecord;

use super::replies::at;
use crate::iam::tenant::Tenant;

/// A group.
pub(crate) fn shown(tenant: &Tenant<'_>, id: &UniqueId, group: &GroupRecord) -> iam::Group {
    iam::Group {
        path: group.path.clone(),
        group_name: group.name.clone(),
        group_id: id.to_string(),
        arn: group.arn(tenant.partition(), tenant.account()),
        create_date: at(group.created_at),
    }
}
