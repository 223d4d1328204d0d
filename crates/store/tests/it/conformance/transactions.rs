//! Transactions: conditions, limits, and a model that follows the same rules.

use std::collections::BTreeMap;

use bytes::Bytes;
use trent_store::{
    Outcome, Revision, StoreError,
    engine::{MAX_OPERATIONS, MAX_TRANSACTION_BYTES, Precondition, Range, Write},
};

use super::{Subject, absent, at, committed, delete, put, rejected, txn, value};
use crate::random::Random;

pub async fn preconditions_hold_or_nothing_happens(engine: Subject) {
    let first = committed(&*engine, txn(vec![absent("a")], vec![put("a", "1"), put("b", "1")])).await;
    assert_eq!(first, Revision(1));
    assert_eq!(value(&*engine, "a").await, Some(("1".into(), first)));

    let conflict = rejected(
        &*engine,
        txn(vec![at("b", first), absent("a")], vec![put("b", "2"), put("c", "2")]),
    )
    .await;
    assert_eq!(conflict, "a", "the conflict names the precondition that failed");
    assert_eq!(value(&*engine, "b").await, Some(("1".into(), first)));
    assert_eq!(value(&*engine, "c").await, None);
    assert_eq!(engine.revision(), first, "a rejected transaction takes no revision");

    let second = committed(&*engine, txn(vec![at("a", first)], vec![put("a", "2")])).await;
    assert_eq!(second, Revision(2));
    assert_eq!(
        rejected(&*engine, txn(vec![at("a", first)], vec![delete("a")])).await,
        "a"
    );
    assert_eq!(
        rejected(&*engine, txn(vec![at("z", first)], vec![])).await,
        "z",
        "what is absent is at no revision"
    );

    committed(
        &*engine,
        txn(vec![at("a", second)], vec![delete("a"), delete("never there")]),
    )
    .await;
    assert_eq!(value(&*engine, "a").await, None);
    let again = committed(&*engine, txn(vec![absent("a"), at("b", first)], vec![put("a", "3")])).await;
    assert_eq!(value(&*engine, "a").await, Some(("3".into(), again)));
}

pub async fn limits_are_refused_before_anything_happens(engine: Subject) {
    let puts = |count: usize| (0..count).map(|n| put(&format!("k{n}"), "v")).collect::<Vec<_>>();
    let own_conditions = (0..MAX_OPERATIONS).map(|n| absent(&format!("k{n}"))).collect();
    committed(&*engine, txn(own_conditions, puts(MAX_OPERATIONS))).await;
    let many = engine.commit(txn(vec![absent("x")], puts(MAX_OPERATIONS))).await;
    assert!(matches!(many, Err(StoreError::TooManyOperations { operations: 101 })));

    let of_size = |size: usize| txn(vec![], vec![Write::Put("big".into(), vec![7; size].into())]);
    committed(&*engine, of_size(MAX_TRANSACTION_BYTES - 3)).await;
    let large = engine.commit(of_size(MAX_TRANSACTION_BYTES - 2)).await;
    assert!(matches!(large, Err(StoreError::TooLarge { bytes }) if bytes == MAX_TRANSACTION_BYTES + 1));
    assert_eq!(
        engine.get(b"big").await.unwrap().unwrap().value.len(),
        MAX_TRANSACTION_BYTES - 3
    );

    let twice = engine.commit(txn(vec![], vec![put("a", "1"), delete("a")])).await;
    assert!(matches!(twice, Err(StoreError::WrittenTwice)));
    let empty = engine.commit(txn(vec![absent("")], vec![])).await;
    assert!(matches!(empty, Err(StoreError::EmptyKey)));
    assert_eq!(engine.revision(), Revision(2));
}

pub async fn a_closed_engine_refuses(engine: Subject) {
    committed(&*engine, txn(vec![], vec![put("a", "1")])).await;
    engine.close().await;
    engine.close().await;
    let refused = engine.commit(txn(vec![], vec![put("a", "2")])).await;
    assert!(matches!(refused, Err(StoreError::Closed)));
}

/// Random transactions against a map that follows the same rules.
pub async fn random_transactions_match_a_model(engine: Subject) {
    let mut random = Random::new(7);
    let mut model = BTreeMap::<String, (String, Revision)>::new();
    for _ in 0..300 {
        let mut keys: Vec<String> = (0..8).map(|n| format!("k{n}")).collect();
        keys.retain(|_| random.below(3) == 0);
        let mut preconditions = Vec::new();
        for key in &keys {
            match model.get(key) {
                _ if random.coin() => {}
                Some((_, revision)) if random.below(4) > 0 => preconditions.push(at(key, *revision)),
                _ => preconditions.push(absent(key)),
            }
        }
        let writes: Vec<_> = keys
            .iter()
            .map(|key| {
                if random.below(3) == 0 {
                    delete(key)
                } else {
                    put(key, &random.next().to_string())
                }
            })
            .collect();
        let holds = preconditions.iter().all(|condition| match condition {
            Precondition::Absent(key) => !model.contains_key(std::str::from_utf8(key).unwrap()),
            Precondition::At(key, revision) => model
                .get(std::str::from_utf8(key).unwrap())
                .is_some_and(|(_, at)| at == revision),
        });
        match engine.commit(txn(preconditions, writes.clone())).await.unwrap() {
            Outcome::Committed(revision) => {
                assert!(holds);
                for write in writes {
                    let key = String::from_utf8(write.key().to_vec()).unwrap();
                    match write {
                        Write::Put(_, value) => {
                            model.insert(key, (String::from_utf8(value.to_vec()).unwrap(), revision));
                        }
                        Write::Delete(_) => {
                            model.remove(&key);
                        }
                    }
                }
            }
            Outcome::Rejected(_) => assert!(!holds),
            Outcome::Unknown => panic!("no answer was lost"),
        }
        let page = engine.range(&Range::everything(None, 100)).await.unwrap();
        let stored: Vec<_> = page
            .items
            .into_iter()
            .map(|(key, stored)| (key, stored.value, stored.revision))
            .collect();
        let expected: Vec<(Bytes, Bytes, Revision)> = model
            .iter()
            .map(|(key, (value, at))| (key.clone().into(), value.clone().into(), *at))
            .collect();
        assert_eq!(stored, expected);
    }
}
