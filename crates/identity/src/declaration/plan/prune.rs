//! What an account has and its declaration does not, where the declaration is to be all there is.
//!
//! The root user's access keys stay: a file does not take the last way into an account.

use super::super::Path;
use super::comparison::Comparison;
use super::error::ApplyError;
use super::step::{Owner, Step};
use crate::directory::AccessKeyStatus;
use crate::directory::principals::{
    GroupRecord, HeldPolicies, Named, PolicyRecord, ProviderRecord, RoleRecord, UserRecord,
};
use crate::rules;

/// Records that are listed at a time.
const PAGE: usize = 200;

impl Comparison<'_> {
    /// Removes what is not declared: those who use something before what they use.
    pub(super) async fn undeclared(&mut self, path: &Path) -> Result<(), ApplyError> {
        let declared = self.declared;
        for user in self
            .others::<UserRecord>(path, declared.users.iter().map(|user| user.holder.name.as_str()))
            .await?
        {
            self.user_goes(path, &user).await?;
        }
        for group in self
            .others::<GroupRecord>(path, declared.groups.iter().map(|group| group.name.as_str()))
            .await?
        {
            self.policies_go(path, &Owner::Group(group.name.clone()), &group.policies);
            self.add(path, Step::RemoveGroup(group.name));
        }
        for role in self
            .others::<RoleRecord>(path, declared.roles.iter().map(|role| role.holder.name.as_str()))
            .await?
        {
            // A service's own role is not the account's to declare.
            if rules::is_service_linked_role(&role.name) {
                continue;
            }
            self.policies_go(path, &Owner::Role(role.name.clone()), &role.policies);
            self.add(path, Step::RemoveRole(role.name));
        }
        let names = declared.policies.iter().map(|policy| policy.name.as_str());
        for policy in self.others::<PolicyRecord>(path, names).await? {
            let arn = format!("arn:aws:iam::{}:policy{}{}", declared.id, policy.path, policy.name);
            for version in policy
                .versions
                .iter()
                .filter(|version| version.number != policy.default_version)
            {
                let (arn, number) = (arn.clone(), version.number);
                self.add(path, Step::RemovePolicyVersion { arn, number });
            }
            self.add(path, Step::RemovePolicy(arn));
        }
        let names = declared.providers.iter().map(|provider| {
            let name = provider.url.trim_start_matches("https://");
            name.strip_suffix('/').unwrap_or(name)
        });
        for provider in self.others::<ProviderRecord>(path, names).await? {
            self.add(path, Step::RemoveProvider(provider.name));
        }
        Ok(())
    }

    async fn user_goes(&mut self, path: &Path, user: &UserRecord) -> Result<(), ApplyError> {
        for entry in user
            .access_keys
            .iter()
            .filter(|entry| entry.status != AccessKeyStatus::Retired)
        {
            let (user, id) = (user.name.clone(), entry.id.clone());
            self.add(path, Step::RemoveAccessKey { user, id });
        }
        let groups = self.directory.groups_of(self.declared.id, user).await;
        for (_, group) in groups.map_err(|error| ApplyError::refused(path, error))? {
            let (user, group) = (user.name.clone(), group.name);
            self.add(path, Step::Leave { user, group });
        }
        self.policies_go(path, &Owner::User(user.name.clone()), &user.policies);
        self.add(path, Step::RemoveUser(user.name.clone()));
        Ok(())
    }

    fn policies_go(&mut self, path: &Path, owner: &Owner, held: &HeldPolicies) {
        for reference in &held.attached {
            let (owner, arn) = (owner.clone(), reference.arn.clone());
            self.add(path, Step::Detach { owner, arn });
        }
        for policy in &held.inline {
            let (owner, name) = (owner.clone(), policy.name.clone());
            self.add(path, Step::RemoveInline { owner, name });
        }
    }

    /// The account's records of one kind whose names are not among the declared ones.
    async fn others<R: Named>(&self, path: &Path, declared: impl Iterator<Item = &str>) -> Result<Vec<R>, ApplyError> {
        let declared: std::collections::HashSet<String> = declared.map(str::to_lowercase).collect();
        let (mut others, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .directory
                .list::<R>(self.declared.id, "", after.as_ref(), PAGE)
                .await;
            let page = page.map_err(|error| ApplyError::refused(path, error))?;
            let undeclared = page.items.into_iter().map(|(_, record)| record);
            others.extend(undeclared.filter(|record| !declared.contains(&record.name().to_lowercase())));
            match page.next {
                Some(marker) => after = Some(marker),
                None => break,
            }
        }
        // In an order that means something to whoever reads the plan.
        others.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(others)
    }
}
