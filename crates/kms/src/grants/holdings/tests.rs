use std::collections::BTreeSet;

use super::*;
use crate::records::grants::Constraints;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn pairs(&mut self) -> BTreeMap<String, String> {
        let count = self.below(4);
        (0..count)
            .map(|_| (self.below(3).to_string(), self.below(2).to_string()))
            .collect()
    }

    fn source(&mut self) -> Option<String> {
        (self.below(4) == 0).then(|| self.below(2).to_string())
    }

    fn grant(&mut self) -> Held {
        let some = |pairs: BTreeMap<String, String>| Some(pairs).filter(|pairs| !pairs.is_empty());
        let operations: BTreeSet<_> = (0..=self.below(3)).map(|_| self.operation()).collect();
        let equals = if self.below(3) == 0 { some(self.pairs()) } else { None };
        let subset = if self.below(2) == 0 { some(self.pairs()) } else { None };
        let constraints = Constraints {
            equals,
            subset,
            source_arn: self.source(),
        };
        Held {
            id: self.below(u64::MAX).to_string().into(),
            terms: Terms::of(&operations, &constraints),
        }
    }

    fn operation(&mut self) -> GrantOperation {
        let some = [
            GrantOperation::Encrypt,
            GrantOperation::Decrypt,
            GrantOperation::DescribeKey,
            GrantOperation::CreateGrant,
        ];
        some[usize::try_from(self.below(4)).expect("less than four")]
    }
}

/// What is found by selectors is what looking at every grant finds, whatever was added and removed before.
#[test]
fn selectors_miss_nothing_and_find_nothing_else() {
    let mut numbers = Numbers(7);
    let mut shelf = Shelf::default();
    let mut all: BTreeMap<u64, Arc<Held>> = BTreeMap::new();
    let mut hits = 0;
    for number in 1..2000 {
        let grant = Arc::new(numbers.grant());
        shelf.insert(number, &grant);
        shelf.insert(number, &grant);
        all.insert(number, grant);
        if all.len() > 20 {
            let at = usize::try_from(numbers.below(20)).expect("a small number");
            let gone = *all.keys().nth(at).expect("there are more");
            all.remove(&gone);
            shelf.remove(gone);
            shelf.remove(gone);
        }
        let context = numbers.pairs();
        let source = numbers.source();
        let child = numbers.grant().terms;
        let asked = Asked {
            operation: numbers.operation(),
            context: Some(&context),
            source: source.as_deref(),
            child: Some(&child),
        };
        let limit = number - numbers.below(10).min(number);
        let covering = shelf.covering(&asked, limit);
        let mut expected = all
            .range(..=limit)
            .map(|(_, grant)| grant)
            .filter(|grant| asked.is_covered_by(grant));
        match covering {
            Some(id) => assert!(expected.any(|grant| grant.id == id), "{asked:?}"),
            None => assert!(expected.next().is_none(), "{asked:?}"),
        }
        hits += usize::from(shelf.covering(&asked, limit).is_some());
    }
    assert!(hits > 100, "{hits}");
    for number in 0..2000 {
        shelf.remove(number);
    }
    assert!(shelf.places.is_empty() && shelf.grants.is_empty());
}
