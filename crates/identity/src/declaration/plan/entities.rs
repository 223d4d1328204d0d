//! Groups, users and roles compared.

use super::super::Path;
use super::super::documents::same;
use super::super::entities::{DeclaredHolder, DeclaredRole, DeclaredUser};
use super::comparison::{Comparison, fixed};
use super::error::ApplyError;
use super::step::{Owner, Step, Subject};
use crate::directory::principals::{GroupRecord, HeldPolicies, RoleRecord, UserRecord};
use crate::directory::{AccessKeyStatus, NewRole, NewUser};

impl<'d> Comparison<'d> {
    pub(super) async fn group(&mut self, path: &Path, declared: &DeclaredHolder) -> Result<(), ApplyError> {
        let (name, owner) = (&declared.name, Owner::Group(declared.name.clone()));
        let Some(record) = self.stored::<GroupRecord>(path, name).await? else {
            let at = declared.path.clone().unwrap_or_default();
            self.add(
                path,
                Step::CreateGroup {
                    name: name.clone(),
                    path: at,
                },
            );
            self.held(path, &owner, declared, &HeldPolicies::default());
            return Ok(());
        };
        if let Some(at) = declared.path.clone().filter(|at| *at != record.path) {
            let name = name.clone();
            self.add(&path.field("path"), Step::MoveGroup { name, path: at });
        }
        self.held(path, &owner, declared, &record.policies);
        Ok(())
    }

    pub(super) async fn user(&mut self, path: &Path, declared: &'d DeclaredUser) -> Result<(), ApplyError> {
        let name = declared.holder.name.clone();
        let owner = Owner::User(name.clone());
        let record = self.stored::<UserRecord>(path, &name).await?;
        if let Some(record) = &record {
            if let Some(at) = declared.holder.path.clone().filter(|at| *at != record.path) {
                let name = name.clone();
                self.add(&path.field("path"), Step::MoveUser { name, path: at });
            }
            self.tags(path, &Subject::User(name.clone()), &declared.tags, &record.tags);
            self.boundary(path, &owner, declared.boundary.as_ref(), record.boundary.as_ref());
        } else {
            let new = NewUser {
                name: name.clone(),
                path: declared.holder.path.clone().unwrap_or_default(),
                tags: declared.tags.clone(),
                boundary: declared.boundary.clone(),
            };
            self.add(path, Step::CreateUser(new));
        }
        let (nothing, record) = (HeldPolicies::default(), record.as_ref());
        self.held(
            path,
            &owner,
            &declared.holder,
            record.map_or(&nothing, |record| &record.policies),
        );
        self.groups(path, declared, record).await?;
        let entries = record.map_or(&[][..], |record| &record.access_keys);
        if self.prune {
            for entry in entries.iter().filter(|entry| entry.status != AccessKeyStatus::Retired) {
                if declared.access_keys.iter().all(|key| key.id.as_str() != entry.id) {
                    let (user, id) = (name.clone(), entry.id.clone());
                    self.add(&path.field("access_keys"), Step::RemoveAccessKey { user, id });
                }
            }
        }
        // Last, so that whoever may sign is restricted by then.
        for key in self.missing(&declared.access_keys, entries).await? {
            let (user, id, secret) = (name.clone(), key.id.clone(), key.secret.clone());
            self.add(&path.field("access_keys"), Step::AddAccessKey { user, id, secret });
        }
        Ok(())
    }

    async fn groups(
        &mut self,
        path: &Path,
        declared: &DeclaredUser,
        record: Option<&UserRecord>,
    ) -> Result<(), ApplyError> {
        let path = path.field("groups");
        let has = match record {
            Some(record) => {
                let groups = self.directory.groups_of(self.declared.id, record).await;
                groups.map_err(|error| ApplyError::refused(&path, error))?
            }
            None => Vec::new(),
        };
        let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
        if self.prune {
            for (_, group) in has
                .iter()
                .filter(|(_, group)| !declared.groups.iter().any(|name| same(name, &group.name)))
            {
                let (user, group) = (declared.holder.name.clone(), group.name.clone());
                self.add(&path, Step::Leave { user, group });
            }
        }
        for (at, name) in declared.groups.iter().enumerate() {
            if !has.iter().any(|(_, group)| same(name, &group.name)) {
                let (user, group) = (declared.holder.name.clone(), name.clone());
                self.add(&path.item(at), Step::Join { user, group });
            }
        }
        Ok(())
    }

    pub(super) async fn role(&mut self, path: &Path, declared: &DeclaredRole) -> Result<(), ApplyError> {
        let name = declared.holder.name.clone();
        let owner = Owner::Role(name.clone());
        let Some(record) = self.stored::<RoleRecord>(path, &name).await? else {
            let new = NewRole {
                name,
                path: declared.holder.path.clone().unwrap_or_default(),
                trust_policy: declared.trust_policy.clone(),
                description: declared.description.clone().unwrap_or_default(),
                max_session_seconds: declared.max_session_seconds,
                tags: declared.tags.clone(),
                boundary: declared.boundary.clone(),
            };
            self.add(path, Step::CreateRole(new));
            self.held(path, &owner, &declared.holder, &HeldPolicies::default());
            return Ok(());
        };
        fixed(path, "path", declared.holder.path.as_ref(), &record.path)?;
        self.boundary(path, &owner, declared.boundary.as_ref(), record.boundary.as_ref());
        self.tags(path, &Subject::Role(name.clone()), &declared.tags, &record.tags);
        if let Some(description) = declared.description.clone().filter(|text| *text != record.description) {
            let name = name.clone();
            self.add(&path.field("description"), Step::DescribeRole { name, description });
        }
        let seconds = declared.max_session_seconds;
        if let Some(seconds) = seconds.filter(|seconds| *seconds != record.max_session_seconds) {
            let name = name.clone();
            self.add(
                &path.field("max_session_seconds"),
                Step::SetLongestSession { name, seconds },
            );
        }
        if !same(&record.trust_policy, &declared.trust_policy) {
            let document = declared.trust_policy.clone();
            self.add(&path.field("trust_policy"), Step::SetTrustPolicy { name, document });
        }
        self.held(path, &owner, &declared.holder, &record.policies);
        Ok(())
    }
}
