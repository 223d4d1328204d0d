//! Counts of records that fit a filter, such as of attempts to use a key that waits for its deletion.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use trent_audit::{Filter, Recorded, Rendered};
use trent_names::{AccountId, KeyArn, KeyReference};

/// How many counts are told apart by account. Beyond that, accounts are counted together.
const COUNTS: usize = 2000;

/// How many are told apart by key.
const COUNTS_OF_KEYS: usize = 1000;

/// Filters of records by name, and what fitted them.
#[derive(Debug, Default)]
pub struct Filters {
    named: Vec<(String, Filter)>,
    /// Whether any of them can fit the record of a call that was carried out.
    of_successes: bool,
    /// By filter, and by the account that called. None: by nobody's account, or there are too many already.
    matches: Mutex<HashMap<(usize, Option<AccountId>), u64>>,
    /// Of refusals whose text begins with the key that they are about: by filter and by key. None: there are too many keys
    /// already.
    of_keys: Mutex<HashMap<(usize, Option<KeyArn>), u64>>,
}

impl Filters {
    /// These filters, by name.
    pub fn new(filters: Vec<(String, Filter)>) -> Self {
        Self {
            of_successes: filters.iter().any(|(_, filter)| !filter.wants_failure()),
            named: filters,
            matches: Mutex::default(),
            of_keys: Mutex::default(),
        }
    }

    /// Looks at the record of a call, once it was recorded. `refused`: the record says that it was.
    pub(crate) fn look_at(&self, record: &Rendered, account: Option<AccountId>, refused: bool) {
        if refused || self.of_successes {
            for (place, (_, filter)) in self.named.iter().enumerate() {
                if (refused || !filter.wants_failure()) && filter.fits(record.json()) {
                    self.count(place, account);
                    if refused && let Some(key) = key_of_refusal(record.json()) {
                        self.count_of_key(place, key);
                    }
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

    fn count_of_key(&self, place: usize, key: KeyArn) {
        let mut of_keys = self.of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = (place, Some(key));
        if of_keys.len() >= COUNTS_OF_KEYS && !of_keys.contains_key(&place) {
            place.1 = None;
        }
        *of_keys.entry(place).or_default() += 1;
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

    /// How many refusals fitted that are about one key and begin with it: the filter's name, the key, and their number.
    pub fn matches_of_keys(&self) -> Vec<(&str, Option<KeyArn>, u64)> {
        let of_keys = self.of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let all = of_keys.iter();
        all.map(|((place, key), count)| (&*self.named[*place].0, key.clone(), *count))
            .collect()
    }
}

/// The key that the text of a refusal begins with, as that of a key's state does: `arn:… is disabled.`
fn key_of_refusal(record: &[u8]) -> Option<KeyArn> {
    let record = Recorded::read(record)?;
    let (first, _) = record.error_message()?.split_once(' ')?;
    match KeyReference::parse(first) {
        Ok(KeyReference::KeyArn(arn)) => Some(arn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_one_that_a_refusal_begins_with() {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let key_of = |message: &str| {
            let record = serde_json::json!({"userIdentity": {}, "eventTime": "", "eventSource": "", "eventName": "",
                "awsRegion": "", "eventID": "", "errorMessage": message});
            key_of_refusal(record.to_string().as_bytes()).map(|key| key.to_string())
        };
        assert_eq!(key_of(&format!("{arn} is disabled.")).as_deref(), Some(arn));
        for none in [
            "Alias arn is not found.",
            "",
            &format!("User: x is not authorized to perform: kms:Encrypt on resource: {arn}"),
        ] {
            assert_eq!(key_of(none), None, "{none}");
        }
        assert_eq!(key_of_refusal(b"{}"), None);
    }

    #[test]
    fn refusals_about_more_keys_than_are_told_apart_are_counted_together() {
        let filters = Filters::default();
        for number in 0..COUNTS_OF_KEYS + 7 {
            let arn = format!("arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-{number:012}");
            let Ok(KeyReference::KeyArn(arn)) = KeyReference::parse(&arn) else {
                panic!("{arn}");
            };
            filters.count_of_key(0, arn.clone());
            filters.count_of_key(0, arn);
        }
        let of_keys = filters.of_keys.lock().expect("nobody panicked");
        assert_eq!(of_keys.len(), COUNTS_OF_KEYS + 1);
        assert_eq!(of_keys[&(0, None)], 14);
    }
}
