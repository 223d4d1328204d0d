use std::collections::VecDeque;

use async_trait::async_trait;
use trent_audit::testing::record;
use trent_audit::{Entry, MemoryLog};
use trent_crypto::{Key256, record::RecordSealer, root::RootKeys};
use trent_store::{MemoryEngine, Options, Sealed};

use super::*;
use crate::outlets::Taken;

/// What was delivered, and how it goes: a failure for each entry of `fails`.
#[derive(Clone, Default)]
struct Recorder {
    delivered: Arc<Mutex<Vec<Vec<u8>>>>,
    fails: Arc<Mutex<VecDeque<usize>>>,
}

#[async_trait]
impl Outlet for Recorder {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        let fails = self.fails.lock().pop_front();
        let count = fails.unwrap_or(records.len()).min(records.len());
        let taken = records[..count].iter().map(|record| record.json.clone());
        self.delivered.lock().extend(taken);
        Taken {
            count,
            failure: fails.map(|_| Undelivered("closed".to_owned())),
        }
    }
}

fn texts(numbers: std::ops::Range<u8>) -> Vec<Vec<u8>> {
    numbers.map(|number| record(number).json().to_vec()).collect()
}

/// A trail, cursors, and outlets that are brought its records.
struct World {
    store: Sealed,
    trail: Trail,
    cursors: Cursors,
}

impl World {
    async fn new() -> Self {
        let roots = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
        let engine = Arc::new(MemoryEngine::new());
        let store = Sealed::open(engine, RecordSealer::new(&roots), Options::default());
        let store = store.await.expect("a store");
        Self {
            trail: Trail::in_memory(MemoryLog::new(1 << 20)),
            cursors: Cursors::new(&store),
            store,
        }
    }

    async fn write(&self, numbers: std::ops::Range<u8>) {
        let records: Vec<_> = numbers.map(record).collect();
        self.trail.append_durably(&records).await.expect("written");
    }

    /// Has records brought to an outlet; ends it as told.
    async fn courier(&self, name: &str, to: &Recorder) -> (Status, Stop, tokio::task::JoinHandle<()>) {
        let (trail, outlet) = (self.trail.clone(), Box::new(to.clone()));
        let courier = Courier::new(name, trail, &self.cursors, outlet)
            .await
            .expect("a cursor");
        let (status, stop) = (courier.status(), Stop::default());
        let running = tokio::spawn(courier.run(stop.clone()));
        (status, stop, running)
    }
}

async fn until(holds: impl Fn() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not come about");
}

#[tokio::test]
async fn records_are_brought_once_each_in_order_over_restarts() {
    let world = World::new().await;
    world.write(0..3).await;
    let recorder = Recorder::default();
    let (_, stop, running) = world.courier("one", &recorder).await;
    world.write(3..7).await;
    until(|| recorder.delivered.lock().len() >= 4).await;
    stop.request();
    running.await.expect("it ends");
    world.write(7..9).await;
    let (status, stop, running) = world.courier("one", &recorder).await;
    until(|| status.delivered() == 9).await;
    stop.request();
    running.await.expect("it ends");
    assert_eq!(
        *recorder.delivered.lock(),
        texts(3..9),
        "what came before it was set up is not brought"
    );
}

#[tokio::test]
async fn after_a_crash_records_may_come_again_and_none_is_missing() {
    let world = World::new().await;
    let recorder = Recorder::default();
    let (_, _stop, running) = world.courier("one", &recorder).await;
    world.write(0..5).await;
    until(|| recorder.delivered.lock().len() == 5).await;
    running.abort();
    assert!(running.await.is_err());
    world.write(5..8).await;
    let (status, _, _running) = world.courier("one", &recorder).await;
    until(|| status.delivered() == 8).await;
    let delivered = recorder.delivered.lock();
    for text in texts(0..8) {
        assert!(delivered.contains(&text));
    }
    assert_eq!(delivered[delivered.len() - 3..], texts(5..8));
}

#[tokio::test]
async fn one_that_fails_is_tried_again_from_where_it_stopped_and_keeps_nobody_waiting() {
    let world = World::new().await;
    let (well, ill) = (Recorder::default(), Recorder::default());
    ill.fails.lock().extend([2, 0, 1]);
    let (ill_status, _s, _i) = world.courier("ill", &ill).await;
    let (well_status, _t, _w) = world.courier("well", &well).await;
    world.write(0..6).await;
    until(|| well_status.delivered() == 6).await;
    assert_eq!(*well.delivered.lock(), texts(0..6));
    assert!(ill_status.delivered() < 6);
    assert!(ill_status.failure().is_some_and(|(why, _)| why == "closed"));
    until(|| ill_status.delivered() == 6).await;
    assert_eq!(*ill.delivered.lock(), texts(0..6), "each of them once");
    until(|| ill_status.failure().is_none()).await;
}

#[tokio::test]
async fn what_the_trail_no_longer_has_is_counted_once() {
    let mut world = World::new().await;
    world.trail = Trail::in_memory(MemoryLog::new(4096));
    let (before, behind) = (Recorder::default(), Recorder::default());
    let (status, stop, running) = world.courier("one", &before).await;
    world.write(0..2).await;
    until(|| status.settled() == 2).await;
    assert_eq!(status.begins_at(3).await, [], "it has all that went before");
    stop.request();
    running.await.expect("it ends");
    for number in 2..60 {
        world.write(number..number + 1).await;
    }
    let (status, stop, running) = world.courier("one", &behind).await;
    until(|| status.settled() == 60).await;
    let delivered = behind.delivered.lock().len() as u64;
    let missed = status.missed();
    assert_eq!(
        status.begins_at(3).await,
        [(3, 2 + missed)],
        "whoever removed them is told, though they were missed before"
    );
    stop.request();
    running.await.expect("it ends");
    let (status, _s, _running) = world.courier("one", &behind).await;
    assert_eq!(status.missed(), missed, "a restart forgets none");
    assert!(status.missed() > 0);
    assert_eq!(status.missed() + delivered, 58);
    status.begins_at(61).await;
    assert_eq!(status.begins_at(64).await, [(61, 63)]);
    assert_eq!(status.begins_at(64).await, [], "told once");
    assert_eq!(status.begins_at(65).await, [(64, 64)]);
}

#[tokio::test]
async fn a_cursor_that_nobody_uses_is_forgotten() {
    let world = World::new().await;
    let recorder = Recorder::default();
    for name in ["kept", "gone"] {
        let (_, stop, running) = world.courier(name, &recorder).await;
        stop.request();
        running.await.expect("it ends");
    }
    world.write(0..2).await;
    world.cursors.keep_only(&["kept"]).await.expect("written");
    let (kept, _s, _k) = world.courier("kept", &recorder).await;
    let (gone, _t, _g) = world.courier("gone", &Recorder::default()).await;
    until(|| kept.delivered() == 2 && gone.delivered() == 2).await;
    assert_eq!(*recorder.delivered.lock(), texts(0..2));
}

#[tokio::test]
async fn what_is_missing_is_counted_once_over_restarts_before_and_after_it_is_passed_by() {
    let mut world = World::new().await;
    world.trail = Trail::in_memory(MemoryLog::new(4096));
    let closed = Recorder::default();
    let (status, stop, running) = world.courier("one", &closed).await;
    stop.request();
    running.await.expect("it ends");
    assert_eq!(status.missed(), 0);
    for number in 0..40 {
        world.write(number..number + 1).await;
    }
    // It takes nothing, and so passes nothing by, until it is started a third time.
    closed.fails.lock().extend([0; 100]);
    let mut missed = Vec::new();
    for _ in 0..3 {
        let (status, stop, running) = world.courier("one", &closed).await;
        until(|| status.missed() > 0).await;
        missed.push(status.missed());
        stop.request();
        running.await.expect("it ends");
        if missed.len() == 2 {
            closed.fails.lock().clear();
        }
    }
    let (status, _s, _running) = world.courier("one", &closed).await;
    until(|| status.settled() == 40).await;
    missed.push(status.missed());
    assert_eq!(missed, [missed[0]; 4]);
    assert_eq!(closed.delivered.lock().len() as u64 + missed[0], 40);
}

#[tokio::test]
async fn a_place_is_written_down_once_a_second_at_most() {
    let world = World::new().await;
    let recorder = Recorder::default();
    let (status, stop, running) = world.courier("one", &recorder).await;
    let (before, began) = (world.store.revision().0, Instant::now());
    for number in 0..20 {
        world.write(number..number + 1).await;
        until(|| status.delivered() > u64::from(number)).await;
    }
    let written = world.store.revision().0 - before;
    assert!(written <= began.elapsed().as_secs() + 1, "{written} times");
    until(|| status.settled() == 20).await;
    world.write(20..21).await;
    until(|| status.delivered() == 21).await;
    stop.request();
    running.await.expect("it ends");
    assert_eq!(status.settled(), 21, "and at the end");
}

// Time passes once all that can be done was done.
#[tokio::test(start_paused = true)]
async fn what_was_read_before_it_was_removed_is_not_missed() {
    let world = World::new().await;
    let ill = Recorder::default();
    ill.fails.lock().extend([0; 100]);
    let (status, _s, _running) = world.courier("ill", &ill).await;
    let reading = status.reading.lock().await;
    world.write(0..5).await;
    // The courier is about to read them now, and then somebody removes three of them.
    tokio::time::sleep(5 * INTERVAL).await;
    let remover = status.clone();
    let removing = tokio::spawn(async move { remover.begins_at(4).await });
    tokio::time::sleep(INTERVAL).await;
    assert!(
        !removing.is_finished(),
        "whether they were read shows when the reading is over"
    );
    drop(reading);
    assert_eq!(removing.await.expect("it ends"), []);
    assert_eq!(status.missed(), 0);
}
