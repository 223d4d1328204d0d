//! Counts of records that fit a filter, such as of attempts to use a key that waits for its deletion.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use trent_audit::{Filter, Rendered};
use trent_names::AccountId;

/// How many counts are told apart by account. Beyond that, accounts are counted together.
const COUNTS: usize = 2000;

/// Filters of records by name, and what fitted them.
#[derive(Debug, Default)]
pub struct Filters {
    named: Vec<(String, Filter)>,
    /// Whether any of them can fit the record of a call that was carried out.
    of_successes: bool,
    /// By filter, and by the account that called. None: by nobody's account, or there are too many already.
    matches: Mutex<HashMap<(usize, Option<AccountId>), u64>>,
}

impl Filters {
    /// These filters, by name.
    pub fn new(filters: Vec<(String, Filter)>) -> Self {
        Self {
            of_successes: filters.iter().any(|(_, filter)| !filter.wants_failure()),
            named: filters,
            matches: Mutex::default(),
        }
    }

    /// Looks at the record of a call, once it was recorded. `refused`: the record says that it was.
    pub(crate) fn look_at(&self, record: &Rendered, account: Option<AccountId>, refused: bool) {
        if refused || self.of_successes {
            for (place, (_, filter)) in self.named.iter().enumerate() {
                if (refused || !filter.wants_failure()) && filter.fits(record.json()) {
                    self.count(place, account);
                }
            }
        }
    }

    fn count(&self, place: usize, account: Option<AccountId>) {
        let mut matches = self.matches.lock().unwrap_or_else(PoisonError::into_inner);
        let known = matches.len() < COUNTS || matches.contains_key(&(place, account));
        let account = account.filter(|_| known);
        *matches.entry((place, account)).or_default() += 1;
    }

    /// The names of the filters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(name, _)| &**name)
    }

    /// How many records fitted: the filter's name, the account that called, and their number.
    pub fn matches(&self) -> Vec<(&str, Option<AccountId>, u64)> {
        let matches = self.matches.lock().unwrap_or_else(PoisonError::into_inner);
        let all = matches.iter();
        all.map(|((place, account), count)| (&*self.named[*place].0, *account, *count))
            .collect()
    }
}
