//! What the tests share: records, and looking at a trail's file.

use std::{fs, path::Path};

use trent_audit::{Event, EventId, Rendered, UserIdentity};
use trent_names::{AccountId, Region};
use uuid::Uuid;

pub(crate) fn region() -> Region {
    Region::parse("eu-central-1").expect("a Region")
}

/// The record of a call whose user agent is `user_agent`.
pub(crate) fn record_from(number: u8, user_agent: &str) -> Rendered {
    let account = AccountId::parse("111122223333").expect("an account");
    Event {
        id: EventId::from_bytes([number; 16]),
        request_id: Uuid::from_bytes([number; 16]),
        time_millis: 1_700_000_000_000 + i64::from(number),
        identity: &UserIdentity::root("arn:aws:iam::111122223333:root", &account, "AKIAIOSFODNN7EXAMPLE"),
        source: "kms.amazonaws.com",
        name: "DisableKey",
        region: &region(),
        source_ip: Some([127, 0, 0, 1].into()),
        user_agent,
        failure: None,
        request_parameters: None,
        response_elements: None,
        additional_event_data: None,
        read_only: false,
        resources: &[],
        recipient: Some(&account),
    }
    .render()
}

pub(crate) fn record(number: u8) -> Rendered {
    record_from(number, "test")
}

/// The first bytes of the ids of a trail's events, in order. The chain must verify.
pub(crate) fn events(path: &Path) -> Vec<u8> {
    trent_audit::verify(path, |_| ()).expect("an intact trail");
    let content = fs::read_to_string(path).expect("readable");
    let lines = content.lines().skip(1);
    lines
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let id = line["event"]["eventID"].as_str().expect("an id");
            u8::from_str_radix(&id[..2], 16).expect("hexadecimal")
        })
        .collect()
}
