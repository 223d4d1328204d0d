use std::net::Ipv4Addr;

use serde_json::Value;
use uuid::Uuid;

use super::*;

const QUICK: Rate = Rate {
    per_second: 1000,
    burst: 4000,
};

fn request<'a>() -> TurnedAway<'a> {
    TurnedAway {
        time: Duration::from_secs(1_700_000_000),
        request_id: Uuid::from_u128(7),
        operation: "Encrypt",
        source_ip: Some(Ipv4Addr::new(192, 0, 2, 1).into()),
        user_agent: "Boto3",
        vpc_endpoint: None,
        access_key_id: Some("AKIAIOSFODNN7EXAMPLE"),
        principal: None,
        code: "InvalidSignatureException",
        reason: "SignatureMismatch",
    }
}

fn logged(rate: Rate, largest: u64, notes: impl FnOnce(&LimitedLog)) -> (Vec<Value>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("security.jsonl");
    let destination = Destination::File {
        path: path.clone(),
        largest,
    };
    let log = LimitedLog::open(destination, rate).expect("opened");
    notes(&log);
    drop(log);
    let text = std::fs::read_to_string(path).expect("read");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    (lines, folder)
}

#[test]
fn a_line_says_who_where_and_why() {
    let (lines, _folder) = logged(QUICK, u64::MAX, |log| log.note(&request()));
    let expected = serde_json::json!({
        "time": "2023-11-14T22:13:20Z",
        "event": "TurnedAway",
        "errorCode": "InvalidSignatureException",
        "reason": "SignatureMismatch",
        "eventName": "Encrypt",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "Boto3",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "requestID": "00000000-0000-0000-0000-000000000007",
    });
    assert_eq!(lines, [expected]);
}

#[test]
fn what_stands_where_an_id_should_is_no_secret() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let long = "x".repeat(100_000);
    let (lines, _folder) = logged(QUICK, u64::MAX, |log| {
        for id in [secret, "short", "lowercase0123456789", ""] {
            log.note(&TurnedAway {
                access_key_id: Some(id),
                operation: "a\nb\u{1b}",
                user_agent: &long,
                ..request()
            });
        }
    });
    assert_eq!(lines.len(), 4);
    for line in &lines {
        assert_eq!(line.get("accessKeyId"), None, "{line}");
        assert_eq!(line["eventName"], "a\nb\u{1b}");
        assert!(line["userAgent"].as_str().expect("text").len() < 400);
    }
}

#[test]
fn a_flood_is_limited_and_counted() {
    let rate = Rate {
        per_second: 1,
        burst: 40,
    };
    let (lines, _folder) = logged(rate, u64::MAX, |log| {
        for _ in 0..5000 {
            log.note(&request());
        }
        let other = Some(Ipv4Addr::new(192, 0, 2, 2).into());
        log.note(&TurnedAway {
            source_ip: other,
            ..request()
        });
    });
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let written = of("TurnedAway").len() as u64;
    assert!((10..=14).contains(&(written - 1)), "{written}");
    assert!(
        of("TurnedAway")
            .iter()
            .any(|line| line["sourceIPAddress"] == "192.0.2.2")
    );
    let counted: u64 = of("Suppressed").iter().filter_map(|line| line["count"].as_u64()).sum();
    assert_eq!(written + counted, 5001);
    assert_eq!(
        of("Suppressed")[0]["sourceIPAddresses"],
        serde_json::json!(["192.0.2.1"])
    );
}

#[test]
fn a_file_that_has_its_size_is_put_aside() {
    let (lines, folder) = logged(QUICK, 4096, |log| {
        for _ in 0..100 {
            log.note(&request());
        }
    });
    let aside = std::fs::read_to_string(folder.path().join("security.jsonl.1")).expect("read");
    assert!(aside.len() < 4096 + 512 && aside.ends_with("}\n"));
    assert!(!lines.is_empty() && lines.len() < 20);
}

#[test]
fn a_request_is_found_in_the_file_and_in_the_one_that_was_put_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("security.jsonl");
    let (known, older, named) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    assert_eq!(find(&path, &known).expect("looked"), None, "there is no file yet");
    let line = |id: Uuid, name: &str| format!("{{\"eventName\":\"{name}\",\"requestID\":\"{id}\"}}\n");
    // What a request names itself is not what it is found by.
    let said = format!("\\\"requestID\\\":\\\"{named}\\\"");
    std::fs::write(&path, line(known, &said) + "torn").expect("written");
    std::fs::write(folder.path().join("security.jsonl.1"), line(older, "x")).expect("written");
    for id in [known, older] {
        let found = find(&path, &id).expect("looked").expect("it is there");
        assert!(found.ends_with(format!("{id}\"}}").as_bytes()));
    }
    assert_eq!(find(&path, &named).expect("looked"), None);
}
