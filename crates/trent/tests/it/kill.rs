//! `kill -9` at random moments of a write load, again and again: every acknowledged write is there after each restart,
//! and every record opens.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::client::Client;
use crate::deployment::{Deployment, succeed};
use crate::http::Connection;

const ROUNDS: u64 = 200;
const WRITERS: u64 = 3;

/// What the server has acknowledged: a key and the newest description that it confirmed, and the one that it was asked
/// for last, which may or may not have happened.
#[derive(Clone, Default)]
struct Acknowledged {
    confirmed: String,
    asked: String,
}

type Keys = BTreeMap<String, Acknowledged>;

#[test]
fn acknowledged_writes_survive_200_kills() {
    let (deployment, issued) = Deployment::initialised();
    let random = RandomState::new();
    let mut keys = Keys::new();
    for round in 0..ROUNDS {
        let server = deployment.start();
        let client = server.client(&issued.key);
        verify(&client, &keys, if round % 20 == 0 { usize::MAX } else { 8 });
        let shared = Mutex::new(std::mem::take(&mut keys));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (client, shared, stop) = (&client, &shared, &stop);
                scope.spawn(move || write(client, shared, stop, &format!("{round}-{writer}")));
            }
            std::thread::sleep(Duration::from_millis(5 + random.hash_one(round) % 60));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        keys = shared.into_inner().expect("not poisoned");
    }
    let server = deployment.start();
    verify(&server.client(&issued.key), &keys, usize::MAX);
    assert!(keys.len() > 200, "only {} keys were ever acknowledged", keys.len());
    assert!(server.stop().0.success());
    let trail = std::fs::read_to_string(deployment.data().join("audit").join("trail.jsonl")).expect("a trail");
    for key in keys.keys() {
        assert!(trail.contains(key.as_str()), "key {key} has no record");
    }
}

/// Makes a key and changes it until the server is gone.
fn write(client: &Client, shared: &Mutex<Keys>, stop: &AtomicBool, name: &str) {
    // The kill may come before the first connection.
    let Ok(stream) = TcpStream::connect(&client.address) else {
        return;
    };
    let mut connection = Connection(stream);
    let mut ask = |operation: &str, input: serde_json::Value| -> io::Result<serde_json::Value> {
        let request = client.request(operation, input.to_string().as_bytes(), "keep-alive")?;
        connection.send(&request)?;
        let answer = connection.answer()?;
        assert_eq!(answer.status, 200, "{answer:?}");
        Ok(serde_json::from_str(&answer.body).unwrap_or_default())
    };
    let Ok(made) = ask("CreateKey", json!({"Description": name})) else {
        return;
    };
    let key = made["KeyMetadata"]["KeyId"].as_str().expect("a key id").to_owned();
    let first = Acknowledged {
        confirmed: name.to_owned(),
        asked: name.to_owned(),
    };
    shared.lock().expect("not poisoned").insert(key.clone(), first);
    for step in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let next = format!("{name}-{step}");
        let note = |change: &dyn Fn(&mut Acknowledged)| {
            shared
                .lock()
                .expect("not poisoned")
                .entry(key.clone())
                .and_modify(|known| change(known));
        };
        note(&|known| known.asked.clone_from(&next));
        if ask("UpdateKeyDescription", json!({"KeyId": key, "Description": next})).is_err() {
            return;
        }
        note(&|known| known.confirmed.clone_from(&next));
    }
}

/// Checks `most` of the keys, the newest first.
fn verify(client: &Client, keys: &Keys, most: usize) {
    for (key, known) in keys.iter().rev().take(most) {
        let described = succeed(client.call("DescribeKey", &json!({"KeyId": key})));
        let found = described["KeyMetadata"]["Description"].as_str().unwrap_or_default();
        assert!(
            found == known.confirmed || found == known.asked,
            "{key}: {found}, acknowledged {}",
            known.confirmed
        );
    }
}
