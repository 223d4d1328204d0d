//! Mail between Regions: applied exactly once and in order, whatever happens to it on its way.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use trent_store::{
    CommitError, Engine, Key, MemoryEngine, Options, RegionStore, Sealed,
    mail::{Bell, Carrier, Letter, MailError, Reception, Undelivered, dispatch, waiting},
};

use crate::{
    random::Random,
    world::{Thing, key, open, open_with, region, thing},
};

/// Applies letters to a Region: each is a number, and all of them are kept in one list, in the order in which they came.
struct Reader(RegionStore);

impl Reader {
    fn list() -> Key<Thing> {
        key("read")
    }

    async fn read(&self) -> String {
        let list = self.0.get(&Self::list()).await.unwrap();
        list.map_or(String::new(), |list| list.value.name)
    }

    fn refuse(letter: &Letter, reason: &str) -> Undelivered {
        Undelivered {
            to: letter.to.clone(),
            reason: reason.into(),
        }
    }
}

#[async_trait]
impl Carrier for Reader {
    async fn carry(&self, letter: Letter) -> Result<(), Undelivered> {
        loop {
            let mark = match self.0.receive(&letter).await.unwrap() {
                Reception::Next(mark) => mark,
                Reception::Known => return Ok(()),
                Reception::Refused => return Err(Self::refuse(&letter, "too early")),
            };
            let list = self.0.get(&Self::list()).await.unwrap();
            let mut read = list.as_ref().map_or(String::new(), |list| list.value.name.clone());
            read.push_str(std::str::from_utf8(&letter.body).unwrap());
            let mut txn = self.0.txn();
            match list {
                Some(list) => txn.update(&Self::list(), &thing(&read, 0), list.revision),
                None => txn.insert(&Self::list(), &thing(&read, 0)),
            };
            mark.note(&mut txn);
            match self.0.commit(txn).await {
                Ok(_) => return Ok(()),
                Err(CommitError::Conflict(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// A network that loses, repeats, keeps back and swaps letters, and loses answers.
struct Network {
    reader: Reader,
    random: Mutex<Random>,
    kept: Mutex<Vec<Letter>>,
}

impl Network {
    fn draw(&self, bound: usize) -> usize {
        self.random.lock().unwrap().below(bound)
    }
}

#[async_trait]
impl Carrier for Network {
    async fn carry(&self, letter: Letter) -> Result<(), Undelivered> {
        // Old ones arrive at any time, in any order.
        let old = {
            let mut kept = self.kept.lock().unwrap();
            let drawn = self.draw(2 * kept.len() + 1);
            (drawn < kept.len()).then(|| kept.swap_remove(drawn))
        };
        if let Some(old) = old {
            let _ = self.reader.carry(old).await;
        }
        match self.draw(6) {
            0 => return Err(Reader::refuse(&letter, "lost")),
            1 => {
                self.kept.lock().unwrap().push(letter.clone());
                return Err(Reader::refuse(&letter, "kept back"));
            }
            2 => {
                self.kept.lock().unwrap().push(letter.clone());
                self.reader.carry(letter.clone()).await?;
            }
            // Two places early, so that it is not due even if this one was applied before.
            3 => {
                let early = Letter {
                    number: letter.number + 2,
                    body: b"!".to_vec(),
                    ..letter.clone()
                };
                assert!(self.reader.carry(early).await.is_err());
            }
            _ => {}
        }
        self.reader.carry(letter.clone()).await?;
        // As after a crash between the receiver's commit and the sender's.
        match self.draw(3) {
            0 => Err(Reader::refuse(&letter, "the answer is lost")),
            _ => Ok(()),
        }
    }
}

fn there(store: &Sealed) -> RegionStore {
    store.region(&region("eu-west-1"))
}

fn here(store: &Sealed) -> RegionStore {
    store.region(&region("us-east-1"))
}

/// Each run restarts the store now and then, in the middle of whatever was under way.
#[tokio::test]
async fn letters_arrive_once_and_in_order_over_a_network_that_loses_repeats_and_swaps() {
    for seed in 0..40 {
        let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
        let mut random = Random::new(seed);
        let (mut written, mut expected) = (0, String::new());
        let mut network_seed = seed;
        while written < 60 {
            network_seed += 1000;
            let store = open_with(Arc::clone(&engine), Options::default()).await.unwrap();
            let network = Network {
                reader: Reader(there(&store)),
                random: Mutex::new(Random::new(network_seed)),
                kept: Mutex::default(),
            };
            for _ in 0..random.below(12) {
                if random.coin() {
                    let from = here(&store);
                    let mut txn = from.txn();
                    for _ in 0..=random.below(3) {
                        let body = format!("{written},");
                        expected.push_str(&body);
                        txn.post(&region("eu-west-1"), body.into_bytes());
                        written += 1;
                    }
                    from.commit(txn).await.unwrap();
                }
                let _ = dispatch(&here(&store), &region("eu-west-1"), &network).await;
                let read = network.reader.read().await;
                assert!(expected.starts_with(&read), "seed {seed}: {read} of {expected}");
            }
        }
        let store = open_with(Arc::clone(&engine), Options::default()).await.unwrap();
        let reader = Reader(there(&store));
        dispatch(&here(&store), &region("eu-west-1"), &reader).await.unwrap();
        assert_eq!(reader.read().await, expected, "seed {seed}");
        assert_eq!(waiting(&here(&store), &region("eu-west-1")).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn two_dispatches_at_once_deliver_each_letter_once() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let (from, to) = (here(&store), region("eu-west-1"));
    let mut expected = String::new();
    for number in 0..20 {
        let mut txn = from.txn();
        let body = format!("{number},");
        expected.push_str(&body);
        txn.post(&to, body.into_bytes());
        from.commit(txn).await.unwrap();
    }
    let reader = Reader(there(&store));
    while waiting(&from, &to).await.unwrap() > 0 {
        let (one, other) = tokio::join!(dispatch(&from, &to, &reader), dispatch(&from, &to, &reader));
        one.unwrap();
        other.unwrap();
    }
    assert_eq!(reader.read().await, expected);
}

#[tokio::test]
async fn a_letter_exists_only_with_what_it_tells() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let (from, to) = (here(&store), region("eu-west-1"));
    let mut txn = from.txn();
    txn.insert(&key("a"), &thing("a", 1));
    from.commit(txn).await.unwrap();
    let mut again = from.txn();
    again
        .insert(&key("a"), &thing("a", 2))
        .post(&to, b"it happened".to_vec());
    assert!(matches!(from.commit(again).await, Err(CommitError::Conflict(_))));
    assert_eq!(waiting(&from, &to).await.unwrap(), 0);
}

#[tokio::test]
async fn a_letter_stays_where_it_was_not_sent() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let from = here(&store);
    let mut txn = from.txn();
    txn.post(&region("eu-west-1"), b"1,".to_vec());
    from.commit(txn).await.unwrap();
    let elsewhere = Reader(store.region(&region("ap-south-1")));
    let refused = dispatch(&from, &region("eu-west-1"), &elsewhere).await;
    assert!(matches!(refused, Err(MailError::Undelivered(_))));
    assert_eq!(dispatch(&from, &region("ap-south-1"), &elsewhere).await.unwrap(), 0);
    assert_eq!(waiting(&from, &region("eu-west-1")).await.unwrap(), 1);
}

#[tokio::test]
async fn the_bell_rings_for_letters_only() {
    let store = open(MemoryEngine::new()).await.unwrap();
    let bell = Bell::new(&store);
    bell.rung().await;
    let from = here(&store);
    let mut txn = from.txn();
    txn.insert(&key("a"), &thing("a", 1));
    from.commit(txn).await.unwrap();
    let silent = tokio::time::timeout(Duration::from_millis(50), bell.rung()).await;
    assert!(silent.is_err());
    let mut txn = from.txn();
    txn.post(&region("eu-west-1"), b"1,".to_vec());
    from.commit(txn).await.unwrap();
    bell.rung().await;
}
