//! `GetAccountSummary`: how many of everything the account has, and may have.

use std::collections::BTreeMap;

use trent_api::iam::SummaryKeyType as Key;
use trent_identity::directory::principals::PolicyRecord;
use trent_identity::directory::{AccessKeyStatus, MAX_ACCESS_KEYS};
use trent_identity::rules;

use crate::iam::prelude::*;

/// Policies whose versions are counted at a time.
const STEP: usize = 500;

/// The operation.
pub(crate) struct GetAccountSummary;

impl IamOperation for GetAccountSummary {
    type Input = iam::GetAccountSummaryRequest;
    type Output = iam::GetAccountSummaryResponse;

    const ROW: &'static Row<()> = &row(
        "GetAccountSummary",
        action!("iam:GetAccountSummary"),
        Access::List,
        rows::NONE,
    );

    async fn subject(_: &Tenant<'_>, _: &Self::Input) -> Result<Subject, ApiError> {
        Ok(Subject::nothing())
    }

    async fn perform(tenant: &Tenant<'_>, _: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let roster = tenant.directory.roster(tenant.account()).await.map_err(refused)?;
        let account = tenant.record().await?;
        let mut root_keys = account.root_access_keys.iter();
        let has_root_key = root_keys.any(|key| key.status != AccessKeyStatus::Retired);
        let counts = [
            (Key::Users, roster.users),
            (Key::UsersQuota, rules::USERS),
            (Key::Groups, roster.groups),
            (Key::GroupsQuota, rules::GROUPS),
            (Key::Roles, roster.roles),
            (Key::RolesQuota, rules::ROLES),
            (Key::Policies, roster.policies),
            (Key::PoliciesQuota, rules::POLICIES),
            (Key::Providers, roster.providers),
            (Key::PolicyVersionsInUse, versions(tenant).await?),
            (
                Key::PolicyVersionsInUseQuota,
                rules::POLICIES * rules::POLICY_VERSIONS as u64,
            ),
            (Key::VersionsPerPolicyQuota, rules::POLICY_VERSIONS as u64),
            (Key::PolicySizeQuota, rules::MANAGED_POLICY_SIZE as u64),
            (Key::UserPolicySizeQuota, rules::USER_POLICY_SIZE as u64),
            (Key::GroupPolicySizeQuota, rules::GROUP_POLICY_SIZE as u64),
            (Key::RolePolicySizeQuota, rules::ROLE_POLICY_SIZE as u64),
            (Key::AssumeRolePolicySizeQuota, rules::TRUST_POLICY_SIZE as u64),
            (Key::GroupsPerUserQuota, rules::GROUPS_OF_A_USER as u64),
            (Key::AccessKeysPerUserQuota, MAX_ACCESS_KEYS as u64),
            (Key::AttachedPoliciesPerUserQuota, rules::ATTACHED_POLICIES as u64),
            (Key::AttachedPoliciesPerGroupQuota, rules::ATTACHED_POLICIES as u64),
            (Key::AttachedPoliciesPerRoleQuota, rules::ATTACHED_POLICIES as u64),
            (Key::AccountAccessKeysPresent, has_root_key.into()),
            // What is not here, or not yet: passwords, second factors, certificates, instances.
            (Key::AccountPasswordPresent, 0),
            (Key::AccountMFAEnabled, 0),
            (Key::MFADevices, 0),
            (Key::MFADevicesInUse, 0),
            (Key::AccountSigningCertificatesPresent, 0),
            (Key::ServerCertificates, 0),
            (Key::InstanceProfiles, 0),
        ];
        let summary: BTreeMap<Key, i32> = counts
            .into_iter()
            .map(|(key, count)| (key, i32::try_from(count).unwrap_or(i32::MAX)))
            .collect();
        Ok(Effect::reply(iam::GetAccountSummaryResponse {
            summary_map: Some(summary),
        }))
    }

    fn parameters(_: &Self::Input) -> Parameters {
        Parameters::default()
    }
}

/// The versions of all managed policies of the account.
async fn versions(tenant: &Tenant<'_>) -> Result<u64, ApiError> {
    let (mut count, mut after) = (0, None);
    loop {
        let listing = tenant
            .directory
            .list::<PolicyRecord>(tenant.account(), "/", after.as_ref(), STEP)
            .await
            .map_err(refused)?;
        count += listing
            .items
            .iter()
            .map(|(_, policy)| policy.versions.len() as u64)
            .sum::<u64>();
        after = listing.next;
        if after.is_none() {
            return Ok(count);
        }
    }
}
