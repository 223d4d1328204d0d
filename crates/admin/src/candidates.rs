//! Everybody who might be allowed to use a resource: the principals of its owner's account, and those of every account
//! that the resource's policy names.

use std::collections::BTreeSet;

use trent_api::{ApiError, protocol};
use trent_identity::directory::principals::{Named as Kept, RoleRecord, UserRecord};
use trent_identity::{Directory, DirectoryError, EntityError};
use trent_names::{AccountId, Partition, PrincipalArn};
use trent_policy::Named;
use trent_service::internal;

/// Records that are read at a time.
const STEP: usize = 500;

/// Most principals that one question goes through.
const MOST: usize = 20_000;

/// Whom to ask about.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// Principals that are here.
    pub(crate) here: BTreeSet<PrincipalArn>,
    /// What the policy names and is no principal of an account that is here: principals of other accounts, services,
    /// identity providers, unique ids of those that are gone.
    pub(crate) elsewhere: BTreeSet<String>,
}

impl Candidates {
    /// Those of a resource, by its owner's root user and whom it names. Sessions count only where the policy names them: of a role there are any number.
    pub(crate) async fn of(directory: &Directory, owner: &PrincipalArn, named: Vec<Named>) -> Result<Self, ApiError> {
        let mut candidates = Self::default();
        let (mut accounts, partition) = (BTreeSet::new(), owner.partition());
        accounts.insert(owner.account());
        for name in named {
            match name {
                Named::Everyone => accounts.extend(all_accounts(directory).await?),
                Named::Account { account, .. } => {
                    accounts.insert(account);
                }
                Named::Arn { arn, .. } => {
                    accounts.insert(arn.account());
                    let is_here = directory.party_of(&arn).await.map_err(internal)?.is_some();
                    match arn {
                        PrincipalArn::AssumedRole { .. } if is_here => {
                            candidates.here.insert(arn);
                        }
                        PrincipalArn::FederatedUser { .. } => {
                            candidates.elsewhere.insert(arn.to_string());
                        }
                        _ if !is_here => {
                            candidates.elsewhere.insert(arn.to_string());
                        }
                        _ => {}
                    }
                }
                Named::UniqueId(name) | Named::Service(name) | Named::Federated(name) | Named::CanonicalUser(name) => {
                    candidates.elsewhere.insert(name.to_string());
                }
            }
        }
        for account in accounts {
            if directory.has_account(account).await.map_err(internal)? {
                candidates.add_account(directory, account, partition).await?;
            } else {
                let root = PrincipalArn::Root { partition, account };
                candidates.elsewhere.insert(root.to_string());
            }
        }
        Ok(candidates)
    }

    /// Those of the owner's account; of others the list has the names that the resource knows them by, and nothing is
    /// looked up.
    pub(crate) async fn within(
        directory: &Directory,
        owner: &PrincipalArn,
        named: Vec<Named>,
    ) -> Result<Self, ApiError> {
        let mut candidates = Self::default();
        let (own, partition) = (owner.account(), owner.partition());
        for name in named {
            let other = match name {
                Named::Account { account, .. } if account == own => continue,
                Named::Arn { arn, .. } if arn.account() == own => {
                    let is_here = directory.party_of(&arn).await.map_err(internal)?.is_some();
                    match arn {
                        PrincipalArn::AssumedRole { .. } if is_here => {
                            candidates.here.insert(arn);
                            continue;
                        }
                        PrincipalArn::FederatedUser { .. } => arn.to_string(),
                        _ if is_here => continue,
                        _ => arn.to_string(),
                    }
                }
                Named::Everyone => "*".to_owned(),
                Named::Account { account, .. } => PrincipalArn::Root { partition, account }.to_string(),
                Named::Arn { arn, .. } => arn.to_string(),
                Named::UniqueId(name) | Named::Service(name) | Named::Federated(name) | Named::CanonicalUser(name) => {
                    name.to_string()
                }
            };
            candidates.elsewhere.insert(other);
        }
        candidates.add_account(directory, own, partition).await?;
        Ok(candidates)
    }

    async fn add_account(
        &mut self,
        directory: &Directory,
        account: AccountId,
        partition: Partition,
    ) -> Result<(), ApiError> {
        self.here.insert(PrincipalArn::Root { partition, account });
        self.add::<UserRecord>(directory, account, |user| user.arn(partition, account))
            .await?;
        self.add::<RoleRecord>(directory, account, |role| role.arn(partition, account))
            .await
    }

    async fn add<R: Kept>(
        &mut self,
        directory: &Directory,
        account: AccountId,
        arn: impl Fn(&R) -> PrincipalArn,
    ) -> Result<(), ApiError> {
        let mut after = None;
        loop {
            let page = directory.list::<R>(account, "/", after.as_ref(), STEP).await;
            let page = page.map_err(|error: EntityError| internal(error))?;
            self.here.extend(page.items.iter().map(|(_, record)| arn(record)));
            if self.here.len() > MOST {
                return Err(protocol::validation(format!(
                    "More than {MOST} principals might be allowed: ask about one with `explain`"
                )));
            }
            match page.next {
                None => return Ok(()),
                next => after = next,
            }
        }
    }
}

async fn all_accounts(directory: &Directory) -> Result<Vec<AccountId>, ApiError> {
    let mut all: Vec<AccountId> = Vec::new();
    loop {
        let page = directory.accounts(all.last().copied(), STEP).await;
        let (accounts, more) = page.map_err(|error: DirectoryError| internal(error))?;
        all.extend(accounts.iter().map(|account| account.id));
        if !more {
            return Ok(all);
        }
    }
}
