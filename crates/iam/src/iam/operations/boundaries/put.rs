//! `PutUserPermissionsBoundary`, `PutRolePermissionsBoundary`: bound a user or a role.

use trent_identity::directory::Holder;

use super::super::held::refused_for;
use crate::iam::prelude::*;

macro_rules! put {
    ($($operation:ident($request:ident, $action:literal): $holder:ident($member:ident) as $shown:literal;)*) => {$(
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

            /// Policies are told the boundary that is to be.
            async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
                let subject = Subject::holder(tenant, Holder::$holder(&input.$member)).await?;
                subject.with_new_boundary(tenant, Some(&input.permissions_boundary))
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
                let holder = Holder::$holder(&input.$member);
                let mut edit = tenant.edit().await?;
                edit.set_boundary(holder, &input.permissions_boundary)
                    .await
                    .map_err(|error| refused_for(holder, error))?;
                Ok(change(edit.plan(Empty)))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .text("permissionsBoundary", input.permissions_boundary.as_str())
            }
        }
    )*};
}

put! {
    PutUserPermissionsBoundary(PutUserPermissionsBoundaryRequest, "iam:PutUserPermissionsBoundary"):
        User(user_name) as "userName";
    PutRolePermissionsBoundary(PutRolePermissionsBoundaryRequest, "iam:PutRolePermissionsBoundary"):
        Role(role_name) as "roleName";
}
