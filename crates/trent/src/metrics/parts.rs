//! The parts of the server: listeners, store, caches, trail, and what the service does by itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use trent_audit::Lag;
use trent_delivery::Status;
use trent_identity::Directory;
use trent_kms::{Kms, Runner};
use trent_server::Traffic;
use trent_service::Initiator;
use trent_store::Sealed;

use super::family::{Family, Labels};

/// What the service does by itself, told from the start so that the first time shows as an increase.
const BY_ITSELF: [&str; 3] = ["RotateKey", "DeleteKey", "DeleteExpiredKeyMaterial"];

fn label(name: &'static str, value: &(impl ToString + ?Sized)) -> Labels {
    vec![(name, value.to_string())]
}

fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// What comes and goes at the listeners.
pub(super) fn connections(traffic: &[(&'static str, Arc<Traffic>)]) -> [Family; 3] {
    let mut open = Family::gauges(
        "connections_open",
        "Connections that are open, by what the listener serves",
    );
    let mut all = Family::counters("connections", "Connections that were accepted");
    let mut refused = Family::counters(
        "http_refusals",
        "Requests that were refused before any operation, for example because they broke the protocol",
    );
    for (listener, traffic) in traffic {
        let labels = || label("listener", *listener);
        open.level(labels(), whole(traffic.open()));
        all.count(labels(), traffic.opened());
        refused.count(labels(), traffic.refused());
    }
    [open, all, refused]
}

/// The store.
pub(super) fn store(store: &Sealed, file: Option<&Path>) -> Vec<Family> {
    let commits = store.commits();
    let mut times = Family::times(
        "store_commit_duration_seconds",
        "Time that a commit took until it was durable and every cache knew of it, in seconds",
    );
    times.observed(Vec::new(), commits.made.read());
    let mut conflicts = Family::counters("store_conflicts", "Transactions that another change came before");
    conflicts.count(Vec::new(), commits.conflicts.get());
    let mut failures = Family::counters("store_failures", "Transactions that failed");
    failures.count(Vec::new(), commits.failed.get());
    let mut revision = Family::gauges("store_revision", "The latest revision of the store");
    revision.level(Vec::new(), whole(store.revision().0));
    let mut writable = Family::gauges(
        "store_writable",
        "1 while the store takes changes, 0 once it has stopped",
    );
    writable.level(Vec::new(), i64::from(store.engine().stopped().is_none()));
    let mut size = Family::gauges("store_size_bytes", "The size of the store's file");
    if let Some(known) = file.and_then(|file| std::fs::metadata(file).ok()) {
        size.level(Vec::new(), whole(known.len()));
    }
    vec![times, conflicts, failures, revision, writable, size]
}

/// The caches in front of the store.
pub(super) fn caches(kms: &Kms, directory: &Directory) -> [Family; 3] {
    let mut hits = Family::counters("cache_hits", "Objects that were found in a cache, by what it holds");
    let mut misses = Family::counters("cache_misses", "Objects for which the store had to be read");
    let mut entries = Family::gauges("cache_entries", "Objects, absent ones included, that a cache holds");
    for (cache, counts) in kms.caches().into_iter().chain([("directory", directory.cached())]) {
        let labels = || label("cache", cache);
        hits.count(labels(), counts.hits);
        misses.count(labels(), counts.misses);
        entries.level(labels(), whole(counts.entries));
    }
    [hits, misses, entries]
}

/// The audit trail.
pub(super) fn audit(lag: &Lag) -> Vec<Family> {
    let mut bytes = Family::gauges(
        "audit_waiting_bytes",
        "Bytes of records that are not known to be on the disk yet",
    );
    bytes.level(Vec::new(), whole(lag.waiting_bytes));
    let mut records = Family::gauges(
        "audit_waiting_records",
        "Records that the trail's writer has not taken yet",
    );
    records.level(Vec::new(), whole(lag.waiting_records));
    let mut writable = Family::gauges("audit_writable", "1 if the last write of the trail succeeded, else 0");
    writable.level(Vec::new(), i64::from(lag.healthy));
    let mut syncs = Family::times(
        "audit_sync_duration_seconds",
        "Time that the disk took to make records durable, in seconds",
    );
    syncs.observed(Vec::new(), lag.syncs);
    let mut synced = Family::gauges(
        "audit_last_sync_timestamp_seconds",
        "When records were last made durable, since the Unix epoch in seconds",
    );
    let since_epoch = Duration::from_millis(u64::try_from(lag.synced_at).unwrap_or(0));
    synced.seconds(Vec::new(), since_epoch);
    let mut sequence = Family::gauges(
        "audit_durable_sequence",
        "The number of the last record that is durable",
    );
    sequence.level(Vec::new(), whole(lag.durable_sequence));
    vec![bytes, records, writable, syncs, synced, sequence]
}

/// What leaves the house, by where it goes.
pub(super) fn deliveries(outlets: &[Status], durable: u64) -> [Family; 3] {
    let mut waiting = Family::gauges(
        "delivery_waiting_records",
        "Records that a target of events or a sink of the trail has not taken yet, those included that are not meant for it",
    );
    let mut failing = Family::gauges(
        "delivery_failing_seconds",
        "For how long it has taken nothing that it was given; 0 while it is well",
    );
    let mut missed = Family::counters(
        "delivery_missed_records",
        "Records that were removed from the trail before it took them",
    );
    for outlet in outlets {
        let labels = || label("outlet", outlet.name());
        waiting.level(labels(), whole(durable.saturating_sub(outlet.settled())));
        failing.seconds(
            labels(),
            outlet.failure().map_or(Duration::ZERO, |(_, lasting)| lasting),
        );
        missed.count(labels(), outlet.missed());
    }
    [waiting, failing, missed]
}

/// What the service does by itself, and how late it is.
pub(super) async fn upkeep(initiator: &Initiator, runner: &Runner, now: Duration) -> [Family; 2] {
    let mut events = Family::counters(
        "service_events",
        "What the service did by itself, by the name of the event in the trail",
    );
    let mut done: BTreeMap<_, _> = BY_ITSELF.map(|name| (name, 0)).into();
    done.extend(initiator.done());
    for (name, count) in done {
        events.count(label("event", name), count);
    }
    let mut overdue = Family::gauges(
        "upkeep_overdue_seconds",
        "How long the earliest of what is due to a key by itself, such as its rotation or deletion, has been due",
    );
    for (region, due) in runner.earliest().await {
        let due = Duration::from_millis(u64::try_from(due).unwrap_or(0));
        overdue.seconds(label("region", &region), now.saturating_sub(due));
    }
    [events, overdue]
}
