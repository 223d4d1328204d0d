//! Concurrent writers: conditional writes keep counts, limits and names right.

use std::sync::Arc;

use trent_store::{Engine, Outcome, Revision, engine::Range};

use super::{Subject, absent, at, committed, put, txn, value};

pub async fn counters_lose_no_increment(engine: Subject) {
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let engine = Arc::clone(&engine);
        tasks.push(tokio::spawn(async move {
            for _ in 0..20 {
                increment(&*engine).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(value(&*engine, "counter").await.unwrap().0, (16 * 20).to_string());
}

async fn increment(engine: &dyn Engine) {
    loop {
        let (condition, next) = match value(engine, "counter").await {
            Some((count, revision)) => {
                let count: u64 = std::str::from_utf8(&count).unwrap().parse().unwrap();
                (at("counter", revision), count + 1)
            }
            None => (absent("counter"), 1),
        };
        let outcome = engine
            .commit(txn(vec![condition], vec![put("counter", &next.to_string())]))
            .await;
        if matches!(outcome.unwrap(), Outcome::Committed(_)) {
            return;
        }
    }
}

/// A member is only added together with a write of its parent, at the revision at which the members were counted.
pub async fn a_parent_record_keeps_a_set_within_its_limit(engine: Subject) {
    const LIMIT: usize = 10;
    committed(&*engine, txn(vec![], vec![put("parent", "")])).await;
    let mut tasks = Vec::new();
    for worker in 0..32 {
        let engine = Arc::clone(&engine);
        tasks.push(tokio::spawn(async move {
            loop {
                let parent = value(&*engine, "parent").await.unwrap().1;
                let members = engine.range(&Range::prefix("member/".into(), None, 100)).await.unwrap();
                if members.items.len() >= LIMIT {
                    return false;
                }
                let writes = vec![put("parent", ""), put(&format!("member/{worker}"), "")];
                let outcome = engine.commit(txn(vec![at("parent", parent)], writes)).await.unwrap();
                if matches!(outcome, Outcome::Committed(_)) {
                    return true;
                }
            }
        }));
    }
    let mut added = 0;
    for task in tasks {
        added += usize::from(task.await.unwrap());
    }
    assert_eq!(added, LIMIT);
    let members = engine.range(&Range::prefix("member/".into(), None, 100)).await.unwrap();
    assert_eq!(members.items.len(), LIMIT);
}

pub async fn names_stay_unique_under_concurrency(engine: Subject) {
    let mut tasks = Vec::new();
    for worker in 0..64 {
        let engine = Arc::clone(&engine);
        tasks.push(tokio::spawn(async move {
            let name = format!("name/{}", worker % 8);
            let insert = txn(vec![absent(&name)], vec![put(&name, &worker.to_string())]);
            matches!(engine.commit(insert).await.unwrap(), Outcome::Committed(_))
        }));
    }
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!((won, engine.revision()), (8, Revision(8)));
}
