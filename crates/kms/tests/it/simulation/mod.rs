//! The life of keys by chance: random operations, jumps of time, pauses of what the service does by itself, and crashes,
//! each compared with a small [`model`] of the guide's rules.
//!
//! Everything that is drawn comes from one seed, which a failure prints; `TRENT_SEED` repeats that run.

mod agreement;
mod model;
mod steps;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use trent_keystore::{Keyring, SystemRandomness};
use trent_service::Clock as _;

use self::model::{Key, Refused, Set};
use crate::crashes;
use crate::mortal::Mortal;
use crate::world::{ELSEWHERE, FAR, REGION, ROOT, START, Who, World};

/// The Regions, by their numbers in the model.
const REGIONS: [&str; 3] = [REGION, ELSEWHERE, FAR];

/// The seed of every run that is given none.
const SEED: u64 = 5;

/// How many steps the fixed seed is taken, and the fresh one.
const STEPS: usize = 50_000;

/// After so many steps everything ends, and begins anew a little over a century earlier.
const EPISODE: usize = 2_500;

/// Longer than a server that has died keeps others from its work.
const LEASE: Duration = Duration::from_secs(11);

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("less than the bound")
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// Says how a failure is repeated.
struct Repeat {
    seed: u64,
    step: usize,
}

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("at step {}; TRENT_SEED={} repeats it", self.step, self.seed);
        }
    }
}

/// A server and its model.
struct Simulation {
    random: Random,
    engine: Arc<Mortal>,
    keyring: Keyring,
    world: World,
    sets: Vec<Set>,
    /// Whether letters between Regions are delivered.
    mail: bool,
    /// Whether what is due is done.
    runner: bool,
    /// The ids of the materials, by their key and number.
    materials: BTreeMap<(String, usize), String>,
    names: usize,
    crashes: usize,
}

fn at(region: usize) -> Who {
    Who {
        region: REGIONS[region],
        ..ROOT
    }
}

impl Simulation {
    async fn new(seed: u64) -> Self {
        let engine = Mortal::new();
        let keyring = Keyring::generate(&SystemRandomness).expect("the system has randomness");
        let world = World::started(Arc::clone(&engine) as _, &keyring, START).await;
        Self {
            random: Random(seed),
            engine,
            keyring,
            world,
            sets: Vec::new(),
            mail: true,
            runner: true,
            materials: BTreeMap::new(),
            names: 0,
            crashes: 0,
        }
    }

    fn now(&self) -> i64 {
        i64::try_from(self.world.clock.now().as_millis()).expect("a date")
    }

    /// Sends a request and has the reply agree with the model's; the reply to one that succeeds.
    async fn send(
        &self,
        region: usize,
        operation: &str,
        request: Value,
        expected: Result<(), Refused>,
    ) -> Option<Value> {
        let told = if operation == "ReplicateKey" {
            self.world.send_connected(at(region), operation, &request).await
        } else {
            self.world.send(at(region), operation, &request).await
        };
        let code = told.as_ref().map(|_| ()).map_err(|refusal| refusal.code.as_str());
        assert_eq!(
            code,
            expected,
            "{operation} {request} in {} at {} (mail {}, runner {}): {told:?}\n{:#?}",
            REGIONS[region],
            self.now(),
            self.mail,
            self.runner,
            self.sets.iter().find(|set| request.to_string().contains(&set.id)),
        );
        told.ok()
    }

    /// Lets the service and the model do by themselves what there is to do, as far as neither pauses.
    async fn work(&mut self) {
        let now = self.now();
        match (self.mail, self.runner) {
            (true, true) => self.world.work().await,
            (true, false) => self.world.deliver().await,
            (false, true) => {
                self.world.pass(Duration::ZERO).await;
            }
            (false, false) => {}
        }
        let mut gone = Vec::new();
        for set in &mut self.sets {
            let keys = match (self.mail, self.runner) {
                (true, true) => set.work(now),
                (false, true) => set.settle(now),
                (true, false) => {
                    set.deliver(now);
                    Vec::new()
                }
                (false, false) => Vec::new(),
            };
            gone.extend(keys.into_iter().map(|key| (set.id.clone(), key)));
        }
        self.sets.retain(|set| !set.keys.is_empty());
        for (id, (region, key)) in gone {
            self.look_for_what_is_gone(&id, region, &key).await;
        }
    }

    /// A key that is gone is gone everywhere.
    async fn look_for_what_is_gone(&self, id: &str, region: usize, key: &Key) {
        for operation in [
            "DescribeKey",
            "GetKeyPolicy",
            "ListGrants",
            "CancelKeyDeletion",
            "EnableKey",
        ] {
            self.send(region, operation, json!({ "KeyId": id }), Err(model::NOT_FOUND))
                .await;
        }
        for alias in &key.aliases {
            self.send(region, "DescribeKey", json!({ "KeyId": alias }), Err(model::NOT_FOUND))
                .await;
        }
    }

    /// Ends the server within its work, and starts another.
    async fn crash(&mut self) {
        self.crashes += 1;
        (self.mail, self.runner) = (true, true);
        let commits = self.random.below(9);
        self.engine.allow(commits);
        self.world.work().await;
        if self.random.one_in(4) {
            self.world.drain().await;
        }
        self.engine.allow(usize::MAX);
        let mut gone = Vec::new();
        let now = self.now();
        for set in &mut self.sets {
            gone.extend(set.work(now).into_iter().map(|key| (set.id.clone(), key)));
        }
        self.world = World::started(
            Arc::clone(&self.engine) as _,
            &self.keyring,
            self.world.clock.now() + LEASE,
        )
        .await;
        self.work().await;
        for (id, (region, key)) in gone {
            self.look_for_what_is_gone(&id, region, &key).await;
        }
        self.sets.retain(|set| !set.keys.is_empty());
        for index in 0..self.sets.len() {
            self.compare(index, 12_000).await;
        }
    }

    /// Deletes whatever there is; nothing stays behind.
    async fn end(&mut self) {
        (self.mail, self.runner) = (true, true);
        self.work().await;
        let now = self.now();
        for index in 0..self.sets.len() {
            let id = self.sets[index].id.clone();
            let regions: Vec<_> = self.sets[index].keys.keys().copied().collect();
            for region in regions {
                if !self.sets[index].keys[&region].state.ends() {
                    let expected = self.sets[index].schedule(region, 7, now);
                    let request = json!({"KeyId": id, "PendingWindowInDays": 7});
                    self.send(region, "ScheduleKeyDeletion", request, expected).await;
                }
            }
        }
        for _ in 0..3 {
            self.world
                .clock
                .set(self.world.clock.now() + Duration::from_hours(24 * 31));
            self.work().await;
        }
        assert!(self.sets.is_empty(), "{:#?}", self.sets);
        self.world.deliver().await;
        self.world.drain().await;
        let left = crashes::records(&self.engine).await;
        assert!(left.is_empty(), "records of these kinds are left behind: {left:?}");
    }
}

/// Takes so many steps by chance; how many crashes there were.
async fn simulate(seed: u64, steps: usize) -> usize {
    let mut repeat = Repeat { seed, step: 0 };
    let mut crashes = 0;
    let mut seeds = Random(seed);
    while repeat.step < steps {
        let mut simulation = Simulation::new(seeds.next()).await;
        for step in 0..EPISODE.min(steps - repeat.step) {
            simulation.step().await;
            if step % 50 == 49 {
                for index in 0..simulation.sets.len() {
                    simulation.compare(index, 0).await;
                }
                simulation.world.drain().await;
            }
            repeat.step += 1;
        }
        simulation.end().await;
        crashes += simulation.crashes;
    }
    crashes
}

fn given() -> Option<u64> {
    std::env::var("TRENT_SEED").ok()?.parse().ok()
}

async fn report(seed: u64) {
    let begun = Instant::now();
    let crashes = simulate(seed, STEPS).await;
    let took = begun.elapsed();
    eprintln!("seed {seed}: {STEPS} steps and {crashes} crashes in {took:.1?}");
}

/// MON-315, KEY-399, KEY-402
#[tokio::test]
async fn keys_live_by_the_rules() {
    report(given().unwrap_or(SEED)).await;
}

/// SPK-354, SPK-383, MON-269, MON-262, SPK-252
#[tokio::test]
async fn keys_live_by_the_rules_whatever_happens() {
    let fresh = SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
    report(given().unwrap_or(fresh)).await;
}
