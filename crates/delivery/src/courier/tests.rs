use std::collections::VecDeque;

use async_trait::async_trait;
use trent_audit::{Entry, Event, EventId, EventType, MemoryLog, Rendered, UserIdentity};
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

fn record(number: u8) -> Rendered {
    let region = "us-east-1".parse().expect("a Region");
    Event {
        id: EventId::from_random_bytes([number; 16]),
        request_id: None,
        event_type: EventType::ApiCall,
        time_millis: 0,
        identity: &UserIdentity::unknown(),
        source: "kms.amazonaws.com",
        name: "Encrypt",
        region: &region,
        source_ip: None,
        calling_service: None,
        user_agent: "",
        failure: None,
        request_parameters: None,
        response_elements: None,
        additional_event_data: None,
        read_only: false,
        resources: &[],
        vpc_endpoint: None,
        recipient: None,
        shared: None,
        for_operator: None,
    }
    .render()
}

fn texts(numbers: std::ops::Range<u8>) -> Vec<Vec<u8>> {
    numbers.map(|number| record(number).json().to_vec()).collect()
}

/// A trail, cursors, and outlets that are brought its records.
struct World {
    trail: Trail,
    cursors: Cursors,
}

impl World {
    async fn new() -> Self {
        let roots = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
        let engine = Arc::new(MemoryEngine::new());
        let store = Sealed::open(engine, RecordSealer::new(&roots), Options::default());
        Self {
            trail: Trail::in_memory(MemoryLog::new(1 << 20)),
            cursors: Cursors::new(&store.await.expect("a store")),
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
    assert_eq!(status.begins_at(3), None, "it has all that went before");
    stop.request();
    running.await.expect("it ends");
    for number in 2..60 {
        world.write(number..number + 1).await;
    }
    let (status, _s, _running) = world.courier("one", &behind).await;
    until(|| status.settled() == 60).await;
    let delivered = behind.delivered.lock().len() as u64;
    assert!(status.missed() > 0);
    assert_eq!(status.missed() + delivered, 58);
    assert_eq!(status.begins_at(61), None);
    assert_eq!(status.begins_at(64), Some((61, 63)));
    assert_eq!(status.begins_at(64), None, "told once");
    assert_eq!(status.begins_at(65), Some((64, 64)));
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
