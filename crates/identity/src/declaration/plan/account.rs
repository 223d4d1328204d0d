//! A declared account compared with the one that is stored.

use trent_names::Region;

use super::super::Path;
use super::super::accounts::DeclaredAccount;
use super::super::documents::same;
use super::super::entities::{DeclaredPolicy, DeclaredProvider};
use super::comparison::{Comparison, fixed};
use super::error::ApplyError;
use super::step::{Step, Subject};
use crate::directory::principals::{PolicyRecord, ProviderRecord};
use crate::directory::{AccountRecord, Directory, DirectoryError, NewPolicy, NewProvider};
use crate::rules;

/// Compares the account that stands at place `at` of the declaration.
pub(super) async fn compare<'d>(
    directory: &'d Directory,
    at: usize,
    declared: &'d DeclaredAccount,
) -> Result<Comparison<'d>, ApplyError> {
    let path = Path::default().field("accounts").item(at);
    let mut compared = Comparison {
        directory,
        declared,
        prune: declared.prune,
        steps: Vec::new(),
        notes: Vec::new(),
    };
    compared.account(&path).await?;
    for (at, policy) in declared.policies.iter().enumerate() {
        compared.policy(&path.field("policies").item(at), policy).await?;
    }
    for (at, group) in declared.groups.iter().enumerate() {
        compared.group(&path.field("groups").item(at), group).await?;
    }
    for (at, user) in declared.users.iter().enumerate() {
        compared.user(&path.field("users").item(at), user).await?;
    }
    for (at, role) in declared.roles.iter().enumerate() {
        compared.role(&path.field("roles").item(at), role).await?;
    }
    for (at, provider) in declared.providers.iter().enumerate() {
        compared
            .provider(&path.field("oidc_providers").item(at), provider)
            .await?;
    }
    if declared.prune {
        compared.undeclared(&path).await?;
    }
    Ok(compared)
}

impl Comparison<'_> {
    async fn account(&mut self, path: &Path) -> Result<(), ApplyError> {
        let declared = self.declared;
        let stored = match self.directory.account(declared.id).await {
            Ok(account) => Some(account.record),
            Err(DirectoryError::NoSuchAccount(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let name = declared.name.as_deref();
        match &stored {
            None => {
                let name = name.unwrap_or(declared.id.as_str()).to_owned();
                self.add(path, Step::CreateAccount(name));
            }
            Some(record) => {
                if let Some(name) = name.filter(|name| *name != record.name) {
                    self.add(&path.field("name"), Step::RenameAccount(name.to_owned()));
                }
            }
        }
        let entries = stored.as_ref().map_or(&[][..], |record| &record.root_access_keys);
        for key in self.missing(&declared.access_keys, entries).await? {
            let at = path.field("access_keys");
            self.add(&at, Step::AddRootAccessKey(key.id.clone(), key.secret.clone()));
        }
        self.alias(path, stored.as_ref());
        self.regions(path, stored.as_ref());
        Ok(())
    }

    fn alias(&mut self, path: &Path, stored: Option<&AccountRecord>) {
        let has = stored.and_then(|record| record.alias.as_ref());
        match &self.declared.alias {
            Some(alias) if has == Some(alias) => {}
            Some(alias) => self.add(&path.field("alias"), Step::SetAlias(alias.clone())),
            None => {
                if let Some(has) = has.filter(|_| self.prune) {
                    self.add(&path.field("alias"), Step::RemoveAlias(has.clone()));
                }
            }
        }
    }

    fn regions(&mut self, path: &Path, stored: Option<&AccountRecord>) {
        let has = stored
            .and_then(|record| record.disabled_regions.as_deref())
            .unwrap_or_default();
        let wanted = match &self.declared.disabled_regions {
            Some(wanted) => wanted.as_slice(),
            None if self.prune => &[],
            None => return,
        };
        if !wanted.iter().map(Region::as_str).eq(has.iter().map(String::as_str)) {
            let regions = wanted.to_vec();
            self.add(&path.field("disabled_regions"), Step::DisableRegions(regions));
        }
    }

    async fn policy(&mut self, path: &Path, declared: &DeclaredPolicy) -> Result<(), ApplyError> {
        let arn = format!(
            "arn:aws:iam::{}:policy{}{}",
            self.declared.id, declared.path, declared.name
        );
        let Some(record) = self.stored::<PolicyRecord>(path, &declared.name).await? else {
            let new = NewPolicy {
                name: declared.name.clone(),
                path: declared.path.clone(),
                description: declared.description.clone().unwrap_or_default(),
                document: declared.document.clone(),
                tags: declared.tags.clone(),
            };
            self.add(path, Step::CreatePolicy(new));
            return Ok(());
        };
        fixed(path, "path", Some(&declared.path), &record.path)?;
        fixed(path, "description", declared.description.as_ref(), &record.description)?;
        if !record
            .in_force()
            .is_some_and(|version| same(&version.document, &declared.document))
        {
            let at = path.field("document");
            let mut others = record
                .versions
                .iter()
                .filter(|version| version.number != record.default_version);
            if record.versions.len() >= rules::POLICY_VERSIONS
                && let Some(oldest) = others.next()
            {
                let (arn, number) = (arn.clone(), oldest.number);
                self.add(&at, Step::RemovePolicyVersion { arn, number });
            }
            let (arn, document) = (arn.clone(), declared.document.clone());
            self.add(&at, Step::AddPolicyVersion { arn, document });
        }
        self.tags(path, &Subject::Policy(arn), &declared.tags, &record.tags);
        Ok(())
    }

    async fn provider(&mut self, path: &Path, declared: &DeclaredProvider) -> Result<(), ApplyError> {
        let name = rules::provider_name(&declared.url).map_err(|error| ApplyError::refused(path, error.into()))?;
        let provider = name.to_owned();
        let Some(record) = self.stored::<ProviderRecord>(path, &provider).await? else {
            let new = NewProvider {
                url: declared.url.clone(),
                client_ids: declared.client_ids.clone(),
                thumbprints: declared.thumbprints.clone(),
                tags: declared.tags.clone(),
            };
            self.add(path, Step::CreateProvider(new));
            return Ok(());
        };
        let at = path.field("client_ids");
        let prune = self.prune;
        for id in record
            .client_ids
            .iter()
            .filter(|id| prune && !declared.client_ids.contains(id))
            .cloned()
        {
            let provider = provider.clone();
            self.add(&at, Step::RemoveClientId { provider, id });
        }
        for id in declared
            .client_ids
            .iter()
            .filter(|id| !record.client_ids.contains(id))
            .cloned()
        {
            let provider = provider.clone();
            self.add(&at, Step::AddClientId { provider, id });
        }
        let mut thumbprints = if self.prune {
            Vec::new()
        } else {
            record.thumbprints.clone()
        };
        let more = declared
            .thumbprints
            .iter()
            .filter(|thumbprint| !thumbprints.contains(thumbprint));
        thumbprints.extend(more.cloned().collect::<Vec<_>>());
        if thumbprints != record.thumbprints {
            let provider = provider.clone();
            self.add(
                &path.field("thumbprints"),
                Step::SetThumbprints { provider, thumbprints },
            );
        }
        self.tags(path, &Subject::Provider(provider), &declared.tags, &record.tags);
        Ok(())
    }
}
