//! What every engine promises. `suite!` makes one test of each function here for an engine.

mod answers;
mod concurrency;
mod reads;
mod transactions;
mod watching;

use std::sync::Arc;

use bytes::Bytes;
use trent_store::{
    Conflict, Engine, Outcome, Revision, TxnId,
    engine::{Precondition, Txn, Write},
};

pub use answers::*;
pub use concurrency::*;
pub use reads::*;
pub use transactions::*;
pub use watching::*;

/// Runs every case of the suite against the engine that `$make` opens, empty.
#[macro_export]
macro_rules! suite {
    ($make:expr) => {
        $crate::suite!($make;
            preconditions_hold_or_nothing_happens limits_are_refused_before_anything_happens
            a_range_is_paged_by_its_last_key a_page_is_never_larger_than_the_limit prefixes_end_where_they_should
            a_snapshot_stays_as_it_was a_watcher_sees_every_commit_in_order
            a_watcher_that_is_too_far_behind_is_told a_cancelled_wait_loses_no_change
            a_stalled_committer_makes_no_watcher_skip a_lost_answer_is_resolved_by_the_id
            the_same_id_commits_once outcomes_are_remembered_for_a_while counters_lose_no_increment
            a_parent_record_keeps_a_set_within_its_limit names_stay_unique_under_concurrency
            a_witness_sees_every_change_in_commit_order a_witness_is_not_installed_over_unseen_commits
            a_closed_engine_refuses random_transactions_match_a_model);
    };
    ($make:expr; $($case:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            $crate::conformance::$case(std::sync::Arc::new($make)).await;
        })*
    };
}

/// An engine under test.
pub type Subject = Arc<dyn Engine>;

pub fn id(number: u64) -> TxnId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    TxnId(id)
}

pub fn put(key: &str, value: &str) -> Write {
    Write::Put(key.to_owned().into(), value.to_owned().into())
}

fn delete(key: &str) -> Write {
    Write::Delete(key.to_owned().into())
}

fn absent(key: &str) -> Precondition {
    Precondition::Absent(key.to_owned().into())
}

fn at(key: &str, revision: Revision) -> Precondition {
    Precondition::At(key.to_owned().into(), revision)
}

fn unique() -> TxnId {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
    id(NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn txn(preconditions: Vec<Precondition>, writes: Vec<Write>) -> Txn {
    Txn {
        id: unique(),
        preconditions,
        writes,
    }
}

pub async fn committed(engine: &dyn Engine, txn: Txn) -> Revision {
    match engine.commit(txn).await.unwrap() {
        Outcome::Committed(revision) => revision,
        other => panic!("{other:?}"),
    }
}

async fn rejected(engine: &dyn Engine, txn: Txn) -> Bytes {
    match engine.commit(txn).await.unwrap() {
        Outcome::Rejected(Conflict { key }) => key,
        other => panic!("{other:?}"),
    }
}

async fn value(engine: &dyn Engine, key: &str) -> Option<(Bytes, Revision)> {
    engine
        .get(key.as_bytes())
        .await
        .unwrap()
        .map(|stored| (stored.value, stored.revision))
}
