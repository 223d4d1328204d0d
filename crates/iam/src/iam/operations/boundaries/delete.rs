//! `DeleteUserPermissionsBoundary`, `DeleteRolePermissionsBoundary`: let a user or a role have all that its policies
//! give.

use trent_identity::EntityError;
use trent_identity::directory::{Entity, Holder};

use super::super::held::refused_for;
use crate::iam::prelude::*;

macro_rules! delete {
    ($($operation:ident($request:ident, $action:literal): $holder:ident($member:ident) as $shown:literal, $kind:literal;)*) => {$(
        /// The operation.
        pub(crate) struct $operation;

        impl IamOperation for $operation {
            type Input = iam::$request;
            type Output = Empty;

            const ROW: &'static Row<()> = &row(
                stringify!($operation),
                action!($action),
                Access::PermissionsManagement,
                rows::BOUNDED,
            );

            /// Policies are told the boundary that there is.
            async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
                Subject::holder(tenant, Holder::$holder(&input.$member)).await
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
                let holder = Holder::$holder(&input.$member);
                let mut edit = tenant.edit().await?;
                edit.clear_boundary(holder).await.map_err(|error| match error {
                    EntityError::NoSuch {
                        entity: Entity::Boundary,
                        name,
                    } => iam::error::no_such_entity(format!("{} {name} does not have a permissions boundary.", $kind)),
                    error => refused_for(holder, error),
                })?;
                Ok(change(edit.plan(Empty)))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default().text($shown, input.$member.as_str())
            }
        }
    )*};
}

delete! {
    DeleteUserPermissionsBoundary(DeleteUserPermissionsBoundaryRequest, "iam:DeleteUserPermissionsBoundary"):
        User(user_name) as "userName", "User";
    DeleteRolePermissionsBoundary(DeleteRolePermissionsBoundaryRequest, "iam:DeleteRolePermissionsBoundary"):
        Role(role_name) as "roleName", "Role";
}
