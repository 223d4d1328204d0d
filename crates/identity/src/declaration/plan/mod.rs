//! From a declaration and what is stored to a plan, and from the plan to transactions.
//!
//! A plan is made by comparing, so what is there already needs no step, and applying a declaration twice changes nothing
//! the second time. Steps come in an order in which each finds what it needs, and what restricts comes before what
//! permits. They are committed in [`Batch`]es, each as large as one transaction allows; after each the comparison is made
//! anew, so an application that was interrupted goes on where it stopped.

mod account;
mod change;
mod comparison;
mod entities;
mod error;
mod holder;
mod organization;
mod prune;
mod services;
mod step;

use std::collections::BTreeSet;
use std::time::Duration;

use trent_names::AccountId;
use trent_store::GlobalTxn;
use trent_store::engine::MAX_OPERATIONS;

use super::bootstrap::Bootstrap;
use super::organization::DeclaredOrganization;
use super::services::DeclaredService;
use crate::directory::{Directory, Edit, Planned};
use account::compare;
use step::{MOST_OPERATIONS, Placed, Step};

pub use change::{Change, Kind, Note, Scope};
pub use error::ApplyError;

/// Operations of one batch: room is left for the audit record that is committed with it, and more.
const BATCH_OPERATIONS: usize = MAX_OPERATIONS - 8;

/// Bytes of the documents of one batch, well below what a transaction holds.
const BATCH_BYTES: usize = 128 * 1024;

/// Everything that applying a declaration would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The changes in order.
    pub changes: Vec<(Scope, Change)>,
    /// What is asked for and not brought about.
    pub notes: Vec<Note>,
}

/// Changes that happen together.
pub struct Batch {
    /// Whose they are.
    pub scope: Scope,
    /// What they are.
    pub changes: Vec<Change>,
    /// What to commit.
    pub transaction: GlobalTxn,
    /// Where to look for the next batch.
    pub next: Position,
}

/// How much of a declaration has been applied. The beginning is always right; a later one saves comparing anew what is
/// known to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position(pub usize);

/// What applying the declaration would do. Every step is tried, and none is committed.
pub async fn plan(directory: &Directory, bootstrap: &Bootstrap, now: Duration) -> Result<Plan, ApplyError> {
    let mut plan = Plan::default();
    for (at, account) in bootstrap.accounts.iter().enumerate() {
        let compared = compare(directory, at, account).await?;
        plan.notes.extend(compared.notes);
        if let Some(first) = compared.steps.first() {
            let mut edit = begin(directory, account.id, first, now).await?;
            for placed in &compared.steps {
                perform(placed, &mut edit).await?;
            }
        }
        let changes = compared
            .steps
            .iter()
            .map(|placed| (Scope::Account(account.id), placed.step.change()));
        plan.changes.extend(changes);
    }
    if let Some(declared) = &bootstrap.services {
        let steps = services::compare(directory, declared, now).await?;
        let changes = steps.into_iter().flat_map(|step| step.changes);
        plan.changes.extend(changes.map(|change| (Scope::Services, change)));
    }
    if let Some(organization) = &bootstrap.organization {
        let steps = organization::compare(directory, organization, &coming(bootstrap)).await?;
        let changes = steps.into_iter().map(|told| (Scope::Organization, told.change));
        plan.changes.extend(changes);
    }
    Ok(plan)
}

/// The next changes to commit, looked for from `position` on; `None` when all of it is there.
pub async fn next(
    directory: &Directory,
    bootstrap: &Bootstrap,
    position: Position,
    now: Duration,
) -> Result<Option<Batch>, ApplyError> {
    for (at, account) in bootstrap.accounts.iter().enumerate().skip(position.0) {
        let compared = compare(directory, at, account).await?;
        let Some(first) = compared.steps.first() else { continue };
        let mut edit = begin(directory, account.id, first, now).await?;
        let (mut changes, mut bytes) = (Vec::new(), 0);
        for placed in &compared.steps {
            bytes += placed.step.size();
            let full = edit.operations() + MOST_OPERATIONS > BATCH_OPERATIONS || bytes > BATCH_BYTES;
            if full && !changes.is_empty() {
                break;
            }
            perform(placed, &mut edit).await?;
            changes.push(placed.step.change());
        }
        let Planned { transaction, .. } = edit.plan(());
        return Ok(Some(Batch {
            scope: Scope::Account(account.id),
            changes,
            transaction,
            next: Position(at),
        }));
    }
    if let Some(declared) = &bootstrap.services
        && let Some(batch) = next_of_services(directory, bootstrap, declared, now).await?
    {
        return Ok(Some(batch));
    }
    match &bootstrap.organization {
        Some(declared) => next_of_organization(directory, bootstrap, declared).await,
        None => Ok(None),
    }
}

/// Services come when all accounts are there.
async fn next_of_services(
    directory: &Directory,
    bootstrap: &Bootstrap,
    declared: &[DeclaredService],
    now: Duration,
) -> Result<Option<Batch>, ApplyError> {
    let steps = services::compare(directory, declared, now).await?;
    if steps.is_empty() {
        return Ok(None);
    }
    let mut transaction = directory.store().txn();
    let mut changes = Vec::new();
    for step in steps.into_iter().take(BATCH_OPERATIONS / services::MOST_OPERATIONS) {
        step.write(&mut transaction);
        changes.extend(step.changes);
    }
    Ok(Some(Batch {
        scope: Scope::Services,
        changes,
        transaction,
        next: Position(bootstrap.accounts.len()),
    }))
}

/// The organization comes when all accounts are there.
async fn next_of_organization(
    directory: &Directory,
    bootstrap: &Bootstrap,
    declared: &DeclaredOrganization,
) -> Result<Option<Batch>, ApplyError> {
    let steps = organization::compare(directory, declared, &BTreeSet::new()).await?;
    if steps.is_empty() {
        return Ok(None);
    }
    let mut transaction = directory.store().txn();
    let (mut changes, mut bytes) = (Vec::new(), 0);
    for told in steps {
        bytes += told.step.size();
        if !changes.is_empty() && (changes.len() >= BATCH_OPERATIONS || bytes > BATCH_BYTES) {
            break;
        }
        told.step.write(&mut transaction);
        changes.push(told.change);
    }
    Ok(Some(Batch {
        scope: Scope::Organization,
        changes,
        transaction,
        next: Position(bootstrap.accounts.len()),
    }))
}

/// The accounts that are declared.
fn coming(bootstrap: &Bootstrap) -> BTreeSet<AccountId> {
    bootstrap.accounts.iter().map(|account| account.id).collect()
}

async fn begin<'d>(
    directory: &'d Directory,
    id: AccountId,
    first: &Placed,
    now: Duration,
) -> Result<Edit<'d>, ApplyError> {
    let begun = match &first.step {
        Step::CreateAccount(name) => directory.edit_new(id, name, now).await,
        _ => directory.edit(id, now).await,
    };
    begun.map_err(|error| ApplyError::refused(&first.path, error))
}

async fn perform(placed: &Placed, edit: &mut Edit<'_>) -> Result<(), ApplyError> {
    let performed = placed.step.perform(edit).await;
    performed.map_err(|error| ApplyError::refused(&placed.path, error))
}
