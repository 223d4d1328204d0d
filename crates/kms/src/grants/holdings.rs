//! The grants of one principal on one key, held in memory so that finding one that covers a request does not depend on
//! how many there are.
//!
//! They are filled from the store when the grantee's record says that there is something new. Grants that the record
//! does not know of yet are not seen through it, so that with a replication delay a new grant is as late as anything.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::ControlFlow;
use std::sync::Arc;

use parking_lot::RwLock;
use smallvec::SmallVec;
use trent_api::kms::GrantOperation;
use trent_store::{RegionStore, StoreError};

use super::terms::{Operations, Terms};
use crate::records::grants::{GrantPlace, GrantRecord, GranteeRecord, grants_to};

/// How many records are read at a time.
const PAGE: usize = 1000;

/// A grant in memory.
#[derive(Debug)]
pub struct Held {
    /// Its id.
    pub(crate) id: Arc<str>,
    /// What it allows.
    pub(crate) terms: Terms,
}

impl Held {
    /// The grant of a record.
    pub(crate) fn of(record: &GrantRecord) -> Self {
        Self {
            id: record.id.to_string().into(),
            terms: Terms::of(&record.operations, &record.constraints),
        }
    }
}

/// What a request is about, as far as grants ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The operation.
    pub(crate) operation: GrantOperation,
    /// Its encryption context.
    pub(crate) context: Option<&'a BTreeMap<String, String>>,
    /// The resource on whose behalf it is called.
    pub(crate) source: Option<&'a str>,
    /// The terms of the grant that it is to make.
    pub(crate) child: Option<&'a Terms>,
}

impl Asked<'_> {
    /// Whether a grant covers the request.
    pub(crate) fn is_covered_by(&self, grant: &Held) -> bool {
        let terms = &grant.terms;
        terms.operations.has(self.operation)
            && match self.operation {
                GrantOperation::RetireGrant => true,
                GrantOperation::DescribeKey => terms.admit_source(self.source),
                GrantOperation::CreateGrant => {
                    terms.admit_source(self.source) && self.child.is_some_and(|child| terms.let_delegate(child))
                }
                _ => terms.admit_source(self.source) && terms.admit_context(self.context),
            }
    }
}

/// The grants of one principal on one key.
#[derive(Default)]
pub struct Holdings {
    state: RwLock<State>,
    /// Held by whoever fills.
    filling: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// The last change that is in.
    known: u64,
    shelf: Shelf,
}

/// Grants, found by what a request must have for them to cover it.
#[derive(Default)]
struct Shelf {
    hasher: RandomState,
    places: HashMap<Selector, SmallVec<[Group; 1]>>,
    /// Under what each grant is found, by its number.
    grants: BTreeMap<u64, [Option<(Selector, Operations)>; 2]>,
}

/// What a request must have. Digests only narrow down: the constraints themselves are compared afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Selector {
    Nothing,
    Source(u64),
    Context(u64),
    Pair(u64),
}

/// Grants of the same operations, in the order of their numbers.
struct Group {
    operations: Operations,
    grants: Vec<(u64, Arc<Held>)>,
}

impl Holdings {
    /// Brings in what `grantee` knows of and this does not.
    pub(crate) async fn fill(
        &self,
        store: &RegionStore,
        place: &GrantPlace,
        grantee: &GranteeRecord,
    ) -> Result<(), StoreError> {
        if self.state.read().known >= grantee.last {
            return Ok(());
        }
        let _turn = self.filling.lock().await;
        let known = self.state.read().known;
        if known >= grantee.last {
            return Ok(());
        }
        let afresh = known < grantee.forgotten;
        let prefix = grants_to(place.account, place.key, &place.grantee);
        let mut after = (!afresh).then(|| prefix.clone().number(known));
        let mut found = Vec::new();
        loop {
            let page = store.range(&prefix, after.as_ref(), PAGE).await?;
            after = page.items.last().map(|(key, _)| key.clone());
            found.extend(page.items.into_iter().filter_map(|(key, stored)| {
                let number = key.parts().pop()?.try_into().ok().map(u64::from_be_bytes)?;
                Some((number, Arc::new(Held::of(&stored.value))))
            }));
            if !page.more {
                break;
            }
            tokio::task::yield_now().await;
        }
        let mut state = self.state.write();
        if afresh {
            state.shelf = Shelf::default();
        }
        for removal in grantee.removed.iter().filter(|removal| removal.change > known) {
            state.shelf.remove(removal.grant);
        }
        for (number, grant) in found {
            state.shelf.insert(number, &grant);
        }
        state.known = grantee.last;
        Ok(())
    }

    /// A grant that covers the request, of those that `limit` and the changes before it made.
    pub(crate) fn covering(&self, asked: &Asked<'_>, limit: u64) -> Option<Arc<str>> {
        self.state.read().shelf.covering(asked, limit)
    }
}

impl Group {
    fn insert(&mut self, number: u64, grant: &Arc<Held>) {
        let at = self.grants.partition_point(|(held, _)| *held < number);
        self.grants.insert(at, (number, Arc::clone(grant)));
    }
}

fn texts(pairs: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

impl Shelf {
    fn insert(&mut self, number: u64, grant: &Arc<Held>) {
        if self.grants.contains_key(&number) {
            return;
        }
        let operations = grant.terms.operations;
        let terms = &grant.terms;
        let (free, bound) = if terms.have_context() {
            (operations.without_context(), operations.with_context())
        } else {
            (operations, Operations::default())
        };
        let source = terms.source.as_ref();
        let free = (
            source.map_or(Selector::Nothing, |arn| Selector::Source(self.hasher.hash_one(arn))),
            free,
        );
        let bound = (self.of_context(grant), bound);
        let places = [free, bound].map(|place| Some(place).filter(|(_, operations)| !operations.is_empty()));
        for (selector, operations) in places.iter().flatten() {
            let groups = self.places.entry(*selector).or_default();
            let at = groups.iter().position(|group| group.operations == *operations);
            let at = at.unwrap_or_else(|| {
                groups.push(Group {
                    operations: *operations,
                    grants: Vec::new(),
                });
                groups.len() - 1
            });
            groups[at].insert(number, grant);
        }
        self.grants.insert(number, places);
    }

    /// Under what a constraint on the encryption context is found: of the pairs of a subset the one that fewest share.
    fn of_context(&self, grant: &Held) -> Selector {
        if let Some(pairs) = &grant.terms.equals {
            return Selector::Context(self.digest(pairs.iter().map(|(key, value)| (&**key, &**value))));
        }
        let pairs = grant.terms.subset.iter().flatten();
        let selectors = pairs.map(|(key, value)| Selector::Pair(self.digest([(&**key, &**value)])));
        let sharing = |selector: &Selector| {
            let groups = self.places.get(selector).into_iter().flatten();
            groups.map(|group| group.grants.len()).sum::<usize>()
        };
        selectors.min_by_key(sharing).unwrap_or(Selector::Nothing)
    }

    fn digest<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        pairs.into_iter().for_each(|pair| pair.hash(&mut hasher));
        hasher.finish()
    }

    fn remove(&mut self, number: u64) {
        let places = self.grants.remove(&number).unwrap_or_default();
        for (selector, operations) in places.into_iter().flatten() {
            let Some(groups) = self.places.get_mut(&selector) else {
                continue;
            };
            for group in groups.iter_mut().filter(|group| group.operations == operations) {
                group.grants.retain(|(held, _)| *held != number);
            }
            groups.retain(|group| !group.grants.is_empty());
            if groups.is_empty() {
                self.places.remove(&selector);
            }
        }
    }

    fn covering(&self, asked: &Asked<'_>, limit: u64) -> Option<Arc<str>> {
        let mut covering = None;
        self.visit(asked, |group| {
            let known = group.grants.iter().take_while(|(number, _)| *number <= limit);
            covering = known
                .map(|(_, grant)| grant)
                .find(|grant| asked.is_covered_by(grant))
                .map(|grant| Arc::clone(&grant.id));
            if covering.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        covering
    }

    /// Calls back with each group whose grants may cover the request, until told to stop.
    fn visit<'s>(&'s self, asked: &Asked<'_>, mut visit: impl FnMut(&'s Group) -> ControlFlow<()>) {
        let context = asked.context.filter(|pairs| !pairs.is_empty());
        let selectors = [Selector::Nothing]
            .into_iter()
            .chain(asked.source.map(|arn| Selector::Source(self.hasher.hash_one(arn))))
            .chain(context.map(|pairs| Selector::Context(self.digest(texts(pairs)))))
            .chain(
                context
                    .into_iter()
                    .flat_map(texts)
                    .map(|pair| Selector::Pair(self.digest([pair]))),
            );
        let _ = selectors
            .filter_map(|selector| self.places.get(&selector))
            .flatten()
            .filter(|group| group.operations.has(asked.operation))
            .try_for_each(&mut visit);
    }
}

#[cfg(test)]
mod tests;
