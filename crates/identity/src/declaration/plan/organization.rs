//! A declared organization compared with the stored one.
//!
//! It is declared whole, so each of its records is known beforehand, and a step writes one record or removes one. What
//! refers to a record is written after it and removed before it: a reference whose record is missing denies everything.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use trent_names::AccountId;
use trent_store::{GlobalTxn, Key, LivesIn, Revision, Stored};

use super::super::Path;
use super::super::documents::same;
use super::super::organization::DeclaredOrganization;
use super::change::{Change, Kind};
use super::error::ApplyError;
use crate::directory::{AccountRecord, Directory, DirectoryError, EntityError, account_key};
use crate::organization::records::{
    AttachedControls, ControlKind, ControlPolicyRecord, ControlReference, Membership, OrganizationRecord, UnitRecord,
    organization_key, policy_key, unit_key,
};

/// Records that are listed at a time.
const PAGE: usize = 200;

/// A record to be written, or removed if there is no value, and the revision that it was read at.
pub(super) struct Write<R> {
    key: Key<R>,
    read_at: Option<Revision>,
    value: Option<R>,
}

/// One step.
pub(super) enum Step {
    Organization(Write<OrganizationRecord>),
    Policy(Write<ControlPolicyRecord>),
    Unit(Write<UnitRecord>),
    Account(Box<Write<AccountRecord>>),
}

/// A step and what it does.
pub(super) struct Told {
    pub(super) change: Change,
    pub(super) step: Step,
}

impl Step {
    /// Adds the step to a transaction.
    pub(super) fn write(&self, transaction: &mut GlobalTxn) {
        match self {
            Self::Organization(write) => write.write(transaction),
            Self::Policy(write) => write.write(transaction),
            Self::Unit(write) => write.write(transaction),
            Self::Account(write) => write.write(transaction),
        }
    }

    /// About how many bytes it adds.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Policy(write) => write.value.as_ref().map_or(0, |policy| policy.document.len()),
            _ => 1_024,
        }
    }
}

impl<R: LivesIn<trent_store::Everywhere>> Write<R> {
    fn write(&self, transaction: &mut GlobalTxn) {
        match (&self.value, self.read_at) {
            (Some(value), Some(revision)) => transaction.update(&self.key, value, revision),
            (Some(value), None) => transaction.insert(&self.key, value),
            (None, Some(revision)) => transaction.delete(&self.key, revision),
            (None, None) => transaction,
        };
    }
}

/// Compares. Accounts of `coming` are declared and may not be there yet.
pub(super) async fn compare(
    directory: &Directory,
    declared: &DeclaredOrganization,
    coming: &BTreeSet<AccountId>,
) -> Result<Vec<Told>, ApplyError> {
    let mut compared = Comparison {
        directory,
        declared,
        editions: HashMap::new(),
        steps: Vec::new(),
    };
    compared.organization().await?;
    let gone = compared.policies().await?;
    let orphans = compared.units().await?;
    compared.accounts(coming).await?;
    compared.steps.extend(orphans);
    compared.steps.extend(gone);
    Ok(compared.steps)
}

struct Comparison<'d> {
    directory: &'d Directory,
    declared: &'d DeclaredOrganization,
    editions: HashMap<(ControlKind, &'d str), u64>,
    steps: Vec<Told>,
}

impl Comparison<'_> {
    async fn organization(&mut self) -> Result<(), ApplyError> {
        let declared = self.declared;
        let record = OrganizationRecord {
            id: declared.id.clone(),
            root: declared.root.clone(),
            management_account: declared.management_account.to_string(),
        };
        let stored = self.get(&organization_key()).await?;
        if let Some(stored) = &stored {
            let path = Path::default().field("organization");
            for (field, is, wanted) in [
                ("id", &stored.value.id, &record.id),
                ("root", &stored.value.root, &record.root),
            ] {
                if is != wanted {
                    let (at, is) = (path.field(field).to_string(), is.clone());
                    return Err(ApplyError::Fixed { at, is });
                }
            }
        }
        let what = format!("organization {}", record.id);
        self.put(organization_key(), stored, record, what, Step::Organization);
        Ok(())
    }

    /// Writes the policies that differ, and gives the removal of those that are not declared.
    async fn policies(&mut self) -> Result<Vec<Told>, ApplyError> {
        let store = self.directory.store();
        let mut stored: BTreeMap<Vec<u8>, (Key<ControlPolicyRecord>, Stored<ControlPolicyRecord>)> = self
            .all()
            .await?
            .into_iter()
            .map(|(key, stored)| (key.as_bytes().to_vec(), (key, stored)))
            .collect();
        for policy in &self.declared.policies {
            let key = policy_key(store, policy.kind, &policy.name);
            let known = stored.remove(key.as_bytes()).map(|(_, known)| known);
            let edition = known.as_ref().map_or(0, |known| known.value.edition);
            let unchanged = known
                .as_ref()
                .is_some_and(|known| same(&known.value.document, &policy.document));
            let edition = if unchanged { edition } else { edition + 1 };
            self.editions.insert((policy.kind, &policy.name), edition);
            if unchanged {
                continue;
            }
            let record = ControlPolicyRecord {
                kind: policy.kind,
                name: policy.name.clone(),
                document: policy.document.clone(),
                edition,
            };
            self.put(key, known, record, named(policy.kind, &policy.name), Step::Policy);
        }
        let gone = stored.into_values().map(|(key, known)| {
            let what = named(known.value.kind, &known.value.name);
            remove(key, &known, what, Step::Policy)
        });
        Ok(gone.collect())
    }

    /// Writes the units that differ, and gives the removal of those that are not declared.
    async fn units(&mut self) -> Result<Vec<Told>, ApplyError> {
        let declared = self.declared;
        let mut stored: BTreeMap<Vec<u8>, (Key<UnitRecord>, Stored<UnitRecord>)> = self
            .all()
            .await?
            .into_iter()
            .map(|(key, stored)| (key.as_bytes().to_vec(), (key, stored)))
            .collect();
        let root = (declared.root.as_str(), "Root", None);
        let units = declared
            .units
            .iter()
            .map(|unit| (unit.id.as_str(), unit.name.as_str(), Some(&unit.parent)));
        for (id, name, parent) in std::iter::once(root).chain(units) {
            let key = unit_key(id);
            let known = stored.remove(key.as_bytes()).map(|(_, known)| known);
            let mut record = UnitRecord {
                organization: declared.id.clone(),
                name: name.to_owned(),
                parent: parent.cloned(),
                attached: self.attached(id),
            };
            if let Some(known) = &known
                && known.value.attached.same_names(&record.attached)
            {
                record.attached.clone_from(&known.value.attached);
            }
            let what = if parent.is_some() {
                format!("unit {id} ({name})")
            } else {
                format!("root {id}")
            };
            self.put(key, known, record, what, Step::Unit);
        }
        let gone = stored.into_values().map(|(key, known)| {
            let id = key
                .parts()
                .first()
                .map(|id| String::from_utf8_lossy(id).into_owned())
                .unwrap_or_default();
            let what = format!("unit {id} ({})", known.value.name);
            remove(key, &known, what, Step::Unit)
        });
        Ok(gone.collect())
    }

    async fn accounts(&mut self, coming: &BTreeSet<AccountId>) -> Result<(), ApplyError> {
        let path = Path::default().field("organization").field("accounts");
        let places: BTreeMap<AccountId, &String> = self
            .declared
            .accounts
            .iter()
            .map(|(id, parent)| (*id, parent))
            .collect();
        for (at, (id, parent)) in self.declared.accounts.iter().enumerate() {
            let what = format!("account {id} in {parent}");
            let Some(stored) = self.get(&account_key(*id)).await? else {
                if !coming.contains(id) {
                    let at = path.item(at).field("id");
                    return Err(ApplyError::refused(&at, EntityError::NoSuchAccount(*id)));
                }
                // It comes before the organization does; then this is a change of it.
                let (kind, key) = (Kind::Alter, account_key(*id));
                let write = Write {
                    key,
                    read_at: None,
                    value: None,
                };
                let step = Step::Account(Box::new(write));
                self.steps.push(Told {
                    change: Change { kind, what },
                    step,
                });
                continue;
            };
            let mut membership = Membership {
                organization: self.declared.id.clone(),
                parent: parent.clone(),
                management: *id == self.declared.management_account,
                attached: self.attached(id.as_str()),
            };
            if let Some(is) = &stored.value.membership
                && is.attached.same_names(&membership.attached)
            {
                membership.attached.clone_from(&is.attached);
            }
            let record = AccountRecord {
                membership: Some(membership),
                ..stored.value.clone()
            };
            self.put(account_key(*id), Some(stored), record, what, |write| {
                Step::Account(Box::new(write))
            });
        }
        let mut after = None;
        loop {
            let (accounts, more) = self.directory.accounts(after, PAGE).await?;
            after = accounts.last().map(|account| account.id);
            for account in accounts {
                if account.record.membership.is_none() || places.contains_key(&account.id) {
                    continue;
                }
                let record = AccountRecord {
                    membership: None,
                    ..account.record
                };
                let write = Write {
                    key: account_key(account.id),
                    read_at: Some(account.revision),
                    value: Some(record),
                };
                self.steps.push(Told {
                    change: Change {
                        kind: Kind::Remove,
                        what: format!("account {}", account.id),
                    },
                    step: Step::Account(Box::new(write)),
                });
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// What is to be attached to a target.
    fn attached(&self, target: &str) -> AttachedControls {
        let of = |kind| {
            let policies = self.declared.policies.iter();
            let here = policies.filter(|policy| policy.kind == kind && policy.targets.contains(target));
            let references = here.map(|policy| ControlReference {
                name: policy.name.clone(),
                edition: self
                    .editions
                    .get(&(kind, policy.name.as_str()))
                    .copied()
                    .unwrap_or_default(),
            });
            references.collect()
        };
        AttachedControls {
            full_access: !self.declared.without_full_access.contains(target),
            service: of(ControlKind::Service),
            resource: of(ControlKind::Resource),
        }
    }

    fn put<R: PartialEq>(
        &mut self,
        key: Key<R>,
        stored: Option<Stored<R>>,
        record: R,
        what: String,
        step: impl FnOnce(Write<R>) -> Step,
    ) {
        let (kind, read_at) = match stored {
            Some(stored) if stored.value == record => return,
            Some(stored) => (Kind::Alter, Some(stored.revision)),
            None => (Kind::Add, None),
        };
        let value = Some(record);
        self.steps.push(Told {
            change: Change { kind, what },
            step: step(Write { key, read_at, value }),
        });
    }

    async fn get<R: LivesIn<trent_store::Everywhere>>(&self, key: &Key<R>) -> Result<Option<Stored<R>>, ApplyError> {
        Ok(self.directory.store().get(key).await.map_err(DirectoryError::from)?)
    }

    async fn all<R: LivesIn<trent_store::Everywhere>>(&self) -> Result<Vec<(Key<R>, Stored<R>)>, ApplyError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .directory
                .store()
                .range(&Key::<R>::new(), after.as_ref(), PAGE)
                .await;
            let page = page.map_err(DirectoryError::from)?;
            after = page.items.last().map(|(key, _)| key.clone());
            all.extend(page.items);
            if !page.more {
                return Ok(all);
            }
        }
    }
}

fn named(kind: ControlKind, name: &str) -> String {
    match kind {
        ControlKind::Service => format!("service control policy {name}"),
        ControlKind::Resource => format!("resource control policy {name}"),
    }
}

fn remove<R>(key: Key<R>, stored: &Stored<R>, what: String, step: impl FnOnce(Write<R>) -> Step) -> Told {
    let kind = Kind::Remove;
    Told {
        change: Change { kind, what },
        step: step(Write {
            key,
            read_at: Some(stored.revision),
            value: None,
        }),
    }
}
