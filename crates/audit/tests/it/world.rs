//! What the tests share: records, and looking at a trail's file.

use std::{fs, path::Path, sync::Arc};

use trent_audit::{Chains, Event, EventId, EventType, Rendered, UserIdentity};
use trent_crypto::{Key256, record::RecordSealer, root::RootKeys};
use trent_names::{AccountId, Region};
use trent_store::{Engine, MemoryEngine, Options, Sealed};
use uuid::Uuid;

pub(crate) fn region() -> Region {
    Region::parse("eu-central-1").expect("a Region")
}

/// The record of a call whose user agent is `user_agent`.
pub(crate) fn record_from(number: u8, user_agent: &str) -> Rendered {
    let account = AccountId::parse("111122223333").expect("an account");
    Event {
        id: EventId::from_bytes([number; 16]),
        request_id: Some(Uuid::from_bytes([number; 16])),
        event_type: EventType::ApiCall,
        time_millis: 1_700_000_000_000 + i64::from(number),
        identity: &UserIdentity::root("arn:aws:iam::111122223333:root", &account, "AKIAIOSFODNN7EXAMPLE"),
        source: "kms.amazonaws.com",
        name: "DisableKey",
        region: &region(),
        source_ip: Some([127, 0, 0, 1].into()),
        calling_service: None,
        vpc_endpoint: None,
        tls: None,
        user_agent,
        failure: None,
        request_parameters: None,
        response_elements: None,
        additional_event_data: None,
        read_only: false,
        resources: &[],
        recipient: Some(&account),
        shared: None,
        for_operator: None,
    }
    .render()
}

pub(crate) fn record(number: u8) -> Rendered {
    record_from(number, "test")
}

/// A store in memory; the same as any other of its kind as far as keys go.
pub(crate) async fn store() -> Sealed {
    seal(Arc::new(MemoryEngine::new())).await
}

/// A sealed store over an engine.
pub(crate) async fn seal(engine: Arc<dyn Engine>) -> Sealed {
    let roots = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
    Sealed::open(engine, RecordSealer::new(&roots), Options::default())
        .await
        .expect("a sealed store")
}

/// The first bytes of the ids of a trail's events, in order. The trail must verify.
pub(crate) async fn events(path: &Path, store: &Sealed) -> Vec<u8> {
    let chains = Chains::load(store).await.expect("read");
    trent_audit::verify(path, &chains, |_| ()).expect("an intact trail");
    events_in(path)
}

/// What a file holds, without what is made ready ahead of the lines of an open segment.
pub(crate) fn content(path: &Path) -> Vec<u8> {
    let mut content = fs::read(path).expect("readable");
    content.truncate(content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
    content
}

/// The first bytes of the ids of the events in a file, in order.
pub(crate) fn events_in(path: &Path) -> Vec<u8> {
    let content = String::from_utf8(content(path)).expect("text");
    let lines = content
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    lines
        .filter_map(|line| {
            let id = line["eventID"].as_str()?;
            Some(u8::from_str_radix(&id[..2], 16).expect("hexadecimal"))
        })
        .collect()
}
