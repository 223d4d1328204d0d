use std::sync::atomic::AtomicU64;

use trent_crypto::Key256;
use trent_crypto::record::RecordSealer;
use trent_crypto::root::RootKeys;
use trent_store::{MemoryEngine, Options};

use super::*;
use crate::clock::FixedClock;

const HOUR: i64 = 3_600_000;
const TEN_YEARS: i64 = 3652 * 24 * HOUR;
const START: i64 = 1_800_000_000_000;

/// A machine: what its clocks say, and the store that outlives its servers.
struct Machine {
    wall: Arc<FixedClock>,
    boot: Arc<AtomicU64>,
    store: Sealed,
}

impl Machine {
    async fn new() -> Self {
        let sealer = RecordSealer::new(&RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32])));
        let store = Sealed::open(Arc::new(MemoryEngine::new()), sealer, Options::default()).await;
        Self {
            wall: Arc::new(FixedClock::at(Duration::from_millis(START.unsigned_abs()))),
            boot: Arc::default(),
            store: store.expect("a store"),
        }
    }

    async fn server(&self) -> ClockGuard {
        let boot = Arc::clone(&self.boot);
        let elapsed = move || Duration::from_millis(boot.load(Ordering::Acquire));
        ClockGuard::open(&self.store, Arc::clone(&self.wall) as _, Box::new(elapsed))
            .await
            .expect("a guard")
    }

    fn pass(&self, millis: i64) {
        self.boot.fetch_add(millis.unsigned_abs(), Ordering::AcqRel);
        self.jump(millis);
    }

    fn jump(&self, by: i64) {
        let now = super::millis(self.wall.now()) + by;
        self.wall.set(Duration::from_millis(now.unsigned_abs()));
    }
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_for_a_minute_destroys_nothing() {
    let machine = Machine::new().await;
    let guard = machine.server().await;
    guard.mark().await.expect("a mark");
    machine.pass(HOUR);
    assert_eq!(guard.may_destroy(START + HOUR), Ok(()));
    machine.jump(TEN_YEARS);
    assert_eq!(guard.may_destroy(START + HOUR), Err(Held::Jumped(TEN_YEARS)));
    assert!(
        guard.now() <= START + HOUR + millis(TOLERANCE),
        "work is done no further than boot time allows"
    );
    guard.mark().await.expect("a mark is not needed");
    machine.pass(60_000);
    machine.jump(-TEN_YEARS);
    assert_eq!(guard.may_destroy(START + HOUR), Ok(()));
    assert_eq!(guard.held(), None);
    // The wrong time was not written down.
    let after = machine.server().await;
    assert_eq!(after.state().down.map(|(_, to)| to), Some(START + HOUR + 60_000));
}

#[tokio::test]
async fn a_clock_that_jumps_back_destroys_nothing_until_it_is_confirmed() {
    let machine = Machine::new().await;
    let guard = machine.server().await;
    machine.jump(-TEN_YEARS);
    assert_eq!(guard.may_destroy(0), Err(Held::Jumped(-TEN_YEARS)));
    assert_eq!(guard.now(), START - TEN_YEARS);
    guard.confirm();
    assert_eq!(guard.may_destroy(0), Ok(()));
}

#[tokio::test]
async fn what_fell_due_while_the_server_was_down_waits_for_the_operator() {
    let machine = Machine::new().await;
    let guard = machine.server().await;
    guard.mark().await.expect("a mark");
    drop(guard);
    machine.pass(10 * HOUR);
    let guard = machine.server().await;
    assert_eq!(guard.held(), Some(Held::Down));
    assert_eq!(guard.may_destroy(START + HOUR), Err(Held::Down));
    assert_eq!(guard.may_destroy(START), Ok(()), "that was due before");
    machine.pass(HOUR);
    assert_eq!(guard.may_destroy(START + 11 * HOUR), Ok(()), "that fell due since");
    // Another restart does not make it forgotten.
    guard.mark().await.expect("no mark");
    let again = machine.server().await;
    assert_eq!(again.may_destroy(START + HOUR), Err(Held::Down));
    again.confirm();
    assert_eq!(again.may_destroy(START + HOUR), Ok(()));
    again.mark().await.expect("a mark");
    assert_eq!(machine.server().await.held(), None);
}

#[tokio::test]
async fn down_time_in_which_nothing_fell_due_is_passed_over() {
    let machine = Machine::new().await;
    machine.server().await.mark().await.expect("a mark");
    machine.pass(HOUR);
    let guard = machine.server().await;
    assert_eq!(guard.down(), Some((START, START + HOUR)));
    guard.pass_over_down_time();
    assert_eq!((guard.held(), guard.may_destroy(START + 1)), (None, Ok(())));
    guard.mark().await.expect("a mark");
    assert_eq!(machine.server().await.down(), None);
}

#[tokio::test]
async fn a_short_restart_and_small_corrections_are_nothing() {
    let machine = Machine::new().await;
    let guard = machine.server().await;
    guard.mark().await.expect("a mark");
    for _ in 0..100 {
        machine.pass(HOUR);
        machine.jump(30_000);
        assert_eq!(guard.may_destroy(0), Ok(()));
    }
    guard.mark().await.expect("a mark");
    machine.pass(59_000);
    assert_eq!(machine.server().await.held(), None);
}
