use std::{
    collections::VecDeque,
    io,
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicUsize},
    time::Duration,
};

use super::*;
use crate::{EventId, Workers, queue::PIECE, walk::Walk};

/// A disk with a page cache, a size, and calls that can be made to fail.
#[derive(Clone, Default)]
struct Disk(Arc<DiskState>);

#[derive(Default)]
struct DiskState {
    content: Mutex<Vec<u8>>,
    /// How much of the content a power cut leaves.
    synced: AtomicUsize,
    /// The most that fits; 0 is no limit.
    capacity: AtomicUsize,
    sync_fails: AtomicBool,
    truncate_fails: AtomicBool,
    appends: AtomicUsize,
    syncs: AtomicUsize,
    /// A sync does not answer while this is set.
    stuck: AtomicBool,
}

impl Medium for Disk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.appends.fetch_add(1, Ordering::SeqCst);
        let mut content = self.0.content.lock();
        let capacity = self.0.capacity.load(Ordering::SeqCst);
        let room = if capacity == 0 {
            usize::MAX
        } else {
            capacity.saturating_sub(content.len())
        };
        content.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        while self.0.stuck.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.0.syncs.fetch_add(1, Ordering::SeqCst);
        if self.0.sync_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is broken"));
        }
        self.0.synced.store(self.0.content.lock().len(), Ordering::SeqCst);
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        if self.0.truncate_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is broken"));
        }
        self.0.content.lock().truncate(usize::try_from(length).expect("small"));
        Ok(())
    }
}

impl Disk {
    /// A trail on this disk.
    fn trail(&self, mode: Mode) -> Trail {
        let (chain, header) = begin();
        self.0.content.lock().clone_from(&header);
        self.0.synced.store(header.len(), Ordering::SeqCst);
        let medium = Box::new(self.clone());
        let reached = reached(&chain, &header);
        Trail::start(medium, chain, reached, mode, Place::default())
    }

    /// The ids of the events on the disk, checking the chain.
    fn events(&self) -> Vec<EventId> {
        events_in(&self.0.content.lock())
    }

    /// What a power cut leaves.
    fn events_after_power_cut(&self) -> Vec<EventId> {
        events_in(&self.0.content.lock()[..self.0.synced.load(Ordering::SeqCst)])
    }
}

const KEY: [u8; 32] = [7; 32];

/// The chain of every trail here, and its header.
fn begin() -> (Chain, Vec<u8>) {
    let header = Header {
        trail: Uuid::nil(),
        chain: Uuid::nil(),
        sequence: 0,
        after: Mac::NONE,
    };
    Chain::begin(&header, &Key256::new(KEY))
}

fn reached(chain: &Chain, header: &[u8]) -> Reached {
    Reached {
        segment: Uuid::nil(),
        first: 1,
        point: chain.point(header.len() as u64),
    }
}

fn events_in(content: &[u8]) -> Vec<EventId> {
    let mut chains = Chains::default();
    chains.insert(Uuid::nil(), Key256::new(KEY));
    let mut walk = Walk::from_start(&chains);
    let walked = walk.run(&mut &content[..], |_| ControlFlow::Continue(()));
    assert!(walked.is_ok(), "intact");
    assert_eq!(walk.offset(), content.len() as u64, "whole batches");
    let lines = std::str::from_utf8(content).expect("text").lines();
    let ids = lines.filter_map(|line| line.strip_prefix("{\"eventID\":\"")?.strip_suffix("\"}"));
    ids.map(|id| EventId::parse(id).expect("an id")).collect()
}

fn record(number: u8) -> Rendered {
    let id = EventId::from_bytes([number; 16]);
    Rendered::from_stored(id, format!("{{\"eventID\":\"{id}\"}}").into_bytes())
}

/// One of about so many bytes.
fn long_record(number: u8, length: usize) -> Rendered {
    let id = EventId::from_bytes([number; 16]);
    let more = "x".repeat(length);
    Rendered::from_stored(id, format!("{{\"more\":\"{more}\",\"eventID\":\"{id}\"}}").into_bytes())
}

fn ids(numbers: impl IntoIterator<Item = u8>) -> Vec<EventId> {
    numbers
        .into_iter()
        .map(|number| EventId::from_bytes([number; 16]))
        .collect()
}

fn buffered(flush_interval: Duration) -> Mode {
    Mode::Buffered {
        flush_interval,
        max_bytes: 4096,
    }
}

const NEVER: Duration = Duration::from_hours(1);

#[tokio::test]
async fn an_append_that_was_answered_survives_a_power_cut() {
    let disk = Disk::default();
    let trail = disk.trail(Mode::Durable);
    for number in 0..50 {
        trail.append(&record(number)).await.expect("appended");
        assert_eq!(disk.events_after_power_cut(), ids(0..=number));
        assert_eq!(trail.durable_sequence(), u64::from(number) + 1);
    }
}

#[tokio::test]
async fn appends_that_wait_together_share_a_sync() {
    let disk = Disk::default();
    let trail = disk.trail(Mode::Durable);
    disk.0.stuck.store(true, Ordering::SeqCst);
    let waiting: VecDeque<_> = (0..100)
        .map(|number| {
            let trail = trail.clone();
            tokio::spawn(async move { trail.append(&record(number)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    disk.0.stuck.store(false, Ordering::SeqCst);
    for append in waiting {
        append.await.expect("ran").expect("appended");
    }
    assert_eq!(disk.events_after_power_cut().len(), 100);
    assert!(
        disk.0.syncs.load(Ordering::SeqCst) <= 3,
        "{}",
        disk.0.syncs.load(Ordering::SeqCst)
    );
}

/// A trail with a worker, which is this thread; the writer sleeps.
async fn with_worker(disk: &Disk) -> (Trail, Workers) {
    let (trail, workers) = (disk.trail(Mode::Durable), Workers::default());
    workers.serve(&trail);
    workers.about_to_sleep();
    trail.flush().await.expect("flushed");
    tokio::time::sleep(Duration::from_millis(50)).await;
    (trail, workers)
}

async fn answered(append: &mut (impl Future<Output = Result<(), TrailError>> + Unpin), within: u64) -> bool {
    let within = Duration::from_millis(within);
    tokio::time::timeout(within, append)
        .await
        .is_ok_and(|answer| answer.is_ok())
}

#[tokio::test]
async fn a_workers_records_share_the_sync_of_its_sleep() {
    let disk = Disk::default();
    let (trail, workers) = with_worker(&disk).await;
    let records: Vec<_> = (0..20).map(record).collect();
    let mut appends: Vec<_> = records.iter().map(|record| Box::pin(trail.append(record))).collect();
    for append in &mut appends {
        assert!(!answered(append, 1).await, "it waits for the worker");
    }
    assert_eq!(disk.0.syncs.load(Ordering::SeqCst), 0);
    workers.about_to_sleep();
    for append in &mut appends {
        assert!(answered(append, 5000).await);
    }
    assert_eq!(disk.0.syncs.load(Ordering::SeqCst), 1);
    assert_eq!(disk.events_after_power_cut(), ids(0..20));
}

#[tokio::test]
async fn a_worker_that_does_not_sleep_makes_its_records_wait_no_longer_than_bounds() {
    let disk = Disk::default();
    let (trail, workers) = with_worker(&disk).await;
    // Enough of them.
    let many: Vec<_> = (0..u8::MAX).map(|number| long_record(number, PIECE / 16)).collect();
    let mut appends: Vec<_> = many[..17].iter().map(|record| Box::pin(trail.append(record))).collect();
    for append in &mut appends {
        answered(append, 1).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(disk.0.syncs.load(Ordering::SeqCst) >= 1);
    // Those that came during a sync.
    disk.0.stuck.store(true, Ordering::SeqCst);
    let (first, second) = (record(1), record(2));
    let mut first = Box::pin(trail.append(&first));
    assert!(!answered(&mut first, 1).await);
    workers.about_to_sleep();
    let mut second = Box::pin(trail.append(&second));
    assert!(!answered(&mut second, 50).await);
    workers.about_to_sleep();
    disk.0.stuck.store(false, Ordering::SeqCst);
    assert!(answered(&mut first, 5000).await);
    assert!(answered(&mut second, 5000).await, "without a worker that sleeps");
    // And whoever looks after the trail.
    let third = record(3);
    let mut third = Box::pin(trail.append(&third));
    assert!(!answered(&mut third, 50).await);
    trail.notice_stall();
    assert!(answered(&mut third, 5000).await);
}

/// What a node records before it serves comes from threads that have slept already.
#[tokio::test]
async fn a_worker_that_sleeps_for_no_trail_yet_waits_for_nobody() {
    let disk = Disk::default();
    let (trail, workers) = (disk.trail(Mode::Durable), Workers::default());
    workers.about_to_sleep();
    trail.flush().await.expect("flushed");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let (first, second) = (record(1), record(2));
    assert!(answered(&mut Box::pin(trail.append(&first)), 5000).await);
    // Nor does one that sleeps for another trail.
    let (_other, workers) = with_worker(&Disk::default()).await;
    workers.about_to_sleep();
    assert!(answered(&mut Box::pin(trail.append(&second)), 5000).await);
}

#[tokio::test]
async fn a_thread_that_is_no_worker_waits_for_none() {
    let disk = Disk::default();
    let (trail, _workers) = with_worker(&disk).await;
    let other = trail.clone();
    let appended = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime
            .expect("a runtime")
            .block_on(async { answered(&mut Box::pin(other.append(&record(1))), 5000).await })
    });
    assert!(appended.await.expect("ran"));
    // Neither does a flush.
    let second = record(2);
    let mut second = Box::pin(trail.append(&second));
    assert!(!answered(&mut second, 1).await);
    assert!(answered(&mut Box::pin(trail.flush()), 5000).await);
    assert!(answered(&mut second, 5000).await);
}

#[tokio::test]
async fn a_buffered_append_does_not_wait_and_is_written_within_the_interval() {
    let disk = Disk::default();
    let trail = disk.trail(buffered(Duration::from_millis(20)));
    disk.0.stuck.store(true, Ordering::SeqCst);
    for number in 0..10 {
        trail.append(&record(number)).await.expect("appended");
    }
    disk.0.stuck.store(false, Ordering::SeqCst);
    for _ in 0..200 {
        if disk.events_after_power_cut().len() == 10 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not written: {:?}", disk.events_after_power_cut());
}

#[tokio::test]
async fn buffered_records_are_bounded_and_appends_wait_for_room() {
    let disk = Disk::default();
    let trail = disk.trail(buffered(NEVER));
    disk.0.stuck.store(true, Ordering::SeqCst);
    let size = record(0).json().len() + 1;
    let mut accepted = 0;
    for number in 0..200 {
        let wait = tokio::time::timeout(Duration::from_millis(30), trail.append(&record(number))).await;
        if wait.is_err() {
            break;
        }
        accepted += 1;
    }
    assert_eq!(
        accepted,
        4096 / size,
        "no more than the bound is taken while the disk does not answer"
    );
    disk.0.stuck.store(false, Ordering::SeqCst);
    trail.append(&record(250)).await.expect("there is room again");
    trail.flush().await.expect("flushed");
    assert_eq!(disk.events_after_power_cut().last(), ids([250]).last());
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_does_not_answer_fails_appends() {
    let disk = Disk::default();
    let trail = disk.trail(buffered(NEVER));
    disk.0.stuck.store(true, Ordering::SeqCst);
    let outcome = loop {
        if let Err(error) = trail.append(&record(1)).await {
            break error;
        }
    };
    disk.0.stuck.store(false, Ordering::SeqCst);
    assert_eq!(outcome, TrailError::Stalled);
}

/// MON-30
#[tokio::test]
async fn a_sync_that_does_not_end_fails_who_waits_and_shows_until_it_does() {
    let disk = Disk::default();
    let trail = disk.trail(Mode::Durable);
    disk.0.stuck.store(true, Ordering::SeqCst);
    let waiting = [1, 2].map(|number| {
        let trail = trail.clone();
        tokio::spawn(async move { trail.append(&record(number)).await })
    });
    let no_time = Duration::ZERO;
    while trail.healthy() {
        trail.0.shared.notice_stall(Duration::from_secs(5));
        assert!(trail.healthy(), "it has not been long");
        tokio::task::yield_now().await;
        trail.0.shared.notice_stall(no_time);
    }
    for append in waiting {
        // One that came later is told the next time.
        while !append.is_finished() {
            trail.0.shared.notice_stall(no_time);
            tokio::task::yield_now().await;
        }
        assert_eq!(append.await.expect("ended"), Err(TrailError::Stalled));
    }
    let stalled: Arc<str> = TrailError::Stalled.to_string().into();
    assert_eq!(trail.ready(), Err(TrailError::Unwritable(stalled)));
    disk.0.stuck.store(false, Ordering::SeqCst);
    trail.append(&record(3)).await.expect("it answers again");
    assert_eq!(trail.ready(), Ok(()));
    // What was given up is there as well.
    let mut found = disk.events_after_power_cut();
    found.sort();
    assert_eq!(found, ids([1, 2, 3]));
}

#[tokio::test]
async fn flush_and_close_write_what_waits() {
    let disk = Disk::default();
    let trail = disk.trail(buffered(NEVER));
    trail.append(&record(1)).await.expect("appended");
    assert_eq!(disk.events(), []);
    trail.flush().await.expect("flushed");
    assert_eq!(disk.events_after_power_cut(), ids([1]));
    trail.append(&record(2)).await.expect("appended");
    trail.close();
    assert_eq!(disk.events_after_power_cut(), ids([1, 2]));
    assert_eq!(trail.append(&record(3)).await, Err(TrailError::Closed));
    assert_eq!(trail.flush().await, Err(TrailError::Closed));
}

#[tokio::test]
async fn dropping_the_last_handle_writes_what_waits() {
    let disk = Disk::default();
    let trail = disk.trail(buffered(NEVER));
    trail.append(&record(1)).await.expect("appended");
    drop(trail);
    assert_eq!(disk.events_after_power_cut(), ids([1]));
}

#[tokio::test]
async fn a_full_disk_fails_appends_until_it_has_room() {
    let disk = Disk::default();
    let trail = disk.trail(Mode::Durable);
    trail.append(&record(1)).await.expect("appended");
    // Room for a part of the next line only.
    disk.0
        .capacity
        .store(disk.0.content.lock().len() + 10, Ordering::SeqCst);
    for number in 2..5 {
        assert!(matches!(
            trail.append(&record(number)).await,
            Err(TrailError::Unwritable(_))
        ));
        assert!(!trail.healthy());
        assert_eq!(disk.events(), ids([1]), "nothing of a failed append is left");
    }
    disk.0.capacity.store(0, Ordering::SeqCst);
    trail.append(&record(9)).await.expect("appended");
    assert!(trail.healthy());
    assert_eq!(disk.events_after_power_cut(), ids([1, 9]));
}

#[tokio::test]
async fn an_unwritable_trail_notices_room_without_an_append() {
    let disk = Disk::default();
    let trail = disk.trail(Mode::Durable);
    disk.0.capacity.store(1, Ordering::SeqCst);
    trail.append(&record(1)).await.expect_err("full");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!trail.healthy());
    disk.0.capacity.store(0, Ordering::SeqCst);
    for _ in 0..200 {
        if trail.healthy() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(trail.healthy());
    assert_eq!(disk.events(), [], "the attempts leave no trace");
}

#[tokio::test]
async fn buffered_records_outlive_a_full_disk_and_later_ones_are_not_promised() {
    let disk = Disk::default();
    let trail = disk.trail(buffered(Duration::from_millis(5)));
    disk.0.capacity.store(1, Ordering::SeqCst);
    trail
        .append(&record(1))
        .await
        .expect("promised before the failure was known");
    for _ in 0..200 {
        if !trail.healthy() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(
        matches!(trail.append(&record(2)).await, Err(TrailError::Unwritable(_))),
        "no blind window"
    );
    disk.0.capacity.store(0, Ordering::SeqCst);
    trail.append(&record(3)).await.expect("appended");
    trail.flush().await.expect("flushed");
    assert_eq!(
        disk.events_after_power_cut(),
        ids([1, 3]),
        "the promise is kept, in order"
    );
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_believed_until_a_restart() {
    let disk = Disk::default();
    let trail = disk.trail(Mode::Durable);
    disk.0.sync_fails.store(true, Ordering::SeqCst);
    assert!(matches!(trail.append(&record(1)).await, Err(TrailError::Failed(_))));
    disk.0.sync_fails.store(false, Ordering::SeqCst);
    let appends = disk.0.appends.load(Ordering::SeqCst);
    assert!(matches!(trail.append(&record(2)).await, Err(TrailError::Failed(_))));
    assert!(matches!(
        trail.append_durably(&[record(3)]).await,
        Err(TrailError::Failed(_))
    ));
    assert!(matches!(trail.flush().await, Err(TrailError::Failed(_))));
    assert!(matches!(trail.health(), Health::Failed(_)));
    assert_eq!(disk.0.appends.load(Ordering::SeqCst), appends, "the disk is left alone");
}

#[tokio::test]
async fn a_write_that_cannot_be_undone_ends_the_trail() {
    let disk = Disk::default();
    let trail = disk.trail(Mode::Durable);
    disk.0
        .capacity
        .store(disk.0.content.lock().len() + 10, Ordering::SeqCst);
    disk.0.truncate_fails.store(true, Ordering::SeqCst);
    assert!(matches!(trail.append(&record(1)).await, Err(TrailError::Failed(_))));
    assert!(matches!(trail.append(&record(2)).await, Err(TrailError::Failed(_))));
}

#[tokio::test]
async fn a_writer_that_dies_fails_every_append() {
    struct Dies;
    impl Medium for Dies {
        fn append(&mut self, _: &[u8]) -> io::Result<()> {
            panic!("a defect")
        }
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
        fn truncate(&mut self, _: u64) -> io::Result<()> {
            Ok(())
        }
    }
    let (chain, header) = begin();
    let reached = reached(&chain, &header);
    let trail = Trail::start(Box::new(Dies), chain, reached, Mode::Durable, Place::default());
    trail.append(&record(1)).await.expect_err("its writer died");
    assert!(!trail.healthy());
    assert!(matches!(trail.append(&record(2)).await, Err(TrailError::Failed(_))));
}

#[tokio::test]
async fn a_trail_in_memory_keeps_the_latest_lines() {
    let log = MemoryLog::new(2000);
    let trail = Trail::in_memory(log.clone());
    for number in 0..100 {
        trail.append(&record(number)).await.expect("appended");
    }
    let content = String::from_utf8(log.content()).expect("UTF-8");
    assert!(content.len() <= 2000 && content.lines().count() > 2);
    assert!(content.lines().last().expect("a line").starts_with("{\"batch\":100,"));
    assert!(content.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
}

#[tokio::test]
async fn many_buffered_records_are_written_piece_by_piece_and_synced_when_due() {
    let disk = Disk::default();
    let trail = disk.trail(Mode::Buffered {
        flush_interval: NEVER,
        max_bytes: 1 << 24,
    });
    let count = 2 * PIECE / record(1).json().len();
    for _ in 0..count {
        trail.append(&record(1)).await.expect("appended");
    }
    for _ in 0..500 {
        if disk.0.appends.load(Ordering::SeqCst) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(
        disk.0.appends.load(Ordering::SeqCst) > 0,
        "not all of it waits for the interval"
    );
    assert_eq!(disk.0.syncs.load(Ordering::SeqCst), 0);
    assert_eq!(trail.durable_sequence(), 0);
    trail.flush().await.expect("flushed");
    assert_eq!(disk.events_after_power_cut().len(), count);
    assert_eq!(trail.durable_sequence(), count as u64);
}

#[tokio::test]
async fn a_trail_that_discards_takes_everything_and_keeps_nothing() {
    let trail = Trail::discarding();
    trail.append(&record(1)).await.expect("taken");
    trail.append_durably(&[record(2)]).await.expect("taken");
    trail.flush().await.expect("nothing waits");
    assert!(
        trail
            .history()
            .latest(&crate::Query::default(), 9)
            .expect("asked")
            .is_empty()
    );
    assert_eq!(trail.durable_sequence(), 0);
}
