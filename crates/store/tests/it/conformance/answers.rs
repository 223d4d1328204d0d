//! Lost answers: what became of a transaction is found out by its id.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use trent_store::{Outcome, Revision, engine::Txn};

use super::{Subject, absent, committed, id, put, rejected, txn, unique, value};

/// Polls a commit a number of times and then forgets it, as a connection does that breaks.
async fn forget_after(engine: &Subject, txn: Txn, polls: usize) {
    let mut commit = pin!(engine.commit(txn));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(outcome) = commit.as_mut().poll(&mut context) {
            assert!(matches!(outcome, Ok(Outcome::Committed(_))));
            return;
        }
        tokio::task::yield_now().await;
    }
}

pub async fn a_lost_answer_is_resolved_by_the_id(engine: Subject) {
    let mut happened = 0;
    for polls in 0..200 {
        let key = format!("k{polls}");
        let lost = txn(vec![absent(&key)], vec![put(&key, "v")]);
        forget_after(&engine, lost.clone(), polls % 20).await;
        let told = engine.outcome(lost.id).await.unwrap();
        let found = value(&*engine, &key).await;
        match told {
            Some(Outcome::Committed(revision)) => {
                assert_eq!(found, Some(("v".into(), revision)));
                happened += 1;
            }
            None => {
                assert_eq!(found, None, "an outcome of none is final");
                tokio::task::yield_now().await;
                assert_eq!(value(&*engine, &key).await, None);
            }
            other => panic!("{other:?}"),
        }
        // Whatever became of it, handing it over again makes it happen exactly once.
        let revision = committed(&*engine, lost.clone()).await;
        assert_eq!(
            engine.outcome(lost.id).await.unwrap(),
            Some(Outcome::Committed(revision))
        );
        assert_eq!(value(&*engine, &key).await, Some(("v".into(), revision)));
    }
    assert!(
        (1..200).contains(&happened),
        "both cases occurred ({happened} happened)"
    );
    assert_eq!(engine.revision(), Revision(200));
}

pub async fn the_same_id_commits_once(engine: Subject) {
    let once = txn(vec![absent("a")], vec![put("a", "1")]);
    let first = committed(&*engine, once.clone()).await;
    let mut again = Vec::new();
    for _ in 0..32 {
        let (engine, once) = (Arc::clone(&engine), once.clone());
        again.push(tokio::spawn(async move { committed(&*engine, once).await }));
    }
    for task in again {
        assert_eq!(task.await.unwrap(), first);
    }
    assert_eq!(engine.revision(), first);
    assert_eq!(engine.outcome(unique()).await.unwrap(), None);

    let refused = txn(vec![absent("a")], vec![put("a", "2")]);
    rejected(&*engine, refused.clone()).await;
    assert_eq!(
        engine.outcome(refused.id).await.unwrap(),
        None,
        "what was rejected has not happened"
    );

    // The same new id from many at once.
    let raced = txn(vec![], vec![put("b", "1")]);
    let mut racers = Vec::new();
    for _ in 0..32 {
        let (engine, raced) = (Arc::clone(&engine), raced.clone());
        racers.push(tokio::spawn(async move { committed(&*engine, raced).await }));
    }
    for task in racers {
        assert_eq!(task.await.unwrap(), first.next());
    }
}

pub async fn outcomes_are_remembered_for_a_while(engine: Subject) {
    let mut tasks = Vec::new();
    for worker in 0..64_u64 {
        let engine = Arc::clone(&engine);
        tasks.push(tokio::spawn(async move {
            let mut known = Vec::new();
            for n in 0..80 {
                let id = id(worker * 1000 + n);
                let txn = Txn {
                    id,
                    preconditions: vec![],
                    writes: vec![put("k", "v")],
                };
                known.push((id, committed(&*engine, txn).await));
            }
            known
        }));
    }
    let mut known = Vec::new();
    for task in tasks {
        known.extend(task.await.unwrap());
    }
    let newest = engine.revision();
    assert_eq!(newest, Revision(64 * 80));
    for (id, revision) in known {
        let outcome = engine.outcome(id).await.unwrap();
        if newest.0 - revision.0 < trent_store::OUTCOMES_KEPT as u64 {
            assert_eq!(outcome, Some(Outcome::Committed(revision)));
        } else {
            assert!(outcome.is_none() || outcome == Some(Outcome::Committed(revision)));
        }
    }
}
