//! What the rows of IAM's operations have in common, and the condition keys that they have (Service Authorization
//! Reference, "AWS Identity and Access Management").

use trent_policy::Action;
use trent_service::{Access, Row};

/// A list of condition keys.
pub(crate) type Conditions = &'static [&'static str];

/// Nothing that has conditions of its own: groups, and what an account has in general.
pub(crate) const NONE: Conditions = &[];
/// A user, a role, a policy or a provider: its tags.
pub(crate) const TAGGED: Conditions = &["aws:ResourceTag/${TagKey}", "iam:ResourceTag/${TagKey}"];
/// A policy or a provider that is made.
pub(crate) const MAKING: Conditions = &["aws:RequestTag/${TagKey}", "aws:TagKeys"];
/// A user or role that is made.
pub(crate) const MAKING_A_PRINCIPAL: Conditions =
    &["aws:RequestTag/${TagKey}", "aws:TagKeys", "iam:PermissionsBoundary"];
/// Tags that are put on something.
pub(crate) const TAGGING: Conditions = &[
    "aws:ResourceTag/${TagKey}",
    "iam:ResourceTag/${TagKey}",
    "aws:RequestTag/${TagKey}",
    "aws:TagKeys",
];
/// Tags that are taken off something.
pub(crate) const UNTAGGING: Conditions = &["aws:ResourceTag/${TagKey}", "iam:ResourceTag/${TagKey}", "aws:TagKeys"];
/// What a user or role may do.
pub(crate) const BOUNDED: Conditions = &[
    "aws:ResourceTag/${TagKey}",
    "iam:ResourceTag/${TagKey}",
    "iam:PermissionsBoundary",
];
/// A managed policy of a user or role.
pub(crate) const ATTACHING: Conditions = &[
    "aws:ResourceTag/${TagKey}",
    "iam:ResourceTag/${TagKey}",
    "iam:PermissionsBoundary",
    "iam:PolicyARN",
];
/// A managed policy of a group.
pub(crate) const ATTACHING_TO_A_GROUP: Conditions = &["iam:PolicyARN"];

/// The row of an operation of IAM: nobody of another account can be allowed, no grant permits it, none has a dry run.
pub(crate) const fn row(name: &'static str, action: Action, access: Access, condition_keys: Conditions) -> Row<()> {
    Row {
        name,
        action,
        access,
        across_accounts: false,
        grant: None,
        quota: name,
        condition_keys,
        read_only: matches!(access, Access::List | Access::Read),
        dry_run: false,
        rules: (),
    }
}
